"""A request with an `Idempotency-Key` is done once: said again, it is answered as the first time.

Source: IETF draft "The Idempotency-Key HTTP Header Field", 06. The same key with another body is refused; while the
first is under way the second is told to wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import ClassVar

import orjson
from fastapi.responses import JSONResponse
from sqlalchemy import ColumnElement, delete, select, update

from agents_offchain.api.rest.access.principal import Principal
from agents_offchain.api.rest.errors import HttpRefused
from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.access import idempotent_requests
from agents_offchain.storage.upsert import insert_new

REMEMBER_SECONDS = 86_400.0
UNDER_WAY_SECONDS = 60.0
"""After so long a request that left no answer counts as dead, and may be done again."""
Act = Callable[[], Awaitable[JSONResponse]]


class KeyReused(HttpRefused):
    """The same Idempotency-Key, another request."""

    status: ClassVar[int] = 422


class StillUnderWay(HttpRefused):
    """The first request under this key has not been answered yet."""

    status: ClassVar[int] = 409


class Idempotency:
    """Answers by principal and key."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def once(self, principal: Principal, key: str | None, request: bytes, act: Act) -> JSONResponse:
        """Do it, or answer as the first time. Only answers below 500 are kept.

        Raises:
            KeyReused, StillUnderWay: see there.
        """
        if key is None:
            return await act()
        digest, now = hashlib.sha256(request).digest(), self._clock.now_seconds()
        mine = (idempotent_requests.c.principal == principal.name) & (idempotent_requests.c.key == key)
        row = {
            "principal": principal.name,
            "key": key,
            "request_hash": digest,
            "status": 0,
            "response": {},
            "at": now,
        }
        async with self._database.write() as connection:
            old = idempotent_requests.c.at < now - REMEMBER_SECONDS
            dead = mine & (idempotent_requests.c.status == 0) & (idempotent_requests.c.at < now - UNDER_WAY_SECONDS)
            await connection.execute(delete(idempotent_requests).where(old | dead))
            if not await insert_new(connection, idempotent_requests, [row]):
                held = (await connection.execute(select(idempotent_requests).where(mine))).one()
                return _repeated(bytes(held.request_hash) == digest, held.status, held.response)
        try:
            answer = await act()
        except BaseException:
            await self._forget(mine)
            raise
        await self._keep(mine, answer)
        return answer

    async def _forget(self, mine: ColumnElement[bool]) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(idempotent_requests).where(mine))

    async def _keep(self, mine: ColumnElement[bool], answer: JSONResponse) -> None:
        values = {"status": answer.status_code, "response": {"body": orjson.loads(answer.body)}}
        async with self._database.write() as connection:
            await connection.execute(update(idempotent_requests).where(mine).values(**values))


def _repeated(is_same: bool, status: int, response: dict[str, object]) -> JSONResponse:
    if not is_same:
        raise KeyReused("This Idempotency-Key belongs to another request.", mend="Use a new key for a new request.")
    if status == 0:
        raise StillUnderWay("The request under this Idempotency-Key is under way.", mend="Ask again in a moment.")
    return JSONResponse(response["body"], status_code=status, headers={"idempotent-replayed": "true"})
