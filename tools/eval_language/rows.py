"""Rows of the evaluation: right of how many with a 95 % interval, seconds and dollars an item."""

from __future__ import annotations

import contextlib
import json
import statistics
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
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
    """Runs tasks and collects rows.

    Args:
        kept: Where rows are written as they are measured; rows that stand there are not measured again.
    """

    def __init__(self, embedder: MiniLm, kept: Path | None = None) -> None:
        self.embedder = embedder
        self._kept = kept
        self._known = _read_rows(kept)
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
        known = self._known.get((model, task, len(checks)))
        if known is not None:
            self._note(known)
            return
        right, seconds = 0, []
        for check in checks:
            began = time.perf_counter()
            with contextlib.suppress(AitbcError):
                right += check()
            seconds.append(time.perf_counter() - began)
        spent = sum(one.reply.cost_usd_picos for one in recorder.exchanges) / 10**12 if recorder else 0.0
        row = Row(model, task, right, len(checks), statistics.median(seconds), max(seconds), spent / len(checks))
        self._note(row)
        if self._kept is not None:
            with self._kept.open("a", encoding="utf-8") as lines:
                lines.write(f"\n{json.dumps(asdict(row))}\n")  # a line that a kill cut off spoils no other

    def _note(self, row: Row) -> None:
        self.rows.append(row)
        print(row.line(), flush=True)


def _read_rows(kept: Path | None) -> dict[tuple[str, str, int], Row]:
    """Rows of an earlier run, by model, task and number of items; a line that was cut off by a kill is left out."""
    found: dict[tuple[str, str, int], Row] = {}
    if kept is not None and kept.exists():
        for line in kept.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, TypeError):
                row = Row(**json.loads(line))
                found[row.model, row.task, row.count] = row
    return found


def load_set(name: str) -> dict[str, Any]:
    return tomllib.loads((SETS / f"{name}.toml").read_text(encoding="utf-8"))
