"""What the operator's commands need of a home: its database, its node, its audit log, a table."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.errors import AuditBroken
from agents_offchain.chain.signer.audit import AuditLog
from agents_offchain.cli.console import Console
from agents_offchain.cli.continuity import database_exists
from agents_offchain.cli.places import endpoints_file, key_folder, run_files
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import read_schema


class HomeEmpty(Refused):
    """The home has nothing yet of what was asked for."""


class HomeDown(Refused):
    """What was asked for needs the home to be up."""

    exit_code = 3


@asynccontextmanager
async def home_database(settings: Settings) -> AsyncIterator[Database]:
    """The home's database, for one command.

    Raises:
        HomeEmpty: there is none, or an older release wrote it.
    """
    if not database_exists(settings):
        raise HomeEmpty(f"The home {settings.home} has no database yet.", mend="`aitbc up` makes one.")
    current, newest = await read_schema(settings.database())
    if current != newest:
        raise HomeEmpty("The database is of an older release.", mend="`aitbc up` brings it up to date.")
    database = Database(settings.database())
    try:
        yield database
    finally:
        await database.close()


def is_up(settings: Settings) -> bool:
    return HomeLock(run_files(settings)).holder() is not None


def newest_generation(settings: Settings) -> int:
    """Of the home's market; the first where there is no deployment yet."""
    return load_deployment(settings.deployment_file).generation if settings.deployment_file.exists() else 1


def require_rpc_url(settings: Settings) -> str:
    """The node of a home: AITBC_RPC_URL, else the local chain while the home is up.

    Raises:
        HomeDown: there is neither.
    """
    if settings.rpc_url:
        return settings.rpc_url
    if is_up(settings):
        with suppress(OSError, ValueError, KeyError, TypeError):
            return str(json.loads(endpoints_file(settings).read_text())["rpc"])
    raise HomeDown("No node can be asked: the home is not up.", mend="Start it with `aitbc up`, or set AITBC_RPC_URL.")


def note(settings: Settings, console: Console, event: str, **facts: Any) -> None:
    """Write an operator's act into the home's audit log, if the home has keys; what was done stays done."""
    if not key_folder(settings).is_dir():
        return
    try:
        AuditLog(key_folder(settings)).append(event, **facts)
    except AuditBroken as error:
        console.warn(f"aitbc: done, but not noted in the audit log: {error.message}")


def show_table(console: Console, heads: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str) -> None:
    """Columns as wide as their widest cell; control characters of strangers are not printed."""
    if not rows:
        console.line(empty)
        return
    cells = [list(heads), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    for row in cells:
        console.line("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def moment(unix_seconds: float | None) -> str:
    """A time for people, UTC."""
    if unix_seconds is None:
        return ""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return "".join(character if character.isprintable() else "·" for character in text)[:120]
