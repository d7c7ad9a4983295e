"""What is above a threshold waits for a person, whose word counts once and only under a seal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from agents_offchain.chain.errors import ApprovalNeeded, KeyMissing, SignerRefused
from agents_offchain.chain.signer.approvals import LIFE_SECONDS, ApprovalDesk
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.guard import Guard, KeyFolder
from agents_offchain.chain.signer.seals import ensure_secret, read_secret, seal_of
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.approvals import APPROVED, DENIED, WAITING, ApprovalBook, ApprovalUnknown
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.approvals import approvals
from tests.unit.chain.signing import approve, make_key, write_policy

pytestmark = pytest.mark.unit
AGENT = make_key()


class Desk:
    """A guard, its queue, and a person who answers."""

    def __init__(self, folder: Path, database: Database, clock: ManualClock) -> None:
        write_policy(folder)
        self.clock = clock
        self.book = ApprovalBook(database, clock)
        self.secret = ensure_secret(folder)
        self.database = database
        self.budgets = Budgets(folder / "budgets.db", clock)
        desk = ApprovalDesk(self.book, self.secret, self.budgets, clock)
        self.guard = Guard(KeyFolder(folder), {}, self.budgets, approvals=desk)

    async def sign(self, amount: int = 60, nonce: int = 0, gas: int = 50_000) -> int | None:
        judgement = await self.guard.authorise(AGENT, approve(amount, nonce=nonce, gas=gas))
        return judgement.approval_id

    async def answer(self, number: int, status: str, secret: bytes | None = None) -> None:
        question = (await self.book.get(number)).question
        expires_at = self.clock.now_seconds() + LIFE_SECONDS if status == APPROVED else None
        seal = seal_of(secret or self.secret, number, question, status, expires_at)
        await self.book.decide(number, status, by="op", note="because", expires_at=expires_at, seal=seal)


@pytest.fixture
def desk(tmp_path: Path, database: Database, manual_clock: ManualClock) -> Iterator[Desk]:
    made = Desk(tmp_path, database, manual_clock)
    yield made
    made.budgets.close()


async def test_authorise__above_the_threshold__waits_in_one_question_until_it_is_approved(desk: Desk) -> None:
    for _ in range(3):
        with pytest.raises(ApprovalNeeded, match="waits for approval 1"):
            await desk.sign()
    (waiting,) = await desk.book.list(WAITING)
    assert (waiting.question.subject, waiting.question.title) == ("agent", "TestDollar.approve")
    assert waiting.question.details["charges"][1] == {"meter": "TestDollar.approve:value", "amount": "60"}
    await desk.answer(1, APPROVED)
    assert await desk.sign() == 1
    assert await desk.sign(gas=60_000) == 1, "the same nonce may be offered more"


async def test_authorise__below_the_threshold__asks_nobody(desk: Desk) -> None:
    assert await desk.sign(amount=50) is None
    assert await desk.book.list() == []


async def test_authorise__an_approval_used_once__is_not_good_for_another_nonce(desk: Desk) -> None:
    with pytest.raises(ApprovalNeeded):
        await desk.sign()
    await desk.answer(1, APPROVED)
    await desk.sign()
    with pytest.raises(ApprovalNeeded, match="approval 2"):
        await desk.sign(nonce=1)


async def test_authorise__an_approval_of_another_amount__is_not_good(desk: Desk) -> None:
    with pytest.raises(ApprovalNeeded):
        await desk.sign(amount=60)
    await desk.answer(1, APPROVED)
    with pytest.raises(ApprovalNeeded, match="approval 2"):
        await desk.sign(amount=61)


async def test_authorise__denied__is_refused_with_the_reason_until_somebody_approves(desk: Desk) -> None:
    with pytest.raises(ApprovalNeeded):
        await desk.sign()
    await desk.answer(1, DENIED)
    with pytest.raises(SignerRefused, match="denied: because"):
        await desk.sign()
    await desk.answer(1, APPROVED)
    assert await desk.sign() == 1


async def test_authorise__an_old_approval__is_asked_for_again(desk: Desk) -> None:
    with pytest.raises(ApprovalNeeded):
        await desk.sign()
    await desk.answer(1, APPROVED)
    desk.clock.advance(LIFE_SECONDS)
    with pytest.raises(ApprovalNeeded, match="approval 2"):
        await desk.sign()


async def test_authorise__an_answer_without_the_secret__is_refused(desk: Desk) -> None:
    with pytest.raises(ApprovalNeeded):
        await desk.sign()
    async with desk.database.write() as connection:
        await connection.execute(update(approvals).values(status=APPROVED))
    with pytest.raises(SignerRefused, match="not given by somebody who may"):
        await desk.sign()
    await desk.answer(1, APPROVED, secret=b"\0" * 32)
    with pytest.raises(SignerRefused, match="not given by somebody who may"):
        await desk.sign()


async def test_authorise__an_answer_moved_to_another_question__is_refused(desk: Desk) -> None:
    for amount in (60, 90):
        with pytest.raises(ApprovalNeeded):
            await desk.sign(amount=amount)
    await desk.answer(1, APPROVED)
    given = await desk.book.get(1)
    assert given.seal is not None
    await desk.book.decide(2, APPROVED, by="op", note="", expires_at=given.expires_at, seal=given.seal)
    with pytest.raises(SignerRefused, match="not given by somebody who may"):
        await desk.sign(amount=90)


async def test_authorise__approved__still_keeps_every_limit(desk: Desk) -> None:
    with pytest.raises(SignerRefused, match="in one call"):
        await desk.sign(amount=101)
    for nonce in range(2):
        with pytest.raises(ApprovalNeeded):
            await desk.sign(amount=100, nonce=nonce)
        await desk.answer(nonce + 1, APPROVED)
        await desk.sign(amount=100, nonce=nonce)
    with pytest.raises(ApprovalNeeded):
        await desk.sign(amount=100, nonce=2)
    await desk.answer(3, APPROVED)
    with pytest.raises(Exception, match="within the last hour"):
        await desk.sign(amount=100, nonce=2)


async def test_get__of_no_such_question__is_refused(desk: Desk) -> None:
    with pytest.raises(ApprovalUnknown):
        await desk.book.get(99)


def test_secret__is_made_once_and_private(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        read_secret(tmp_path)
    secret = ensure_secret(tmp_path)
    assert ensure_secret(tmp_path) == secret == read_secret(tmp_path)
    assert (tmp_path / "approval.secret").stat().st_mode & 0o777 == 0o600
    (tmp_path / "approval.secret").write_text("00")
    with pytest.raises(KeyMissing, match="too short"):
        read_secret(tmp_path)
