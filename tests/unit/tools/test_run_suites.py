"""How many calls the stateful campaigns made is counted, and too few at full size fail."""

from __future__ import annotations

import pytest

from tests.unit.tools.test_security_findings import load

pytestmark = pytest.mark.unit

run_suites = load("tools/run_suites.py")
LINE = "[PASS] invariant_E1_sums() (runs: 800, calls: {calls}, reverts: 3)"


def suite(calls: int) -> dict[str, object]:
    command = f"echo '{LINE.format(calls=calls)}'; echo '1 passed in 1s'"
    return {"command": command, "budget_seconds": 60, "full_invariant_calls": 1_000}


def test_invariant_calls__when_forge_prints_campaigns__are_summed() -> None:
    lines = [LINE.format(calls=500), "[PASS] testFuzz_sum(uint96) (runs: 64, μ: 1, ~: 2)", LINE.format(calls=501)]
    assert run_suites.invariant_calls(lines) == 1_001


@pytest.mark.parametrize(("size", "calls", "failed"), [("full", 1_000, 0), ("full", 999, 1), ("ci", 999, 0)])
def test_suite__given_fewer_calls_than_wanted__fails_at_full_size_alone(
    size: str, calls: int, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_suites.run_suite("forge", suite(calls), size).failed == failed
    assert f"forge: {calls:,} invariant calls" in capsys.readouterr().out
