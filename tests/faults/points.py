"""Crash points: which crossings of a counting run are tried, by which daemon, in which tempo."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.faults.house import STARTS
from tests.faults.tempo import EVEN, UNEVEN

OCCURRENCES = 2
"""Crossings of one name that are tried: the first and the second; later ones find the same rows."""
_SURE, _BY_CHANCE = "sure", "by chance"


@dataclass(frozen=True)
class Point:
    """Where one daemon is to die: the n-th crossing of a name since its start.

    Attributes:
        is_certain: Every counting story of the tempo crossed it; else it depends on who was faster.
    """

    daemon: str
    name: str
    number: int
    tempo: str = EVEN
    is_certain: bool = True

    def __str__(self) -> str:
        return f"{self.daemon}: {self.name} #{self.number}"

    def line(self) -> str:
        """As it stands in a file."""
        return f"{self.tempo}, {_SURE if self.is_certain else _BY_CHANCE}, {self}"

    @classmethod
    def parse(cls, line: str) -> Point:
        """The point of such a line."""
        tempo, certainty, text = line.split(", ", 2)
        daemon, _, rest = text.partition(": ")
        name, _, number = rest.rpartition(" #")
        return cls(daemon, name, int(number), tempo, certainty == _SURE)

    def firsts(self) -> frozenset[str]:
        """The first crossing of this name, by each daemon of the same kind: whichever had it for its part."""
        alike = [name for name, command in STARTS.items() if command[0] == STARTS[self.daemon][0]]
        return frozenset(str(replace(self, daemon=name, number=1)) for name in alike)

    def in_other_tempo(self) -> Point:
        return replace(self, tempo=UNEVEN if self.tempo == EVEN else EVEN)


@dataclass(frozen=True)
class Trace:
    """What one daemon crossed in one counting story, and how often."""

    daemon: str
    tempo: str
    crossed: Counter[str]


def points_of(traces: Sequence[Trace]) -> list[Point]:
    """The points of all daemons; each in the first tempo that is sure to cross it, else in the first that did.

    Daemons of one kind, such as reporters, run the same code: each takes a part of the boundaries that they cross.
    """
    found: dict[tuple[str, str, int], list[Point]] = defaultdict(list)
    for daemon in dict.fromkeys(trace.daemon for trace in traces):
        for point in _points(daemon, [trace for trace in traces if trace.daemon == daemon]):
            found[(STARTS[daemon][0], point.name, point.number)].append(point)
    busy: Counter[str] = Counter()
    points = []
    for same in found.values():
        chosen = min(same, key=lambda point: (not point.is_certain, point.tempo != EVEN, busy[point.daemon]))
        busy[chosen.daemon] += 1
        points.append(chosen)
    return points


def _points(daemon: str, traces: Iterable[Trace]) -> list[Point]:
    stories: dict[str, list[Counter[str]]] = defaultdict(list)
    for trace in traces:
        stories[trace.tempo].append(trace.crossed)
    names = dict.fromkeys(name for crossed in stories.values() for counter in crossed for name in counter)
    points = []
    for name in names:
        for number in range(1, OCCURRENCES + 1):
            sure = [tempo for tempo, counts in stories.items() if all(count[name] >= number for count in counts)]
            seen = [tempo for tempo, counts in stories.items() if any(count[name] >= number for count in counts)]
            if seen:
                points.append(Point(daemon, name, number, (sure or seen)[0], bool(sure)))
    return points
