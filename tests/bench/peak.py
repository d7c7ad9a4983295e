"""The most memory that this process ever had."""

from __future__ import annotations

import re
from pathlib import Path


def peak_mib() -> float:
    """Highest resident memory of this process since its program began, MiB (proc_pid_status(5), VmHWM).

    `ru_maxrss` would be wrong here: a child begins with the peak of the process that started it.
    """
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None, "no Linux /proc"
    return int(found[1]) / 1_024
