from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.work import DEAD, DELIVERED, DONE, LEASED, NEW, OPEN, LeaseLost, WorkQueue
from tests.fakes.inline_sqlite import clear

pytestmark = pytest.mark.unit
LEASE = 30.0


@pytest.fixture
def queue(database: Database, manual_clock: ManualClock) -> WorkQueue:
    return WorkQueue(database, "agent", lease_seconds=LEASE, clock=manual_clock)


async def _add(queue: WorkQueue, *keys: str, status: str = NEW) -> None:
    async with queue._database.write() as connection:
        for key in keys:
            assert await queue.add(connection, key, {"job": key}, status)


async def test_lease__of_several_jobs__gives_the_oldest_first_and_each_once(
    queue: WorkQueue, manual_clock: ManualClock
) -> None:
    for key in "abc":
        await _add(queue, key)
        manual_clock.advance(1)
    taken = [await queue.lease("one") for _ in range(4)]
    assert [item and item.job_key for item in taken] == ["a", "b", "c", None]
    assert await queue.count_open() == 3


async def test_add__of_a_known_job__changes_nothing(queue: WorkQueue, database: Database) -> None:
    await _add(queue, "a")
    async with database.write() as connection:
        assert not await queue.add(connection, "a", {"job": "other"})
    item = await queue.get("a")
    assert item is not None
    assert item.terms == {"job": "a"}


async def test_lease__by_many_at_once__gives_each_job_to_one(queue: WorkQueue, database: Database) -> None:
    await _add(queue, *(f"j{index}" for index in range(6)))
    others = [Database(database.url) for _ in range(3)]
    queues = [WorkQueue(handle, "agent", lease_seconds=LEASE, clock=queue._clock) for handle in others]
    taken = await asyncio.gather(*(q.lease(f"owner-{index}") for q in queues for index in range(4)))
    keys = Counter(item.job_key for item in taken if item is not None)
    assert keys == {f"j{index}": 1 for index in range(6)}
    for handle in others:
        await handle.close()


async def test_lease__of_another_consumer__is_none_of_ours(queue: WorkQueue, database: Database) -> None:
    await _add(queue, "a")
    assert await WorkQueue(database, "other", clock=queue._clock).lease("me") is None


async def test_lease__that_ran_out__goes_to_the_next_with_its_checkpoint(
    queue: WorkQueue, manual_clock: ManualClock
) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    await queue.save_checkpoint("one", "a", {"half": "done"})
    manual_clock.advance(LEASE)
    assert await queue.lease("two") is None
    manual_clock.advance(0.1)
    item = await queue.lease("two")
    assert item is not None
    assert (item.checkpoint, item.attempts) == ({"half": "done"}, 2)


@pytest.mark.parametrize("jump_seconds", [3_600, 86_400])
async def test_lease__of_a_dead_holder_before_the_clock_was_put_back__goes_to_the_next(
    queue: WorkQueue, manual_clock: ManualClock, jump_seconds: int
) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    manual_clock.advance(-jump_seconds)
    item = await queue.lease("two")
    assert item is not None
    assert item.attempts == 2


async def test_lease__when_a_neighbours_clock_is_a_little_behind__stays_with_its_holder(
    queue: WorkQueue, manual_clock: ManualClock
) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    manual_clock.advance(-LEASE / 2)
    assert await queue.lease("two") is None


async def test_retry_later__before_the_clock_was_put_back__is_leased(
    queue: WorkQueue, manual_clock: ManualClock
) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    await queue.retry_later("one", "a", after_seconds=3, error="no")
    manual_clock.advance(-7_200)
    assert await queue.lease("two") is not None


async def test_renew__in_time__keeps_the_lease(queue: WorkQueue, manual_clock: ManualClock) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    for _ in range(5):
        manual_clock.advance(LEASE / 2)
        await queue.renew("one", "a")
        assert await queue.lease("two") is None


