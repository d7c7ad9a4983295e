"""What a run of the suite tried and found, and how it is printed."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.judge import Findings


@dataclass
class Report:
    """Counts by kind of fault, and everything that was found wrong.

    Args:
        say: Takes each line as it comes.
    """

    say: Callable[[str], None]
    tried: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    missed: list[str] = field(default_factory=list)
    jobs: int = 0
    began: float = field(default_factory=time.monotonic)

    def note(self, kind: str, where: str, findings: Findings, *, count: int = 1, jobs: int = 1) -> None:
        """A story has ended."""
        self.tried[kind] += count
        self.jobs += jobs
        self.findings.add(findings, where)
        verdict = (
            "ok" if findings.is_clean else "WRONG " + "; ".join((*findings.lost, *findings.doubled, *findings.wrong))
        )
        self.say(f"{time.monotonic() - self.began:7.1f} s  {kind:<14} {where}: {verdict}")

    def miss(self, what: str) -> None:
        """A fault that could not be brought about."""
        self.missed.append(what)
        self.say(f"{time.monotonic() - self.began:7.1f} s  not reached    {what}")

    @property
    def is_clean(self) -> bool:
        return self.findings.is_clean and not self.missed and bool(self.tried)

    def summary(self) -> list[str]:
        """The last lines of a run."""
        tried = ", ".join(f"{count} {kind}" for kind, count in sorted(self.tried.items())) or "nothing"
        lines = [*self.findings.lost, *self.findings.doubled, *self.findings.wrong]
        lines += [f"not reached: {what}" for what in self.missed]
        lines.append(f"tried: {tried}")
        lines.append(
            f"{self.jobs} jobs, {len(self.findings.lost)} lost, {len(self.findings.doubled)} duplicated, "
            f"{len(self.findings.wrong)} otherwise wrong, {len(self.missed)} faults not reached; "
            f"{time.monotonic() - self.began:.0f} s, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
        return lines
