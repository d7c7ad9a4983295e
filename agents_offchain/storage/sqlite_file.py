"""A small SQLite file that processes of one machine share: opened for each use, changed whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SqliteFile:
    """One file with its tables.

    Args:
        tables: What makes them; it is run on every start, so each statement says IF NOT EXISTS.
        is_durable: Whether what was written also stands after a power cut; without, only after a kill.
    """

    def __init__(self, file: Path, tables: str, *, is_durable: bool = True) -> None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file, self._synchronous = file, "FULL" if is_durable else "NORMAL"
        with self.connect() as opened:
            opened.executescript(tables)

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection; every statement stands alone."""
        opened = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        try:
            opened.execute("PRAGMA journal_mode=WAL")
            opened.execute(f"PRAGMA synchronous={self._synchronous}")
            yield opened
        finally:
            opened.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, the only one that writes; nothing of it stands after an exception."""
        with self.connect() as opened:
            opened.execute("BEGIN IMMEDIATE")
            yield opened
            opened.execute("COMMIT")
