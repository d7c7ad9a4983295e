"""Processes that exist only in memory: a test decides when each is ready and when it ends."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, field

from agents_offchain.runtime.supervisor.spec import ProcessSpec


class FakeChild:
    def __init__(self, name: str, pid: int, ignores: frozenset[signal.Signals]) -> None:
        self.name = name
        self._pid = pid
        self._ignores = ignores
        self.signals: list[signal.Signals] = []
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def created_at(self) -> float:
        return float(self._pid)

    async def wait(self) -> int:
        return await asyncio.shield(self.code)

    def send(self, number: signal.Signals) -> None:
        self.signals.append(number)
        if number not in self._ignores:
            self.end(0)

    def kill_all(self) -> None:
        self.end(-signal.SIGKILL)

    def end(self, code: int) -> None:
        if not self.code.done():
            self.code.set_result(code)


@dataclass
class FakeSpawner:
    """Hands out fake children; those in `ending` end at once with a code, those in `absent` cannot start."""

    ending: dict[str, int] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    ignores: dict[str, frozenset[signal.Signals]] = field(default_factory=dict)
    children: list[FakeChild] = field(default_factory=list)

    async def spawn(self, spec: ProcessSpec) -> FakeChild:
        if spec.name in self.absent:
            raise FileNotFoundError(2, "No such file or directory")
        child = FakeChild(spec.name, len(self.children) + 100, self.ignores.get(spec.name, frozenset()))
        self.children.append(child)
        if spec.name in self.ending:
            child.end(self.ending[spec.name])
        return child

    def of(self, name: str) -> list[FakeChild]:
        return [child for child in self.children if child.name == name]


class ReadyWhenTold:
    """A probe that a test opens."""

    def __init__(self, is_open: bool = True) -> None:
        self.is_open = is_open

    async def is_ready(self, pid: int) -> bool:
        return self.is_open


def process(name: str, *needs: str, ready: ReadyWhenTold | None = None, **options: object) -> ProcessSpec:
    return ProcessSpec(name=name, argv=("/bin/true", name), needs=needs, ready=ready or ReadyWhenTold(), **options)  # type: ignore[arg-type]
