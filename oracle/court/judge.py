"""A judge that does the work again: the provider has earned its pay if a re-execution agrees, and nothing if not."""

from __future__ import annotations

from agents_offchain.primitives.hexes import checksum
from oracle.cases import Casebook
from oracle.chain_view import ChainView
from oracle.errors import CheckImpossible
from oracle.examiner import Examiner, Submission

ALL_BPS = 10_000


class Reexamination:
    """Votes by the checks that reporters do.

    Args:
        prefix: `chain_id:0x<escrow>` of the jobs.
    """

    def __init__(self, chain: ChainView, casebook: Casebook, examiner: Examiner, chain_id: int, prefix: str) -> None:
        self._chain = chain
        self._casebook = casebook
        self._examiner = examiner
        self._chain_id = chain_id
        self._prefix = prefix

    async def share_of(self, job_id: int, *, block: int) -> int:
        """All or nothing, by the row's pass mark.

        Raises:
            CheckImpossible: nobody can check it here.
            EvidenceUnavailable, CaseChanged: not now.
        """
        case = await self._casebook.get(f"{self._prefix}:{job_id}")
        if case is None or not case.deliverable:
            raise CheckImpossible(f"Nothing is known here of what job {job_id} delivered.")
        submission = Submission(
            chain_id=self._chain_id,
            escrow=checksum(self._chain.escrow.address),
            job_id=job_id,
            request_uri=case.request_uri,
            deliverable=case.deliverable,
        )
        report = await self._examiner.examine(submission, is_last_call=True)
        policy = await self._chain.escrow.policy(case.policy_id, block=block)
        return ALL_BPS if report.score >= policy.pass_mark else 0
