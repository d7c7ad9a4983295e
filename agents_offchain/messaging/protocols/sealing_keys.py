"""The keys that bodies are sealed to: they change while the session stays, and what they opened is then closed.

A host makes an X25519 key every `SEAL_SECONDS`, says it on its card under its session's signature, and forgets it when
nobody seals to it any more: the newest is sealed to, the one before it still opens what was under way. Who finds a
host's files later reads nothing that was sealed before that. Both ends of a sealed body use such keys, so a session
that is stolen opens nothing either.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from agents_offchain.messaging.errors import EnvelopeInvalid, SessionInvalid
from agents_offchain.messaging.protocols.exchange_key import ExchangeKey

SEAL_SECONDS = 43_200
"""A key is sealed to for so long, and opens for so long again."""
_LABEL = b"aitbc.seal/1"
_KEPT_SECRETS = 4_096


class PublicSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a card says of a sealing key: nobody seals to it after `expires` (unix seconds); signed by the session."""

    public: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    expires: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]

    @property
    def id(self) -> bytes:
        return seal_id(self.public)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    seed: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    made_at: float


class SealingKey:
    """One key of our own."""

    def __init__(self, seed: bytes, made_at: float) -> None:
        self._key = ExchangeKey(seed)
        self._secrets: dict[bytes, bytes] = {}
        self.made_at = made_at
        self.public = self._key.public
        self.id = seal_id(self.public)

    def agree(self, other: bytes) -> bytes:
        """The secret shared with the holder of the public key `other` (32 bytes).

        Raises:
            EnvelopeInvalid: no secret comes of that key.
        """
        held = self._secrets.get(other)
        if held is None:
            try:
                held = self._key.agree(other)
            except ValueError as error:
                raise EnvelopeInvalid("The body's sealing key cannot be used.") from error
            if len(self._secrets) >= _KEPT_SECRETS:
                del self._secrets[next(iter(self._secrets))]
            self._secrets[other] = held
        return held


class SealRing:
    """A host's own sealing keys, the newest first.

    Args:
        file: Where they are kept over restarts, shared by the processes of one inbox; None keeps them in memory.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._kept: list[_Kept] = []
        self._keys: list[SealingKey] = []

    @property
    def newest(self) -> SealingKey:
        """What we seal from, and are sealed to.

        Raises:
            SessionInvalid: none was made yet.
        """
        if not self._keys:
            raise SessionInvalid("There is no sealing key yet.", mend="Announce the host first.")
        return self._keys[0]

    def is_due(self, now_seconds: float) -> bool:
        """Whether the newest key has been sealed to for long enough; a clock put back a little changes nothing."""
        return not self._keys or abs(now_seconds - self._keys[0].made_at) >= SEAL_SECONDS

    def turn(self, now_seconds: float) -> None:
        """Make a new key where one is due and forget what opens no more.

        Raises:
            SessionInvalid: the file is damaged.
        """
        with self._locked():
            self._load()
            if self.is_due(now_seconds):
                kept = [key for key in self._kept if abs(now_seconds - key.made_at) < 2 * SEAL_SECONDS]
                self._take([_Kept(os.urandom(32), now_seconds), *kept[:1]])
                self._store()

    def key(self, key_id: bytes) -> SealingKey | None:
        """The key of this id, made by us or by another process of this inbox; None when it is forgotten."""
        found = self._find(key_id)
        if found is None and self._file is not None:
            self._load()
            found = self._find(key_id)
        return found

    def _find(self, key_id: bytes) -> SealingKey | None:
        return next((key for key in self._keys if key.id == key_id), None)

    def _take(self, kept: list[_Kept]) -> None:
        if kept != self._kept:
            held = {key.seed: made for key, made in zip(self._kept, self._keys, strict=True)}
            self._keys = [held.get(key.seed) or SealingKey(key.seed, key.made_at) for key in kept]
            self._kept = kept

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        descriptor = os.open(self._file.with_name(self._file.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        try:
            self._take(msgspec.msgpack.decode(self._file.read_bytes(), type=list[_Kept]))
        except msgspec.MsgspecError as error:
            mend = "Remove it; a new key is made, and what was sealed to the old ones is lost."
            raise SessionInvalid(f"The file of sealing keys {self._file} is damaged.", mend=mend) from error

    def _store(self) -> None:
        """Whole or not at all; what stood there before is gone with the old file."""
        if self._file is None:
            return
        fresh = self._file.with_name(self._file.name + ".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(msgspec.msgpack.encode(self._kept))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._file)


def seal_id(public: bytes) -> bytes:
    """16 bytes that name a sealing key."""
    return hashlib.sha256(_LABEL + public).digest()[:16]


def seal_words(public: bytes, expires: int) -> bytes:
    """What the session signs of a sealing key."""
    return _LABEL + public + expires.to_bytes(8, "big")
