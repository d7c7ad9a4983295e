from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.canonical import DocumentInvalid, canonical_json, parse_document, sha256
from agents_offchain.runtime.documents import (
    RESULT_SCHEMA,
    RequestDocument,
    build_result,
    parse_request,
    request_cid_of,
)

pytestmark = pytest.mark.unit
GOOD: dict[str, Any] = {
    "schema": "aitbc.request/1",
    "service": "inspect-image",
    "listing_id": 1,
    "input": {"cid": "bafkreiabcdef", "media_type": "image/jpeg", "bytes": 12345, "sha256": "ab" * 32},
    "settings": {},
    "criteria": {"kind": "re-execution", "box_tolerance_px": 1, "score_tolerance": 0.001, "text": "equal"},
    "note": "please",
}


def test_parse_request__of_a_whole_one__is_what_was_written() -> None:
    request = parse_request(canonical_json(GOOD))
    assert request.as_dict() == GOOD
    assert parse_request(canonical_json(request.as_dict())) == request


def test_parse_request__with_only_what_must_be__has_the_usual_criteria() -> None:
    least = {key: GOOD[key] for key in ("schema", "service", "listing_id", "input")}
    request = parse_request(canonical_json(least))
    assert request == RequestDocument.model_validate(GOOD | {"note": ""})


BAD: dict[str, dict[str, Any]] = {
    "no service": {"service": None},
    "a service with capitals": {"service": "Inspect"},
    "a service too long": {"service": "a" * 33},
    "a negative listing": {"listing_id": -1},
    "an empty input": {"input": {**GOOD["input"], "bytes": 0}},
    "an endless input": {"input": {**GOOD["input"], "bytes": (1 << 40) + 1}},
    "a path for a cid": {"input": {**GOOD["input"], "cid": "../../etc/passwd"}},
    "a cid with a line break": {"input": {**GOOD["input"], "cid": "bafkreiabcdef\n"}},
    "a short digest": {"input": {**GOOD["input"], "sha256": "ab" * 31}},
    "a strange media type": {"input": {**GOOD["input"], "media_type": "image/jpeg; x=<script>"}},
    "a field too many": {"surprise": 1},
    "a field too many inside": {"input": {**GOOD["input"], "surprise": 1}},
    "another criterion": {"criteria": {"kind": "vibes"}},
    "a negative tolerance": {"criteria": {"kind": "re-execution", "score_tolerance": -1}},
    "a note too long": {"note": "x" * 4001},
    "settings that are no object": {"settings": []},
    "another schema": {"schema": "aitbc.request/2"},
}


@pytest.mark.parametrize("case", BAD)
def test_parse_request__with_a_wrong_field__is_refused_by_its_name(case: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        parse_request(canonical_json({**GOOD, **BAD[case]}))
    assert next(iter(BAD[case])) in caught.value.message


@given(
    data=st.binary(max_size=100)
    | st.recursive(st.integers() | st.text(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_parse_request__of_any_bytes__raises_nothing_else(data: bytes) -> None:
    with contextlib.suppress(DocumentInvalid):
        parse_request(data)


@given(field=st.sampled_from(sorted(GOOD)), value=st.recursive(st.none() | st.floats() | st.text(), st.lists))
def test_parse_request__with_any_value_in_a_field__raises_nothing_else(field: str, value: Any) -> None:
    with contextlib.suppress(DocumentInvalid):
        parse_request(json.dumps({**GOOD, field: value}).encode())


def test_request_cid_of__a_description__is_the_cid() -> None:
    assert request_cid_of("ipfs://bafkreiabcdef") == "bafkreiabcdef"


@pytest.mark.parametrize(
    "description",
    [
        "",
        "ipfs://",
        "bafkreiabcdef",
        "ipfs://short",
        "ipfs://" + "a" * 101,
        "ipfs://ba fk",
        "ipfs://bafkrei/../x",
        "http://bafkreiabcdef",
        "ipfs://٢٣٤٥٦٧٨٩٠١٢",
        "ipfs://bafkreiabcdef\n",
    ],
)
def test_request_cid_of__anything_else__is_refused(description: str) -> None:
    with pytest.raises(DocumentInvalid, match="does not name a request"):
        request_cid_of(description)


def test_build_result__of_the_same_facts__is_the_same_bytes() -> None:
    facts: dict[str, Any] = {
        "service": "inspect-image",
        "chain_id": 31337,
        "escrow": b"\xab" * 20,
        "job_id": 2**60,
        "request_cid": "bafkreiabcdef",
        "output": {"b": 1, "a": [1.5]},
        "artifacts": {},
        "evidence": {"seed": 0},
    }
    once = build_result(**facts)
    again = build_result(**{**facts, "output": {"a": [1.5], "b": 1}})
    assert sha256(once) == sha256(again)
    document = parse_document(once, RESULT_SCHEMA)
    assert document["job"] == {
        "chain_id": 31337,
        "escrow": "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB",
        "job_id": str(2**60),
    }
