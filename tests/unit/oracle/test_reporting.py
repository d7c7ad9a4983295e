from __future__ import annotations

import random

import pytest

from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.chain.proxies.result_oracle import SignerSet
from agents_offchain.messaging.memory import Faults
from agents_offchain.primitives.canonical import sha256
from agents_offchain.runtime.workers.limits import SkillRefused, WorkerLimitExceeded
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.artifacts.client import digest_to_cid
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED
from oracle.chain_view import Moment
from oracle.publish.policy import PostingPolicy
from oracle.reporter import ABSTAINED, COMMITTED, CONTESTED, DONE, REVEALED
from tests.unit.oracle.documents import output, result_document, worker_result
from tests.unit.oracle.world import ORACLE, POLICY, World

pytestmark = pytest.mark.unit
LIE = result_document(1, "bafkreirequest", output=output(objects=[]))


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def lying() -> WorkerResult:
    return worker_result(objects=[])


async def test_story__given_honest_work__is_posted_once_and_paid(world: World) -> None:
    job_id = await world.hire()
    submitted_at = await world.deliver(job_id)
    daemons = [world.reporter(name) for name in world.names]
    await world.run(*daemons, world.desk(), rounds=10, until=world.is_posted)
    assert world.chain.posted[job_id].score == 100
    [intent] = await world.intents("verdict")
    assert intent.intent.intent_key.startswith(f"verdict:{world.job_key(job_id)}:{submitted_at}:")
    assert {row.score for row in await world.held("publisher")} == {100}
    assert len({bytes(row.report_hash) for row in await world.held("publisher")}) == 1
    await world.run(world.desk(), rounds=4, seconds=POLICY.review_seconds, until=world.is_over)
    assert world.chain.jobs[job_id].status == JobStatus.COMPLETED
    assert len(await world.intents("settle")) == 1


async def test_story__given_false_work__is_refunded(world: World) -> None:
    job_id = await world.hire()
    lie = result_document(job_id, world.request_cid, output=output(objects=[]))
    await world.deliver(job_id, lie)
    await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=10, until=world.is_posted)
    assert 0 < world.chain.posted[job_id].score < 60
    await world.run(world.desk(), rounds=4, seconds=POLICY.review_seconds, until=world.is_over)
    assert world.chain.jobs[job_id].status == JobStatus.REJECTED


async def test_story__given_one_lying_reporter__the_quorum_of_the_others_holds(world: World) -> None:
    world.skills["reporter-2"] = lying
    job_id = await world.hire()
    await world.deliver(job_id)
    await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=10, until=world.is_posted)
    assert world.chain.posted[job_id].score == 100
    assert len(await world.held("publisher")) == 3


async def test_story__given_two_reporters_that_disagree_and_one_dead__nothing_is_posted(world: World) -> None:
    world.skills["reporter-2"] = lying
    job_id = await world.hire()
    await world.deliver(job_id)
    await world.run(world.reporter("reporter-1"), world.reporter("reporter-2"), world.desk(), rounds=20)
    assert world.chain.posted == {}
    await world.run(world.desk(), rounds=4, seconds=POLICY.verdict_seconds, until=world.is_over)
    assert world.chain.jobs[job_id].status == JobStatus.COMPLETED, "silence pays the performer"


async def test_story__given_nobody_delivers__the_client_is_refunded_after_the_deadline(world: World) -> None:
    job_id = await world.hire()
    await world.run(world.desk(), rounds=5, seconds=20)
    assert world.chain.jobs[job_id].status == JobStatus.FUNDED
    await world.run(world.desk(), rounds=4, seconds=200, until=world.is_over)
    assert world.chain.jobs[job_id].status == JobStatus.REJECTED
    assert len(await world.intents("noShow")) == 1


async def test_story__given_no_early_pay__a_passing_verdict_stays_off_chain(world: World) -> None:
    world.policy = PostingPolicy(post_passing=False)
    job_id = await world.hire()
    await world.deliver(job_id)
    await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=10)
    assert len(await world.held("publisher")) == 3
    assert world.chain.posted == {}
    assert await world.intents("verdict") == []


async def test_story__given_a_contested_pass_and_no_early_pay__is_posted(world: World) -> None:
    world.policy = PostingPolicy(post_passing=False)
    world.skills["reporter-3"] = lying
    job_id = await world.hire()
    await world.deliver(job_id)
    await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=30, until=world.is_posted)
    assert world.chain.posted[job_id].score == 100


