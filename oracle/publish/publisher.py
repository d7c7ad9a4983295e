"""The publisher's duty: keep what reporters say, and plan the transaction once a quorum agrees.

    new ──quorum, policy──► planned ──VerdictPosted──► (posted)
     ▲────────refused────────┘

Messages are acknowledged after they are in the ledger. There is one intent per try at one deliverable of one
submission, however often this runs. A refused intent is not the end: a reorganisation may have taken the submission
away for a moment. The case is counted again, and planned again while the chain still waits for a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.chain.proxies.result_oracle import post_verdict_calldata
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.eip712 import Domain, VerdictMessage, verdict_digest
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import FAILED, Intent, Outbox
from agents_offchain.storage.progress import record_progress
from oracle.cases import NEW, SUBMITTED, Case, Casebook
from oracle.chain_view import ChainView, Moment
from oracle.courier import Courier
from oracle.errors import CaseChanged
from oracle.publish.policy import PostingPolicy
from oracle.quorum.ledger import Commitment, Recorded, VerdictLedger
from oracle.quorum.tally import Submission, Tally, tally
from oracle.quorum.verdict import SignedVerdict, is_signed_by
from oracle.rounds import Commit, Reveal, commitment_of

log = structlog.get_logger(__name__)
PLANNED = "planned"
LOOK_AGAIN_SECONDS = 15.0
MAX_PAUSE_SECONDS = 240.0


@dataclass
class Publisher:
    """Gathers and posts for one oracle.

    Args:
        name: Of its rows and its place in the topic.
        domain: EIP-712 domain of the oracle's verdicts.
        outbox: The keeper's lane.
    """

    name: str
    domain: Domain
    chain: ChainView
    casebook: Casebook
    ledger: VerdictLedger
    courier: Courier
    outbox: Outbox
    database: Database
    clock: Clock
    policy: PostingPolicy

    async def gather(self, moment: Moment, *, wait_seconds: float = 0.0) -> int:
        """Take in messages; how many.

        Raises:
            BusUnavailable: nothing is lost; gather again.
        """
        mail = await self.courier.collect(wait_seconds=wait_seconds)
        for item in mail:
            if isinstance(item.message, Commit):
                await self._take_commit(item.message, moment)
            else:
                await self._take_reveal(item.message, moment)
        await self.courier.done([item.delivery for item in mail])
        return len(mail)

    async def publish(self, moment: Moment) -> int:
        """Plan what has a quorum, and look after what the chain refused; how many cases moved."""
        planned = 0
        for case in await self.casebook.with_verdicts(1):
            planned += await self._consider(case, moment)
        for case in await self.casebook.due(SUBMITTED, [PLANNED], is_posted=False):
            planned += await self._follow(case)
        return planned

    async def _take_commit(self, commit: Commit, moment: Moment) -> None:
        judges = await self.chain.judges(commit.submitted_at, moment)
        if commit.signer not in judges.reporters:
            log.warning("stranger_committed", signer="0x" + commit.signer.hex(), job=commit.job_key)
            return
        async with self.database.write() as connection:
            is_late = await self.ledger.has_any(connection, commit.job_key, commit.submitted_at)
            commitment = Commitment(commit.signer, commit.commitment, is_late)
            await self.ledger.record_commit(connection, commit.job_key, commit.submitted_at, commitment)

    async def _take_reveal(self, reveal: Reveal, moment: Moment) -> None:
        """Keep a verdict that its reporter signed; one that was not committed to in time counts as late."""
        signed = reveal.signed
        judges = await self.chain.judges(signed.verdict.submitted_at, moment)
        if signed.signer not in judges.reporters or not self._is_signed(signed):
            log.warning("verdict_dropped", signer="0x" + signed.signer.hex(), job=reveal.job_key)
            return
        digest = verdict_digest(self.domain, signed.verdict)
        commitment = commitment_of(digest, signed.signer, reveal.salt)
        async with self.database.write() as connection:
            await self.ledger.match_commit(
                connection, reveal.job_key, signed.verdict.submitted_at, signed.signer, commitment
            )
            recorded = await self.ledger.record(connection, reveal.job_key, signed, self.domain)
            if recorded is not Recorded.KNOWN:
                await self.casebook.wake(connection, reveal.job_key, signed.verdict.submitted_at)
        if recorded is Recorded.CONFLICT:
            log.error("reporter_equivocated", signer="0x" + signed.signer.hex(), job=reveal.job_key)

    def _is_signed(self, signed: SignedVerdict) -> bool:
        return is_signed_by(signed.verdict, signed.signature, signed.signer, self.domain)

    async def _consider(self, case: Case, moment: Moment) -> int:
        try:
            counted = await self._count(case, moment)
            if counted.winner is None or not await self._is_worth_posting(case, counted, moment):
                return await self._leave(case)
            return await self._plan(case, counted.winner, counted.signed)
        except CaseChanged as error:
            log.info("case_changed", publisher=self.name, job=case.job_key, reason=error.message)
            return 0

    async def _count(self, case: Case, moment: Moment) -> Tally:
        commits = await self.ledger.commits(case.job_key, case.submitted_at)
        is_late_allowed = moment.time >= case.submitted_at + self.policy.late_seconds
        signed = [
            entry
            for entry in await self.ledger.all_signed(case.job_key, case.submitted_at)
            if is_late_allowed or not commits[entry.signer].is_late
        ]
        judges = await self.chain.judges(case.submitted_at, moment)
        return tally(
            signed,
            Submission(case.job_id, case.submitted_at, case.deliverable, judges.epoch),
            judges.reporters,
            judges.quorum,
            await self.ledger.equivocators(case.job_key, case.submitted_at),
        )

    async def _is_worth_posting(self, case: Case, counted: Tally, moment: Moment) -> bool:
        """Raises CaseChanged when the chain no longer has this submission waiting for a verdict."""
        job = await self.chain.job(case.job_id, moment.block)
        if job.status != JobStatus.SUBMITTED or job.submitted_at != case.submitted_at:
            raise CaseChanged(f"Job {case.job_id} is not as it was submitted.")
        row = await self.chain.escrow.policy(job.policy_id, block=moment.block)
        assert counted.winner is not None
        is_contested = counted.is_contested or bool(counted.equivocators)
        is_in_time = moment.time <= case.submitted_at + row.verdict_seconds
        return is_in_time and self.policy.is_worth_posting(
            counted.winner.score, row.pass_mark, is_contested=is_contested
        )

    async def _leave(self, case: Case) -> int:
        """More verdicts may come, or none is needed; look again in a while."""
        async with self.database.write() as connection:
            await self.casebook.advance(connection, case, NEW, after_seconds=LOOK_AGAIN_SECONDS)
        return 0

    async def _plan(self, case: Case, verdict: VerdictMessage, signed: Sequence[SignedVerdict]) -> int:
        intent = Intent(
            intent_key=_effect(case),
            kind="verdict",
            to=self.chain.oracle.address,
            data=post_verdict_calldata(verdict, [entry.signature for entry in signed]),
        )
        async with self.database.write() as connection:
            await self.outbox.plan(connection, intent)
            await self.casebook.advance(connection, case, PLANNED, intent=intent.intent_key)
            await record_progress(
                connection,
                case.job_key,
                "quorum",
                f"{len(signed)} reporters agree on {verdict.score} of 100.",
                source=self.name,
                at=self.clock.now_seconds(),
            )
        log.info("verdict_planned", job=case.job_key, score=verdict.score, signatures=len(signed))
        return 1

    async def _follow(self, case: Case) -> int:
        """Begin a refused case again; when the chain no longer waits for this verdict, it stays there. 1 if it moved.

        The sender looks again by itself at what was mined and taken back.
        """
        item = await self.outbox.status(case.notes["intent"])
        if item is None or item.status != FAILED:
            return 0
        tries = int(case.notes.get("tries", 0)) + 1
        pause = min(LOOK_AGAIN_SECONDS * 2.0 ** (tries - 1), MAX_PAUSE_SECONDS)
        log.warning("verdict_not_posted", job=case.job_key, reason=item.error, tries=tries)
        async with self.database.write() as connection:
            await self.casebook.advance(connection, case, NEW, after_seconds=pause, tries=tries)
        return 1


def _effect(case: Case) -> str:
    """Names one try at one verdict: of this deliverable, of this submission, of this job."""
    deliverable = case.deliverable.hex()[:16]
    return f"verdict:{case.job_key}:{case.submitted_at}:{deliverable}:{case.notes.get('tries', 0)}"
