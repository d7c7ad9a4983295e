"""Run the fault suite and print what was tried and what was found; the exit code says whether all held.

python -m tests.faults [--size full|sample] [--seed N] [--part kills]... [--database postgresql] [--resume]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.fakes.postgres import PostgresServer, find_server, running_postgres
from tests.faults.court import CourtStage
from tests.faults.house import House
from tests.faults.kills import Kills
from tests.faults.outages import OUTAGES, Outages
from tests.faults.points import Point
from tests.faults.reorgs import DEPTHS, Reorgs, name_of
from tests.faults.report import Report
from tests.faults.spender import SignerKills
from tests.faults.spender import name_of as spent
from tests.faults.story import Stage, StoryEnded
from tests.faults.tempo import EVEN, TEMPOS
from tests.faults.till import TillStage

PARTS = ("kills", "court", "reorgs", "payments", "outages", "signer")
"""The longest first."""
STATE = Path(__file__).resolve().parents[2] / ".build"
SAMPLE_ROUNDS = 2
_Item = TypeVar("_Item")
AT_ONCE = max(2, (os.cpu_count() or 1) // 2)
"""Houses that live side by side: a story waits more than it works, but its daemons all start at once."""


@dataclass
class Suite:
    """What a run was asked for, and where its houses stand."""

    report: Report
    folder: Path
    seed: int
    postgres: PostgresServer | None = None

    @asynccontextmanager
    async def stage(self, name: str, kind: type[Stage] = Stage) -> AsyncIterator[Stage]:
        """A house of its own; on the way out of a failure the ends of its logs are shown."""
        folder = self.folder / name
        folder.mkdir()
        house = House(folder, await self.postgres.new_empty_database() if self.postgres else "")
        try:
            await house.open()
            stage = kind(house)
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
        """The market's daemons and its signer, from their very first start."""
        await self._kills("kills", Stage, TEMPOS)

    async def payments(self) -> None:
        """The cashier."""
        await self._kills("payments", TillStage, (EVEN,))

    async def court(self) -> None:
        """Jurors, and what the publisher does for a dispute."""
        await self._kills("court", CourtStage, (EVEN,))

    async def _kills(self, part: str, kind: type[Stage], tempos: Sequence[str]) -> None:
        """Points are counted once; a run that goes on takes those of the run before."""
        file = self._points_file(part)
        if not file.exists():
            async with self.stage(f"{part}-counting", kind) as stage:
                kills = Kills(stage, self.report, self.seed)
                await kills.first_start()
                counted = await kills.count(tempos)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{point.line()}\n" for point in counted))
        points = [Point.parse(line) for line in file.read_text().splitlines()]
        points = [point for point in points if str(point) not in self.report.done]
        self.report.say(f"           {len(points)} crash points to try in {part}")
        await self._through(part, points, lambda stage, left: Kills(stage, self.report, self.seed).kill_all(left), kind)

    async def reorgs(self) -> None:
        depths = [depth for depth in DEPTHS if name_of(depth) not in self.report.done]
        self.report.expect(len(depths))
        await self._through("reorgs", depths, lambda stage, left: Reorgs(stage, self.report, self.seed).tell_all(left))

    async def outages(self) -> None:
        names = [name for name in OUTAGES if name not in self.report.done]
        self.report.expect(len(names))
        await self._through("outages", names, lambda stage, left: Outages(stage, self.report, self.seed).tell_all(left))

    async def signer(self) -> None:
        """The signer alone; there is no house, and nothing of a database."""
        kills = SignerKills(self.folder, self.report)
        points = [point for point in await kills.count() if spent(point) not in self.report.done]
        await kills.kill_all(points)

    async def _through(
        self,
        part: str,
        items: list[_Item],
        tell: Callable[[Stage, list[_Item]], Awaitable[None]],
        kind: type[Stage] = Stage,
    ) -> None:
        """All items; a story that does not go on costs its own, and the others go on in a new house."""
        for number in itertools.count():
            if not items:
                return
            before = len(items)
            try:
                async with self.stage(f"{part}-{number}", kind) as stage:
                    await tell(stage, items)
            except StoryEnded as ended:
                self.report.note("stories cut off", part, ended.findings)
            if len(items) == before:
                raise AssertionError(f"{part}: no item was begun")

    def _points_file(self, part: str) -> Path:
        assert self.report.file is not None
        return self.report.file.with_suffix(f".{part}.points")

    async def sample(self) -> None:
        """A few of each kind, chosen by the seed, on one house."""
        chosen = random.Random(self.seed)
        async with self.stage("sample") as stage:
            kills = Kills(stage, self.report, self.seed)
            await kills.kill_all(await kills.count((EVEN,), times=1), SAMPLE_ROUNDS)
            await Reorgs(stage, self.report, self.seed).tell_all([chosen.choice(DEPTHS)])
            await Outages(stage, self.report, self.seed).tell_all([chosen.choice(OUTAGES)])

    async def run(self, parts: Sequence[str]) -> None:
        """All of these parts, some at once."""
        room = asyncio.Semaphore(AT_ONCE)

        async def part(name: str) -> None:
            async with room:
                began = time.monotonic()
                try:
                    await getattr(self, name)()
                except StoryEnded as ended:  # of a house that everything else needs
                    self.report.note("stories cut off", name, ended.findings)
                self.report.took[name] = time.monotonic() - began

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
    parser.add_argument("--resume", action="store_true", help="go on after what the last run of this kind had tried")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    file = STATE / f"faults-{options.database}-{options.seed}.jsonl"
    report = Report(say, None if options.size == "sample" else file)
    if options.resume:
        report.resume()
    else:
        file.unlink(missing_ok=True)
        for points in STATE.glob(f"{file.stem}.*.points"):
            points.unlink()
    with tempfile.TemporaryDirectory(prefix="aitbc-f-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # sockets in a short path
        parts = ["sample"] if options.size == "sample" else options.part or PARTS
        with _database(options.database) as server:
            asyncio.run(Suite(report, Path(folder), options.seed, server).run(parts))
    for line in report.summary():
        say(line)
    return 0 if report.is_clean else 1
