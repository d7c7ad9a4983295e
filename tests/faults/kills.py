"""SIGKILL at every boundary that a counting run finds, in every daemon; the dead are started again at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from tests.faults.boundaries import ANY, KILLED
from tests.faults.house import ROLES, House
from tests.faults.judge import Findings
from tests.faults.report import Report
from tests.faults.story import Stage

OCCURRENCES = 2
"""Crossings of one name that are tried: the first and the second; later ones find the same rows."""
FIRST_CROSSINGS = 6
"""Of a daemon's very first start: its first sign of life, its cursor, its first step."""
FIRST_START = "first start"
TRIES = 3
REPORTERS = ("reporter-1", "reporter-2", "reporter-3")


@dataclass(frozen=True)
class Point:
    """Where one daemon is to die: the n-th crossing of a name since its start."""

    daemon: str
    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.daemon}: {self.name} #{self.number}"

    @classmethod
    def parse(cls, text: str) -> Point:
        """The point that is written like this."""
        daemon, _, rest = text.partition(": ")
        name, _, number = rest.rpartition(" #")
        return cls(daemon, name, int(number))


class Watch:
    """Starts again what dies, as the supervisor would; what ended otherwise than by SIGKILL is a finding."""

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
                if code != -signal.SIGKILL:
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

    async def first_start(self, crossings: int = FIRST_CROSSINGS) -> None:
        """Every daemon dies at each of the first crossings of its first start, then starts for good."""
        died = 0
        for number in range(1, crossings + 1):
            for name in ROLES:
                self.house.start_daemon(name, **self._wire(name, f"{ANY}#{number}"))
            for name in ROLES:
                await self.house.until(self._is_dead(name), f"{name} dies at crossing {number}")
                died += 1
        for name in ROLES:
            self.house.start_daemon(name)
        findings = await self.stage.tell()
        self.report.note("crash points", FIRST_START, findings, count=died, items=[FIRST_START])

    async def count(self) -> list[Point]:
        """A story without a death; every boundary it crosses, the first times each."""
        for name in ROLES:
            await self._restart(name, "")
        findings = await self.stage.tell()
        self.report.note("quiet stories", "counting", findings)
        points: dict[str, list[Point]] = {}
        for name in ROLES:
            crossed = Counter(self._trace(name).read_text().splitlines())
            points[name] = [
                Point(name, boundary, number)
                for boundary, times in crossed.items()
                for number in range(1, min(times, OCCURRENCES) + 1)
            ]
        return _with_reporters_shared(points)

    async def kill_all(self, points: list[Point], limit: int | None = None) -> None:
        """Stories in which each daemon dies at one of its points; a point is taken off the list when it had its tries.

        Points that were not reached are tried again, at last each in a story of its own.
        """
        await self.house.start_all()
        waiting = list(points)
        for attempt in range(TRIES):
            rounds = self._rounds(waiting)[:limit] if attempt < TRIES - 1 else [[point] for point in waiting]
            self.report.expect(len(rounds))
            missed: list[Point] = []
            for group in rounds:
                for point in group:
                    points.remove(point)
                missed += await self._round(group)
            points += missed
            waiting = missed
        for point in waiting:
            points.remove(point)
            self._give_up(point)

    def _rounds(self, points: list[Point]) -> list[list[Point]]:
        """One point of each daemon to a story."""
        queues: dict[str, list[Point]] = defaultdict(list)
        for point in points:
            queues[point.daemon].append(point)
        for queue in queues.values():
            self._random.shuffle(queue)
        return [[point for point in row if point is not None] for row in zip_longest(*queues.values())]

    def _give_up(self, point: Point) -> None:
        first = str(Point(point.daemon, point.name, 1))
        if point.number > 1 and (first in self.report.done or first in self._killed):
            self.report.let_go(str(point))
        else:
            self.report.miss(str(point))

    async def _round(self, points: list[Point]) -> list[Point]:
        """One story; the points that were not reached."""
        for point in points:
            await self._restart(point.daemon, f"{point.name}#{point.number}")
        watch = Watch(self.house)
        async with watch.on(ROLES):
            findings = await self.stage.tell()
        findings.add(watch.findings, "watch")
        dead = [point for point in points if KILLED in self._trace(point.daemon).read_text()]
        self._killed.update(map(str, dead))
        where = f"{len(dead)} daemons, {len(watch.deaths)} deaths"
        if not findings.is_clean:
            where = "; ".join(map(str, dead))
        self.report.note("crash points", where, findings, count=len(dead), items=[str(point) for point in dead])
        return [point for point in points if point not in dead]

    async def _restart(self, name: str, fatal: str) -> None:
        if name in self.house.processes and self.house.is_alive(name):
            self.house.kill(name)
        self.house.start_daemon(name, **self._wire(name, fatal))

    def _wire(self, name: str, fatal: str) -> dict[str, str]:
        self._trace(name).unlink(missing_ok=True)
        return {"FAULTS_TRACE": str(self._trace(name)), "FAULTS_KILL": fatal}

    def _trace(self, name: str) -> Path:
        return self.house.folder / f"{name}.trace"

    def _is_dead(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def is_dead() -> bool:
            return not self.house.is_alive(name)

        return is_dead


def _with_reporters_shared(points: dict[str, list[Point]]) -> list[Point]:
    """Reporters run the same code: each takes a part of the boundaries that any of them crossed."""
    shared = sorted({(point.name, point.number) for name in REPORTERS for point in points.pop(name)})
    mine = [Point(REPORTERS[index % len(REPORTERS)], *point) for index, point in enumerate(shared)]
    return [point for group in points.values() for point in group] + mine
