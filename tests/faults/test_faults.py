"""A few faults of each kind, as many as fit into a test run; `make test-faults` tries them all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.report import Report
from tests.faults.run import Suite

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
SEED = int(os.environ.get("AITBC_FAULT_SEED", "1"))
MIN_CRASH_POINTS = 8
"""A point of the counting run may not come again in a run of its own: it depends on who was faster. Most must."""


async def test_market__under_a_sample_of_faults__loses_and_doubles_nothing(short_folder: Path) -> None:
    lines: list[str] = []
    report = Report(lines.append)
    await Suite(report, short_folder, SEED).run(["sample"])
    told = "\n".join([*lines, *report.summary()])
    assert report.findings.is_clean, told
    assert report.tried["crash points"] >= MIN_CRASH_POINTS, told
    assert report.tried["reorganisations"] > 0, told
    assert report.tried["outages"] > 0, told
