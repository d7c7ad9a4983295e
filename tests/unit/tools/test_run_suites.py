"""Suites run side by side where they may; campaigns' calls are counted, and too few at full size fail."""

from __future__ import annotations

from pathlib import Path

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


def test_side_by_side__given_neighbours_of_one_core__pairs_them_and_keeps_the_order() -> None:
    suites: dict[str, dict[str, object]] = {"a": {}, "b": {"cores": 1}, "c": {"cores": 1}, "d": {"cores": 1}, "e": {}}
    assert [list(group) for group in run_suites.side_by_side(suites)] == [["a"], ["b", "c"], ["d"], ["e"]]


def test_group__of_two_that_wait_for_each_other__ends_and_shows_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    meet = "touch {mine}; until test -e {other}; do :; done; echo {name} met; echo '1 passed in 1s'"
    first, second = tmp_path / "first", tmp_path / "second"
    group = {
        "first": {"command": meet.format(mine=first, other=second, name="first"), "budget_seconds": 60},
        "second": {"command": meet.format(mine=second, other=first, name="second"), "budget_seconds": 60},
    }
    assert [tally.passed for tally in run_suites.run_group(group, "ci")] == [1, 1]
    shown = [line for line in capsys.readouterr().out.splitlines() if line]
    assert shown == ["=== first (ci)", "first met", "1 passed in 1s", "=== second (ci)", "second met", "1 passed in 1s"]
