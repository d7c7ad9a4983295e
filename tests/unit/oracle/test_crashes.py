"""A daemon is killed at its contacts with the outside, one after the other, and started again each time.

Whatever the moment: no reporter signs two different verdicts for one submission, there is exactly one intent
to post the verdict, and the job ends as honest work ends.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.database import Database
from oracle.reporter import Reporter
from tests.unit.oracle.documents import worker_result
from tests.unit.oracle.tripwire import Killed, Tripwire
from tests.unit.oracle.world import POLICY, World

pytestmark = pytest.mark.unit
MOST_CROSSINGS = 200
STRIDE = 1 if os.environ.get("AITBC_TEST_SIZE") == "full" else 3
"""At CI size every third contact; between an effect and what must precede it lie at least three."""


def open_copy(template: Path, path: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{shutil.copy(template, path)}")


def wired_reporter(world: World, name: str, wire: Tripwire) -> Reporter:
    plain = world.reporter(name)
    return world.reporter(
        name,
        database=wire.around_database(world.database),
        mailbox=wire.around(world.mailbox(name), "publish", "receive", "acknowledge"),
        signer=wire.around(world.ring, "sign_typed"),
        artifacts=wire.around(world.artifacts, "get", "put"),
        run_skill=wire.around_function(plain.examiner._run_skill),
    )


async def step_or_die(world: World, reporter: Reporter, name: str) -> Reporter:
    """One step; after a kill a new process takes over."""
    try:
        await reporter.step()
    except Killed:
        reporter = world.reporter(name)
        await reporter.setup()
    return reporter


def changes_its_mind() -> WorkerResult:
    """A machine whose answer, and so the report on the same claim, is another one each time it is asked."""
    changes_its_mind.calls += 1  # type: ignore[attr-defined]
    return worker_result() if changes_its_mind.calls % 2 else worker_result(objects=[])  # type: ignore[attr-defined]


async def run_with_a_killed_reporter(world: World, at: int) -> Tripwire:
    """One reporter and a publisher through a whole job; the reporter dies at crossing `at`."""
    job_id = await world.hire()
    await world.deliver(job_id)
    wire = Tripwire(at)
    reporter, desk = wired_reporter(world, "reporter-1", wire), world.desk()
    await reporter.setup()
    await desk.setup()
    for _ in range(12):
        reporter = await step_or_die(world, reporter, "reporter-1")
        await desk.step()
        world.clock.advance(1)
        world.chain.mine()
        if world.is_posted():
            break
    return wire


async def test_reporter__killed_at_every_contact__signs_one_verdict_and_it_is_posted_once(
    tmp_path: Path, database_template: Path
) -> None:
    changes_its_mind.calls = 0  # type: ignore[attr-defined]
    for at in range(1, MOST_CROSSINGS, STRIDE):
        database = open_copy(database_template, tmp_path / f"{at}.db")
        world = World(database, count=1)
        world.chain.quorum_size = 1
        world.skills["reporter-1"] = changes_its_mind
        wire = await run_with_a_killed_reporter(world, at)
        assert len(await world.signed_by("reporter-1")) == 1, f"killed at contact {at}"
        assert len(await world.intents("verdict")) == 1, f"killed at contact {at}"
        assert world.is_posted(), f"killed at contact {at}"
        assert await world.conflicts() == [], f"killed at contact {at}"
        await database.close()
        assert world.runs["reporter-1"] in (1, 2)
        if not wire.has_tripped:
            assert at > 25, "the wires are where they should be"
            return
    pytest.fail("the story has more contacts than expected")


@pytest.mark.parametrize("at", range(3, 50, 9))
async def test_reporter__killed_among_three__the_quorum_is_still_of_all(
    tmp_path: Path, database_template: Path, at: int
) -> None:
    database = open_copy(database_template, tmp_path / "aitbc.db")
    world = World(database)
    job_id = await world.hire()
    await world.deliver(job_id)
    first = wired_reporter(world, "reporter-1", Tripwire(at))
    others = [world.reporter(name) for name in world.names[1:]]
    desk = world.desk()
    for daemon in (first, *others, desk):
        await daemon.setup()
    for _ in range(12):
        first = await step_or_die(world, first, "reporter-1")
        for daemon in (*others, desk):
            await daemon.step()
        world.clock.advance(2)
        world.chain.mine()
    assert world.chain.posted[job_id].score == 100
    assert len(await world.intents("verdict")) == 1
    assert len(await world.held("publisher")) == 3
    assert [len(await world.signed_by(name)) for name in world.names] == [1, 1, 1]
    await database.close()


async def test_desk__killed_at_every_contact__posts_once_and_settles_once(
    tmp_path: Path, database_template: Path
) -> None:
    for at in range(1, MOST_CROSSINGS, STRIDE):
        database = open_copy(database_template, tmp_path / f"{at}.db")
        world = World(database, count=1)
        world.chain.quorum_size = 1
        job_id = await world.hire()
        await world.deliver(job_id)
        await world.run(world.reporter("reporter-1"), rounds=6, until=lambda world=world: _has_revealed(world))
        wire = Tripwire(at)
        desk = world.desk(
            database=wire.around_database(world.database),
            mailbox=wire.around(world.mailbox("publisher"), "receive", "acknowledge"),
        )
        await desk.setup()
        for _ in range(10):
            try:
                await desk.step()
            except Killed:
                desk = world.desk()
            world.clock.advance(20)
            world.chain.mine(POLICY.review_seconds if world.is_posted() else 5)
            if world.is_over():
                break
        assert world.chain.jobs[job_id].status == JobStatus.COMPLETED, f"killed at contact {at}"
        assert len(await world.intents("verdict")) == 1, f"killed at contact {at}"
        assert len(await world.intents("settle")) == 1, f"killed at contact {at}"
        await database.close()
        if not wire.has_tripped:
            assert at > 15, "the wires are where they should be"
            return
    pytest.fail("the story has more contacts than expected")


def _has_revealed(world: World) -> bool:
    return sum(len(entries) for entries in world.broker.topics.values()) >= 2
