"""`aitbc knowledge`: documents of one's own, kept by version, searched with exact citations, deleted for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from agents_offchain.cli.bootstrap.language import language_folder
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import moment, show_table
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.knowledge.shelf import Shelf, prepare
from agents_offchain.storage.database import Database
from agents_offchain.storage.knowledge import KnowledgeBook

FILE = "knowledge.db"


class KnowledgeRefused(Refused):
    """There is no such document, or it cannot be read."""


def run_add(settings: Settings, console: Console, files: Sequence[Path], shelf: str) -> int:
    """Exit code 0 when every file stands on the shelf; a file that cannot be read stops before it."""
    return asyncio.run(_add(settings, console, files, shelf))


def run_list(settings: Settings, console: Console, shelf: str, *, every_version: bool) -> int:
    return asyncio.run(_list(settings, console, shelf, every_version=every_version))


def run_remove(settings: Settings, console: Console, name: str, shelf: str) -> int:
    return asyncio.run(_remove(settings, console, name, shelf))


def run_search(settings: Settings, console: Console, question: str, shelf: str, count: int) -> int:
    """Exit code 0 with passages, 1 without any."""
    return asyncio.run(_search(settings, console, question, shelf, count))


async def _add(settings: Settings, console: Console, files: Sequence[Path], shelf: str) -> int:
    embedder = MiniLm.load(settings.models)
    added = []
    async with knowledge_book(settings) as book:
        for file in files:
            try:
                data = file.read_bytes()
            except OSError as error:
                raise KnowledgeRefused(f"{file} cannot be read: {error.strerror}.", mend="Name another.") from error
            document, pieces = prepare(file.name, data, embedder)
            version = await book.put(shelf, document, pieces)
            added.append({"document": file.name, "version": version, "passages": len(pieces)})
            console.line(f"{file.name}: version {version}, {len(pieces)} passages")
    console.document({"shelf": shelf, "added": added})
    return 0


async def _list(settings: Settings, console: Console, shelf: str, *, every_version: bool) -> int:
    async with knowledge_book(settings) as book:
        kept = await book.documents(shelf, every_version=every_version)
    told = [
        {
            "document": one.name,
            "version": one.version,
            "is_current": one.is_current,
            "characters": len(one.text),
            "pages": len(one.page_starts),
            "sha256": one.sha256,
            "added_at": one.added_at,
        }
        for one in kept
    ]
    console.document({"shelf": shelf, "documents": told})
    rows = [(one.name, one.version, len(one.page_starts), len(one.text), moment(one.added_at)) for one in kept]
    heads = ("document", "version", "pages", "characters", "added (UTC)")
    show_table(console, heads, rows, empty=f"The shelf {shelf} is empty.")
    return 0


async def _remove(settings: Settings, console: Console, name: str, shelf: str) -> int:
    async with knowledge_book(settings) as book:
        versions = await book.remove(shelf, name)
    if not versions:
        raise KnowledgeRefused(f"There is no {name!r} on the shelf {shelf}.", mend="See `aitbc knowledge list`.")
    console.document({"shelf": shelf, "document": name, "versions": versions})
    console.line(f"{name} is gone with {versions} versions.")
    return 0


async def _search(settings: Settings, console: Console, question: str, shelf: str, count: int) -> int:
    async with knowledge_book(settings) as book:
        kept = await book.documents(shelf)
        pieces = await book.passages(shelf)
    found = Shelf(kept, pieces, MiniLm.load(settings.models)).search(question, count)
    console.document({"shelf": shelf, "question": question, "found": [one.as_dict() for one in found]})
    for one in found:
        where = f"{one.document}, version {one.version}, page {one.page}, characters {one.start} to {one.end}"
        console.line(f"{where}{' (an order to a machine; not followed)' if one.is_order else ''}")
        console.line(f"    {' '.join(one.quote.split())}")
    if not found:
        console.line(f"The shelf {shelf} is empty.")
    return 0 if found else 1


@asynccontextmanager
async def knowledge_book(settings: Settings) -> AsyncIterator[KnowledgeBook]:
    """The documents of a home, for one command."""
    file = language_folder(settings) / FILE
    if not settings.knowledge_url:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.knowledge_url or f"sqlite+aiosqlite:///{file.resolve()}")
    try:
        book = KnowledgeBook(database, SystemClock())
        await book.setup()
        yield book
    finally:
        await database.close()
