"""An id without a test, a test that is only named, and an id that is open in vain are faults."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tools.test_security_findings import load

pytestmark = pytest.mark.unit

ids = load("tools/test_ids.py")


def faults(document: dict[str, Any], *names: str) -> list[str]:
    return [row.fault for row in ids.read_rows(document, set(names), {"gas"}) if row.fault]


def test_ids__when_a_test_has_the_id_in_its_name__are_carried() -> None:
    document = {
        "C1": {"what": "once"},
        "E1": {"what": "sums", "also": ["invariant_sums"]},
        "G1": {"what": "", "gate": "gas"},
    }
    assert faults(document, "testFuzz_C1_claim__whatever__is_once", "invariant_sums") == []


def test_ids__when_nothing_carries_one__is_a_fault() -> None:
    assert (
        faults({"C1": {"what": "once"}}, "test_C11_other__is_not_it", "test_claim__C1_inside__is_not_it")[0]
        == "has no test"
    )


def test_ids__when_a_named_test_or_target_is_gone__is_a_fault() -> None:
    assert faults({"C1": {"what": "", "also": ["test_gone"]}}) == ["names tests that do not exist: test_gone"]
    assert faults({"G1": {"what": "", "gate": "gone"}}) == ["names the make target gone, which does not exist"]


def test_ids__when_open_although_a_test_is_there__is_a_fault() -> None:
    assert faults({"E8": {"what": "", "open": "no court"}}) == []
    assert "remove `open`" in faults({"E8": {"what": "", "open": "no court"}}, "test_E8_dispute__in_time__opens")[0]


def test_ids__when_a_test_names_one_that_the_file_does_not_know__is_a_fault() -> None:
    assert faults({}, "test_X9_claim__when_late__reverts") == [
        "is in the name of test_X9_claim__when_late__reverts, but not in ids.toml"
    ]
