"""What the signer does not sign: refused for good it fails, refused for now it waits, and neither holds up others."""

from __future__ import annotations

from typing import Any

import pytest

from agents_offchain.chain.errors import SignerPaused, SignerRefused
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.storage.database import Database
from agents_offchain.storage.dead_letters import DeadLetters
from tests.unit.chain.lane import Lane

pytestmark = pytest.mark.unit


class Choosy:
    """A signer with a policy: no to some calldata, later to other."""

    def __init__(self, signer: Any) -> None:
        self._signer = signer
        self.answers: dict[bytes, AitbcError] = {}

    async def address(self, key: str) -> bytes:
        return bytes(await self._signer.address(key))

    async def sign_transaction(self, key: str, fields: dict[str, Any]) -> bytes:
        answer = self.answers.get(bytes.fromhex(fields["data"][2:]))
        if answer is not None:
            raise answer
        return bytes(await self._signer.sign_transaction(key, fields))


@pytest.fixture
def lane(database: Database) -> Lane:
    made = Lane(database)
    made.signer = Choosy(made.signer)  # type: ignore[assignment]
    return made


async def _status(lane: Lane, key: str) -> str:
    item = await lane.outbox.status(key)
    assert item is not None
    return item.status


async def test_step__given_an_intent_the_policy_refuses__fails_it_and_sends_the_others(lane: Lane) -> None:
    lane.signer.answers[b"a"] = SignerRefused("agent may not call that.")  # type: ignore[attr-defined]
    for key in ("a", "b"):
        await lane.plan(key)
    sender = await lane.start()
    for _ in range(4):
        await lane.turn(sender)
    assert (await _status(lane, "a"), await _status(lane, "b")) == ("failed", "confirmed")
    (letter,) = await DeadLetters(lane.database).list()
    assert letter.reason == "agent may not call that."
    lane.signer.answers.clear()  # type: ignore[attr-defined]
    await DeadLetters(lane.database, lane.clock).replay(letter.id)
    for _ in range(4):
        await lane.turn(sender)
    assert await _status(lane, "a") == "confirmed"


async def test_step__given_an_intent_that_waits_for_a_person__sends_the_others_and_it_later(lane: Lane) -> None:
    lane.signer.answers[b"a"] = SignerPaused("not yet", retry_after_seconds=5.0)  # type: ignore[attr-defined]
    for key in ("a", "b"):
        await lane.plan(key)
    sender = await lane.start()
    for _ in range(4):
        await lane.turn(sender)
    assert (await _status(lane, "a"), await _status(lane, "b")) == ("planned", "confirmed")
    lane.signer.answers.clear()  # type: ignore[attr-defined]
    for _ in range(10):
        await lane.turn(sender)
    assert await _status(lane, "a") == "confirmed"
    assert await DeadLetters(lane.database).list() == []


async def test_step__given_a_bump_that_is_not_signed__leaves_what_is_under_way(lane: Lane) -> None:
    await lane.plan("a")
    sender = await lane.start()
    await sender.step()
    lane.signer.answers[b"a"] = SignerRefused("too dear")  # type: ignore[attr-defined]
    lane.clock.advance(60)
    await sender.step()
    for _ in range(3):
        await lane.turn(sender)
    assert await _status(lane, "a") == "confirmed"
