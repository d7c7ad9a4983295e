"""What a run of the suite tried and found, how it is printed, and the file from which a cut-off run goes on."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.judge import Findings


@dataclass
class Report:
    """Counts by kind of fault, and everything that was found wrong.

    Args:
        say: Takes each line as it comes.
        file: Every clean story is written there at once; absent, nothing is.
    """

    say: Callable[[str], None]
    file: Path | None = None
    tried: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    missed: list[str] = field(default_factory=list)
    not_again: list[str] = field(default_factory=list)
    jobs: int = 0
    expected: int = 0
    ended: int = 0
    done: set[str] = field(default_factory=set)
    took: dict[str, float] = field(default_factory=dict)
    """Part -> seconds of this run; parts run side by side."""
    began: float = field(default_factory=time.monotonic)

    def resume(self) -> None:
        """Count what an earlier run wrote down as if it had been tried now."""
        if self.file is None or not self.file.exists():
            return
        for line in self.file.read_text().splitlines():
            entry = json.loads(line)
            self.tried[entry["kind"]] += entry["count"]
            self.jobs += entry["jobs"]
            self.done.update(entry["items"])
        self.say(f"           goes on after {len(self.done)} faults of an earlier run ({self.file})")

    def expect(self, stories: int) -> None:
        """So many more stories are to come."""
        self.expected += stories

    def note(
        self, kind: str, where: str, findings: Findings, *, count: int = 1, jobs: int = 1, items: Sequence[str] = ()
    ) -> None:
        """A story has ended.

        Args:
            items: Names of the faults that need not be tried again.
        """
        self.tried[kind] += count
        self.jobs += jobs
        self.ended += 1
        self.findings.add(findings, where)
        if findings.is_clean:
            self._write_down({"kind": kind, "count": count, "jobs": jobs, "items": list(items)})
        verdict = (
            "ok" if findings.is_clean else "WRONG " + "; ".join((*findings.lost, *findings.doubled, *findings.wrong))
        )
        place = f"[{self.ended}/{max(self.expected, self.ended)}]"
        self.say(f"{time.monotonic() - self.began:7.1f} s {place:>9}  {kind:<14} {where}: {verdict}")

    def _write_down(self, entry: dict[str, object]) -> None:
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    def miss(self, what: str) -> None:
        """A fault that could not be brought about."""
        self.missed.append(what)
        self.say(f"{time.monotonic() - self.began:7.1f} s  not reached    {what}")

    def let_go(self, what: str) -> None:
        """A crossing that did not come again: one of chance, or a later one of a name whose first one was tried."""
        self.not_again.append(what)
        self.say(f"{time.monotonic() - self.began:7.1f} s  not again      {what}")

    @property
    def is_clean(self) -> bool:
        return self.findings.is_clean and not self.missed and bool(self.tried)

    def summary(self) -> list[str]:
        """The last lines of a run."""
        tried = ", ".join(f"{count} {kind}" for kind, count in sorted(self.tried.items())) or "nothing"
        lines = [*self.findings.lost, *self.findings.doubled, *self.findings.wrong]
        lines += [f"not reached: {what}" for what in self.missed]
        if self.not_again:
            lines.append(f"{len(self.not_again)} crossings that depend on who was faster did not come again")
        if self.took:
            lines.append("took: " + ", ".join(f"{part} {seconds:.0f} s" for part, seconds in self.took.items()))
        lines.append(f"tried: {tried}")
        lines.append(
            f"{self.jobs} jobs, {len(self.findings.lost)} lost, {len(self.findings.doubled)} duplicated, "
            f"{len(self.findings.wrong)} otherwise wrong, {len(self.missed)} faults not reached; "
            f"{time.monotonic() - self.began:.0f} s, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
        return lines
