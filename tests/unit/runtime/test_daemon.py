from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from agents_offchain.chain.errors import NodeUnavailable, ReorgBeyondRetention, RpcRefused, WrongChain
from agents_offchain.primitives.clock import ManualClock, SystemClock
from agents_offchain.runtime.daemon import FAILURE_BUDGET, MAX_BACKOFF_SECONDS, StepOutcome, run_daemon
from agents_offchain.storage import heartbeats
from agents_offchain.storage.database import Database, DatabaseUnavailable
from agents_offchain.storage.heartbeats import Heartbeat, list_heartbeats

pytestmark = pytest.mark.unit


class Duty:
    """A daemon whose steps are given; after the last one the process is told to stop."""

    name = "duty"

    def __init__(self, *steps: StepOutcome | Exception, setup: list[Exception] | None = None) -> None:
        self.steps = list(steps)
        self.setups = list(setup or [])
        self.taken = 0
        self.is_closed = False

    async def setup(self) -> None:
        if self.setups:
            raise self.setups.pop(0)

    async def step(self) -> StepOutcome:
        self.taken += 1
        if not self.steps:
            os.kill(os.getpid(), signal.SIGTERM)
            return StepOutcome(is_idle=True)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    async def close(self) -> None:
        self.is_closed = True


class Sleeper:
    """Counts the waits; each ends at once, unless it is told to last."""

    def __init__(self, waiting: Callable[[], Awaitable[None]] | None = None) -> None:
        self.waits = 0
        self._waiting = waiting

    async def wait(self) -> None:
        self.waits += 1
        await (self._waiting() if self._waiting else asyncio.sleep(0))


@pytest.fixture(autouse=True)
def _signal_handlers_afterwards() -> object:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


async def _last_word(database: Database) -> Heartbeat:
    (word,) = await list_heartbeats(database)
    return word


async def test_run__until_told_to_stop__closes_and_says_so(database: Database, manual_clock: ManualClock) -> None:
    duty, sleeper = Duty(StepOutcome(is_idle=False), StepOutcome(is_idle=True, block_number=7, backlog=2)), Sleeper()
    assert await run_daemon(duty, sleeper, database, manual_clock) == 0
    assert (duty.is_closed, duty.taken) == (True, 3)
    assert (await _last_word(database)).state == "stopped"


async def test_run__sleeps_only_after_an_idle_step(database: Database, manual_clock: ManualClock) -> None:
    busy, idle = StepOutcome(is_idle=False), StepOutcome(is_idle=True)
    sleeper = Sleeper()
    await run_daemon(Duty(busy, busy, idle, busy, idle), sleeper, database, manual_clock)
    assert sleeper.waits >= 2
    assert sleeper.waits <= 3


async def test_run__after_the_first_step__says_what_it_left(database: Database, manual_clock: ManualClock) -> None:
    words = []

    class Watching(Duty):
        async def step(self) -> StepOutcome:
            if self.taken == 1:
                words.append(await _last_word(database))
            return await super().step()

    await run_daemon(Watching(StepOutcome(False, 7, 2, "fine")), Sleeper(), database, manual_clock)
    assert [(w.state, w.block_number, w.backlog, w.detail, w.pid) for w in words] == [
        ("running", 7, 2, "fine", os.getpid())
    ]


async def test_run__when_steps_fail_for_a_while__waits_longer_each_time_and_recovers(
    database: Database, manual_clock: ManualClock
) -> None:
    started = manual_clock.now_seconds()
    duty = Duty(*[NodeUnavailable("away")] * 10, StepOutcome(is_idle=True))
    assert await run_daemon(duty, Sleeper(), database, manual_clock) == 0
    waited = manual_clock.now_seconds() - started
    expected = sum(min(1.5**number, MAX_BACKOFF_SECONDS) for number in range(10))
    assert waited == pytest.approx(expected)


async def test_run__while_waiting_for_a_failure_to_pass__says_what_it_waits_for(
    database: Database, manual_clock: ManualClock
) -> None:
    words = []

    class Watching(Duty):
        async def step(self) -> StepOutcome:
            words.append(await _last_word(database))
            return await super().step()

    failures = [NodeUnavailable("The node does not answer.", retry_after_seconds=5)] * 3
    await run_daemon(Watching(*failures), Sleeper(), database, manual_clock)
    assert ("waiting", "The node does not answer.") in [(word.state, word.detail) for word in words]


