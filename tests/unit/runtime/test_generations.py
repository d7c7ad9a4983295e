"""When a daemon may leave an older generation, and when it comes back to it."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from agents_offchain.chain.addresses import Deployment
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.runtime.generations import LOOK_SECONDS, Followed
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import chain_heads, jobs
from tests.unit.indexer.test_generations import Both

pytestmark = pytest.mark.unit


class Scene:
    """A job in each generation, indexed; `debt` is what the old one owes the daemon."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock, self.debt = database, clock, 0
        self.both = Both(database)
        self.old: Deployment = self.both.newest.of_generation(1)

        async def owed(deployment: Deployment) -> int:
            return self.debt

        self.followed = Followed("agent", self.both.newest, database, clock, owed)

    async def rests(self, block: int = 99) -> bool:
        self.clock.advance(LOOK_SECONDS)
        return await self.followed.rests(self.old, block)

    async def set_old_jobs(self, status: str) -> None:
        async with self.database.write() as connection:
            await connection.execute(update(jobs).where(jobs.c.generation == 1).values(status=status))


@pytest.fixture
async def scene(database: Database, manual_clock: ManualClock) -> Scene:
    found = Scene(database, manual_clock)
    for generation in (1, 2):
        for name, number in (("policy", 0), ("agent", 0), ("list", 0), ("hire", 1)):
            await found.both.act(generation, name, number)
        await found.both.take(generation)
    return found


async def test_rests__while_a_job_is_open_or_something_is_owed__is_false(scene: Scene) -> None:
    assert not await scene.rests()
    await scene.set_old_jobs("completed")
    scene.debt = 5
    assert not await scene.rests()
    scene.debt = 0
    assert await scene.rests()


async def test_rests__before_the_last_events_were_taken__is_false(scene: Scene) -> None:
    await scene.set_old_jobs("completed")
    assert not await scene.rests(block=-1)
    assert await scene.rests(block=0)


async def test_rests__when_somebody_hired_in_the_old_one_after_all__is_false_again(scene: Scene) -> None:
    await scene.set_old_jobs("completed")
    assert await scene.rests()
    await scene.set_old_jobs("funded")
    assert not await scene.rests()


async def test_rests__when_something_is_owed_there_again__is_false_until_it_is_not(scene: Scene) -> None:
    await scene.set_old_jobs("completed")
    assert await scene.rests()
    scene.debt = 5
    assert not await scene.rests()
    scene.debt = 0
    assert await scene.rests()


async def test_rests__of_the_newest_generation_or_without_an_index__is_false(scene: Scene, database: Database) -> None:
    await scene.set_old_jobs("completed")
    assert not await scene.followed.rests(scene.both.newest, 99)
    async with database.write() as connection:
        await connection.execute(chain_heads.delete())
    assert not await scene.rests()


async def test_rests__with_an_unfunded_job__is_true_once_its_time_has_passed(scene: Scene, database: Database) -> None:
    await scene.set_old_jobs("open")
    assert not await scene.rests()
    async with database.write() as connection:
        await connection.execute(chain_heads.delete())
        await connection.execute(insert(chain_heads).values(chain_id=31337, block_number=9, block_time=1 << 40))
    assert await scene.rests()
