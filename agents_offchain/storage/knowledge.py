"""Documents that can be searched: their text, their passages and vectors, by shelf, name and version.

SQLite or PostgreSQL by URL, in tables of its own; a shelf is what one user may see. A version never changes; putting
the same text again makes no new one. Vectors are kept as bytes and compared in memory, so that both databases serve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.database import Database

ROWS_AT_ONCE = 500
tables = MetaData()
documents = Table(
    "knowledge_documents",
    tables,
    Column("shelf", String(80), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("text_sha256", String(64), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("reader", String(80), nullable=False),
    Column("page_starts", Text, nullable=False),  # places, joined by spaces
    Column("text", Text, nullable=False),
    Column("embedder", String(80), nullable=False),
    Column("added_at", Float, nullable=False),
    Column("is_current", Boolean, nullable=False),
)
passages = Table(
    "knowledge_passages",
    tables,
    Column("shelf", String(80), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("heading", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """One version of one document."""

    name: str
    version: int
    sha256: str
    text_sha256: str
    media_type: str
    reader: str
    page_starts: tuple[int, ...]
    text: str
    embedder: str
    added_at: float = 0.0
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class KeptPassage:
    """One searchable piece: characters `start` to `end` of its document's text, and its vector as bytes."""

    name: str
    version: int
    number: int
    start: int
    end: int
    heading: str
    vector: bytes


class KnowledgeBook:
    """The shelves behind one URL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def setup(self) -> None:
        """Make the tables where there are none."""
        async with self._database.write() as connection:
            await connection.run_sync(tables.create_all)

    async def put(self, shelf: str, document: KeptDocument, pieces: Sequence[KeptPassage]) -> int:
        """Keep a document as the newest version of its name; all of it or nothing.

        Returns:
            Its version; the present one when its text and reader are the same.
        """
        async with self._database.write() as connection:
            of_name = (documents.c.shelf == shelf) & (documents.c.name == document.name)
            newest = (await connection.execute(select(func.max(documents.c.version)).where(of_name))).scalar() or 0
            same = (documents.c.text_sha256 == document.text_sha256) & (documents.c.embedder == document.embedder)
            query = select(documents.c.version).where(of_name & same & documents.c.is_current)
            known = (await connection.execute(query)).scalar()
            if known is not None:
                return int(known)
            await connection.execute(update(documents).where(of_name).values(is_current=False))
            version = int(newest) + 1
            await connection.execute(insert(documents).values(**_row(shelf, document, version, self._now())))
            rows = [_piece(shelf, piece, version) for piece in pieces]
            for first in range(0, len(rows), ROWS_AT_ONCE):
                await connection.execute(insert(passages), rows[first : first + ROWS_AT_ONCE])
            return version

    async def documents(self, shelf: str, *, every_version: bool = False) -> list[KeptDocument]:
        """What stands on a shelf, by name and version."""
        query = select(documents).where(documents.c.shelf == shelf).order_by(documents.c.name, documents.c.version)
        if not every_version:
            query = query.where(documents.c.is_current)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            KeptDocument(
                row.name,
                row.version,
                row.sha256,
                row.text_sha256,
                row.media_type,
                row.reader,
                tuple(int(place) for place in row.page_starts.split()),
                row.text,
                row.embedder,
                row.added_at,
                row.is_current,
            )
            for row in rows
        ]

    async def passages(self, shelf: str) -> list[KeptPassage]:
        """The passages of the present versions, in order."""
        is_same = (documents.c.name == passages.c.name) & (documents.c.version == passages.c.version)
        query = (
            select(passages)
            .join(documents, (documents.c.shelf == passages.c.shelf) & is_same)
            .where((passages.c.shelf == shelf) & documents.c.is_current)
            .order_by(passages.c.name, passages.c.number)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            KeptPassage(row.name, row.version, row.number, row.start, row.end, row.heading, bytes(row.vector))
            for row in rows
        ]

    async def remove(self, shelf: str, name: str) -> int:
        """Delete every version of a document with its passages; how many versions."""
        async with self._database.write() as connection:
            await connection.execute(delete(passages).where((passages.c.shelf == shelf) & (passages.c.name == name)))
            gone = await connection.execute(
                delete(documents).where((documents.c.shelf == shelf) & (documents.c.name == name))
            )
            return int(gone.rowcount)

    def _now(self) -> float:
        return self._clock.now_seconds()


def _row(shelf: str, document: KeptDocument, version: int, at: float) -> dict[str, object]:
    return {
        "shelf": shelf,
        "name": document.name,
        "version": version,
        "sha256": document.sha256,
        "text_sha256": document.text_sha256,
        "media_type": document.media_type,
        "reader": document.reader,
        "page_starts": " ".join(str(place) for place in document.page_starts),
        "text": document.text,
        "embedder": document.embedder,
        "added_at": at,
        "is_current": True,
    }


def _piece(shelf: str, piece: KeptPassage, version: int) -> dict[str, object]:
    return {
        "shelf": shelf,
        "name": piece.name,
        "version": version,
        "number": piece.number,
        "start": piece.start,
        "end": piece.end,
        "heading": piece.heading,
        "vector": piece.vector,
    }
