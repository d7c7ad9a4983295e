"""A few faults of each kind, as many as fit into a test run; `make test-faults` tries them all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.report import Report
from tests.faults.run import Suite

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
SEED = int(os.environ.get("AITBC_FAULT_SEED", "1"))


@pytest.fixture
def short_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="aitbc-f-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


async def test_market__under_a_sample_of_faults__loses_and_doubles_nothing(short_folder: Path) -> None:
    lines: list[str] = []
    report = Report(lines.append)
    await Suite(report, short_folder, SEED).run(["sample"])
    assert report.is_clean, "\n".join([*lines, *report.summary()])
