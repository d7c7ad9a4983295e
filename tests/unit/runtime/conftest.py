"""One agent for every test of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.storage.database import Database
from tests.unit.runtime.agency import Agency


@pytest.fixture
def agency(database: Database, tmp_path: Path) -> Agency:
    return Agency(database, tmp_path / "scratch")
