"""Reporters and publisher over a real message server, which may be killed in the middle of a round."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agents_offchain.messaging.streams import StreamMailbox, connect
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.database import Database
from oracle.desk import Desk
from oracle.reporter import Reporter
from tests.integration.messaging.conftest import EmbeddedValkey, valkey  # noqa: F401 (a fixture)
from tests.unit.oracle.documents import worker_result
from tests.unit.oracle.world import World

pytestmark = pytest.mark.integration


class House:
    """The daemons of a world, each with its own connection."""

    def __init__(self, world: World, url: str) -> None:
        self._url = url
        self._open: list[StreamMailbox] = []
        self.world = world
        self.reporters = {name: self.reporter(name) for name in world.names}
        self.desk: Desk = world.desk(mailbox=self.mailbox("publisher"))

    def mailbox(self, name: str) -> StreamMailbox:
        mailbox = StreamMailbox(connect(self._url), name, name, recovery_idle_seconds=0.5)
        self._open.append(mailbox)
        return mailbox

    def reporter(self, name: str) -> Reporter:
        return self.world.reporter(name, mailbox=self.mailbox(name))

    async def run(self, rounds: int) -> None:
        await self.world.run(*self.reporters.values(), self.desk, rounds=rounds, until=self.world.is_posted)

    async def close(self) -> None:
        for mailbox in self._open:
            await mailbox.close()


@pytest.fixture
async def house(database: Database, valkey: EmbeddedValkey) -> AsyncIterator[House]:  # noqa: F811
    opened = House(World(database), valkey.spec.url)
    yield opened
    await opened.close()


def lying() -> WorkerResult:
    return worker_result(objects=[])


async def test_round__given_two_honest_and_one_liar__the_quorum_of_two_is_posted(house: House) -> None:
    world = house.world
    world.skills["reporter-3"] = lying
    job_id = await world.hire()
    await world.deliver(job_id)
    await house.run(rounds=15)
    assert world.chain.posted[job_id].score == 100
    assert len(await world.intents("verdict")) == 1
    assert sorted({row.score for row in await world.held("publisher")})[-1] == 100


async def test_round__when_the_server_is_killed_between_commit_and_reveal__goes_on(
    house: House,
    valkey: EmbeddedValkey,  # noqa: F811
) -> None:
    world = house.world
    job_id = await world.hire()
    await world.deliver(job_id)
    await house.run(rounds=3)
    assert world.chain.posted == {}
    await valkey.kill()
    await house.run(rounds=2)
    await valkey.start()
    world.clock.advance(30)
    await house.run(rounds=15)
    assert world.chain.posted[job_id].score == 100
    assert [len(await world.signed_by(name)) for name in world.names] == [1, 1, 1]
    assert world.runs == dict.fromkeys(world.names, 1)


async def test_round__when_every_daemon_is_replaced_in_the_middle__goes_on(house: House) -> None:
    world = house.world
    job_id = await world.hire()
    await world.deliver(job_id)
    await house.run(rounds=3)
    house.reporters = {name: house.reporter(name) for name in world.names}
    house.desk = world.desk(mailbox=house.mailbox("publisher"))
    await house.run(rounds=15)
    assert world.chain.posted[job_id].score == 100
    assert len(await world.intents("verdict")) == 1
    assert world.runs == dict.fromkeys(world.names, 1)