async def test_every_write__of_one_who_lost_the_lease__is_refused(
    queue: WorkQueue, database: Database, manual_clock: ManualClock
) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    manual_clock.advance(LEASE + 1)
    await queue.lease("two")
    with pytest.raises(LeaseLost):
        await queue.renew("one", "a")
    with pytest.raises(LeaseLost):
        await queue.save_checkpoint("one", "a", {"mine": True})
    with pytest.raises(LeaseLost):
        await queue.retry_later("one", "a", after_seconds=0, error="x")

    async def close() -> None:
        async with database.write() as connection:
            await queue.close(connection, "one", "a", DELIVERED)

    with pytest.raises(LeaseLost):
        await close()
    item = await queue.get("a")
    assert item is not None
    assert (item.status, item.checkpoint) == (LEASED, {})


async def test_renew__after_the_lease_ran_out_but_nobody_took_it__keeps_it(
    queue: WorkQueue, manual_clock: ManualClock
) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    manual_clock.advance(LEASE * 3)
    await queue.renew("one", "a")
    assert await queue.lease("two") is None


async def test_close__in_a_transaction_that_fails__leaves_the_lease(queue: WorkQueue, database: Database) -> None:
    await _add(queue, "a")
    await queue.lease("one")

    async def close() -> None:
        async with database.write() as connection:
            await queue.close(connection, "one", "a", DELIVERED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await close()
    await queue.renew("one", "a")


async def test_retry_later__until_its_time__is_not_leased(queue: WorkQueue, manual_clock: ManualClock) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    await queue.retry_later("one", "a", after_seconds=10, error="store away")
    assert await queue.lease("one") is None
    manual_clock.advance(10)
    item = await queue.lease("one")
    assert item is not None
    assert (item.error, item.attempts) == ("store away", 2)


async def test_replace_terms__under_a_holder__takes_the_job_from_it(queue: WorkQueue, database: Database) -> None:
    await _add(queue, "a")
    await queue.lease("one")
    await queue.save_checkpoint("one", "a", {"old": True})
    async with database.write() as connection:
        await queue.replace_terms(connection, "a", {"job": "b"}, OPEN)
    with pytest.raises(LeaseLost):
        await queue.renew("one", "a")
    item = await queue.get("a")
    assert item is not None
    assert (item.status, item.terms, item.checkpoint, item.attempts) == (OPEN, {"job": "b"}, {}, 0)


@pytest.mark.parametrize("status", [OPEN, DELIVERED, DONE, DEAD])
async def test_lease__of_a_job_that_is_not_ready_or_ended__is_none(queue: WorkQueue, status: str) -> None:
    await _add(queue, "a", status=status)
    assert await queue.lease("one") is None
    assert await queue.count_open() == 0


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["lease", "renew", "close", "retry", "time", "checkpoint"]),
        st.sampled_from(["one", "two", "three"]),
        st.integers(0, 2),
    ),
    max_size=40,
)


@given(actions=ACTIONS)
async def test_any_order__of_owners_and_time__never_lets_two_hold_a_job(
    inline_database: Database, actions: list[tuple[str, str, int]]
) -> None:
    """Against a model: who holds what until when. An owner can only change what the model says it holds."""
    await clear(inline_database)
    clock = ManualClock()
    queue = WorkQueue(inline_database, "agent", lease_seconds=10, clock=clock)
    await _add(queue, "j0", "j1", "j2")
    holder: dict[str, str] = {}
    until: dict[str, float] = {}
    ended: set[str] = set()
    for action, owner, number in actions:
        key = f"j{number}"
        if action == "time":
            clock.advance(number * 5)
        elif action == "lease":
            item = await queue.lease(owner)
            if item is not None:
                assert item.job_key not in ended
                assert until.get(item.job_key, 0) < clock.now_seconds()
                holder[item.job_key], until[item.job_key] = owner, clock.now_seconds() + 10
        else:
            held = holder.get(key) == owner
            assert await _try(queue, action, owner, key) == held
            if held and action == "renew":
                until[key] = clock.now_seconds() + 10
            if held and action in ("close", "retry"):
                del holder[key], until[key]
                ended |= {key} if action == "close" else set()


async def _try(queue: WorkQueue, action: str, owner: str, key: str) -> bool:
    try:
        if action == "renew":
            await queue.renew(owner, key)
        elif action == "checkpoint":
            await queue.save_checkpoint(owner, key, {"by": owner})
        elif action == "retry":
            await queue.retry_later(owner, key, after_seconds=0, error="again")
        else:
            async with queue._database.write() as connection:
                await queue.close(connection, owner, key, DELIVERED)
    except LeaseLost:
        return False
    return True
