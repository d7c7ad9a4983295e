"""What holds for every test: one marker each, no network in unit tests, a fresh database when asked.

Hypothesis runs with a fixed seed at CI size, and longer with a random one when AITBC_TEST_SIZE is `full`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_socket
import structlog
from hypothesis import HealthCheck, settings

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate
from tests.fakes.inline_sqlite import inline_sqlite
from tests.fakes.postgres import PostgresServer, find_server, running_postgres

SUITES = ("unit", "contract", "integration", "river", "bench")

_QUIET = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=40, suppress_health_check=_QUIET)
settings.register_profile("full", deadline=None, max_examples=600, suppress_health_check=_QUIET)
settings.load_profile("full" if os.environ.get("AITBC_TEST_SIZE") == "full" else "ci")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test belongs to exactly one suite."""
    wrong = [
        f"{item.nodeid}: {len(marks)} of the markers {', '.join(SUITES)}"
        for item in items
        if len(marks := {mark.name for mark in item.iter_markers() if mark.name in SUITES}) != 1
    ]
    if wrong:
        raise pytest.UsageError("A test carries exactly one suite marker; these do not:\n" + "\n".join(wrong))


@pytest.fixture(autouse=True)
def _no_network_in_unit_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("unit") is None:
        yield
        return
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="session")
def database_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with all tables, made once by the migrations."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def database_file(tmp_path: Path, database_template: Path) -> Path:
    """A fresh copy of the empty database."""
    return Path(shutil.copy(database_template, tmp_path / "aitbc.db"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server with a migrated template; without one installed the test is skipped, in CI it fails."""
    binaries = find_server()
    if binaries is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed; `make setup-system` names the package")
    assert binaries is not None, "CI has no PostgreSQL"
    with running_postgres(binaries) as server:
        server.make_template()
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database: SQLite, or PostgreSQL when AITBC_TEST_DATABASE is `postgresql`."""
    if os.environ.get("AITBC_TEST_DATABASE") == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.new_database()
    return f"sqlite+aiosqlite:///{request.getfixturevalue('database_file')}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A handle on a fresh, migrated database."""
    handle = Database(database_url)
    yield handle
    await handle.close()


@pytest.fixture
async def inline_database(database_file: Path) -> AsyncIterator[Database]:
    """A database for stories that are told hundreds of times: no threads, one writer, no logs of ours.

    A story starts with `tests.fakes.inline_sqlite.clear`.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with inline_sqlite():
        handle = Database(f"sqlite+aiosqlite:///{database_file}")
        yield handle
        await handle.close()
    structlog.reset_defaults()


@pytest.fixture
def manual_clock() -> ManualClock:
    """A clock that only the test moves."""
    return ManualClock()