async def test_run__when_an_outage_lasts__waits_it_out_and_goes_on(
    database: Database, manual_clock: ManualClock
) -> None:
    outage = [NodeUnavailable("away")] * 3 * FAILURE_BUDGET
    duty = Duty(*outage, StepOutcome(is_idle=False, block_number=7))
    assert await run_daemon(duty, Sleeper(), database, manual_clock) == 0
    assert duty.taken > len(outage)


async def test_run__when_every_step_is_refused__stops_itself_and_says_why(
    database: Database, manual_clock: ManualClock
) -> None:
    duty = Duty(*[RpcRefused("no")] * 100)
    assert await run_daemon(duty, Sleeper(), database, manual_clock) == 4
    assert duty.taken == FAILURE_BUDGET + 1
    word = await _last_word(database)
    assert word.state == "failed"
    assert f"was refused {FAILURE_BUDGET + 1} times in a row" in word.detail
    assert duty.is_closed


async def test_run__when_failures_are_not_in_a_row__goes_on(database: Database, manual_clock: ManualClock) -> None:
    steps = [NodeUnavailable("away"), StepOutcome(is_idle=False)] * 40
    assert await run_daemon(Duty(*steps), Sleeper(), database, manual_clock) == 0


@pytest.mark.parametrize(("error", "code"), [(ReorgBeyondRetention("deep"), 3), (WrongChain("other"), 4)])
async def test_run__when_facts_disagree_or_all_is_wrong__ends_with_the_familys_code(
    database: Database, manual_clock: ManualClock, error: Exception, code: int
) -> None:
    duty = Duty(error)
    assert await run_daemon(duty, Sleeper(), database, manual_clock) == code
    assert (duty.taken, duty.is_closed, (await _last_word(database)).state) == (1, True, "failed")


async def test_run__when_set_up_fails_at_first__tries_again(database: Database, manual_clock: ManualClock) -> None:
    duty = Duty(setup=[NodeUnavailable("away")] * 3)
    assert await run_daemon(duty, Sleeper(), database, manual_clock) == 0
    assert duty.taken == 1


async def test_run__when_set_up_is_refused__ends_at_once(database: Database, manual_clock: ManualClock) -> None:
    duty = Duty(setup=[WrongChain("other")])
    assert await run_daemon(duty, Sleeper(), database, manual_clock) == 4
    assert (duty.taken, duty.is_closed) == (0, True)


async def test_run__when_something_of_nobodys_is_raised__does_not_hide_it(
    database: Database, manual_clock: ManualClock
) -> None:
    duty = Duty(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await run_daemon(duty, Sleeper(), database, manual_clock)
    assert duty.is_closed


async def test_run__told_to_stop_while_it_sleeps__ends_without_waiting(database: Database) -> None:
    async def for_ever() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    assert await run_daemon(Duty(StepOutcome(is_idle=True)), Sleeper(for_ever), database, SystemClock()) == 0


@pytest.mark.parametrize("error", [NodeUnavailable("away", retry_after_seconds=600), RpcRefused("no")])
async def test_run__told_to_stop_while_it_backs_off__ends_without_waiting(database: Database, error: Exception) -> None:
    class EndlessClock(SystemClock):
        async def sleep(self, seconds: float) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()

    assert await run_daemon(Duty(error), Sleeper(), database, EndlessClock()) == 0


async def test_run__when_the_sleeper_breaks__does_not_hide_it(database: Database, manual_clock: ManualClock) -> None:
    async def break_down() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run_daemon(Duty(StepOutcome(is_idle=True)), Sleeper(break_down), database, manual_clock)


async def test_run__when_a_heartbeat_cannot_be_written__goes_on(
    database: Database, manual_clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_kwargs: object) -> None:
        raise DatabaseUnavailable("locked")

    monkeypatch.setattr("agents_offchain.runtime.daemon.beat", fail)
    assert await run_daemon(Duty(StepOutcome(is_idle=True)), Sleeper(), database, manual_clock) == 0
    assert heartbeats.beat is not fail


@pytest.mark.parametrize("jump_seconds", [-3_600.0, 3_600.0])
async def test_run__when_the_clock_jumps__says_at_once_that_it_lives(
    database: Database, manual_clock: ManualClock, jump_seconds: float
) -> None:
    words = []

    class Jumping(Duty):
        async def step(self) -> StepOutcome:
            if self.taken == 1:
                manual_clock.advance(jump_seconds)
            if self.taken == 2:
                words.append((await _last_word(database)).at)
            return await super().step()

    idle = StepOutcome(is_idle=True)
    await run_daemon(Jumping(idle, idle, idle), Sleeper(), database, manual_clock)
    assert words == [manual_clock.now_seconds()]
