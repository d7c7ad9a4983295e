"""Four processes on one Valkey: one lies, one is killed and comes back; all the same they agree."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents_offchain.coordination.decision.agreement.certificate import Certificate, require_certificate
from agents_offchain.coordination.decision.agreement.sql_journal import SqlJournal
from agents_offchain.coordination.decision.agreement.vows import Vows
from agents_offchain.coordination.decision.agreement.wire import certificate_from_dict
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.storage.database import Database
from tests.integration.messaging.conftest import EmbeddedValkey
from tests.integration.messaging.conftest import valkey as valkey  # the fixture
from tests.unit.coordination.council_world import MEMBERS, NAMES, QUESTION

pytestmark = pytest.mark.integration

LIAR, VICTIM = 0, 3
"""The liar leads the first round."""
HONEST = (1, 2, 3)


class Troupe:
    """The processes, and each one's database as anybody may read it."""

    def __init__(self, url: str, folder: Path, template: Path) -> None:
        self._url = url
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._files = {place: Path(shutil.copy(template, folder / f"{place}.db")) for place in range(4)}
        self.databases = {place: Database(f"sqlite+aiosqlite:///{file}") for place, file in self._files.items()}

    async def start(self, *places: int) -> None:
        for place in places:
            self._processes[place] = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tests.integration.coordination.member_process"),
                *(self._url, str(self._files[place]), str(place)),
                *(["liar"] if place == LIAR else []),
            )

    async def kill(self, place: int) -> None:
        """SIGKILL: nothing is flushed, nothing is said."""
        process = self._processes.pop(place)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()

    async def close(self) -> None:
        for place in list(self._processes):
            await self.kill(place)
        for database in self.databases.values():
            await database.close()

    async def vows(self, place: int) -> Vows:
        return await SqlJournal(self.databases[place]).load(QUESTION, MEMBERS[place])

    async def certificate(self, place: int) -> Certificate | None:
        record = await DecisionHistory(self.databases[place], NAMES[place]).get(QUESTION.proposal)
        if record is None or record.certificate is None:
            return None
        return certificate_from_dict(dict(record.certificate), QUESTION)


@pytest.fixture
async def troupe(valkey: EmbeddedValkey, tmp_path: Path, database_template: Path) -> AsyncIterator[Troupe]:
    company = Troupe(valkey.spec.url, tmp_path, database_template)
    yield company
    await company.close()


async def test_four_processes__when_one_lies_and_one_is_killed_and_returns__hold_one_certificate(
    troupe: Troupe,
) -> None:
    async with asyncio.timeout(100):
        await troupe.start(LIAR, VICTIM)
        while not (await troupe.vows(VICTIM)).votes():
            await asyncio.sleep(0.05)
        await troupe.kill(VICTIM)
        vowed = (await troupe.vows(VICTIM)).votes()
        await troupe.start(1, 2)
        while not (await troupe.vows(1)).votes():
            await asyncio.sleep(0.05)
        await troupe.start(VICTIM)
        certificates: set[Certificate | None] = {None}
        while None in certificates or len(certificates) > 1:
            await asyncio.sleep(0.1)
            certificates = {await troupe.certificate(place) for place in HONEST}
    certificate = certificates.pop()
    assert certificate is not None
    require_certificate(certificate)
    assert vowed, "the victim was killed after it had vowed"
    accused = [
        await DecisionHistory(troupe.databases[place], NAMES[place]).liars(QUESTION.proposal) for place in HONEST
    ]
    assert frozenset().union(*accused) == {MEMBERS[LIAR]}, "the liar, and nobody else, is proven to lie"
