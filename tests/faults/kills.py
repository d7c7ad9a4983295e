"""SIGKILL at every boundary that a counting run finds, in every daemon; the dead are started again at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import zip_longest
from pathlib import Path

from agents_offchain.primitives.errors import Retryable
from tests.faults.boundaries import ANY, KILLED
from tests.faults.house import SIGNER, House
from tests.faults.judge import Findings
from tests.faults.points import Point, Trace, points_of
from tests.faults.report import Report
from tests.faults.story import Stage
from tests.faults.tempo import EVEN, SLOWNESS, TEMPOS

FIRST_CROSSINGS = 6
"""Of a daemon's very first start: its first sign of life, its cursor, its first step."""
FIRST_START = "first start"
TRIES = 4
ALONE_FROM = 2
"""The try from which a point has a story of its own; in the last one the tempo is the other."""


class Watch:
    """Starts again what dies, as the supervisor would; what ended otherwise than by SIGKILL is a finding.

    So is not what finds at its start that it cannot work for now, such as without its signer, and asks to be started
    again by the exit code for that.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self.deaths: list[str] = []
        self.findings = Findings()

    @asynccontextmanager
    async def on(self, daemons: Iterable[str]) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch(list(daemons)))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self, daemons: list[str]) -> None:
        while True:
            for name in daemons:
                code = self.house.processes[name].poll()
                if code is None:
                    continue
                self.deaths.append(name)
                if code not in (-signal.SIGKILL, Retryable.exit_code):
                    self.findings.wrong.append(f"{name} ended with code {code}: {self.house.last_words(name)}")
                self.house.start_daemon(name)
            await asyncio.sleep(0.05)


class Kills:
    """The killing part of the suite on one open house without daemons."""

    def __init__(self, stage: Stage, report: Report, seed: int) -> None:
        self.stage = stage
        self.house = stage.house
        self.report = report
        self._random = random.Random(seed)
        self._killed: set[str] = set()
        self._tempo = EVEN

    async def first_start(self, crossings: int = FIRST_CROSSINGS) -> None:
        """Every daemon dies at each of the first crossings of its first start, then starts for good."""
        died = 0
        for number in range(1, crossings + 1):
            for name in self.stage.cast:
                self.house.start_daemon(name, **self._wire(name, f"{ANY}#{number}"))
            for name in self.stage.cast:
                await self.house.until(self._is_dead(name), f"{name} dies at crossing {number}")
                died += 1
        for name in self.stage.cast:
            self.house.start_daemon(name)
        findings = await self.stage.tell()
        self.report.note("crash points", FIRST_START, findings, count=died, items=[FIRST_START])

    async def count(self, tempos: Sequence[str] = TEMPOS, times: int = 2) -> list[Point]:
        """Stories without a death; every boundary that they cross, the first times each."""
        traces: list[Trace] = []
        await self.house.start_all(self.stage.cast)
        for tempo in tempos:
            await self._play(tempo)
            for number in range(1, times + 1):
                await self._restart(dict.fromkeys(self.stage.mortals, ""))
                findings = await self.stage.tell()
                self.report.note("quiet stories", f"counting, {tempo}, {number}", findings)
                traces += [Trace(name, tempo, Counter(self._crossed(name))) for name in self.stage.mortals]
        return [point for point in points_of(traces) if self._is_wanted(point)]

    def _is_wanted(self, point: Point) -> bool:
        words = self.stage.words
        return not words or any(word in str(point) for word in words)

    async def kill_all(self, points: list[Point], limit: int | None = None) -> None:
        """Stories in which each daemon dies at one of its points; a point is taken off the list when it had its tries.

        Points that were not reached are tried again, at last each in a story of its own, then in the other tempo.
        """
        await self.house.start_all(self.stage.cast)
        waiting = list(points)
        for attempt in range(TRIES if limit is None else ALONE_FROM):
            if attempt == TRIES - 1:
                waiting = [point.in_other_tempo() for point in waiting]
            rounds = self._rounds(waiting)[:limit] if attempt < ALONE_FROM else [[point] for point in waiting]
            self.report.expect(len(rounds))
            missed: list[Point] = []
            for group in rounds:
                for point in group:
                    points[:] = [other for other in points if str(other) != str(point)]
                left = await self._round(group)
                points += left
                missed += left
            waiting = missed
        points.clear()
        for point in waiting:
            self._give_up(point)

    def _rounds(self, points: list[Point]) -> list[list[Point]]:
        """One point of each daemon to a story, all of one tempo."""
        rounds: list[list[Point]] = []
        for tempo in TEMPOS:
            queues: dict[str, list[Point]] = defaultdict(list)
            for point in points:
                if point.tempo == tempo:
                    queues[point.daemon].append(point)
            for queue in queues.values():
                self._random.shuffle(queue)
            rounds += [[point for point in row if point is not None] for row in zip_longest(*queues.values())]
        return rounds

    def _give_up(self, point: Point) -> None:
        """What came in every counting story must come again; what came in one of them may not, and is told.

        How often a name is crossed is a matter of which events one look finds together, so a second crossing that does
        not come is told too, where the first one killed a daemon of that kind.
        """
        is_first_tried = point.number > 1 and not point.firsts().isdisjoint(self.report.done | self._killed)
        if is_first_tried or not point.is_certain:
            self.report.let_go(str(point))
        else:
            self.report.miss(str(point))

    async def _round(self, points: list[Point]) -> list[Point]:
        """One story; the points that were not reached."""
        await self._play(points[0].tempo)
        await self._restart({point.daemon: f"{point.name}#{point.number}" for point in points})
        watch = Watch(self.house)
        async with watch.on({SIGNER, *self.stage.cast}):
            findings = await self.stage.tell()
        findings.add(watch.findings, "watch")
        dead = [point for point in points if any(line.startswith(KILLED) for line in self._crossed(point.daemon))]
        self._killed.update(map(str, dead))
        where = f"{len(dead)} daemons, {len(watch.deaths)} deaths"
        if not findings.is_clean:
            where = "; ".join(map(str, dead))
        self.report.note("crash points", where, findings, count=len(dead), items=[str(point) for point in dead])
        return [point for point in points if point not in dead]

    async def _play(self, tempo: str) -> None:
        """From now on everything starts in this tempo, and what runs is started anew."""
        if tempo != self._tempo:
            self._tempo, self.house.slowness = tempo, SLOWNESS[tempo]
            for name in self.stage.cast:
                self._end(name)
                self.house.start_daemon(name)

    async def _restart(self, fatal: Mapping[str, str]) -> None:
        """Start these with the wire; the signer first, so that nobody misses it."""
        for name in sorted(fatal, key=lambda name: name != SIGNER):
            self._end(name)
            self.house.start_daemon(name, **self._wire(name, fatal[name]))
            if name == SIGNER and not fatal[name]:
                await self.house.until(self.house.stands, "the signer is back", is_mining=False)

    def _end(self, name: str) -> None:
        if name in self.house.processes and self.house.is_alive(name):
            self.house.kill(name)

    def _wire(self, name: str, fatal: str) -> dict[str, str]:
        self._trace(name).unlink(missing_ok=True)
        return {"FAULTS_TRACE": str(self._trace(name)), "FAULTS_KILL": fatal}

    def _crossed(self, name: str) -> list[str]:
        file = self._trace(name)
        return file.read_text().splitlines() if file.exists() else []

    def _trace(self, name: str) -> Path:
        return self.house.folder / f"{name}.trace"

    def _is_dead(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def is_dead() -> bool:
            return not self.house.is_alive(name)

        return is_dead