@pytest.mark.parametrize("seed", range(5))
async def test_story__given_a_bus_that_loses_repeats_and_reorders__is_still_posted_once(
    database: Database, seed: int
) -> None:
    world = World(database, faults=Faults(random.Random(seed), lose=0.4, duplicate=0.5, reorder=0.5))
    job_id = await world.hire()
    await world.deliver(job_id)
    await world.run(
        *(world.reporter(name) for name in world.names), world.desk(), rounds=30, seconds=10, until=world.is_posted
    )
    assert world.chain.posted[job_id].score == 100
    assert len(await world.intents("verdict")) == 1


async def test_story__when_the_bus_forgets_everything__the_verdicts_are_told_again(world: World) -> None:
    job_id = await world.hire()
    await world.deliver(job_id)
    reporters = [world.reporter(name) for name in world.names]
    await world.run(*reporters, rounds=6)
    world.broker.wipe()
    await world.run(*reporters, world.desk(), rounds=10, seconds=20, until=world.is_posted)
    assert world.chain.posted[job_id].score == 100


async def test_story__when_the_bus_is_down_for_a_while__reporters_judge_and_tell_later(world: World) -> None:
    world.broker.is_down = True
    job_id = await world.hire()
    await world.deliver(job_id)
    daemons = [*(world.reporter(name) for name in world.names), world.desk()]
    await world.run(*daemons, rounds=5)
    assert world.runs == dict.fromkeys(world.names, 1)
    assert (await daemons[0].step()).is_idle, "it sleeps between two attempts"
    world.broker.is_down = False
    await world.run(*daemons, rounds=15, seconds=4, until=world.is_posted)
    assert world.chain.posted[job_id].score == 100
    assert world.runs == dict.fromkeys(world.names, 1)


