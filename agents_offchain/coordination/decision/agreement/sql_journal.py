"""Vows in the database: one row per agreement and member, checked against the old one in the same transaction."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.coordination.decision.agreement.council import Question
from agents_offchain.coordination.decision.agreement.vows import Vows, require_kept
from agents_offchain.coordination.decision.agreement.wire import vows_as_dict, vows_from_dict
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.decisions import agreement_vows
from agents_offchain.storage.upsert import upsert


class SqlJournal:
    """A `Journal` in `agreement_vows`."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def load(self, question: Question, member: bytes) -> Vows:
        async with self._database.read() as connection:
            return await _held(connection, question, member)

    async def keep(self, question: Question, member: bytes, vows: Vows) -> None:
        """See `Journal.keep`; also refuses what a second process with the same key would do."""
        row = {
            "council_id": question.council.council_id,
            "proposal": question.proposal,
            "member": member,
            "vows": vows_as_dict(vows),
            "updated_at": self._clock.now_seconds(),
        }
        async with self._database.write() as connection:
            require_kept(question, await _held(connection, question, member), vows)
            await upsert(connection, agreement_vows, row)


async def _held(connection: AsyncConnection, question: Question, member: bytes) -> Vows:
    query = select(agreement_vows.c.vows).where(
        agreement_vows.c.council_id == question.council.council_id,
        agreement_vows.c.proposal == question.proposal,
        agreement_vows.c.member == member,
    )
    row = (await connection.execute(query)).first()
    return Vows() if row is None else vows_from_dict(row.vows, question)
