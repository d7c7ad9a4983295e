"""Budgets: summed per window, one cost a nonce, and remembered by a signer that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.errors import BudgetJournalBroken, SignerPaused
from agents_offchain.chain.signer.budgets import Budgets, Window
from agents_offchain.chain.signer.judge import Charge
from agents_offchain.chain.signer.policy import Limits
from agents_offchain.primitives.clock import ManualClock
from tests.unit.chain.signing import CHAIN

pytestmark = pytest.mark.unit
LIMITS = Limits(per_call="10", per_hour="30", per_day="50")  # type: ignore[arg-type]


def charge(amount: int) -> list[Charge]:
    return [Charge("wei", amount, LIMITS)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_reserve__up_to_the_hours_limit__then_pauses_and_takes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    budgets = Budgets(tmp_path / "b.db", clock)
    for nonce in range(3):
        budgets.reserve("agent", CHAIN, nonce, charge(10))
    with pytest.raises(SignerPaused, match="within the last hour"):
        budgets.reserve("agent", CHAIN, 3, charge(1))
    assert budgets.spent("agent", "wei") == (30, 30)
    budgets.reserve("other", CHAIN, 0, charge(10))


def test_reserve__after_an_hour_and_a_day__has_room_again(tmp_path: Path, clock: ManualClock) -> None:
    budgets = Budgets(tmp_path / "b.db", clock)
    for nonce in range(3):
        budgets.reserve("agent", CHAIN, nonce, charge(10))
    clock.advance(3600)
    for nonce in range(3, 5):
        budgets.reserve("agent", CHAIN, nonce, charge(10))
    with pytest.raises(SignerPaused, match="within the last day"):
        budgets.reserve("agent", CHAIN, 5, charge(1))
    clock.advance(86_400)
    budgets.reserve("agent", CHAIN, 5, charge(10))


def test_reserve__the_same_nonce_again__costs_only_what_is_more(tmp_path: Path, clock: ManualClock) -> None:
    budgets = Budgets(tmp_path / "b.db", clock)
    for amount in (5, 8, 10, 10, 3):
        budgets.reserve("agent", CHAIN, 0, charge(amount))
    assert budgets.spent("agent", "wei") == (10, 10)
    budgets.reserve("agent", CHAIN + 1, 0, charge(10))
    assert budgets.spent("agent", "wei") == (20, 20)


def test_reserve__two_charges_of_which_one_has_no_room__takes_neither(tmp_path: Path, clock: ManualClock) -> None:
    budgets = Budgets(tmp_path / "b.db", clock)
    tight = Charge("token", 1, Limits(per_call="1", per_hour="0", per_day="0"))  # type: ignore[arg-type]
    with pytest.raises(SignerPaused):
        budgets.reserve("agent", CHAIN, 0, [*charge(10), tight])
    assert budgets.spent("agent", "wei") == (0, 0)


def test_open__after_a_restart__remembers_and_forgets_what_is_old(tmp_path: Path, clock: ManualClock) -> None:
    budgets = Budgets(tmp_path / "b.db", clock)
    budgets.reserve("agent", CHAIN, 2**63 + 5, charge(10), approval=b"4")
    clock.advance(3600)
    budgets.reserve("agent", CHAIN, 1, charge(7))
    budgets.close()
    again = Budgets(tmp_path / "b.db", clock)
    assert again.spent("agent", "wei") == (7, 17)
    assert again.slot_of(b"4") == (CHAIN, 2**63 + 5)
    assert again.slot_of(b"5") is None
    again.close()
    clock.advance(86_400)
    assert Budgets(tmp_path / "b.db", clock).spent("agent", "wei") == (0, 0)


def test_open__while_another_signer_has_the_journal__is_fatal(tmp_path: Path, clock: ManualClock) -> None:
    first = Budgets(tmp_path / "b.db", clock)
    first.reserve("agent", CHAIN, 0, charge(1))
    with pytest.raises(BudgetJournalBroken, match="locked"):
        Budgets(tmp_path / "b.db", clock, patience_seconds=0.05)


def test_open__given_a_file_that_is_no_journal__is_fatal(tmp_path: Path) -> None:
    (tmp_path / "b.db").write_bytes(b"not a journal" * 500)
    with pytest.raises(BudgetJournalBroken):
        Budgets(tmp_path / "b.db")


STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.integers(0, 9)), max_size=40)


@given(steps=STEPS)
def test_window__given_any_story__equals_the_sum_of_each_slots_largest(steps: list[tuple[int, int, int]]) -> None:
    window, now = Window(100.0), 0.0
    told: list[tuple[float, int, int]] = []
    for seconds, nonce, amount in steps:
        now += seconds
        window.expire(now)
        expected_with = _sum([*told, (now, nonce, amount)], now)
        assert window.total_with((CHAIN, nonce), amount) == expected_with
        window.add(now, (CHAIN, nonce), amount)
        told.append((now, nonce, amount))
        assert window.total == expected_with == _sum(told, now)


def _sum(told: list[tuple[float, int, int]], now: float) -> int:
    largest: dict[int, int] = defaultdict(int)
    for at, nonce, amount in told:
        if at > now - 100.0:
            largest[nonce] = max(largest[nonce], amount)
    return sum(largest.values())


KILLED = """
import os, signal, sys
from pathlib import Path
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.judge import Charge
from agents_offchain.chain.signer.policy import Limits
from agents_offchain.primitives.clock import ManualClock
clock = ManualClock()
budgets = Budgets(Path(sys.argv[1]), clock)
nonce, signed = int(sys.argv[2]), Path(sys.argv[3])
limits = Limits(per_call="10", per_hour="30", per_day="50")
budgets.reserve("agent", 31337, nonce, [Charge("wei", 10, limits)])
if sys.argv[4] == "after":
    signed.open("a").write("10\\n")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9__between_reserving_and_signing__never_spends_a_budget_twice(tmp_path: Path) -> None:
    journal, signed = tmp_path / "b.db", tmp_path / "signed"
    signed.touch()
    codes = []
    for nonce, where in enumerate(["before", "after", "after", "after"]):
        command = [sys.executable, "-c", KILLED, str(journal), str(nonce), str(signed), where]
        codes.append(subprocess.run(command, capture_output=True, env=os.environ).returncode)
    assert codes == [-signal.SIGKILL] * 3 + [1], "the fourth finds the hour's budget spent"
    assert sum(map(int, signed.read_text().split())) == 20
    assert Budgets(journal, ManualClock()).spent("agent", "wei") == (30, 30)
