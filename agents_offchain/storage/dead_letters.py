"""What could not be handled or sent, kept with its reason until an operator replays or drops it.

    fact:CONSUMER:CHAIN:TX:LOG    a fact that a daemon could not act on    (inbox, dead)
    job:CONSUMER/JOB_KEY          a job that a daemon gave up              (work, dead)
    intent:ID                     a transaction that failed                (outbox, failed)
    message:ID                    a message that could not be delivered    (dead_messages, dead)

Replaying puts a row back where its daemon takes it up; dropping takes it out of sight. Both touch a row only while
it is still dead, so a daemon that was quicker is not disturbed. An intent is never deleted: its key is what keeps an
effect from being planned twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import HexInvalid, decode_hex, encode_hex
from agents_offchain.storage import inbox as inbox_states
from agents_offchain.storage import work as work_states
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import FAILED, PLANNED, WITHDRAWN
from agents_offchain.storage.tables.journal import inbox, outbox, work
from agents_offchain.storage.tables.messages import dead_messages

FACT, JOB, INTENT, MESSAGE = "fact", "job", "intent", "message"
MESSAGE_DEAD, MESSAGE_REPLAYED = "dead", "replayed"
DROPPED = "dropped by an operator: "


class LetterUnknown(Refused):
    """There is no such dead letter, or it is dead no more."""


class LetterFinal(Refused):
    """This one cannot be replayed."""


@dataclass(frozen=True)
class DeadLetter:
    """One row that ended badly. `at` is unix seconds: when it arrived or last changed."""

    id: str
    kind: str
    owner: str
    title: str
    reason: str
    attempts: int
    at: float
    details: dict[str, Any]


class DeadLetters:
    """The dead rows of one database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    async def list(self, limit: int = 200) -> list[DeadLetter]:
        """The newest first, at most `limit` of each kind."""
        facts = select(inbox).where(inbox.c.status == inbox_states.DEAD).order_by(inbox.c.received_at.desc())
        jobs = select(work).where(work.c.status == work_states.DEAD).order_by(work.c.updated_at.desc())
        intents = select(outbox).where(_is_failed()).order_by(outbox.c.updated_at.desc())
        messages = (
            select(dead_messages).where(dead_messages.c.status == MESSAGE_DEAD).order_by(dead_messages.c.at.desc())
        )
        async with self._database.read() as connection:
            found = [_fact(row) for row in (await connection.execute(facts.limit(limit))).all()]
            found += [_job(row) for row in (await connection.execute(jobs.limit(limit))).all()]
            found += [_intent(row) for row in (await connection.execute(intents.limit(limit))).all()]
            found += [_message(row) for row in (await connection.execute(messages.limit(limit))).all()]
        return sorted(found, key=lambda letter: letter.at, reverse=True)

    async def get(self, letter_id: str) -> DeadLetter:
        """Raises LetterUnknown when there is none."""
        async with self._database.read() as connection:
            return await _find(connection, letter_id)

    async def replay(self, letter_id: str) -> DeadLetter:
        """Put a letter back where its daemon takes it up; as it was before.

        Raises:
            LetterUnknown: there is none.
            LetterFinal: the transaction was mined, or taken back on purpose.
        """
        now = self._clock.now_seconds()
        async with self._database.write() as connection:
            letter = await _find(connection, letter_id)
            table, where = _key(letter_id)
            values: dict[str, Any] = {"error": None}
            if letter.kind == FACT:
                values |= {"status": inbox_states.NEW, "attempts": 0}
            elif letter.kind == JOB:
                checkpoint = {name: value for name, value in letter.details["checkpoint"].items() if name != "deaths"}
                values |= {"status": work_states.NEW, "attempts": 0, "not_before": 0.0, "checkpoint": checkpoint}
                values |= {"lease_owner": None, "lease_until": None, "updated_at": now}
            elif letter.kind == MESSAGE:
                values = {"status": MESSAGE_REPLAYED}
            else:
                _require_repeatable(letter)
                values |= {"status": PLANNED, "not_before": 0.0, "updated_at": now}
            await connection.execute(update(table).where(where).values(**values))
        return letter

    async def drop(self, letter_id: str, reason: str) -> DeadLetter:
        """Take a letter out of sight; as it was before. Raises LetterUnknown when there is none."""
        async with self._database.write() as connection:
            letter = await _find(connection, letter_id)
            table, where = _key(letter_id)
            if letter.kind == INTENT:
                kept = f"{DROPPED}{reason} (was: {letter.reason})"
                await connection.execute(update(table).where(where).values(error=kept))
            else:
                await connection.execute(delete(table).where(where))
        return letter


