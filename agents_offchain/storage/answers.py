"""Answers that were paid for once, kept on disk for a while, apart for each tenant.

One small SQLite file for the workers of one machine, since every run of a skill is a process of its own. What it holds
can be thrown away at any time; a file that cannot be read is begun anew.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import Retryable

MOST_ANSWERS = 5_000
"""Of one tenant; the oldest go first."""
MOST_ALIKE = 100
"""Answers in one frame that are compared by meaning, newest first."""
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
  tenant TEXT NOT NULL, key TEXT NOT NULL, frame TEXT NOT NULL, vector BLOB, expires REAL NOT NULL, reply TEXT NOT NULL,
  PRIMARY KEY (tenant, key)
);
CREATE INDEX IF NOT EXISTS answers_frame ON answers (tenant, frame, expires);
"""


class AnswersUnreadable(Retryable):
    """The file is broken, or its disk; one goes on without a kept answer."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer; `vector` is empty for one that is found by its key alone."""

    vector: bytes
    reply: str


@dataclass(slots=True)
class AnswerBook:
    """Kept answers.

    Args:
        file: Where they are; None keeps them in memory.
    """

    file: Path | None
    clock: Clock
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _opened: sqlite3.Connection | None = field(default=None, repr=False)

    def find(self, tenant: str, key: str) -> str | None:
        """The answer kept under a key, unless it has expired."""
        with self._book() as book:
            row = book.execute(
                "SELECT reply FROM answers WHERE tenant = ? AND key = ? AND expires > ?", (tenant, key, self._now())
            ).fetchone()
        return None if row is None else str(row[0])

    def alike(self, tenant: str, frame: str) -> list[KeptAnswer]:
        """Answers of one frame that may be compared by meaning, newest first."""
        with self._book() as book:
            rows = book.execute(
                "SELECT vector, reply FROM answers WHERE tenant = ? AND frame = ? AND vector IS NOT NULL "
                "AND expires > ? ORDER BY expires DESC, key LIMIT ?",
                (tenant, frame, self._now(), MOST_ALIKE),
            ).fetchall()
        return [KeptAnswer(bytes(vector), str(reply)) for vector, reply in rows]

    def keep(self, tenant: str, key: str, reply: str, seconds: float, frame: str = "", vector: bytes = b"") -> None:
        """Keep an answer for so many seconds; expired ones, and the oldest of too many, go."""
        with self._book() as book:
            book.execute(
                "INSERT OR REPLACE INTO answers (tenant, key, frame, vector, expires, reply) VALUES (?, ?, ?, ?, ?, ?)",
                (tenant, key, frame, vector or None, self._now() + seconds, reply),
            )
            book.execute("DELETE FROM answers WHERE expires <= ?", (self._now(),))
            book.execute(
                "DELETE FROM answers WHERE tenant = ? AND key NOT IN "
                "(SELECT key FROM answers WHERE tenant = ? ORDER BY expires DESC, key LIMIT ?)",
                (tenant, tenant, MOST_ANSWERS),
            )

    def count(self, tenant: str) -> int:
        """How many answers of a tenant have not expired."""
        query = "SELECT count(*) FROM answers WHERE tenant = ? AND expires > ?"
        with self._book() as book:
            return int(book.execute(query, (tenant, self._now())).fetchone()[0])

    def forget(self, tenant: str | None = None) -> int:
        """Drop the answers of one tenant, or of all; how many."""
        with self._book() as book:
            if tenant is None:
                return book.execute("DELETE FROM answers").rowcount
            return book.execute("DELETE FROM answers WHERE tenant = ?", (tenant,)).rowcount

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _now(self) -> float:
        return self.clock.now_seconds()

    @contextmanager
    def _book(self) -> Iterator[sqlite3.Connection]:
        """The one connection, for one thread at a time; a broken file is replaced by an empty one."""
        with self._lock:
            try:
                yield self._open()
            except sqlite3.Error as error:
                self.close()
                if self.file is not None and not isinstance(error, sqlite3.OperationalError):
                    self.file.unlink(missing_ok=True)
                raise AnswersUnreadable("Kept answers cannot be read.", reason=str(error)[:200]) from error

    def _open(self) -> sqlite3.Connection:
        if self._opened is None:
            if self.file is not None:
                self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            where = ":memory:" if self.file is None else str(self.file)
            opened = sqlite3.connect(where, timeout=30, isolation_level=None, check_same_thread=False)
            opened.execute("PRAGMA journal_mode=WAL")
            opened.execute("PRAGMA synchronous=NORMAL")
            opened.executescript(_TABLES)
            self._opened = opened
        return self._opened
