from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.canonical import DocumentInvalid
from agents_offchain.primitives.hexes import checksum
from agents_offchain.runtime.documents import RequestDocument, parse_request
from oracle.checks.check import DEDUCTIONS, FLOOR, GATES, OF_REEXECUTION, Check, compute_score
from oracle.checks.documents import read_output, read_result
from oracle.checks.reexecution import Job, Reexecution, compare, refused_input, unreadable
from oracle.reports.report import write_report
from tests.unit.oracle.documents import (
    CHAIN_ID,
    ESCROW,
    EVIDENCE,
    OUTPUT,
    PICTURE_SHA,
    REQUEST_CID,
    output,
    request_document,
    result_document,
    result_fields,
)

pytestmark = pytest.mark.unit
JOB = Job(CHAIN_ID, checksum(ESCROW), 1, REQUEST_CID)
PERSON, OTHER_PERSON, DOG = OUTPUT["objects"]
EXIT, GATE = OUTPUT["text"]
Fields = dict[str, Any]


def request(**criteria: Any) -> RequestDocument:
    merged = {"kind": "re-execution", "box_tolerance_px": 1, "score_tolerance": 0.001, "text": "equal", **criteria}
    return parse_request(request_document("bafkreiinput0", criteria=merged))


def again(ours: Fields | None = None, evidence: Fields | None = None) -> Reexecution:
    return Reexecution(read_output(ours or output()), evidence or EVIDENCE, {"annotated": "image/jpeg"})


def run(fields: Fields | None = None, ours: Fields | None = None, **criteria: Any) -> list[Check]:
    document = json.dumps(fields or result_fields()).encode()
    return compare(read_result(document), JOB, request(**criteria), PICTURE_SHA, again(ours))


def failed(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if not check.passed}


def claim(**changes: Any) -> Fields:
    return result_fields(output=output(**changes))


def test_compare__given_an_honest_result__passes_everything() -> None:
    checks = run()
    assert failed(checks) == set()
    assert compute_score(checks) == 100


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (result_fields(job_id=2), {"job"}),
        (result_fields(job={"chain_id": 1, "escrow": "0x" + ESCROW.hex(), "job_id": "1"}), {"job"}),
        (result_fields(job={"chain_id": CHAIN_ID, "escrow": "0x" + "11" * 20, "job_id": "1"}), {"job"}),
        (result_fields(job={"chain_id": CHAIN_ID, "escrow": checksum(ESCROW), "job_id": "1"}), set()),
        (result_fields(job={"chain_id": CHAIN_ID, "escrow": checksum(ESCROW), "job_id": "01"}), {"job"}),
        (result_fields(request_cid="bafkreiother"), {"request"}),
        (result_fields(service="other"), {"request"}),
        (claim(image={"width": 640, "height": 480, "sha256": "00" * 32}), {"input"}),
        (claim(image={"width": 641, "height": 480, "sha256": PICTURE_SHA}), {"input"}),
        (result_fields(evidence={**EVIDENCE, "models": {"nanodet": "sha256:cc"}}), {"evidence"}),
        (result_fields(evidence={}), {"evidence"}),
        (result_fields(evidence={**EVIDENCE, "runtime": {"onnxruntime": "2"}}), set()),
        (result_fields(artifacts={}), {"artifacts"}),
        (result_fields(artifacts={"annotated": {"cid": "x", "media_type": "text/html"}}), {"artifacts"}),
        (claim(objects=[PERSON, OTHER_PERSON]), {"counts", "labels", "boxes", "scores", "objects"}),
        (claim(objects=[]), {"counts", "labels", "boxes", "scores", "objects"}),
        (claim(objects=[PERSON, OTHER_PERSON, DOG, DOG]), {"counts", "labels", "boxes", "scores", "objects"}),
        (claim(objects=[PERSON, OTHER_PERSON, {**DOG, "label": "cat"}]), {"labels", "boxes", "scores", "objects"}),
        (claim(objects=[DOG, OTHER_PERSON, PERSON]), set()),
        (claim(objects=[{**PERSON, "score": 0.9142}, OTHER_PERSON, DOG]), {"scores", "objects"}),
        (claim(objects=[{**PERSON, "score": 0.9141}, OTHER_PERSON, DOG]), set()),
        (claim(objects=[{**PERSON, "box": [11.0, 21.0, 111.5, 221.25]}, OTHER_PERSON, DOG]), set()),
        (claim(objects=[{**PERSON, "box": [11.01, 20.0, 110.5, 220.25]}, OTHER_PERSON, DOG]), {"boxes", "objects"}),
        (
            claim(objects=[{**PERSON, "score": 0.8042}, {**OTHER_PERSON, "score": 0.9131}, DOG]),
            {"objects"},
        ),  # scores swapped: boxes and scores fit one by one, no whole object does
        (claim(text=[EXIT]), {"text", "text_boxes"}),
        (claim(text=[{**EXIT, "text": "Exit"}, GATE]), {"text", "text_boxes"}),
        (claim(text=[{**EXIT, "text": "EXIT "}, GATE]), {"text", "text_boxes"}),
        (claim(text=[GATE, EXIT]), set()),
        (claim(text=[{**EXIT, "box": GATE["box"]}, {**GATE, "box": EXIT["box"]}]), {"text_boxes"}),
        (claim(text=[{**EXIT, "score": 0.5}, GATE]), {"text_boxes"}),
    ],
)
def test_compare__given_a_claim__fails_exactly_the_checks_it_breaks(fields: Fields, names: set[str]) -> None:
    assert failed(run(fields)) == names