def _require_repeatable(letter: DeadLetter) -> None:
    if letter.details["block_number"] is not None:
        raise LetterFinal(
            f"{letter.id} was mined and reverted; sending the same again would do the same.",
            mend="Mend the cause; its daemon plans anew what is still wanted. `aitbc dead drop` takes it off the list.",
        )
    if letter.details["kind"] == WITHDRAWN:
        raise LetterFinal(f"{letter.id} was taken back on purpose.", mend="`aitbc dead drop` takes it off the list.")


async def _find(connection: AsyncConnection, letter_id: str) -> DeadLetter:
    table, where = _key(letter_id)
    row = (await connection.execute(select(table).where(where))).first()
    if row is None:
        raise _unknown(letter_id)
    readers = {inbox.name: _fact, work.name: _job, outbox.name: _intent, dead_messages.name: _message}
    return readers[table.name](row)


def _key(letter_id: str) -> tuple[Any, ColumnElement[bool]]:
    """Table and condition of a letter; the condition holds only while it is dead."""
    kind, _, rest = letter_id.partition(":")
    try:
        if kind == FACT:
            consumer, chain_id, tx_hash, log_index = rest.rsplit(":", 3)
            return inbox, (
                (inbox.c.consumer == consumer)
                & (inbox.c.chain_id == int(chain_id))
                & (inbox.c.tx_hash == decode_hex(tx_hash, 32))
                & (inbox.c.log_index == int(log_index))
                & (inbox.c.status == inbox_states.DEAD)
            )
        if kind == JOB:
            consumer, _, job_key = rest.rpartition("/")
            return work, (
                (work.c.consumer == consumer) & (work.c.job_key == job_key) & (work.c.status == work_states.DEAD)
            )
        if kind == INTENT:
            return outbox, (outbox.c.id == _small(int(rest))) & _is_failed()
        if kind == MESSAGE:
            return dead_messages, (dead_messages.c.id == rest) & (dead_messages.c.status == MESSAGE_DEAD)
    except (ValueError, HexInvalid) as error:
        raise _unknown(letter_id) from error
    raise _unknown(letter_id)


def _small(number: int) -> int:
    if not 0 <= number < 1 << 31:
        raise ValueError
    return number


def _unknown(letter_id: str) -> LetterUnknown:
    return LetterUnknown(f"There is no dead letter {letter_id[:200]!r}.", mend="`aitbc dead list` shows them.")


def _is_failed() -> ColumnElement[bool]:
    return (outbox.c.status == FAILED) & (outbox.c.error.is_(None) | outbox.c.error.not_like(f"{DROPPED}%"))


def _fact(row: Any) -> DeadLetter:
    letter_id = f"{FACT}:{row.consumer}:{row.chain_id}:{encode_hex(bytes(row.tx_hash))}:{row.log_index}"
    details = {"block_number": row.block_number, "contract": row.contract, "event": row.event, "args": row.args}
    title = f"{row.contract}.{row.event}"
    return DeadLetter(letter_id, FACT, row.consumer, title, row.error or "", row.attempts, row.received_at, details)


def _job(row: Any) -> DeadLetter:
    details = {"terms": row.terms, "checkpoint": dict(row.checkpoint or {}), "created_at": row.created_at}
    title = f"job {row.terms.get('job_id', row.job_key)}"
    letter_id = f"{JOB}:{row.consumer}/{row.job_key}"
    return DeadLetter(letter_id, JOB, row.consumer, title, row.error or "", row.attempts, row.updated_at, details)


def _intent(row: Any) -> DeadLetter:
    details = {
        "intent_key": row.intent_key,
        "kind": row.kind,
        "to": encode_hex(bytes(row.to_address)),
        "data": encode_hex(bytes(row.data)),
        "value_wei": str(row.value_wei),
        "tx_hash": None if row.tx_hash is None else encode_hex(bytes(row.tx_hash)),
        "block_number": row.block_number,
    }
    return DeadLetter(
        f"{INTENT}:{row.id}", INTENT, row.lane, row.kind, row.error or "", row.attempts, row.updated_at, details
    )


def _message(row: Any) -> DeadLetter:
    details = {
        "message_id": row.message_id,
        "sender": row.sender,
        "target": row.target,
        "reason": row.reason,
        "body": encode_hex(bytes(row.body)),
    }
    title = f"{row.kind or 'bytes'} to {row.target or row.host}"
    reason = f"{row.reason}: {row.sentence}"
    return DeadLetter(f"{MESSAGE}:{row.id}", MESSAGE, row.host, title, reason, 1, row.at, details)
