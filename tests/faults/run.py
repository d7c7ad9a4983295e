"""Run the fault suite and print what was tried and what was found; the exit code says whether all held.

python -m tests.faults [--size full|sample] [--seed N] [--part kills]... [--database postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.postgres import PostgresServer, find_server, running_postgres
from tests.faults.house import House
from tests.faults.kills import Kills
from tests.faults.outages import OUTAGES, Outages
from tests.faults.reorgs import DEPTHS, Reorgs
from tests.faults.report import Report
from tests.faults.story import Stage, StoryEnded

PARTS = ("kills", "reorgs", "outages")
SAMPLE_ROUNDS = 2
AT_ONCE = 2
"""Houses that live side by side: a story waits more than it works."""


@dataclass
class Suite:
    """What a run was asked for, and where its houses stand."""

    report: Report
    folder: Path
    seed: int
    postgres: PostgresServer | None = None

    @asynccontextmanager
    async def stage(self, name: str) -> AsyncIterator[Stage]:
        """A house of its own; on the way out of a failure the ends of its logs are shown."""
        folder = self.folder / name
        folder.mkdir()
        house = House(folder, await self.postgres.new_empty_database() if self.postgres else "")
        try:
            await house.open()
            stage = Stage(house)
            await stage.set()
            yield stage
        except StoryEnded:
            raise
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                sys.stderr.write(f"--- {name}/{log.name}\n{log.read_text(errors='replace')[-1500:]}\n")
            raise
        finally:
            await house.close()

    async def kills(self) -> None:
        async with self.stage("kills") as stage:
            kills = Kills(stage, self.report, self.seed)
            await kills.first_start()
            points = await kills.count()
            self.report.say(f"           {len(points)} crash points found")
            await kills.kill_all(points)

    async def reorgs(self) -> None:
        async with self.stage("reorgs") as stage:
            await Reorgs(stage, self.report, self.seed).tell_all(list(DEPTHS))

    async def outages(self) -> None:
        async with self.stage("outages") as stage:
            await Outages(stage, self.report, self.seed).tell_all(list(OUTAGES))

    async def sample(self) -> None:
        """A few of each kind, chosen by the seed, on one house."""
        chosen = random.Random(self.seed)
        async with self.stage("sample") as stage:
            kills = Kills(stage, self.report, self.seed)
            await kills.kill_all(await kills.count(), SAMPLE_ROUNDS)
            await Reorgs(stage, self.report, self.seed).tell_all([chosen.choice(DEPTHS)])
            await Outages(stage, self.report, self.seed).tell_all([chosen.choice(OUTAGES)])

    async def run(self, parts: Sequence[str]) -> None:
        """All of these parts, some at once."""
        room = asyncio.Semaphore(AT_ONCE)

        async def part(name: str) -> None:
            async with room:
                try:
                    await getattr(self, name)()
                except StoryEnded as ended:
                    self.report.note("stories cut off", name, ended.findings)

        async with asyncio.TaskGroup() as group:
            for name in parts:
                group.create_task(part(name))


@contextmanager
def _database(kind: str) -> Iterator[PostgresServer | None]:
    if kind == "sqlite":
        yield None
        return
    binaries = find_server()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed; `make setup-system` installs it.")
    with running_postgres(binaries) as server:
        yield server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("full", "sample"), default="full")
    parser.add_argument("--seed", type=int, default=1, help="order of the crash points, and which a sample takes")
    parser.add_argument("--part", action="append", choices=PARTS, help="default: all")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    report = Report(say)
    with tempfile.TemporaryDirectory(prefix="aitbc-f-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # sockets in a short path
        parts = ["sample"] if options.size == "sample" else options.part or PARTS
        with _database(options.database) as server:
            asyncio.run(Suite(report, Path(folder), options.seed, server).run(parts))
    for line in report.summary():
        say(line)
    return 0 if report.is_clean else 1
