"""A reporter: checks each submitted house job and tells its verdict, once, without copying anybody.

    new ──examine, reserve──► judged ──sign──► sealed ──commit──► committed ──enough others──► revealed

Each arrow is one database transaction; what precedes it can be repeated. The verdict is reserved in the
ledger before the signer is asked for a signature, and the signature is kept before it leaves the process, so
a reporter that is killed anywhere goes on with the same verdict and never signs two for one submission.
`abstained`: it cannot be checked here. `contested`: another verdict was given before. `done`: too late to post.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from agents_offchain.chain.errors import SignerRefused
from agents_offchain.chain.proxies.job_escrow import JobStatus
from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.protocols.signature import TypedDataSigner
from agents_offchain.primitives.clock import Clock, has_passed
from agents_offchain.primitives.eip712 import VERDICT_FIELDS, VERDICT_TYPE, Domain, VerdictMessage, verdict_digest
from agents_offchain.primitives.errors import Contested, Fatal, Refused, Retryable
from agents_offchain.primitives.hexes import checksum
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.storage.database import Database
from agents_offchain.storage.progress import record_progress
from oracle.cases import NEW, SUBMITTED, Case, Casebook
from oracle.chain_view import ChainView, Follower, Moment
from oracle.courier import Courier
from oracle.errors import CaseChanged, CheckImpossible
from oracle.examiner import Examiner
from oracle.examiner import Submission as Examined
from oracle.quorum.ledger import UNSIGNED, Commitment, VerdictLedger
from oracle.quorum.verdict import SignedVerdict, is_signed_by
from oracle.rounds import SALT_BYTES, Commit, Reveal, commit_envelope, commitment_of, reveal_envelope

log = structlog.get_logger(__name__)
JUDGED, SEALED, COMMITTED, REVEALED = "judged", "sealed", "committed", "revealed"
ABSTAINED, CONTESTED, DONE = "abstained", "contested", "done"
ACTIVE = (NEW, JUDGED, SEALED, COMMITTED)
MAX_PAUSE_SECONDS = 30.0


class KeyChanged(Fatal):
    """The signer signs with another key than this reporter's."""


@dataclass(frozen=True)
class ReporterSettings:
    """Patience of a reporter.

    Args:
        reveal_after_seconds: Waited for the last commitments once a quorum has committed.
        repeat_seconds: Between two announcements of a verdict that is not on the chain yet.
        listen_seconds: Longest wait for messages in a step while a round is open.
    """

    reveal_after_seconds: float = 3.0
    repeat_seconds: float = 60.0
    listen_seconds: float = 0.25


