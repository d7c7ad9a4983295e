"""`aitbc health`: probes for those who watch processes, such as Kubernetes; from files alone, in milliseconds."""

from __future__ import annotations

import time
from dataclasses import asdict

from agents_offchain.cli.console import Console
from agents_offchain.cli.places import health_folder
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.health import HealthFile

READY_SECONDS = 15.0
"""A ready daemon beats every two seconds and takes at most a step in between."""
NOT_WELL = 1


class DaemonUnknown(Refused):
    """No daemon of that name has ever run in the home."""


def run_health(settings: Settings, console: Console, daemon: str, *, is_live_only: bool) -> int:
    """Exit code 0 when the daemon is ready (or live, when only that was asked), 1 when it is not.

    Raises:
        DaemonUnknown: there is no word of it.
    """
    health = HealthFile(health_folder(settings), daemon).read()
    if health is None:
        known = sorted(path.stem for path in health_folder(settings).glob("*.json"))
        raise DaemonUnknown(
            f"There is no word of a daemon {daemon[:60]!r} here.", mend=f"Known: {', '.join(known) or 'none'}."
        )
    now = time.time()
    is_live = health.is_live(now, settings.hung_seconds)
    is_ready = health.is_ready(now, READY_SECONDS)
    age = round(now - health.at, 1)
    console.document({**asdict(health), "age_seconds": age, "is_live": is_live, "is_ready": is_ready})
    words = "ready" if is_ready else "live, not ready" if is_live else "not live"
    said = f"{health.state} {age} s ago at block {health.block_number}"
    console.line(f"{daemon} is {words}: {said}. {health.detail}".rstrip())
    return 0 if (is_live if is_live_only else is_ready) else NOT_WELL
