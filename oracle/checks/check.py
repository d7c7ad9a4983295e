"""A named check with its outcome, and how outcomes make a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PERFECT, UNREADABLE, FLOOR = 100, 0, 5

GATES = frozenset({"job", "request", "input", "execution"})
"""A result about something else is worth the floor, whatever it says."""

OF_REEXECUTION = {
    "counts": 5,
    "labels": 5,
    "boxes": 5,
    "scores": 5,
    "objects": 41,
    "text": 41,
    "text_boxes": 41,
    "evidence": 10,
    "artifacts": 10,
}
OF_SCENES = {
    "steps": 41,
    "answers": 41,
    "shown": 41,
    "classes": 41,
    "agreements": 41,
    "fingerprint": 41,
    "pictures": 41,
    "found": 41,
    "video": 41,
    "track": 41,
}
OF_CITATIONS = {"spans": 41, "support": 41, "near": 41, "abstention": 41, "wording": 41, "label": 41, "evidence": 10}
OF_FORM = {"language": 41, "numbers": 41, "marks": 41, "units": 41, "length": 41, "repetition": 41, "names": 20} | {
    "rubric": 41,
    "spans": 41,
    "near": 41,
    "score": 41,
    "evidence": 10,
}
DEDUCTIONS = OF_REEXECUTION | OF_SCENES | OF_CITATIONS | OF_FORM
"""What a failed check costs. One wrong part of the content alone falls below a pass mark of 60; a wrong
statement about how it was made does not."""


@dataclass(frozen=True)
class Check:
    """One question about a result. `detail` holds only what all honest reporters see alike."""

    name: str
    passed: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "passed": self.passed, "detail": self.detail}


def compute_score(checks: Sequence[Check]) -> int:
    """0 to 100.

    100 when everything passed; 0 when the deliverable cannot be read (rule R6); 5 when it answers another
    job, request or input, or an input that the skill refuses; otherwise 100 less the deductions, at least 5.
    """
    failed = {check.name for check in checks if not check.passed}
    if not failed:
        return PERFECT
    if "readable" in failed:
        return UNREADABLE
    if failed & GATES:
        return FLOOR
    return max(FLOOR, PERFECT - sum(DEDUCTIONS[name] for name in failed))
