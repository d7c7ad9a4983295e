"""Files as blocks: golden CIDs of the JavaScript reference implementation, reading back, and hostile graphs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.storage.artifacts.blocks import MemoryBlockStore
from agents_offchain.storage.artifacts.cid import Cid, Codec, cid_of
from agents_offchain.storage.artifacts.errors import ArtifactMalformed, ArtifactNotFound
from agents_offchain.storage.artifacts.unixfs import (
    V0_2015,
    V1_2025,
    Profile,
    decode_node,
    read_file,
    walk_blocks,
    write_file,
)

pytestmark = pytest.mark.unit

PROFILES = {profile.name: profile for profile in (V1_2025, V0_2015)}
GOLDEN = json.loads((Path(__file__).parent / "golden" / "unixfs.json").read_text())["files"]
SMALL = replace(V1_2025, chunk_bytes=16, width=3)
SMALL_V0 = replace(V0_2015, chunk_bytes=16, width=3)


def pattern(size_bytes: int) -> bytes:
    """The bytes of the golden files: byte i is (31 i + 7 (i >> 8) + (i >> 16)) mod 256."""
    rows = [bytes((31 * column + shift) & 255 for column in range(256)) for shift in range(256)]
    count = (size_bytes + 255) // 256
    return b"".join(rows[(7 * row + (row >> 8)) & 255] for row in range(count))[:size_bytes]


def pieces_of(data: bytes, length: int) -> list[bytes]:
    return [data[start : start + length] for start in range(0, len(data), length)]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['profile']}-{case['size_bytes']}-{case['width']}")
def test_write_file__golden_bytes__has_the_reference_cid_and_size(case: dict[str, Any]) -> None:
    profile = replace(PROFILES[case["profile"]], chunk_bytes=case["chunk_bytes"], width=case["width"])
    root = write_file(pieces_of(pattern(case["size_bytes"]), 70_001), lambda block: None, profile)
    assert str(root.cid) == case["cid"]
    assert root.tree_bytes == case["tree_bytes"]
    assert root.file_bytes == case["size_bytes"]


@given(st.binary(max_size=700), st.sampled_from([SMALL, SMALL_V0]), st.integers(1, 64))
def test_read_file__whatever_was_written__is_the_same_bytes(data: bytes, profile: Profile, piece: int) -> None:
    store = MemoryBlockStore()
    root = write_file(pieces_of(data, piece), store.put, profile)
    assert b"".join(read_file(root.cid, lambda cid: store.get(cid.digest))) == data


def test_write_file__a_block_fails__root_was_not_stored() -> None:
    stored: list[bytes] = []

    def put_three(block: bytes) -> None:
        if len(stored) == 3:
            raise OSError("full")
        stored.append(block)

    with pytest.raises(OSError, match="full"):
        write_file([bytes(200)], put_three, SMALL)
    root = write_file([bytes(200)], lambda block: None, SMALL)
    assert not any(root.cid.matches(block) for block in stored)


def test_read_file__a_block_is_missing__says_so_and_serves_what_comes_before() -> None:
    store = MemoryBlockStore()
    data = bytes(range(160))
    root = write_file([data], store.put, SMALL)
    del store.digest_to_block[cid_of(data[64:80], Codec.RAW).digest]
    pieces = read_file(root.cid, lambda cid: store.get(cid.digest))
    assert b"".join(next(pieces) for _ in range(4)) == data[:64]
    with pytest.raises(ArtifactNotFound):
        next(pieces)


def test_walk_blocks__repeated_leaf__is_seen_once() -> None:
    store = MemoryBlockStore()
    root = write_file([bytes(16 * 9)], store.put, SMALL)
    seen = list(walk_blocks(root.cid, lambda cid: store.get(cid.digest)))
    assert len(seen) == len(set(seen)) == len(store.digest_to_block)


def message(*fields: tuple[int, int | bytes]) -> bytes:
    """A protobuf message with one-byte keys and lengths."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += bytes((number << 3, value))
        else:
            out += bytes((number << 3 | 2, len(value))) + value
    return out


def node(children: list[tuple[Cid, int]], *, kind: int = 2, data: bytes = b"", size: int | None = None) -> bytes:
    total = len(data) + sum(length for _, length in children) if size is None else size
    unixfs = message((1, kind), *([(2, data)] if data else []), (3, total), *((4, length) for _, length in children))
    return message(*((2, message((1, cid.encode()), (3, 1))) for cid, _ in children), (1, unixfs))


LEAF = cid_of(b"leaf", Codec.RAW)


@pytest.mark.parametrize(
    "block",
    [
        b"\xff\xff\xff",
        b"\x80" * 30,
        message((1, b"\xff")),
        message((2, message((1, b"not a cid"))), (1, message((1, 2), (3, 0)))),
        message((2, b"")),
        node([], kind=1),
        node([], kind=4),
        node([(LEAF, 4)], size=99),
        node([(LEAF, 0)]),
        message((2, message((1, LEAF.encode()))), (1, message((1, 2), (3, 4)))),
        b"\x0a\x7f" + b"short",
        message((1, 5)),
    ],
    ids=[
        "noise",
        "endless varint",
        "broken data",
        "link is no cid",
        "empty link",
        "directory",
        "symlink",
        "wrong total",
        "child of no bytes",
        "sizes missing",
        "cut short",
        "number for bytes",
    ],
)
def test_decode_node__hostile_block__is_malformed(block: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        decode_node(block)


@given(st.binary(max_size=200))
def test_decode_node__any_bytes__is_a_node_or_malformed(block: bytes) -> None:
    try:
        decoded = decode_node(block)
    except ArtifactMalformed:
        return
    assert decoded.file_bytes == len(decoded.data) + sum(decoded.child_bytes)


@pytest.mark.parametrize("declared", [3, 5])
def test_read_file__child_has_another_length_than_declared__is_malformed(declared: int) -> None:
    store = MemoryBlockStore()
    store.put(b"leaf")
    root = Cid(1, Codec.DAG_PB, store.put(node([(LEAF, declared)])))
    with pytest.raises(ArtifactMalformed):
        list(read_file(root, lambda cid: store.get(cid.digest)))


def test_read_file__nested_beyond_the_limit__is_malformed() -> None:
    store = MemoryBlockStore()
    store.put(b"leaf")
    cid = LEAF
    for _ in range(40):
        cid = Cid(1, Codec.DAG_PB, store.put(node([(cid, 4)])))
    with pytest.raises(ArtifactMalformed):
        list(read_file(cid, lambda part: store.get(part.digest)))
    with pytest.raises(ArtifactMalformed):
        list(walk_blocks(cid, lambda part: store.get(part.digest)))
