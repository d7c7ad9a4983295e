"""A measured figure, its goal, its reference, and the table that shows them."""

from __future__ import annotations

import os
import platform
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RATCHET = Path(__file__).resolve().parents[2] / "bench.toml"
SLACK = 1.5
"""A figure of seconds or bytes may be so many times worse than the ratchet before it fails: machines differ."""


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Args:
        goal: What was promised; None for figures that are only stated.
        is_more_better: Whether the goal is a least value; else it is a most.
        reference: What was measured beside it in the same run, in words.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    is_more_better: bool = False
    reference: str = ""

    @property
    def is_missed(self) -> bool:
        if self.goal is None:
            return False
        return self.value < self.goal if self.is_more_better else self.value > self.goal

    @property
    def is_worse_than_kept(self) -> bool:
        """Worse than the ratchet allows, where the goal itself is missed."""
        kept = ratchet().get(self.name)
        if kept is None or not self.is_missed:
            return False
        return self.value < kept / SLACK if self.is_more_better else self.value > kept * SLACK

    def row(self) -> str:
        sign = "" if self.goal is None else f"{'>=' if self.is_more_better else '<='} {self.goal:g}"
        verdict = "" if self.goal is None else "MISSED" if self.is_missed else "met"
        return f"| {self.name} | {self.value:.4g} {self.unit} | {sign} | {verdict} | {self.reference} |"


def ratchet() -> dict[str, float]:
    """What figures that miss their goal have reached; they may not get worse."""
    kept = tomllib.loads(RATCHET.read_text()).values()
    return {name: float(value) for figures in kept for name, value in figures.items()}


def machine() -> str:
    """CPU model, cores and load: a rate means nothing without them."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def table(figures: Sequence[Figure]) -> str:
    lines = ["| figure | measured | goal | | beside it, in the same run |", "|---|---|---|---|---|"]
    return "\n".join(lines + [figure.row() for figure in figures])


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
