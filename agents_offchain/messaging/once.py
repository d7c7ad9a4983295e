"""An effect happens once, however often its message is delivered: the effect and the note of it are one transaction.

A handler that is killed between its effect and the acknowledgement is given the message again; it finds the note and
returns what it returned before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.messages import handled_messages
from agents_offchain.storage.upsert import insert_new

Effect = Callable[[AsyncConnection], Awaitable[Any]]
"""Does its work in the transaction it is given; what it returns is JSON data."""


class Once:
    """Effects of one consumer; processes that share its work share its name."""

    def __init__(self, database: Database, consumer: str, clock: Clock | None = None) -> None:
        self._database = database
        self._consumer = consumer
        self._clock = clock or SystemClock()

    async def do(self, effect_key: str, effect: Effect) -> Any:
        """The effect's result: of now, or of the first time. `effect_key` is the context's."""
        row = {
            "consumer": self._consumer,
            "effect_key": effect_key,
            "result": {},
            "at": self._clock.now_seconds(),
        }
        mine = (handled_messages.c.consumer == self._consumer) & (handled_messages.c.effect_key == effect_key)
        async with self._database.write() as connection:
            if not await insert_new(connection, handled_messages, [row]):
                held = (await connection.execute(select(handled_messages.c.result).where(mine))).scalar_one()
                return held.get("value")
            result = await effect(connection)
            await connection.execute(handled_messages.update().where(mine).values(result={"value": result}))
            return result

    async def forget(self, older_than_seconds: float) -> int:
        """Drop notes of messages that cannot come again, since they have expired; how many."""
        before = self._clock.now_seconds() - older_than_seconds
        async with self._database.write() as connection:
            gone = await connection.execute(
                delete(handled_messages).where(
                    handled_messages.c.consumer == self._consumer, handled_messages.c.at < before
                )
            )
        return int(gone.rowcount)
