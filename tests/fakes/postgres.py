"""A real PostgreSQL server of the tests' own, on a unix socket in a folder that goes away with it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from agents_offchain.storage.migrate import migrate

USER = "aitbc"
SERVER_ACCOUNT = "postgres"
"""The server refuses to run as root; Debian's package brings this account."""
TEMPLATE = "aitbc_template"
START_SECONDS = 60.0


def find_server() -> Path | None:
    """The folder of `initdb` and `postgres`: on PATH, or where Debian puts the newest; None without a server."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    return None if newest is None else newest.parent


class PostgresServer:
    """A running server. `new_database` gives a database with all tables, its own each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = itertools.count(1)

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{USER}@/{database}?host={self._folder}"

    def make_template(self) -> None:
        asyncio.run(self._execute(f"CREATE DATABASE {TEMPLATE}"))
        asyncio.run(migrate(self.url(TEMPLATE)))

    def new_database(self) -> str:
        """URL of a fresh copy of the migrated template."""
        name = f"t{next(self._names)}"
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
        return self.url(name)

    async def new_empty_database(self) -> str:
        """URL of a database without tables."""
        name = f"e{next(self._names)}"
        await self._execute(f"CREATE DATABASE {name}")
        return self.url(name)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self._folder), user=USER, database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextlib.contextmanager
def running_postgres(binaries: Path) -> Iterator[PostgresServer]:
    """Make a cluster, start it, and take both away at the end. Nothing is synced: it lives as long as the tests."""
    with tempfile.TemporaryDirectory(prefix="aitbc-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        account = _account()
        if account is not None:
            os.chown(folder, pwd.getpwnam(account).pw_uid, -1)
        data = folder / "data"
        options = {"user": account, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        initdb = [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            USER,
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(initdb, check=True, **options)  # type: ignore[call-overload]
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "300",
            "shared_buffers": "64MB",
        }
        flags = [text for key, value in settings.items() for text in ("-c", f"{key}={value}")]
        process = subprocess.Popen([str(binaries / "postgres"), "-D", str(data), *flags], **options)  # type: ignore[call-overload]
        try:
            server = PostgresServer(folder)
            _wait_until_it_answers(server)
            yield server
        finally:
            process.kill()
            process.wait(timeout=10)


def _account() -> str | None:
    return SERVER_ACCOUNT if os.geteuid() == 0 else None


def _wait_until_it_answers(server: PostgresServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            asyncio.run(server._execute("SELECT 1"))
            return
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