@dataclass
class Reporter:
    """One reporter in one process.

    Args:
        name: Of the process, of its cursor and its rows.
        key: Name of its key in the signer.
        domain: EIP-712 domain of the oracle's verdicts.
        entropy: Source of salts.
    """

    name: str
    key: str
    domain: Domain
    watcher: Follower
    chain: ChainView
    casebook: Casebook
    ledger: VerdictLedger
    examiner: Examiner
    courier: Courier
    signer: TypedDataSigner
    database: Database
    clock: Clock
    settings: ReporterSettings = field(default_factory=ReporterSettings)
    entropy: Callable[[int], bytes] = secrets.token_bytes

    async def setup(self) -> None:
        self.address = await self.signer.address(self.key)

    async def step(self) -> StepOutcome:
        """Take new blocks and messages, then move every case that can move one stage on."""
        watched = await self.watcher.step()
        if not watched.is_caught_up:
            return StepOutcome(is_idle=False, block_number=watched.block_number)
        await self.chain.ascertain(self.casebook, watched.block_number)
        moment = await self.chain.moment(watched.block_number)
        cases = await self._cases()
        is_waiting = any(case.stage == COMMITTED for case in cases)
        try:
            moved = await self._listen(moment, self.settings.listen_seconds if is_waiting else 0.0)
        except BusUnavailable as error:
            log.warning("bus_unavailable", reporter=self.name, **error.as_dict())
            moved, is_waiting = 0, False
        for case in cases:
            moved += await self._advance(case, moment)
        return StepOutcome(
            is_idle=moved == 0 and not is_waiting,
            block_number=watched.block_number,
            backlog=sum(case.stage in ACTIVE for case in cases),
        )

    async def close(self) -> None:
        return None

    async def _cases(self) -> list[Case]:
        """What is in hand, and one submission to examine, since that takes seconds.

        Who has committed reveals even after others were enough: its verdict is part of the evidence.
        """
        in_hand = await self.casebook.due(SUBMITTED, [COMMITTED])
        in_hand += await self.casebook.due(SUBMITTED, [JUDGED, SEALED, REVEALED], is_posted=False)
        return in_hand + await self.casebook.due(SUBMITTED, [NEW], is_posted=False, limit=1)

    async def _listen(self, moment: Moment, wait_seconds: float) -> int:
        """Keep the commitments of the other reporters; how many messages came.

        Raises:
            BusUnavailable: nothing is lost. It must not keep a reporter from judging.
        """
        mail = await self.courier.collect(wait_seconds=wait_seconds)
        for item in mail:
            if isinstance(item.message, Commit):
                judges = await self.chain.judges(item.message.submitted_at, moment)
                if item.message.signer in judges.reporters:
                    await self._keep(item.message)
        await self.courier.done([item.delivery for item in mail])
        return len(mail)

    async def _keep(self, commit: Commit) -> None:
        commitment = Commitment(commit.signer, commit.commitment, is_late=False)
        async with self.database.write() as connection:
            await self.ledger.record_commit(connection, commit.job_key, commit.submitted_at, commitment)

    async def _advance(self, case: Case, moment: Moment) -> int:
        """Move one case on; its troubles stay its own. 1 when it moved."""
        try:
            return await self._move(case, moment)
        except CaseChanged as error:
            log.info("case_changed", reporter=self.name, job=case.job_key, reason=error.message)
        except CheckImpossible as error:
            await self._abstain(case, error.message)
        except Contested as error:
            log.error("case_contested", reporter=self.name, job=case.job_key, **error.as_dict())
            await self.casebook.give_up(case, CONTESTED, error.message)
        except (Retryable, SignerRefused) as error:
            pause = getattr(error, "retry_after_seconds", MAX_PAUSE_SECONDS) * 1.5 ** min(case.attempts, 20)
            log.warning("case_postponed", reporter=self.name, job=case.job_key, **error.as_dict())
            await self.casebook.postpone(case, after_seconds=min(pause, MAX_PAUSE_SECONDS), error=error.message)
        except Refused as error:
            await self._abstain(case, error.message)
        return 0

    async def _move(self, case: Case, moment: Moment) -> int:
        verdict_seconds = await self._require_open(case, moment)
        if moment.time > case.submitted_at + verdict_seconds:
            reason = "The time for a verdict is over."
            await self.casebook.give_up(case, DONE if case.stage == REVEALED else ABSTAINED, reason)
            return 1
        if case.stage == NEW:
            return await self._judge(case, moment, verdict_seconds)
        verdict = await self.ledger.get(case.job_key, case.submitted_at, self.address)
        if verdict is None:
            raise CaseChanged(f"The verdict on {case.job_key} is not in the ledger.")
        if case.stage == JUDGED:
            return await self._sign(case, verdict)
        if case.stage == SEALED:
            return await self._commit(case, verdict)
        if case.stage == COMMITTED:
            return await self._reveal(case, verdict, moment)
        return await self._repeat(case, verdict)

    async def _require_open(self, case: Case, moment: Moment) -> int:
        """The verdict window in seconds of a submission that the chain confirms at this block.

        Raises:
            CaseChanged: the chain says something else by now; its events will say so too.
        """
        job = await self.chain.job(case.job_id, moment.block)
        if job.status != JobStatus.SUBMITTED or job.submitted_at != case.submitted_at:
            raise CaseChanged(f"Job {case.job_id} is not as it was submitted.")
        judges = await self.chain.judges(case.submitted_at, moment)
        if self.address not in judges.reporters:
            raise CheckImpossible(f"This key did not sit in epoch {judges.epoch}, in which the work was submitted.")
        return (await self.chain.escrow.policy(job.policy_id, block=moment.block)).verdict_seconds

    async def _judge(self, case: Case, moment: Moment, verdict_seconds: int) -> int:
        """Examine, keep the report, and be bound to the verdict from here on."""
        submission = Examined(
            chain_id=self.domain.chain_id,
            escrow=checksum(self.chain.escrow.address),
            job_id=case.job_id,
            request_uri=case.request_uri,
            deliverable=case.deliverable,
        )
        is_last_call = moment.time >= case.submitted_at + verdict_seconds // 2
        report = await self.examiner.examine(submission, is_last_call=is_last_call)
        report_cid = await self.examiner.store(report)
        verdict = VerdictMessage(
            job_id=case.job_id,
            submitted_at=case.submitted_at,
            deliverable=case.deliverable,
            report_hash=report.hash,
            score=report.score,
            epoch=(await self.chain.judges(case.submitted_at, moment)).epoch,
        )
        salt, created = self.entropy(SALT_BYTES).hex(), int(self.clock.now_seconds())
        async with self.database.write() as connection:
            await self.ledger.reserve(connection, case.job_key, self.address, verdict, report_cid)
            await self.casebook.advance(connection, case, JUDGED, salt=salt, created=created)
            await record_progress(
                connection,
                case.job_key,
                "checked",
                f"{self.name} did the work again and compared.",
                source=self.name,
                at=self.clock.now_seconds(),
            )
        log.info("case_judged", reporter=self.name, job=case.job_key, score=report.score)
        return 1

    async def _sign(self, case: Case, held: SignedVerdict) -> int:
        signature = held.signature
        if signature == UNSIGNED:
            values = held.verdict.values()
            signature = await self.signer.sign_typed(self.key, self.domain, VERDICT_TYPE, VERDICT_FIELDS, values)
        if not is_signed_by(held.verdict, signature, self.address, self.domain):
            raise KeyChanged(f"The signature of {self.key} is not that of this reporter.")
        signed = SignedVerdict(held.verdict, self.address, signature, held.report_cid)
        async with self.database.write() as connection:
            await self.ledger.seal(connection, case.job_key, signed)
            await self.casebook.advance(connection, case, SEALED)
        return 1

    async def _commit(self, case: Case, signed: SignedVerdict) -> int:
        commit = self._commit_message(case, signed)
        await self._send_commit(case, commit)
        commitment = Commitment(self.address, commit.commitment, is_late=False)
        async with self.database.write() as connection:
            await self.ledger.record_commit(connection, case.job_key, case.submitted_at, commitment)
            await self.casebook.advance(connection, case, COMMITTED, committed_at=self.clock.now_seconds())
        return 1

    async def _reveal(self, case: Case, signed: SignedVerdict, moment: Moment) -> int:
        """Tell the verdict once everybody committed, or a quorum did and the others were waited for.

        After a verdict stands on the chain there is nothing left to copy.
        """
        now = self.clock.now_seconds()
        commits = await self.ledger.commits(case.job_key, case.submitted_at)
        judges = await self.chain.judges(case.submitted_at, moment)
        committed = len(commits.keys() & set(judges.reporters))
        has_waited = has_passed(self.settings.reveal_after_seconds, since=case.notes["committed_at"], now=now)
        is_enough = committed >= judges.quorum and has_waited
        if committed < len(judges.reporters) and not is_enough and not case.is_posted:
            await self._repeat_commit(case, signed, now)
            return 0
        await self._send_reveal(case, signed)
        async with self.database.write() as connection:
            await self.casebook.advance(
                connection, case, REVEALED, after_seconds=self.settings.repeat_seconds, announced_at=now
            )
            await record_progress(
                connection,
                case.job_key,
                "verdict",
                f"{self.name} says {signed.verdict.score} of 100.",
                source=self.name,
                at=now,
            )
        return 1

    async def _repeat_commit(self, case: Case, signed: SignedVerdict, now: float) -> None:
        """A bus that lost its memory must not stop the round."""
        told_at = case.notes.get("announced_at", case.notes["committed_at"])
        if not has_passed(self.settings.repeat_seconds, since=told_at, now=now):
            return
        await self._send_commit(case, self._commit_message(case, signed))
        async with self.database.write() as connection:
            await self.casebook.advance(connection, case, COMMITTED, announced_at=now)

    async def _repeat(self, case: Case, signed: SignedVerdict) -> int:
        await self._send_commit(case, self._commit_message(case, signed))
        await self._send_reveal(case, signed)
        async with self.database.write() as connection:
            await self.casebook.advance(connection, case, REVEALED, after_seconds=self.settings.repeat_seconds)
        return 0

    def _commit_message(self, case: Case, signed: SignedVerdict) -> Commit:
        digest = verdict_digest(self.domain, signed.verdict)
        commitment = commitment_of(digest, self.address, bytes.fromhex(case.notes["salt"]))
        return Commit(case.job_key, case.submitted_at, self.address, commitment)

    async def _send_commit(self, case: Case, commit: Commit) -> None:
        await self.courier.send(commit_envelope(commit, self.courier.topic, created=case.notes["created"]))

    async def _send_reveal(self, case: Case, signed: SignedVerdict) -> None:
        reveal = Reveal(case.job_key, signed, bytes.fromhex(case.notes["salt"]))
        await self.courier.send(reveal_envelope(reveal, self.courier.topic, created=case.notes["created"]))

    async def _abstain(self, case: Case, reason: str) -> None:
        log.warning("case_abstained", reporter=self.name, job=case.job_key, reason=reason)
        await self.casebook.give_up(case, ABSTAINED, reason)
        async with self.database.write() as connection:
            await record_progress(
                connection,
                case.job_key,
                "abstained",
                f"{self.name} gives no verdict: {reason}",
                source=self.name,
                at=self.clock.now_seconds(),
            )
