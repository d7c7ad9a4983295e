"""Where the signer meets its disk and its callers: its journal of budgets, its log, its keys, its answers.

The same wire as in the other daemons (`boundaries.py`), around other things: each statement that SQLite runs for the
journal, each line and head of the log as it is written and as it is on disk, each signature, each answer.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from typing import Any

from eth_account import Account

from agents_offchain.chain.signer import audit, budgets, server
from agents_offchain.chain.signer.audit import AuditLog
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.server import SignerServer
from tests.around import put_around
from tests.faults.boundaries import Tripwire, asker, wired

WORDS = 3
"""Of a statement, that name it: `INSERT INTO reservations`."""


def install(wire: Tripwire) -> None:
    """Put the wire around everything by which the signer changes the world."""
    for owner, name in ((Budgets, "reserve"), (AuditLog, "append"), (AuditLog, "_write_head"), (audit, "_write_whole")):
        setattr(owner, name, _wired(getattr(owner, name), f"{owner.__name__.rpartition('.')[2]}.{name}", wire))
    _wire_journal(wire)
    vars(server)["Account"] = _WiredAccount(wire)
    put_around(SignerServer, "answer", lambda plain: wired(plain, "answer", wire))


class _WiredAccount:
    """`eth_account.Account` for the server alone."""

    def __init__(self, wire: Tripwire) -> None:
        self.sign_transaction = _wired(Account.sign_transaction, "signature", wire)


def _wire_journal(wire: Tripwire) -> None:
    plain = sqlite3.connect

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        journal: sqlite3.Connection = plain(*args, **kwargs)
        journal.set_trace_callback(lambda statement: wire.cross(f"before {' '.join(statement.split()[:WORDS])}"))
        return journal

    vars(budgets)["sqlite3"] = _Module(sqlite3, connect=connect)


class _Module:
    """A module with some names of its own."""

    def __init__(self, module: Any, **own: Any) -> None:
        self._module = module
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _wired(function: Callable[..., Any], what: str, wire: Tripwire) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        who = asker()
        wire.cross(f"before {what} {who}")
        answer = function(*args, **kwargs)
        wire.cross(f"after {what} {who}")
        return answer

    return call