class TestRounds:
    async def test_reporter__when_it_is_alone__reveals_nothing(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        await world.run(world.reporter("reporter-1"), world.desk(), rounds=10, seconds=10)
        assert (await world.case("reporter-1")).stage == COMMITTED
        assert await world.held("publisher") == []

    async def test_reporter__when_a_quorum_committed__waits_a_little_for_the_rest(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        pair = [world.reporter("reporter-1"), world.reporter("reporter-2")]
        await world.run(*pair, rounds=4, seconds=0.1)
        assert (await world.case("reporter-1")).stage == COMMITTED
        await world.run(*pair, rounds=4, seconds=2)
        assert (await world.case("reporter-1")).stage == REVEALED

    async def test_reporter__when_it_commits_after_a_reveal__counts_only_late(self, world: World) -> None:
        world.skills["reporter-2"] = lying
        job_id = await world.hire()
        submitted_at = await world.deliver(job_id)
        pair = [world.reporter("reporter-1"), world.reporter("reporter-2"), world.desk()]
        await world.run(*pair, rounds=8)
        assert len(await world.held("publisher")) == 2
        late = world.reporter("reporter-3")
        await world.run(late, world.desk(), rounds=10)
        assert len(await world.held("publisher")) == 3
        assert world.chain.posted == {}, "a late verdict may be a copy"
        await world.run(world.desk(), rounds=10, seconds=20, until=world.is_posted)
        assert world.chain.posted[job_id].posted_at >= submitted_at + world.policy.late_seconds

    async def test_publisher__given_a_stranger__counts_and_keeps_nothing_of_it(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        world.chain.reporter_addresses = tuple(world.ring.address_of(name) for name in world.names)
        reporters = [world.reporter(name) for name in world.names]
        await world.run(*reporters, rounds=6)
        world.chain.reporter_addresses = world.chain.reporter_addresses[:2]
        await world.run(world.desk(), rounds=3, until=world.is_posted)
        assert len(await world.held("publisher")) == 2
        assert world.chain.posted[job_id].score == 100

    async def test_publisher__given_a_reporter_with_two_faces__keeps_the_proof_and_goes_on(
        self, world: World, tmp_path_factory: pytest.TempPathFactory, database_template
    ) -> None:
        import shutil

        job_id = await world.hire()
        await world.deliver(job_id)
        twin_file = shutil.copy(database_template, tmp_path_factory.mktemp("twin") / "twin.db")
        twin_database = Database(f"sqlite+aiosqlite:///{twin_file}")

        async def lie(*_: object) -> WorkerResult:
            return lying()

        twin = world.reporter(
            "reporter-1", database=twin_database, run_skill=lie, mailbox=world.mailbox("reporter-1-twin")
        )
        daemons = [world.reporter(name) for name in world.names]
        await world.run(*daemons, twin, rounds=10)
        await world.run(world.desk(), rounds=5)
        await twin_database.close()
        proofs = await world.conflicts()
        assert [bytes(row.signer) for row in proofs] == [world.ring.address_of("reporter-1")]
        assert world.chain.posted[job_id].score == 100
        [intent] = await world.intents("verdict")
        assert intent.status == CONFIRMED


class TestAbsence:
    async def test_deliverable__when_missing_for_a_while__is_waited_for(self, world: World) -> None:
        job_id = await world.hire()
        document = result_document(job_id, world.request_cid)
        world.artifacts.missing.add(digest_to_cid(sha256(document)))
        await world.deliver(job_id, document)
        daemons = [*(world.reporter(name) for name in world.names), world.desk()]
        await world.run(*daemons, rounds=10, seconds=5)
        assert world.chain.posted == {}
        world.artifacts.missing.clear()
        await world.run(*daemons, rounds=15, seconds=5, until=world.is_posted)
        assert world.chain.posted[job_id].score == 100

    async def test_deliverable__when_nobody_has_it_until_the_last_call__scores_zero(self, world: World) -> None:
        job_id = await world.hire()
        world.chain.submit(job_id, b"\x99" * 32)
        await world.run(
            *(world.reporter(name) for name in world.names), world.desk(), rounds=14, seconds=30, until=world.is_posted
        )
        assert world.chain.posted[job_id].score == 0

    async def test_store__when_it_never_answers__leads_to_silence_not_to_zero(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        world.artifacts.is_down = True
        await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=14, seconds=60)
        assert world.chain.posted == {}
        assert (await world.case("reporter-1")).stage in (ABSTAINED, "new")
        assert world.chain.jobs[job_id].status == JobStatus.COMPLETED

    @pytest.mark.parametrize("document", [b"", b"not json", b"{}", b"\xff" * 100, b"[" * 5000])
    async def test_deliverable__when_unreadable__scores_zero_at_once(self, world: World, document: bytes) -> None:
        job_id = await world.hire()
        await world.deliver(job_id, document)
        await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=8, until=world.is_posted)
        assert world.chain.posted[job_id].score == 0
        assert world.runs == {}

    async def test_request__when_nobody_has_it__leads_to_silence(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        world.artifacts.missing.add(world.request_cid)
        await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=14, seconds=30)
        assert world.chain.posted == {}
        assert (await world.case("reporter-1")).stage == ABSTAINED

    @pytest.mark.parametrize("changes", [{"criteria": {"kind": "vibes"}}, {"service": "dance"}, {"note": 7}])
    async def test_request__when_it_cannot_be_read_or_run__leads_to_silence(self, world: World, changes) -> None:
        def unknown() -> WorkerResult:
            raise SkillRefused("No skill offers it.", reason="SkillUnknown")

        world.skills = dict.fromkeys(world.names, unknown)
        job_id = await world.hire(**changes)
        await world.deliver(job_id)
        await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=8)
        assert world.chain.posted == {}
        assert (await world.case("reporter-1")).stage == ABSTAINED

    async def test_input__when_the_skill_refuses_it__fails_the_claim(self, world: World) -> None:
        def refuse() -> WorkerResult:
            raise SkillRefused("This is not a picture.", reason="ImageDamaged")

        world.skills = dict.fromkeys(world.names, refuse)
        job_id = await world.hire()
        await world.deliver(job_id)
        await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=8, until=world.is_posted)
        assert world.chain.posted[job_id].score == 5

    async def test_work__when_too_much_for_this_machine__leads_to_silence_of_this_one(self, world: World) -> None:
        def too_much() -> WorkerResult:
            raise WorkerLimitExceeded("The skill took longer than 120 s.")

        world.skills["reporter-1"] = too_much
        job_id = await world.hire()
        await world.deliver(job_id)
        await world.run(*(world.reporter(name) for name in world.names), world.desk(), rounds=12, until=world.is_posted)
        assert (await world.case("reporter-1")).stage == ABSTAINED
        assert world.chain.posted[job_id].score == 100


