"""CIDs as text and bytes, against values known from other implementations."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.storage.artifacts.cid import (
    Cid,
    Codec,
    cid_of,
    cid_to_digest,
    decode_base58,
    digest_to_cid,
    encode_base58,
    parse_cid,
)
from agents_offchain.storage.artifacts.errors import CidInvalid

pytestmark = pytest.mark.unit

EMPTY_RAW = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
EMPTY_V0 = "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"


def test_cid_of__no_bytes__is_the_well_known_empty_raw_cid() -> None:
    assert str(cid_of(b"", Codec.RAW)) == EMPTY_RAW


def test_parse_cid__well_known_v0__is_a_dag_pb_node_and_prints_the_same() -> None:
    parsed = parse_cid(EMPTY_V0)
    assert (parsed.version, parsed.codec) == (0, Codec.DAG_PB)
    assert str(parsed) == EMPTY_V0


@given(st.binary(min_size=32, max_size=32), st.sampled_from(list(Codec)), st.sampled_from([0, 1]))
def test_parse_cid__any_cid_printed__is_itself_again(digest: bytes, codec: Codec, version: int) -> None:
    cid = Cid(version, Codec.DAG_PB if version == 0 else codec, digest)
    assert parse_cid(str(cid)) == cid
    assert parse_cid(f"/ipfs/{cid}") == parse_cid(f"ipfs://{cid}") == cid


@given(st.binary(max_size=40))
def test_base58__any_bytes__come_back(data: bytes) -> None:
    assert decode_base58(encode_base58(data)) == data


def test_digest_to_cid__digest_of_a_document__round_trips() -> None:
    digest = hashlib.sha256(b"document").digest()
    assert cid_to_digest(digest_to_cid(digest)) == digest
    assert digest_to_cid(digest).startswith("bafkrei")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "hello",
        "Qm",
        EMPTY_V0[:-1],
        EMPTY_V0[:-1] + "0",
        EMPTY_RAW[:-3],
        EMPTY_RAW.upper(),
        EMPTY_RAW + "/file.txt",
        "../../etc/passwd",
        "bafyrei" + EMPTY_RAW[7:],  # dag-cbor
        "b" * 4000,
        "Qmé" + EMPTY_V0[3:],
    ],
)
def test_parse_cid__not_a_cid_of_ours__is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(CidInvalid) as caught:
        parse_cid(text)
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("cid", [EMPTY_V0, str(cid_of(b"x", Codec.DAG_PB))])
def test_cid_to_digest__not_a_raw_v1__is_refused(cid: str) -> None:
    with pytest.raises(CidInvalid):
        cid_to_digest(cid)
