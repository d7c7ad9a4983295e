"""Visiting agents and their mail: rows of the database, so that a restart of the API loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from agents_offchain.api.rest.errors import QuotaSpent
from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.access import agent_mail, visiting_agents
from agents_offchain.storage.upsert import insert_new, upsert

MOST_MAIL = 1_000
"""Messages that wait for one visitor before nobody adds to them."""


@dataclass(frozen=True)
class Visitor:
    """One visiting agent. `capabilities` are JSON data with name, version and price."""

    id: str
    wallet: bytes
    name: str
    description: str
    capabilities: tuple[dict[str, Any], ...]
    lease_until: float


@dataclass(frozen=True)
class Letter:
    """One message to a visitor."""

    number: int
    message_id: str
    sender: str
    kind: str
    body: Any
    at: float


class Visitors:
    """The visitors of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def register(self, visitor: Visitor) -> None:
        """Take a visitor in, or prolong its stay with what it says of itself now."""
        row = {
            "id": visitor.id,
            "wallet": visitor.wallet,
            "name": visitor.name,
            "description": visitor.description,
            "capabilities": list(visitor.capabilities),
            "registered_at": self._clock.now_seconds(),
            "lease_until": visitor.lease_until,
        }
        async with self._database.write() as connection:
            await upsert(connection, visiting_agents, row)

    async def get(self, agent_id: str) -> Visitor | None:
        """A visitor, its lease over or not."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(visiting_agents).where(visiting_agents.c.id == agent_id))).first()
        return None if row is None else _visitor(row)

    async def present(self) -> list[Visitor]:
        """Those whose lease is not over."""
        query = select(visiting_agents).where(visiting_agents.c.lease_until > self._clock.now_seconds())
        async with self._database.read() as connection:
            return [_visitor(row) for row in (await connection.execute(query)).all()]

    async def post(
        self, agent_id: str, message_id: str, sender: str, kind: str, body: Any, lives_seconds: float
    ) -> bool:
        """Keep a message for a visitor; False when it was kept before.

        Raises:
            QuotaSpent: too much waits for it.
        """
        now = self._clock.now_seconds()
        row = {
            "agent": agent_id,
            "message_id": message_id,
            "sender": sender,
            "kind": kind,
            "body": {"value": body},
            "at": now,
            "expires_at": now + lives_seconds,
        }
        async with self._database.write() as connection:
            await connection.execute(delete(agent_mail).where(agent_mail.c.expires_at < now))
            count = select(func.count()).select_from(agent_mail).where(agent_mail.c.agent == agent_id)
            if int((await connection.execute(count)).scalar_one()) >= MOST_MAIL:
                raise QuotaSpent(f"{MOST_MAIL} messages wait for this agent.", mend="Wait until it reads them.")
            return await insert_new(connection, agent_mail, [row]) == 1

    async def mail(self, agent_id: str, after: int = 0, limit: int = 100) -> list[Letter]:
        """What waits for a visitor, oldest first."""
        query = (
            select(agent_mail)
            .where(
                agent_mail.c.agent == agent_id,
                agent_mail.c.id > after,
                agent_mail.c.expires_at > self._clock.now_seconds(),
            )
            .order_by(agent_mail.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Letter(row.id, row.message_id, row.sender, row.kind, row.body["value"], row.at) for row in rows]

    async def count_mail(self, agent_id: str) -> int:
        query = select(func.count()).select_from(agent_mail).where(agent_mail.c.agent == agent_id)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def taken(self, agent_id: str, numbers: Sequence[int]) -> None:
        """The visitor has these; they are not kept any longer."""
        mine = (agent_mail.c.agent == agent_id) & agent_mail.c.id.in_(list(numbers))
        async with self._database.write() as connection:
            await connection.execute(delete(agent_mail).where(mine))


def _visitor(row: Any) -> Visitor:
    return Visitor(row.id, bytes(row.wallet), row.name, row.description, tuple(row.capabilities), row.lease_until)
