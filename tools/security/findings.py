"""Compare what slither finds with what `docs/security/slither.md` accepts.

A finding is named by its detector and the place it points at (`PaymentChannels.claim(...)`), not by a line number, so
that moving code keeps its explanation. The table of the document says how often a name may occur: one more is new, one
less is stale, and both fail. A row with the place `*` explains a whole detector; only detectors of low impact may be
explained so.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVERYWHERE = "*"
WIDE_IMPACTS = frozenset({"Low", "Informational", "Optimization"})
ROW = re.compile(r"^\| `(?P<detector>[a-z0-9-]+)` \| `(?P<place>[^`]+)` \| (?P<count>\d+|any) \| (?P<reason>.+) \|$")
MIN_REASON_WORDS = 4


@dataclass(frozen=True)
class Finding:
    """One thing that slither says."""

    detector: str
    impact: str
    place: str


@dataclass(frozen=True)
class Accepted:
    """One row of the document; `count` is None for a whole detector."""

    detector: str
    place: str
    count: int | None
    reason: str


def read_findings(report: Path) -> list[Finding]:
    """The findings of slither's JSON report.

    Raises:
        ValueError: slither did not finish.
    """
    document = json.loads(report.read_text())
    if not document["success"]:
        raise ValueError(f"slither did not finish: {document['error']}")
    return [
        Finding(entry["check"], entry["impact"], place_of(entry["elements"]))
        for entry in document["results"].get("detectors", [])
    ]


def place_of(elements: list[dict[str, Any]]) -> str:
    """Contract, function or variable that a finding points at first: `Contract.function(types)`."""
    if not elements or elements[0]["type"] == "pragma":
        return "pragma"
    return _name(elements[0])


def _name(element: dict[str, Any]) -> str:
    fields = element.get("type_specific_fields", {})
    parent = fields.get("parent")
    if element["type"] == "node" and parent:
        return _name(parent)
    name = str(fields.get("signature") or element["name"])
    return f"{_name(parent)}.{name}" if parent and element["type"] != "contract" else name


def read_accepted(document: Path) -> list[Accepted]:
    """The rows of the document's tables.

    Raises:
        ValueError: a row that looks like one of ours cannot be read, or names no reason.
    """
    accepted = []
    for number, line in enumerate(document.read_text().splitlines(), start=1):
        if not line.startswith("| `"):
            continue
        match = ROW.match(line)
        if match is None:
            raise ValueError(f"{document.name}:{number} is no row of detector, place, count and reason")
        if len(match["reason"].split()) < MIN_REASON_WORDS:
            raise ValueError(f"{document.name}:{number} gives no reason in a sentence")
        count = None if match["count"] == "any" else int(match["count"])
        if (match["place"] == EVERYWHERE) != (count is None):
            raise ValueError(f"{document.name}:{number}: the count `any` belongs to the place `*`, and to no other")
        accepted.append(Accepted(match["detector"], match["place"], count, match["reason"]))
    return accepted


def faults_of(findings: list[Finding], accepted: list[Accepted]) -> Iterator[str]:
    """One sentence for each finding without a row, and for each row without its finding."""
    impacts = {finding.detector: finding.impact for finding in findings}
    wide = {row.detector for row in accepted if row.place == EVERYWHERE}
    for detector in sorted(wide):
        if detector not in impacts:
            yield f"stale: `{detector}` finds nothing any more; remove its row"
        elif impacts[detector] not in WIDE_IMPACTS:
            yield f"`{detector}` has the impact {impacts[detector]}: explain each of its findings, not all at once"
    rows = Counter((row.detector, row.place) for row in accepted)
    yield from (f"twice: `{d}` at `{p}` has more than one row" for (d, p), times in rows.items() if times > 1)
    allowed = {(row.detector, row.place): row.count or 0 for row in accepted if row.place != EVERYWHERE}
    found = Counter((finding.detector, finding.place) for finding in findings if finding.detector not in wide)
    for key in sorted(found.keys() | allowed.keys()):
        detector, place = key
        if found[key] > allowed.get(key, 0):
            yield f"new: `{detector}` ({impacts[detector]}) at `{place}`: {found[key]}, accepted {allowed.get(key, 0)}"
        elif found[key] < allowed[key]:
            yield f"stale: `{detector}` at `{place}`: {found[key]}, accepted {allowed[key]}"
