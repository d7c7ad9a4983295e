"""What was already given away: the signer's own journal, written before anything is signed.

A reservation is on disk before the signature exists, so a signer killed at any line has spent at most what its
journal says. The chain takes one transaction per nonce, so a nonce costs the most that was ever signed for it in a
window, however often its fees were raised. Sums are kept in memory; one process at a time has the journal.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agents_offchain.chain.errors import BudgetJournalBroken, SignerPaused
from agents_offchain.chain.signer.judge import Charge
from agents_offchain.primitives.clock import Clock, SystemClock

HOUR_SECONDS, DAY_SECONDS = 3600.0, 86_400.0
Slot = tuple[int, int]
"""(chain, nonce): the chain executes at most one transaction of it."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reservations (
  key TEXT NOT NULL, meter TEXT NOT NULL, chain TEXT NOT NULL, nonce TEXT NOT NULL,
  amount TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS reservations_at ON reservations (at);
CREATE TABLE IF NOT EXISTS approvals_used (
  seal BLOB PRIMARY KEY, chain TEXT NOT NULL, nonce TEXT NOT NULL, at REAL NOT NULL
);
"""


@dataclass
class Window:
    """The sum over slots of the largest amount reserved for each within the last `seconds`."""

    seconds: float
    total: int = 0
    _entries: deque[tuple[float, Slot, int]] = field(default_factory=deque)
    _largest: dict[Slot, deque[int]] = field(default_factory=dict)

    def total_with(self, slot: Slot, amount: int) -> int:
        """What the total would be after another reservation."""
        held = self._largest.get(slot)
        return self.total + max(amount - (held[0] if held else 0), 0)

    def add(self, at: float, slot: Slot, amount: int) -> None:
        self.total = self.total_with(slot, amount)
        held = self._largest.setdefault(slot, deque())
        while held and held[-1] < amount:
            held.pop()
        held.append(amount)
        self._entries.append((at, slot, amount))

    def expire(self, now: float) -> None:
        while self._entries and self._entries[0][0] <= now - self.seconds:
            _, slot, amount = self._entries.popleft()
            held = self._largest[slot]
            if held[0] == amount:
                held.popleft()
                self.total -= amount - (held[0] if held else 0)
            if not held:
                del self._largest[slot]

    def free_in(self, now: float) -> float:
        """Seconds until the oldest reservation leaves the window."""
        return max(self._entries[0][0] + self.seconds - now, 1.0) if self._entries else 1.0


class Budgets:
    """The journal in a file of the signer's own.

    Raises:
        BudgetJournalBroken: the file cannot be used, or another signer has it.
    """

    def __init__(self, file: Path, clock: Clock | None = None, *, patience_seconds: float = 2.0) -> None:
        self._clock = clock or SystemClock()
        self._windows: dict[tuple[str, str], tuple[Window, Window]] = {}
        self._used: dict[bytes, Slot] = {}
        try:
            file.touch(mode=0o600)
            self._journal = sqlite3.connect(file, isolation_level=None, timeout=patience_seconds)
            self._journal.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._journal.execute("PRAGMA journal_mode=WAL")
            self._journal.execute("PRAGMA synchronous=FULL")
            self._journal.executescript(_SCHEMA)
            self._load()
        except (sqlite3.Error, OSError, ValueError) as error:
            raise BudgetJournalBroken(
                f"The journal of budgets at {file} cannot be used: {error}.",
                mend="End any other signer of these keys; a broken file may be moved away once a day has passed.",
            ) from error

    def reserve(
        self, key: str, chain_id: int, nonce: int, charges: Sequence[Charge], approval: bytes | None = None
    ) -> None:
        """Take a transaction's charges from the budgets, all or nothing, on disk when this returns.

        Args:
            approval: The seal of the approval that this transaction uses up.

        Raises:
            SignerPaused: a budget of the hour or the day would be overdrawn.
            BudgetJournalBroken: it could not be written; nothing was taken.
        """
        now, slot = self._clock.now_seconds(), (chain_id, nonce)
        for charge in charges:
            self._require_room(key, charge, slot, now)
        rows = [(key, charge.meter, str(chain_id), str(nonce), str(charge.amount), now) for charge in charges]
        try:
            self._journal.execute("BEGIN IMMEDIATE")
            self._journal.executemany("INSERT INTO reservations VALUES (?, ?, ?, ?, ?, ?)", rows)
            if approval is not None:
                values = (approval, str(chain_id), str(nonce), now)
                self._journal.execute("INSERT OR IGNORE INTO approvals_used VALUES (?, ?, ?, ?)", values)
            self._journal.execute("COMMIT")
        except sqlite3.Error as error:
            if self._journal.in_transaction:
                self._journal.execute("ROLLBACK")
            raise BudgetJournalBroken(f"The journal of budgets cannot be written: {error}.") from error
        for charge in charges:
            for window in self._of(key, charge.meter):
                window.add(now, slot, charge.amount)
        if approval is not None:
            self._used.setdefault(approval, slot)

    def slot_of(self, approval: bytes) -> Slot | None:
        """The (chain, nonce) that an approval, named by its seal, was used for; None when it was not used yet."""
        return self._used.get(approval)

    def spent(self, key: str, meter: str) -> tuple[int, int]:
        """What was reserved within the last hour and the last day."""
        now = self._clock.now_seconds()
        totals = []
        for window in self._of(key, meter):
            window.expire(now)
            totals.append(window.total)
        return totals[0], totals[1]

    def close(self) -> None:
        self._journal.close()

    def _require_room(self, key: str, charge: Charge, slot: Slot, now: float) -> None:
        limits = (charge.limits.per_hour, charge.limits.per_day)
        for window, limit, span in zip(self._of(key, charge.meter), limits, ("hour", "day"), strict=True):
            window.expire(now)
            wanted = window.total_with(slot, charge.amount)
            if wanted > limit:
                raise SignerPaused(
                    f"{key} would have spent {wanted} of {charge.meter} within the last {span}; {limit} is its limit.",
                    mend=f"Wait, or raise per_{span} in policy.toml, if it is meant.",
                    retry_after_seconds=min(window.free_in(now), 60.0),
                )

    def _of(self, key: str, meter: str) -> tuple[Window, Window]:
        return self._windows.setdefault((key, meter), (Window(HOUR_SECONDS), Window(DAY_SECONDS)))

    def _load(self) -> None:
        """Forget what is older than a day, and take the rest into memory."""
        now = self._clock.now_seconds()
        self._journal.execute("DELETE FROM reservations WHERE at <= ?", (now - DAY_SECONDS,))
        query = "SELECT key, meter, chain, nonce, amount, at FROM reservations ORDER BY at, rowid"
        for key, meter, chain, nonce, amount, at in self._journal.execute(query):
            for window in self._of(key, meter):
                window.add(at, (int(chain), int(nonce)), int(amount))
        for seal, chain, nonce in self._journal.execute("SELECT seal, chain, nonce FROM approvals_used"):
            self._used[seal] = (int(chain), int(nonce))
