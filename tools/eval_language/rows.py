"""Rows of the evaluation: right of how many with a 95 % interval, seconds and dollars an item."""

from __future__ import annotations

import contextlib
import statistics
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.library import Library
from agents_offchain.skills.llm.prompts.experiment import wilson
from agents_offchain.skills.llm.replay import Recorder

ROOT = Path(__file__).resolve().parents[2]
SETS = ROOT / "evaluation" / "language"
HEAD = f"{'model':<12} {'task':<46} {'share right [95 %]':<28} {'median':>9} {'slowest':>9} {'USD each':>10}"


@dataclass(frozen=True)
class Row:
    """One measurement: `right` of `count`, median and slowest seconds an item, dollars an item."""

    model: str
    task: str
    right: int
    count: int
    seconds: float
    slowest: float
    usd: float

    def line(self) -> str:
        low, high = wilson(self.right, self.count)
        share = f"{self.right}/{self.count} = {self.right / self.count:.2f} [{low:.2f}, {high:.2f}]"
        return (
            f"{self.model:<12} {self.task:<46} {share:<28} {self.seconds:7.2f} s {self.slowest:7.2f} s {self.usd:10.6f}"
        )


class Bench:
    """Runs tasks and collects rows."""

    def __init__(self, embedder: MiniLm) -> None:
        self.embedder = embedder
        self.rows: list[Row] = []
        self._libraries: dict[str, Library] = {}

    def library(self, text: str) -> Library:
        if text not in self._libraries:
            self._libraries[text] = Library(text.encode(), self.embedder)
        return self._libraries[text]

    def measure(
        self, model: str, task: str, checks: Sequence[Callable[[], bool]], recorder: Recorder | None = None
    ) -> None:
        """Run every check once; one that ends in an error of ours counts as wrong."""
        right, seconds = 0, []
        for check in checks:
            began = time.perf_counter()
            with contextlib.suppress(AitbcError):
                right += check()
            seconds.append(time.perf_counter() - began)
        spent = sum(one.reply.cost_usd_picos for one in recorder.exchanges) / 10**12 if recorder else 0.0
        row = Row(model, task, right, len(checks), statistics.median(seconds), max(seconds), spent / len(checks))
        self.rows.append(row)
        print(row.line(), flush=True)


def load_set(name: str) -> dict[str, Any]:
    return tomllib.loads((SETS / f"{name}.toml").read_text(encoding="utf-8"))
