"""A finding without a row fails, a row without its finding fails, and only small things are explained wholesale."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.unit


def load(path: str) -> Any:
    """A script of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


findings = load("tools/security/findings.py")

CLAIM = findings.Finding("calls-loop", "Low", "A.claim()")
SEVERE = findings.Finding("reentrancy-eth", "High", "A.pay()")


def rows(tmp_path: Path, *lines: str) -> list[Any]:
    document = tmp_path / "accepted.md"
    document.write_text("\n".join(["# Title", "| detector | place |", "|---|---|", *lines]))
    accepted: list[Any] = findings.read_accepted(document)
    return accepted


def row(detector: str = "calls-loop", place: str = "A.claim()", count: str = "1") -> str:
    return f"| `{detector}` | `{place}` | {count} | It is right for this reason. |"


def test_findings__when_each_has_its_row__are_accepted(tmp_path: Path) -> None:
    assert list(findings.faults_of([CLAIM, CLAIM], rows(tmp_path, row(count="2")))) == []


def test_findings__when_one_has_no_row__is_new(tmp_path: Path) -> None:
    faults = list(findings.faults_of([CLAIM, SEVERE], rows(tmp_path, row())))
    assert faults == ["new: `reentrancy-eth` (High) at `A.pay()`: 1, accepted 0"]


def test_findings__when_there_is_one_more_than_accepted__is_new(tmp_path: Path) -> None:
    assert next(iter(findings.faults_of([CLAIM, CLAIM], rows(tmp_path, row())))).startswith("new: `calls-loop`")


@pytest.mark.parametrize("line", [row(place="A.gone()"), row("timestamp", "*", "any")])
def test_findings__when_a_row_has_no_finding__is_stale(tmp_path: Path, line: str) -> None:
    assert next(iter(findings.faults_of([CLAIM], rows(tmp_path, row(), line)))).startswith("stale")


def test_findings__when_a_severe_detector_is_explained_as_a_whole__fails(tmp_path: Path) -> None:
    faults = list(findings.faults_of([SEVERE], rows(tmp_path, row("reentrancy-eth", "*", "any"))))
    assert faults == ["`reentrancy-eth` has the impact High: explain each of its findings, not all at once"]


def test_findings__when_explained_twice__fails(tmp_path: Path) -> None:
    assert next(iter(findings.faults_of([CLAIM], rows(tmp_path, row(), row())))).startswith("twice")


@pytest.mark.parametrize(
    "line",
    [
        "| `calls-loop` | `A.claim()` | 1 | |",
        "| `calls-loop` | `A.claim()` | 1 | Fine. |",
        row(count="any"),
        row(place="*"),
    ],
)
def test_rows__when_they_say_nothing__are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match=r"accepted\.md:4"):
        rows(tmp_path, line)


def test_report__when_slither_names_a_line__is_named_by_its_function(tmp_path: Path) -> None:
    contract = {"type": "contract", "name": "A"}
    function = {
        "type": "function",
        "name": "pay",
        "type_specific_fields": {"signature": "pay(uint256)", "parent": contract},
    }
    node = {"type": "node", "name": "a + b", "type_specific_fields": {"parent": function}}
    report = tmp_path / "report.json"
    entry = {"check": "calls-loop", "impact": "Low", "elements": [node]}
    report.write_text(json.dumps({"success": True, "error": None, "results": {"detectors": [entry]}}))
    assert findings.read_findings(report) == [findings.Finding("calls-loop", "Low", "A.pay(uint256)")]
    report.write_text(json.dumps({"success": False, "error": "no compiler", "results": {}}))
    with pytest.raises(ValueError, match="no compiler"):
        findings.read_findings(report)


def test_document__when_read__gives_every_row() -> None:
    accepted = findings.read_accepted(ROOT / "docs" / "security" / "slither.md")
    assert len(accepted) > 40
