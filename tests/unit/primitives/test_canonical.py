from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.canonical import (
    MAX_DOCUMENT_BYTES,
    DocumentInvalid,
    canonical_json,
    parse_document,
    sha256,
)

pytestmark = pytest.mark.unit
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers() | FINITE | TEXT,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
        max_leaves=15,
    ),
    max_size=6,
)


@given(document=DOCUMENTS)
def test_canonical_json__of_any_document__is_read_back_and_written_alike(document: dict[str, Any]) -> None:
    document["schema"] = "s"
    once = canonical_json(document)
    assert parse_document(once, "s") == document
    assert canonical_json(json.loads(once)) == once


@given(document=DOCUMENTS, data=st.data())
def test_canonical_json__of_the_same_keys_in_another_order__is_the_same(
    document: dict[str, Any], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(document.items()))))
    assert canonical_json(shuffled) == canonical_json(document)


def test_canonical_json__of_a_known_document__is_these_bytes() -> None:
    document = {"b": [1, 2.5, None, True], "a": {"z": "ä", "y": "\n"}, "schema": "s"}
    assert canonical_json(document) == '{"a":{"y":"\\n","z":"ä"},"b":[1,2.5,null,true],"schema":"s"}'.encode()


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), b"bytes", {1, 2}, {1: "a", "1": "b"}, {"a": [{None: 1}]}, "\ud800", Exception],
    ids=lambda value: repr(value)[:20],
)
def test_canonical_json__of_what_json_cannot_carry__is_refused(value: Any) -> None:
    with pytest.raises(DocumentInvalid, match="cannot be written"):
        canonical_json({"a": value})


def test_canonical_json__of_endless_depth__is_refused() -> None:
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    with pytest.raises(DocumentInvalid):
        canonical_json(deep)
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(DocumentInvalid):
        canonical_json(loop)


def test_canonical_json__over_one_block__is_refused_with_a_mend() -> None:
    assert len(canonical_json("x" * (MAX_DOCUMENT_BYTES - 2))) == MAX_DOCUMENT_BYTES
    with pytest.raises(DocumentInvalid, match="Store the large part"):
        canonical_json("x" * (MAX_DOCUMENT_BYTES - 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"schema"',
        b'{"schema":"other"}',
        b"{}",
        b'{"schema":"s","x":NaN}',
        b'{"schema":"s","x":-Infinity}',
        b'{"schema":"s","x":1e999}',
        b'{"schema":"s","x":' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b'{"schema":"s","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b" " * (MAX_DOCUMENT_BYTES + 1),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_parse_document__of_bytes_that_are_none__is_refused(data: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        parse_document(data, "s")


@given(data=st.binary(max_size=200))
def test_parse_document__of_any_bytes__is_refused_or_read(data: bytes) -> None:
    with contextlib.suppress(DocumentInvalid):
        assert parse_document(data, "s")["schema"] == "s"


def test_sha256__of_bytes__is_the_library_s() -> None:
    assert sha256(b"x") == hashlib.sha256(b"x").digest()
