"""Where a process meets the world: every commit to its journal and every effect outside it, found while it runs.

A boundary is named by what happens, by the product's function that asked for it and by the tables it wrote, such as
`after commit sender._journal outbox+transactions`. In a counting run every crossing is written to a file; in a
killing run the process kills itself with SIGKILL at the chosen crossing. Nothing is listed by hand: a new
transaction or a new effect of a port has boundaries of its own as soon as it runs.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.node import Node
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.messaging.streams import StreamMailbox
from agents_offchain.runtime.workers import sandbox
from agents_offchain.storage.artifacts.client import KuboArtifactStore
from agents_offchain.storage.database import Database
from tests.around import put_around

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (str(ROOT / "agents_offchain"), str(ROOT / "oracle"))
EFFECTS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Node, ("send_raw",)),
    (SignerClient, ("sign_transaction", "sign_typed")),
    (KuboArtifactStore, ("put",)),
    (StreamMailbox, ("publish", "receive", "acknowledge")),
)
"""The ports through which a daemon changes something outside its journal."""
KILLED = "KILLED "
ANY = "*"
_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
_TABLES = "tables written"


class Tripwire:
    """Counts crossings into a file; kills the process at one of them.

    Args:
        trace: File that every crossing is appended to.
        fatal: `name#n`, the n-th crossing of that name (from 1), `*` for any; empty never kills.
    """

    def __init__(self, trace: Path, fatal: str = "") -> None:
        self._file = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._name, _, number = fatal.rpartition("#")
        self._number = int(number) if number else 0
        self._crossed: Counter[str] = Counter()

    def cross(self, name: str) -> None:
        self._crossed.update((name, ANY))
        if self._name in (name, ANY) and self._crossed[self._name] == self._number:
            os.write(self._file, f"{KILLED}{name}#{self._number}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(self._file, f"{name}\n".encode())


def install(wire: Tripwire) -> None:
    """Put the wire around every journal transaction, every effect and every worker of this process."""
    _wire_database(wire)
    for port, methods in EFFECTS:
        for method in methods:
            setattr(port, method, wired(getattr(port, method), f"{port.__name__}.{method}", wire))
    sandbox._run_child = wired(sandbox._run_child, "worker", wire)


def _wire_database(wire: Tripwire) -> None:
    @event.listens_for(Engine, "before_cursor_execute")
    def note(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if written := _WRITES.match(statement):
            connection.info.setdefault(_TABLES, set()).add(written[1])

    def counted(plain: Callable[..., Any]) -> Callable[..., Any]:
        @asynccontextmanager
        async def write(self: Database) -> AsyncIterator[AsyncConnection]:
            who = asker()
            async with plain(self) as connection:
                info = (await connection.get_raw_connection()).info
                info[_TABLES] = set()
                yield connection
                what = f"commit {who} {'+'.join(sorted(info[_TABLES])) or 'nothing'}"
                wire.cross(f"before {what}")
            wire.cross(f"after {what}")

        return write

    put_around(Database, "write", counted)


def wired(function: Callable[..., Any], what: str, wire: Tripwire) -> Callable[..., Any]:
    assert inspect.iscoroutinefunction(function)

    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        who = asker()
        wire.cross(f"before {what} {who}")
        answer = await function(*args, **kwargs)
        wire.cross(f"after {what} {who}")
        return answer

    return call


def asker() -> str:
    """`module.function` of the product's innermost caller, the database and the ports themselves left out."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(PRODUCT) and not file.endswith("storage/database.py"):
            return f"{Path(file).stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "outside"