class TestChain:
    async def test_job__of_another_evaluator__is_nobodys_case(self, world: World) -> None:
        await world.hire()
        job_id = world.chain.hire("ipfs://bafkreiother", evaluator=b"\x66" * 20)
        world.chain.submit(job_id, b"\x01" * 32)
        reporter = world.reporter("reporter-1")
        await world.run(reporter, world.desk(), rounds=3)
        assert await reporter.casebook.get(world.job_key(job_id)) is None

    async def test_key__when_it_is_no_reporter__gives_no_verdict(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        await world.run(world.reporter("nobody"), rounds=3)
        assert await world.signed_by("nobody") == set()

    async def test_verdict__when_its_time_is_over__is_not_begun(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        world.chain.mine(POLICY.verdict_seconds + 1)
        await world.run(world.reporter("reporter-1"), rounds=3)
        assert (await world.case("reporter-1")).stage == ABSTAINED
        assert await world.signed_by("reporter-1") == set()

    async def test_reveal__when_the_time_is_over_and_nothing_was_posted__is_not_repeated_for_ever(
        self, world: World
    ) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        reporters = [world.reporter(name) for name in world.names]
        await world.run(*reporters, rounds=8)
        await world.run(*reporters, rounds=4, seconds=POLICY.verdict_seconds)
        assert (await world.case("reporter-1")).stage == DONE

    async def test_reorganisation__when_the_submission_returns_at_another_time__is_judged_anew(
        self, world: World
    ) -> None:
        job_id = await world.hire()
        funded = world.chain.head
        first = await world.deliver(job_id)
        daemons = [*(world.reporter(name) for name in world.names), world.desk()]
        world.sender.is_asleep = True
        await world.run(*daemons, rounds=6)
        world.chain.reorganise(funded)
        world.chain.mine(30)
        await world.run(*daemons, rounds=2)
        second = await world.deliver(job_id)
        assert second != first
        world.sender.is_asleep = False
        await world.run(*daemons, rounds=10, until=world.is_posted)
        assert world.chain.posted[job_id].score == 100
        assert len(await world.signed_by("reporter-1")) == 2, "one for each submission"
        assert world.sender.reopened

    async def test_reorganisation__when_the_verdict_was_refused_meanwhile__is_planned_again_when_the_submission_is_back(
        self, world: World
    ) -> None:
        job_id = await world.hire()
        funded = world.chain.head
        submitted_at = await world.deliver(job_id)
        daemons = [*(world.reporter(name) for name in world.names), world.desk()]
        world.sender.is_asleep = True
        await world.run(*daemons, rounds=6)
        assert len(await world.intents("verdict")) == 1
        world.chain.reorganise(funded)
        world.sender.is_asleep = False
        await world.sender.step()
        assert [item.status for item in await world.intents("verdict")] == ["failed"]
        world.chain.reorganise(funded)
        assert await world.deliver(job_id) == submitted_at
        await world.run(*daemons, rounds=6, seconds=10, until=world.is_posted)
        assert world.chain.posted[job_id].score == 100
        assert len(await world.signed_by("reporter-1")) == 1, "and nobody signed anew"

    async def test_verdict__when_it_is_refused_for_ever__is_tried_ever_more_rarely_and_not_after_its_time(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        monkeypatch.setattr(world.sender, "_post", lambda data: "ResultOracle_NotReporter")
        daemons = [*(world.reporter(name) for name in world.names), world.desk()]
        await world.run(*daemons, rounds=30, seconds=30)
        refused = await world.intents("verdict")
        assert 3 <= len(refused) <= 6
        assert len({item.intent.intent_key for item in refused}) == len(refused)

    async def test_reorganisation__when_another_deliverable_returns_at_the_same_time__is_not_signed_twice(
        self, world: World
    ) -> None:
        job_id = await world.hire()
        funded = world.chain.head
        await world.deliver(job_id)
        reporter = world.reporter("reporter-1")
        await world.run(reporter, rounds=4)
        world.chain.reorganise(funded)
        await world.deliver(job_id, result_document(job_id, world.request_cid, output=output(text=[])))
        await world.run(reporter, rounds=6)
        assert (await world.case("reporter-1")).stage == CONTESTED
        assert len(await world.signed_by("reporter-1")) == 1

    async def test_reorganisation__when_the_settlement_was_taken_back__is_settled_again(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        world.chain.mine(POLICY.verdict_seconds + POLICY.review_seconds)
        before = world.chain.head
        desk = world.desk()
        await world.run(desk, rounds=3, until=world.is_over)
        assert world.chain.jobs[job_id].status == JobStatus.COMPLETED
        world.chain.reorganise(before)
        assert world.chain.jobs[job_id].status == JobStatus.SUBMITTED
        await world.run(desk, rounds=12, seconds=10, until=world.is_over)
        assert world.chain.jobs[job_id].status == JobStatus.COMPLETED

    async def test_reorganisation__when_the_job_itself_was_taken_back__is_forgotten(self, world: World) -> None:
        world.chain.mine()
        start = world.chain.head
        await world.hire()
        reporter = world.reporter("reporter-1")
        await world.run(reporter, rounds=2)
        world.chain.reorganise(start)
        world.chain.mine()
        await world.run(reporter, rounds=6)
        assert await reporter.casebook.get(world.job_key(1)) is None


class TestRotation:
    async def test_O2_verdict__when_the_set_rotates_under_a_running_job__is_the_old_sets(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        daemons = [*(world.reporter(name) for name in world.names), world.desk()]
        await world.run(*daemons, rounds=1)
        world.chain.rotate(*(world.ring.address_of(f"newcomer-{number}") for number in range(3)))
        await world.run(*daemons, rounds=8, until=world.is_posted)
        assert world.chain.posted[job_id].score == 100
        assert {values[-1] for values in await world.signed_by("reporter-1")} == {1}

    async def test_O2_verdict__when_the_work_comes_after_the_rotation__is_the_new_sets(self, world: World) -> None:
        job_id = await world.hire()
        newcomers = [f"newcomer-{number}" for number in range(4)]
        world.chain.rotate(*(world.ring.address_of(name) for name in newcomers))
        await world.deliver(job_id)
        everybody = [world.reporter(name) for name in (*world.names, *newcomers)]
        await world.run(*everybody, world.desk(), rounds=8, until=world.is_posted)
        assert world.chain.posted[job_id].score == 100
        assert await world.signed_by("reporter-1") == set(), "it did not see this work's epoch"
        assert (await world.case("reporter-1")).stage == ABSTAINED
        assert {values[-1] for values in await world.signed_by("newcomer-0")} == {2}

    async def test_O2_verdict__when_the_old_set_speaks_about_new_work__is_dropped(self, world: World) -> None:
        job_id = await world.hire()
        world.chain.rotate(*(world.ring.address_of(f"newcomer-{number}") for number in range(3)))
        await world.deliver(job_id)
        stubborn = [world.reporter(name) for name in world.names]
        old_set = world.chain.signer_set(1)
        for reporter in stubborn:

            async def judges(submitted_at: int, moment: Moment) -> SignerSet:
                return old_set

            reporter.chain.judges = judges  # type: ignore[method-assign]
        await world.run(*stubborn, world.desk(), rounds=8)
        assert len(await world.signed_by("reporter-1")) == 1
        assert await world.held("publisher") == []
        assert world.chain.posted == {}


class TestKeeper:
    async def test_settle__given_many_due_jobs__takes_them_in_one_transaction(self, world: World) -> None:
        for _ in range(12):
            await world.deliver(await world.hire())
        world.chain.mine(POLICY.verdict_seconds + POLICY.review_seconds + 100)
        await world.run(world.desk(), rounds=3, until=world.is_over)
        assert {job.status for job in world.chain.jobs.values()} == {JobStatus.COMPLETED}
        assert len(await world.intents("settle")) == 1

    async def test_settle__before_chain_time_has_come__waits_however_late_the_clock_is(self, world: World) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        world.clock.advance(10**6)
        await world.run(world.desk(), rounds=5)
        assert world.chain.jobs[job_id].status == JobStatus.SUBMITTED
        assert await world.intents("settle") == []

    async def test_settle__when_confirmed_without_effect__is_tried_again_under_another_key(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_id = await world.hire()
        await world.deliver(job_id)
        world.chain.mine(POLICY.verdict_seconds + POLICY.review_seconds)
        with monkeypatch.context() as patch:
            patch.setattr(world.sender, "_settle", lambda data: None)
            await world.run(world.desk(), rounds=3)
        assert world.chain.jobs[job_id].status == JobStatus.SUBMITTED
        await world.run(world.desk(), rounds=10, seconds=10, until=world.is_over)
        assert world.chain.jobs[job_id].status == JobStatus.COMPLETED
        assert len({item.intent.intent_key for item in await world.intents("settle")}) == 2

    async def test_settle__when_one_row_of_a_batch_is_not_ready__takes_the_others(self, world: World) -> None:
        first, second = await world.hire(), await world.hire()
        await world.deliver(first)
        await world.deliver(second)
        desk = world.desk()
        world.chain.mine(POLICY.verdict_seconds + POLICY.review_seconds)
        rehearse = desk.keeper.rehearsal.can_settle

        async def refuse_second(job_id: int) -> bool:
            return job_id != second and await rehearse(job_id)

        desk.keeper.rehearsal.can_settle = refuse_second
        await world.run(desk, rounds=3, until=world.is_over)
        assert world.chain.jobs[first].status == JobStatus.COMPLETED
        assert world.chain.jobs[second].status == JobStatus.SUBMITTED


def test_policy_of_the_world__names_the_house_oracle() -> None:
    assert POLICY.evaluator == ORACLE