@pytest.mark.parametrize(("tolerance", "passes"), [(0, False), (1, False), (2, True), (3.5, True)])
def test_compare__given_the_requests_tolerance__uses_it(tolerance: float, passes: bool) -> None:
    moved = claim(objects=[{**PERSON, "box": [12.0, 20.0, 110.5, 220.25]}, OTHER_PERSON, DOG])
    assert (failed(run(moved, box_tolerance_px=tolerance)) == set()) is passes


@pytest.mark.parametrize(
    "changes",
    [
        {"objects": [PERSON, OTHER_PERSON]},
        {"objects": [{**PERSON, "label": "cat"}, OTHER_PERSON, DOG]},
        {"objects": [{**PERSON, "score": 0.5}, OTHER_PERSON, DOG]},
        {"objects": [{**PERSON, "box": [20.0, 20.0, 110.5, 220.25]}, OTHER_PERSON, DOG]},
        {"text": [EXIT]},
        {"text": [{**EXIT, "text": "EXLT"}, GATE]},
        {"text": [{**EXIT, "box": GATE["box"]}, GATE]},
    ],
)
def test_score__given_one_wrong_part_of_the_content__is_below_the_pass_mark(changes: Fields) -> None:
    assert FLOOR <= compute_score(run(claim(**changes))) < 60


def test_score__given_only_wrong_words_about_the_making__still_passes() -> None:
    assert compute_score(run(result_fields(evidence={}, artifacts={}))) == 80


@pytest.mark.parametrize("gate", sorted(GATES))
def test_score__given_a_failed_gate__is_the_floor(gate: str) -> None:
    checks = [Check("readable", True, ""), Check(gate, False, "")]
    assert compute_score(checks) == FLOOR


def test_score__given_an_unreadable_deliverable__is_zero() -> None:
    assert compute_score(unreadable("no store has it")) == 0


def test_score__given_an_input_that_the_skill_refuses__is_the_floor() -> None:
    result = read_result(result_document())
    assert compute_score(refused_input(result, JOB, request())) == FLOOR


def test_score__when_everything_fails_but_the_gates__is_the_floor() -> None:
    checks = [Check(name, False, "") for name in DEDUCTIONS]
    assert compute_score(checks) == FLOOR


def test_check_names__of_a_comparison__all_have_a_price() -> None:
    names = {check.name for check in run()}
    assert names == {"readable"} | GATES | set(OF_REEXECUTION)


@given(seed=st.integers(0, 2**32))
def test_report__given_machines_that_differ_in_the_last_decimals__is_the_same_to_the_byte(seed: int) -> None:
    rng = random.Random(seed)

    def jitter(value: float, size: float) -> float:
        return value + rng.uniform(-size, size)

    ours = output()
    for item in ours["objects"]:
        item["box"] = [jitter(value, 0.4) for value in item["box"]]
        item["score"] = jitter(item["score"], 0.0004)
    for line in ours["text"]:
        line["box"] = [[jitter(x, 0.4), jitter(y, 0.4)] for x, y in line["box"]]
        line["score"] = jitter(line["score"], 0.0004)
    rng.shuffle(ours["objects"])
    rng.shuffle(ours["text"])
    for fields in (result_fields(), claim(objects=[DOG]), claim(text=[{**EXIT, "text": "no"}])):
        reports = [write_report(JOB, b"\x01" * 32, run(fields, variant)) for variant in (output(), ours)]
        assert reports[0].data == reports[1].data


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "aitbc.result/2"},
        {"output": None},
        {"output": {}},
        {"output": {**OUTPUT, "objects": [{**PERSON, "score": float("nan")}]}},
        {"output": {**OUTPUT, "objects": [{**PERSON, "score": 1.5}]}},
        {"output": {**OUTPUT, "objects": [{**PERSON, "score": "0.9"}]}},
        {"output": {**OUTPUT, "objects": [{**PERSON, "box": [1, 2, 3]}]}},
        {"output": {**OUTPUT, "objects": [{**PERSON, "box": [1, 2, 3, float("inf")]}]}},
        {"output": {**OUTPUT, "objects": [DOG] * 10_001}},
        {"output": {**OUTPUT, "text": [{**EXIT, "text": 7}]}},
        {"output": {**OUTPUT, "image": {"width": "640", "height": 480, "sha256": PICTURE_SHA}}},
        {"job": {"chain_id": "31337", "escrow": "0x", "job_id": "1"}},
        {"job": None},
        {"artifacts": {f"a{n}": {"cid": "c", "media_type": "m"} for n in range(65)}},
        {"evidence": []},
    ],
)
def test_read_result__given_a_malformed_claim__is_refused(change: Fields) -> None:
    with pytest.raises(DocumentInvalid):
        read_result(json.dumps({**result_fields(), **change}).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b" " * ((1 << 20) + 1), b"1" * 5000])
def test_read_result__given_hostile_bytes__is_refused(data: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        read_result(data)


@given(st.binary(max_size=400))
def test_read_result__given_random_bytes__is_refused(data: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        read_result(data)


def test_write_report__given_checks__has_the_documents_form() -> None:
    report = write_report(JOB, b"\x01" * 32, run())
    assert list(report.document) == ["schema", "job", "deliverable", "request_cid", "checks", "score", "checker"]
    assert report.document["job"] == {"chain_id": CHAIN_ID, "escrow": checksum(ESCROW), "job_id": "1"}
    assert report.document["deliverable"] == "0x" + "01" * 32
    assert (report.score, report.document["score"], report.document["checker"]) == (100, 100, "re-execution/1")
