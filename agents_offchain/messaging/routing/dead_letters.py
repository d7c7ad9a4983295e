"""Messages that could not be delivered or handled, kept with the reason until an operator replays or drops them.

`aitbc dead` lists them beside facts, jobs and transactions. A replay marks the row; the host that kept it takes the
message up again at its next upkeep, so it is handed to a handler that lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, select

from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.message import Frame, Header, read_header
from agents_offchain.primitives.canonical import sha256
from agents_offchain.storage.database import Database
from agents_offchain.storage.dead_letters import MESSAGE_DEAD, MESSAGE_REPLAYED
from agents_offchain.storage.tables.messages import dead_messages
from agents_offchain.storage.upsert import insert_new


@dataclass(frozen=True)
class DeadMessage:
    """One message that ended badly. `reason` is a word, `sentence` says it for people."""

    id: str
    host: str
    message_id: str
    sender: str
    target: str
    kind: str
    reason: str
    sentence: str
    header: bytes
    body: bytes

    @classmethod
    def of_frame(cls, host: str, frame: Frame, reason: str, sentence: str) -> DeadMessage:
        """Named by what it is and where it died, so that the same death is kept once."""
        header = _header_or_none(frame)
        name = sha256(b"\n".join((host.encode(), reason.encode(), frame.header, frame.body))).hex()[:24]
        if header is None:
            return cls(name, host, "", "", "", "", reason, sentence, frame.header, frame.body)
        return cls(
            name, host, header.id, header.sender, header.target, header.type, reason, sentence, frame.header, frame.body
        )


class Morgue(Protocol):
    """Where dead messages are kept."""

    async def keep(self, letter: DeadMessage, at: float) -> None:
        """Idempotent."""
        ...

    async def take_back(self, host: str) -> list[Frame]:
        """Those of this host that an operator sent back; they are gone from here then."""
        ...


class NoMorgue:
    """Keeps nothing."""

    async def keep(self, letter: DeadMessage, at: float) -> None:
        return None

    async def take_back(self, host: str) -> list[Frame]:
        return []


class SqlMorgue:
    """A `Morgue` in the table `dead_messages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, letter: DeadMessage, at: float) -> None:
        row = {
            "id": letter.id,
            "host": letter.host,
            "message_id": letter.message_id,
            "sender": letter.sender,
            "target": letter.target,
            "kind": letter.kind,
            "reason": letter.reason,
            "sentence": letter.sentence,
            "header": letter.header,
            "body": letter.body,
            "status": MESSAGE_DEAD,
            "at": at,
        }
        async with self._database.write() as connection:
            await insert_new(connection, dead_messages, [row])

    async def take_back(self, host: str) -> list[Frame]:
        wanted = (dead_messages.c.host == host) & (dead_messages.c.status == MESSAGE_REPLAYED)
        async with self._database.read() as connection:
            rows = (await connection.execute(select(dead_messages).where(wanted))).all()
        if not rows:
            return []
        async with self._database.write() as connection:
            await connection.execute(delete(dead_messages).where(dead_messages.c.id.in_([row.id for row in rows])))
        return [Frame(bytes(row.header), bytes(row.body)) for row in rows]


def _header_or_none(frame: Frame) -> Header | None:
    try:
        return read_header(frame)
    except EnvelopeInvalid:
        return None
