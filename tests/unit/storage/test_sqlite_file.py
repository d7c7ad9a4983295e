"""Small SQLite files: a change is kept whole or not at all."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from agents_offchain.storage.sqlite_file import SqliteFile

pytestmark = pytest.mark.unit
TABLES = "CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY);"


def words(file: Path) -> list[str]:
    with SqliteFile(file, TABLES).connect() as book:
        return [str(word) for (word,) in book.execute("SELECT word FROM words ORDER BY word")]


def test_write__that_ends__is_there_for_the_next_process(tmp_path: Path) -> None:
    file = tmp_path / "home" / "words.db"
    with SqliteFile(file, TABLES).write() as book:
        book.execute("INSERT INTO words VALUES ('one')")
    assert words(file) == ["one"]
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_write__that_fails_half_way__leaves_nothing_and_locks_nobody_out(tmp_path: Path) -> None:
    file = tmp_path / "words.db"
    kept = SqliteFile(file, TABLES)
    with pytest.raises(sqlite3.IntegrityError), kept.write() as book:
        book.executemany("INSERT INTO words VALUES (?)", [("one",), ("one",)])
    with kept.write() as book:
        book.execute("INSERT INTO words VALUES ('two')")
    assert words(file) == ["two"]
