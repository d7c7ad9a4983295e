"""The sender is killed at every point where it meets node, signer or database, and started again.

The points are generated: a story is told once for each boundary that it crosses (at CI size every sixth
one, but for the plain story). What must hold in the end is in `lane.Lane.check`: every intent is mined
once or failed with a reason, nonces have no gaps.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.chain.sender import Sender
from agents_offchain.storage.database import Database
from tests.fakes.chain import PASS
from tests.fakes.crash import Crash, Killed
from tests.fakes.inline_sqlite import clear
from tests.unit.chain.lane import ACCOUNT, GWEI, REFUSING, TALLY, Lane

pytestmark = pytest.mark.unit
Story = Callable[[Lane, Sender, int], Awaitable[None]]
TURNS = 9
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"
STORIES: dict[str, dict[int, Callable[[Lane], object]]] = {
    "nothing happens": {},
    "broadcasts are lost": {0: lambda lane: setattr(lane.chain, "losing", 3)},
    "mempool is forgotten": {1: lambda lane: lane.chain.forget_mempool()},
    "fees rise": {
        0: lambda lane: setattr(lane.chain, "base_fee", 90 * GWEI),
        1: lambda lane: lane.clock.advance(10),
    },
    "sent is taken back": {1: lambda lane: lane.chain.reorg(1)},
    "confirmed is taken back": {3: lambda lane: lane.chain.reorg(3, drop=True)},
    "confirmed is taken back twice": {
        3: lambda lane: lane.chain.reorg(3, empty=True),
        5: lambda lane: lane.chain.reorg(4, drop=True),
    },
}


async def _tell(lane: Lane, story: dict[int, Callable[[Lane], object]], crash: Crash) -> None:
    """Run turns of a sender that may be killed in any; what happens around it happens all the same."""
    sender = None
    for turn in range(TURNS):
        if turn in story:
            story[turn](lane)
        try:
            if sender is None:
                sender = await lane.start(Crash() if crash.has_died else crash)
            await sender.step()
        except Killed:
            sender = None
        lane.chain.mine()
        lane.clock.advance(1)


@pytest.mark.parametrize("story", STORIES)
async def test_restart__after_a_kill_at_any_point__mines_each_intent_once(
    inline_database: Database, story: str
) -> None:
    is_whole = IS_FULL or not STORIES[story]
    stride, points, tried = 1 if is_whole else 6, 0 if is_whole else list(STORIES).index(story) % 6, 0
    while True:
        await clear(inline_database)
        lane, crash = Lane(inline_database), Crash(points)
        await lane.plan("a")
        await lane.plan("b")
        await lane.plan("no", REFUSING)
        await _tell(lane, STORIES[story], crash)
        lane.chain.base_fee = GWEI
        with _explained(f"killed {crash.where} (point {points})"):
            await lane.run_to_end(await lane.start())
            await lane.check()
        if not crash.has_died:
            break
        points, tried = points + stride, tried + 1
    assert tried > 10
    _report(f"sender, {story}", tried)


@contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{where}: {error}") from error


def _report(what: str, points: int) -> None:
    """Add a line to the file that AITBC_CRASH_REPORT names."""
    if target := os.environ.get("AITBC_CRASH_REPORT"):
        with Path(target).open("a") as file:
            file.write(f"{points} crash points: {what}\n")


COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("plan"), st.integers(0, 5)),
        st.tuples(st.just("step"), st.integers(0, 60)),
        st.tuples(st.just("step"), st.none()),
        st.tuples(st.just("step"), st.none()),
        st.tuples(st.just("mine"), st.integers(1, 3)),
        st.tuples(st.just("reorg"), st.integers(1, 5)),
        st.tuples(st.just("reorg and forget"), st.integers(1, 5)),
        st.tuples(st.just("forget"), st.none()),
        st.tuples(st.just("lose"), st.integers(1, 3)),
        st.tuples(st.just("fees"), st.sampled_from([GWEI, 20 * GWEI, 90 * GWEI, 300 * GWEI])),
        st.tuples(st.just("time"), st.integers(1, 20)),
        st.tuples(st.just("outage"), st.integers(1, 6)),
        st.tuples(st.just("elsewhere"), st.integers(0, 5)),
    ),
    min_size=5,
    max_size=25,
)
NO_STRANGER = COMMANDS.map(lambda commands: [command for command in commands if command[0] != "elsewhere"])


async def _obey(lane: Lane, commands: list[tuple[str, int | None]]) -> None:  # noqa: C901
    """Do what the schedule says; a step's number is where it is killed, None lets it live."""
    sender: Sender | None = None
    outage = 0

    def away(_method: str, _params: list[object]) -> object:
        nonlocal outage
        if outage:
            outage -= 1
            raise NodeUnavailable("The node does not answer.")
        return PASS

    lane.node.intercept = away
    for command, value in commands:
        number = value or 0
        match command:
            case "plan":
                await lane.plan(f"k{number}", REFUSING if number == 5 else TALLY)
            case "step":
                crash = Crash(value)
                try:
                    sender = await lane.start(crash) if sender is None or value is not None else sender
                    await sender.step()
                except Killed:
                    sender = None
                except NodeUnavailable:
                    pass
                if value is not None:
                    sender = None
            case "mine":
                lane.chain.mine(number)
            case "reorg":
                lane.chain.reorg(number)
            case "reorg and forget":
                lane.chain.reorg(number, drop=True)
            case "forget":
                lane.chain.forget_mempool()
            case "lose":
                lane.chain.losing = number
            case "fees":
                lane.chain.base_fee = number
            case "time":
                lane.clock.advance(number)
            case "outage":
                outage = number
            case "elsewhere":
                lane.chain.transact(ACCOUNT, TALLY, f"elsewhere{number}{lane.chain.head.number}".encode())
    lane.node.intercept = None
    lane.chain.losing, lane.chain.base_fee = 0, GWEI


@given(commands=NO_STRANGER)
async def test_any_schedule__of_crashes_and_trouble__mines_each_intent_once(
    inline_database: Database, commands: list[tuple[str, int | None]]
) -> None:
    await clear(inline_database)
    lane = Lane(inline_database)
    await lane.plan("first")
    await _obey(lane, commands)
    await lane.run_to_end(await lane.start(), turns=90)
    await lane.check()


@given(commands=COMMANDS)
async def test_any_schedule__with_a_stranger_on_the_account__takes_effect_at_most_once(
    inline_database: Database, commands: list[tuple[str, int | None]]
) -> None:
    """The contract does a thing once, as ours do; the sender must not call a thing failed that was done."""
    await clear(inline_database)
    lane = Lane(inline_database, is_once=True)
    await lane.plan("first")
    await _obey(lane, commands)
    await lane.run_to_end(await lane.start(), turns=90)
    await lane.check(is_alone=False)
