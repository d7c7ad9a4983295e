"""What language models cost, counted in whole pico-dollars, with hard stops that hold through a kill.

One small SQLite file for the workers of one machine. A call is reserved on disk at its highest price before it is made
and settled at its real price after; a worker that dies in between leaves the reservation, so a budget is rather
under-used than passed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import Refused
from agents_offchain.storage.sqlite_file import SqliteFile

DAY_SECONDS = 86_400
_TABLES = """
CREATE TABLE IF NOT EXISTS calls (
  id INTEGER PRIMARY KEY, day INTEGER NOT NULL, agent TEXT NOT NULL, job TEXT NOT NULL, model TEXT NOT NULL,
  picos TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, is_settled INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_day ON calls (day, agent);
CREATE INDEX IF NOT EXISTS calls_job ON calls (job);
"""


class SpendingStopped(Refused):
    """The next call may pass a budget."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Hard stops in pico-dollars for one job and for one day of one agent; an alert from `alert_percent` on."""

    job_picos: int
    day_picos: int
    alert_percent: int = 80


@dataclass(frozen=True, slots=True)
class Totals:
    """What one job and one day cost so far, reservations included."""

    job_picos: int
    day_picos: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What one agent spent on one model for one job on one day; days count from the Unix epoch."""

    day: int
    agent: str
    job: str
    model: str
    calls: int
    open_calls: int
    prompt_tokens: int
    completion_tokens: int
    picos: int


class SpendingBook:
    """The book of one machine's calls."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file, self._clock = SqliteFile(file, _TABLES), clock

    def reserve(self, agent: str, job: str, model: str, most_picos: int, ceiling: Ceiling) -> int:
        """Set aside what a call may cost at most; the number of its line.

        Raises:
            SpendingStopped: it may pass the job's or the day's ceiling; nothing was set aside.
        """
        with self._file.write() as book:
            totals = self._totals(book, agent, job)
            for what, spent, most in (
                ("job", totals.job_picos, ceiling.job_picos),
                ("day", totals.day_picos, ceiling.day_picos),
            ):
                if spent + most_picos > most:
                    raise SpendingStopped(
                        f"The {what}'s budget of {_usd(most)} has {_usd(max(most - spent, 0))} left; the next call may "
                        f"cost {_usd(most_picos)}.",
                        mend="Raise the budget in the file of models, or wait for another day.",
                        model=model,
                    )
            line = book.execute(
                "INSERT INTO calls (day, agent, job, model, picos, prompt_tokens, completion_tokens, is_settled) "
                "VALUES (?, ?, ?, ?, ?, 0, 0, 0)",
                (self._day(), agent, job, model, str(most_picos)),
            ).lastrowid
        return int(line or 0)

    def settle(self, line: int, picos: int, prompt_tokens: int, completion_tokens: int) -> None:
        """Write what the call really cost; 0 for one that was not billed."""
        with self._file.write() as book:
            book.execute(
                "UPDATE calls SET picos = ?, prompt_tokens = ?, completion_tokens = ?, is_settled = 1 "
                "WHERE id = ? AND is_settled = 0",
                (str(picos), prompt_tokens, completion_tokens, line),
            )

    def totals(self, agent: str, job: str) -> Totals:
        """What this job, and this day of this agent, cost so far."""
        with self._file.connect() as book:
            return self._totals(book, agent, job)

    def alerts(self, agent: str, job: str, ceiling: Ceiling) -> list[str]:
        """Sentences about budgets that are nearly used up."""
        totals = self.totals(agent, job)
        pairs = (("job", totals.job_picos, ceiling.job_picos), ("day", totals.day_picos, ceiling.day_picos))
        return [
            f"The {what} has used {_usd(spent)} of {_usd(most)}."
            for what, spent, most in pairs
            if most and 100 * spent >= ceiling.alert_percent * most
        ]

    def spent(self, since_day: int) -> list[Spent]:
        """Everything since a day, oldest first; `open_calls` are reserved and not settled."""
        with self._file.connect() as book:
            rows = book.execute(
                "SELECT day, agent, job, model, picos, prompt_tokens, completion_tokens, is_settled FROM calls "
                "WHERE day >= ? ORDER BY id",
                (since_day,),
            ).fetchall()
        grouped: dict[tuple[int, str, str, str], Spent] = {}
        for day, agent, job, model, picos, prompt_tokens, completion_tokens, is_settled in rows:
            old = grouped.get((day, agent, job, model), Spent(day, agent, job, model, 0, 0, 0, 0, 0))
            grouped[(day, agent, job, model)] = Spent(
                day,
                agent,
                job,
                model,
                old.calls + 1,
                old.open_calls + (not is_settled),
                old.prompt_tokens + prompt_tokens,
                old.completion_tokens + completion_tokens,
                old.picos + int(picos),
            )
        return list(grouped.values())

    @property
    def today(self) -> int:
        return self._day()

    def _totals(self, book: sqlite3.Connection, agent: str, job: str) -> Totals:
        of_job = book.execute("SELECT picos FROM calls WHERE job = ?", (job,))
        job_picos = sum(int(row[0]) for row in of_job)
        of_day = book.execute("SELECT picos FROM calls WHERE day = ? AND agent = ?", (self._day(), agent))
        return Totals(job_picos, sum(int(row[0]) for row in of_day))

    def _day(self) -> int:
        return int(self._clock.now_seconds()) // DAY_SECONDS


def _usd(picos: int) -> str:
    return f"{picos / 10**12:.6f} USD"
