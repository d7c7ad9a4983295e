"""Conversations in which a job is drafted: every turn on disk before it is answered, one open for each user.

One small SQLite file. Nobody reads another user's turns: every query names the user.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.sqlite_file import SqliteFile

_TABLES = """
CREATE TABLE IF NOT EXISTS turns (
  user TEXT NOT NULL, talk TEXT NOT NULL, number INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL,
  facts TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (user, talk, number)
);
CREATE TABLE IF NOT EXISTS open_talks (user TEXT PRIMARY KEY, talk TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """One turn; `facts` is what was said by options beside the words."""

    number: int
    role: str
    text: str
    facts: Mapping[str, Any]
    at: float


class TalkBook:
    """The conversations of one home."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file, self._clock = SqliteFile(file, _TABLES), clock

    def start(self, user: str) -> str:
        """Begin a new conversation; the name of it."""
        talk = secrets.token_hex(8)
        with self._file.write() as book:
            book.execute("INSERT OR REPLACE INTO open_talks (user, talk) VALUES (?, ?)", (user, talk))
        return talk

    def current(self, user: str) -> str | None:
        """The conversation that goes on."""
        with self._file.connect() as book:
            row = book.execute("SELECT talk FROM open_talks WHERE user = ?", (user,)).fetchone()
        return str(row[0]) if row else None

    def add(self, user: str, talk: str, role: str, text: str, facts: Mapping[str, Any] | None = None) -> None:
        """Keep a turn as the next one."""
        with self._file.write() as book:
            query = "SELECT coalesce(max(number), 0) + 1 FROM turns WHERE user = ? AND talk = ?"
            number = book.execute(query, (user, talk)).fetchone()[0]
            book.execute(
                "INSERT INTO turns (user, talk, number, role, text, facts, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (user, talk, number, role, text, json.dumps(dict(facts or {})), self._clock.now_seconds()),
            )

    def turns(self, user: str, talk: str) -> list[KeptTurn]:
        """Every turn, oldest first."""
        query = "SELECT number, role, text, facts, at FROM turns WHERE user = ? AND talk = ? ORDER BY number"
        with self._file.connect() as book:
            return [
                KeptTurn(row[0], row[1], row[2], json.loads(row[3]), row[4])
                for row in book.execute(query, (user, talk))
            ]

    def forget(self, user: str) -> int:
        """Drop everything a user said; how many turns."""
        with self._file.write() as book:
            count = book.execute("DELETE FROM turns WHERE user = ?", (user,)).rowcount
            book.execute("DELETE FROM open_talks WHERE user = ?", (user,))
        return count
