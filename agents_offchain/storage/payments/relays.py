"""Signed hires that are carried to the chain for clients without gas.

waiting ──within quotas, would succeed──► sending ──mined──► done
   └──would revert, quota──► refused ◄──reverted──┘
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import not_mined_by
from agents_offchain.storage.tables.payments import relays
from agents_offchain.storage.upsert import insert_new

WAITING, SENDING, DONE, REFUSED = "waiting", "sending", "done", "refused"
DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Relay:
    """A carried hire: `nonce` is the authorization's, `data` the calldata, `cost_wei` the most its gas can cost."""

    client: bytes
    nonce: bytes
    token: bytes
    budget: int
    data: bytes
    status: str
    intent: str | None
    cost_wei: int | None
    tx_hash: bytes | None
    error: str | None
    received_at: float


class RelayBook:
    """The carried hires of one JobEscrow.

    Args:
        book: `chain_id:0x<escrow>`.
    """

    def __init__(self, database: Database, book: str, clock: Clock | None = None) -> None:
        self._database = database
        self.book = book
        self._clock = clock or SystemClock()

    async def add(self, connection: AsyncConnection, relay: Relay, terms: dict[str, Any]) -> bool:
        """Keep a signed hire; False when it was kept before."""
        now = self._clock.now_seconds()
        row = {
            "book": self.book,
            "client": relay.client,
            "nonce": relay.nonce,
            "token": relay.token,
            "budget": relay.budget,
            "terms": terms,
            "data": relay.data,
            "status": WAITING,
            "received_at": now,
            "updated_at": now,
        }
        return await insert_new(connection, relays, [row]) == 1

    async def get(self, client: bytes, nonce: bytes) -> Relay | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(relays).where(self._at(client, nonce)))).first()
        return None if row is None else _relay(row)

    async def having(self, status: str, limit: int = 50) -> list[Relay]:
        """Those with a status, the oldest first."""
        query = select(relays).where(relays.c.book == self.book, relays.c.status == status)
        query = query.order_by(relays.c.received_at, relays.c.nonce)
        async with self._database.read() as connection:
            return [_relay(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def newest(self, limit: int = 100) -> list[Relay]:
        query = select(relays).where(relays.c.book == self.book).order_by(relays.c.received_at.desc(), relays.c.nonce)
        async with self._database.read() as connection:
            return [_relay(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def count_of_day(self, client: bytes) -> int:
        """How many of a client's were taken in the last day, refused ones left out."""
        query = select(func.count()).where(
            relays.c.book == self.book,
            relays.c.client == client,
            relays.c.status != REFUSED,
            relays.c.received_at > self._clock.now_seconds() - DAY_SECONDS,
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def spent_of_day(self) -> int:
        """The most wei that the gas of the last day's can have cost."""
        query = select(relays.c.cost_wei).where(
            relays.c.book == self.book,
            relays.c.cost_wei.is_not(None),
            relays.c.updated_at > self._clock.now_seconds() - DAY_SECONDS,
        )
        async with self._database.read() as connection:
            return sum(row.cost_wei for row in (await connection.execute(query)).all())

    async def send(self, connection: AsyncConnection, relay: Relay, intent: str, cost_wei: int) -> None:
        """Note the planned transaction, in the transaction that plans it."""
        await self._change(connection, relay, status=SENDING, intent=intent, cost_wei=cost_wei, error=None)

    async def end(self, relay: Relay, status: str, *, tx_hash: bytes | None = None, error: str | None = None) -> None:
        async with self._database.write() as connection:
            await self._change(connection, relay, status=status, tx_hash=tx_hash, error=error)

    async def say(self, relay: Relay, error: str) -> None:
        """Why it waits."""
        if relay.error != error:
            async with self._database.write() as connection:
                await self._change(connection, relay, error=error)

    async def reopen_above(self, connection: AsyncConnection, last_valid: int) -> None:
        """Hires that stood in a block above this one, which the chain took back, are followed again."""
        await connection.execute(
            update(relays)
            .where(
                relays.c.book == self.book,
                relays.c.status.in_([DONE, REFUSED]),
                relays.c.intent.in_(not_mined_by(last_valid)),
            )
            .values(status=SENDING, updated_at=self._clock.now_seconds())
        )

    async def _change(self, connection: AsyncConnection, relay: Relay, **values: Any) -> None:
        await connection.execute(
            update(relays)
            .where(self._at(relay.client, relay.nonce), relays.c.status == relay.status)
            .values(**values, updated_at=self._clock.now_seconds())
        )

    def _at(self, client: bytes, nonce: bytes) -> Any:
        return and_(relays.c.book == self.book, relays.c.client == client, relays.c.nonce == nonce)


def _relay(row: Any) -> Relay:
    return Relay(
        client=bytes(row.client),
        nonce=bytes(row.nonce),
        token=bytes(row.token),
        budget=row.budget,
        data=bytes(row.data),
        status=row.status,
        intent=row.intent,
        cost_wei=row.cost_wei,
        tx_hash=None if row.tx_hash is None else bytes(row.tx_hash),
        error=row.error,
        received_at=row.received_at,
    )
