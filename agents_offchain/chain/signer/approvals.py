"""A person's word on what is above a threshold: asked through the database, believed only under a seal.

The database is trusted with nothing. An answer carries an HMAC by a secret that lies beside the keys, over the very
question; one written into the table by somebody without the secret is refused. An approval lifts the threshold for
one transaction, never a limit: caps, budgets and recipients are checked as always. It is used up by the first nonce
it is signed for, which the signer's own journal remembers.
"""

from __future__ import annotations

import hmac

from agents_offchain.chain.errors import ApprovalNeeded, SignerRefused
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.judge import Judgement
from agents_offchain.chain.signer.seals import seal_of
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.approvals import APPROVED, DENIED, WAITING, Approval, ApprovalBook, Question

SCOPE = "signer"
LIFE_SECONDS = 86_400.0


class ApprovalDesk:
    """Where the signer asks, and where it looks for the answer.

    Args:
        secret: Seals answers; `ensure_secret` has it.
        budgets: Remembers which nonce an approval was used for.
    """

    def __init__(self, book: ApprovalBook, secret: bytes, budgets: Budgets, clock: Clock | None = None) -> None:
        self._book = book
        self._secret = secret
        self._budgets = budgets
        self._clock = clock or SystemClock()

    async def require(self, key: str, judgement: Judgement) -> tuple[int, bytes]:
        """Number and seal of the approval under which this may be signed.

        Raises:
            ApprovalNeeded: nobody has answered yet; the question is in the queue.
            SignerRefused: somebody said no, or an answer has no valid seal.
        """
        found = await self._book.newest(SCOPE, judgement.effect)
        if found is None or self._is_over(found, judgement):
            number = await self._book.ask(self._question(key, judgement))
            raise _needed(number, key, judgement)
        if found.status == WAITING:
            raise _needed(found.id, key, judgement)
        seal = seal_of(self._secret, found.id, found.question, found.status, found.expires_at)
        if found.question.subject != key or not hmac.compare_digest(seal, found.seal or b""):
            raise SignerRefused(
                f"Approval {found.id} was not given by somebody who may.",
                mend=f"Look who writes to the database; decide again with `aitbc approvals approve {found.id}`.",
            )
        if found.status == DENIED:
            raise SignerRefused(f"Approval {found.id} was denied: {found.note or 'no reason given'}.")
        return found.id, seal

    def _is_over(self, found: Approval, judgement: Judgement) -> bool:
        """Whether an approval was used for another nonce, or came too long ago."""
        if found.status != APPROVED:
            return False
        slot = self._budgets.slot_of(found.seal or b"")
        if slot is not None:
            return slot != (judgement.chain_id, judgement.nonce)
        return found.expires_at is not None and found.expires_at <= self._clock.now_seconds()

    def _question(self, key: str, judgement: Judgement) -> Question:
        charges = [{"meter": charge.meter, "amount": str(charge.amount)} for charge in judgement.charges]
        details = {**judgement.details, "chain_id": judgement.chain_id, "charges": charges}
        return Question(SCOPE, key, judgement.effect, judgement.title, judgement.approval_reason, details)


def _needed(number: int, key: str, judgement: Judgement) -> ApprovalNeeded:
    return ApprovalNeeded(
        f"{judgement.title} by {key} waits for approval {number}: {judgement.approval_reason}.",
        mend=f"`aitbc approvals approve {number}` or `aitbc approvals deny {number}`.",
        retry_after_seconds=5.0,
        approval_id=number,
    )
