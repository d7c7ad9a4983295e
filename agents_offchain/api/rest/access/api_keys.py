"""Keys of services: made once, shown once, kept as a hash; rotated and revoked by an operator.

A key reads `aitbc_<id>_<secret>`. The secret is 32 random bytes, so a plain SHA-256 of it keeps it: there is nothing to
guess. Rotation makes a new key with the same name and scopes and leaves the old one for a day.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from agents_offchain.api.rest.access.principal import SCOPES, Principal, Unauthenticated
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.access import api_keys

OVERLAP_SECONDS = 86_400.0
_FORM = re.compile(r"aitbc_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class ApiKeyUnknown(Refused):
    """There is no such key, or it was revoked."""


class ScopeUnknown(Refused):
    """There is no such scope."""


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret. Times are unix seconds."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    revoked_at: float | None


class ApiKeys:
    """The keys of one database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def create(self, name: str, scopes: Collection[str], days: int | None = None) -> tuple[ApiKey, str]:
        """A new key and its text, which is not kept.

        Raises:
            ScopeUnknown: a scope that there is not, or none at all.
        """
        unknown = sorted(set(scopes) - SCOPES)
        if unknown or not scopes:
            what = f"There is no scope {unknown[0]!r}." if unknown else "A key without a scope can do nothing."
            raise ScopeUnknown(what, mend=f"Take some of {', '.join(sorted(SCOPES))}.")
        now, secret = self._clock.now_seconds(), secrets.token_urlsafe(32)
        key = ApiKey(
            secrets.token_hex(6), name[:80], tuple(sorted(scopes)), now, now + days * 86_400 if days else None, None
        )
        row = {
            "id": key.id,
            "name": key.name,
            "secret_hash": _hash(secret),
            "scopes": list(key.scopes),
            "created_at": now,
            "expires_at": key.expires_at,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(api_keys).values(**row))
        return key, f"aitbc_{key.id}_{secret}"

    async def rotate(self, key_id: str) -> tuple[ApiKey, str]:
        """A new key in an old one's place; the old one is good for another day. Raises ApiKeyUnknown."""
        old = await self._get(key_id)
        now = self._clock.now_seconds()
        last = now + OVERLAP_SECONDS
        async with self._database.write() as connection:
            ends = last if old.expires_at is None else min(last, old.expires_at)
            await connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(expires_at=ends))
        days = None if old.expires_at is None else max(int((old.expires_at - old.created_at) // 86_400), 1)
        return await self.create(old.name, old.scopes, days)

    async def revoke(self, key_id: str) -> ApiKey:
        """End a key now. Raises ApiKeyUnknown."""
        key = await self._get(key_id)
        async with self._database.write() as connection:
            changes = {"revoked_at": self._clock.now_seconds()}
            await connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(**changes))
        return key

    async def list(self) -> list[ApiKey]:
        """All of them, the newest first."""
        query = select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
        async with self._database.read() as connection:
            return [_key(row) for row in (await connection.execute(query)).all()]

    async def prove(self, text: str) -> Principal:
        """Who carries this key.

        Raises:
            Unauthenticated: it is none, or none any more.
        """
        match = _FORM.fullmatch(text)
        row = None
        if match is not None:
            async with self._database.read() as connection:
                row = (await connection.execute(select(api_keys).where(api_keys.c.id == match[1]))).first()
        now = self._clock.now_seconds()
        if match is None or row is None or not hmac.compare_digest(bytes(row.secret_hash), _hash(match[2])):
            raise Unauthenticated("The API key is not valid.", mend="`aitbc api-key create` makes one.")
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
            raise Unauthenticated("The API key was revoked or has expired.", mend="Ask the operator for a new one.")
        return Principal(f"key:{row.id}", frozenset(row.scopes))

    async def _get(self, key_id: str) -> ApiKey:
        async with self._database.read() as connection:
            row = (await connection.execute(select(api_keys).where(api_keys.c.id == key_id))).first()
        if row is None or row.revoked_at is not None:
            raise ApiKeyUnknown(f"There is no API key {key_id[:40]!r}.", mend="`aitbc api-key list` shows them.")
        return _key(row)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: Any) -> ApiKey:
    return ApiKey(row.id, row.name, tuple(row.scopes), row.created_at, row.expires_at, row.revoked_at)
