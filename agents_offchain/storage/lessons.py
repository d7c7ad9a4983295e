"""What happened when models were asked, and what became of the jobs they were asked for; on disk, added to only.

One small SQLite file for the workers of one machine. Workers add what they saw, the daemon adds how a job ended, and a
person may rate one; whoever chooses models reads all of it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agents_offchain.primitives.clock import Clock
from agents_offchain.storage.sqlite_file import SqliteFile

MOST_READ = 5_000
"""Lessons that count, newest first; older ones are forgotten."""
MOST_WISHES = 500
LEAST_GOOD = 0.5
"""A job that anybody rated below is no example."""
_TABLES = """
CREATE TABLE IF NOT EXISTS lessons (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, job TEXT NOT NULL, model TEXT NOT NULL, task TEXT NOT NULL,
  prompt TEXT NOT NULL, is_answered INTEGER NOT NULL, seconds REAL NOT NULL, cost_ratio REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS lessons_job ON lessons (job);
CREATE TABLE IF NOT EXISTS ratings (
  job TEXT NOT NULL, source TEXT NOT NULL, at REAL NOT NULL, quality REAL NOT NULL, PRIMARY KEY (job, source)
);
CREATE TABLE IF NOT EXISTS wishes (wish TEXT PRIMARY KEY, service TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS wish_jobs (wish TEXT PRIMARY KEY, job TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One question to one model.

    Attributes:
        prompt: Name and version of the prompt; empty for none.
        seconds: Until the answer was there; 0 for none.
        cost_ratio: What it cost over what was expected.
        quality: How good the job's outcome was, in [0, 1]; None when nobody has said so.
    """

    model: str
    task: str
    prompt: str = ""
    is_answered: bool = True
    seconds: float = 0.0
    cost_ratio: float = 1.0
    quality: float | None = None


class LessonBook:
    """The lessons of one machine."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file, self._clock = SqliteFile(file, _TABLES, is_durable=False), clock

    def add(self, job: str, lessons: Iterable[Lesson]) -> None:
        """Keep what was seen in one run for a job; all of it or nothing."""
        at = self._clock.now_seconds()
        rows = [
            (at, job, one.model, one.task, one.prompt, int(one.is_answered), one.seconds, one.cost_ratio)
            for one in lessons
        ]
        with self._file.write() as book:
            book.executemany(
                "INSERT INTO lessons (at, job, model, task, prompt, is_answered, seconds, cost_ratio) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def rate(self, job: str, source: str, quality: float) -> bool:
        """Say how good a job's outcome was, in [0, 1]; a source's newer word replaces its older one.

        Returns:
            Whether any model was asked for that job, or a wish was hired by it.
        """
        with self._file.write() as book:
            book.execute(
                "INSERT OR REPLACE INTO ratings (job, source, at, quality) VALUES (?, ?, ?, ?)",
                (job, source, self._clock.now_seconds(), min(max(quality, 0.0), 1.0)),
            )
            known = "SELECT 1 FROM lessons WHERE job = ? UNION SELECT 1 FROM wish_jobs WHERE job = ? LIMIT 1"
            return book.execute(known, (job, job)).fetchone() is not None

    def all(self) -> list[Lesson]:
        """Lessons in order; each with the mean of its job's ratings."""
        with self._file.connect() as book:
            rows = book.execute(
                "SELECT model, task, prompt, is_answered, seconds, cost_ratio, "
                "(SELECT avg(quality) FROM ratings WHERE ratings.job = lessons.job) "
                "FROM lessons ORDER BY id DESC LIMIT ?",
                (MOST_READ,),
            ).fetchall()
        return [Lesson(row[0], row[1], row[2], bool(row[3]), *row[4:]) for row in reversed(rows)]

    def keep_wish(self, wish: str, service: str, job: str) -> None:
        """Remember which service was hired for a wish, and by which job; the newest word counts."""
        with self._file.write() as book:
            book.execute(
                "INSERT OR REPLACE INTO wishes (wish, service, at) VALUES (?, ?, ?)",
                (wish, service, self._clock.now_seconds()),
            )
            book.execute("INSERT OR REPLACE INTO wish_jobs (wish, job) VALUES (?, ?)", (wish, job))

    def drop_wish(self, wish: str) -> None:
        """Take a wish out again: what was hired for it came to nothing, so it teaches nothing."""
        with self._file.write() as book:
            book.execute("DELETE FROM wishes WHERE wish = ?", (wish,))
            book.execute("DELETE FROM wish_jobs WHERE wish = ?", (wish,))

    def wish_jobs(self) -> list[tuple[str, str]]:
        """Wishes with the key of the job that was hired for them."""
        with self._file.connect() as book:
            return [(str(wish), str(job)) for wish, job in book.execute("SELECT wish, job FROM wish_jobs")]

    def wishes(self) -> list[tuple[str, str]]:
        """Wishes with the service that was hired, the newest `MOST_WISHES`; without those whose job was rated badly."""
        query = (
            "SELECT wish, service FROM wishes WHERE NOT EXISTS (SELECT 1 FROM wish_jobs JOIN ratings USING (job) "
            "WHERE wish_jobs.wish = wishes.wish AND quality < ?) ORDER BY at DESC, wish LIMIT ?"
        )
        with self._file.connect() as book:
            return [(str(wish), str(service)) for wish, service in book.execute(query, (LEAST_GOOD, MOST_WISHES))]
