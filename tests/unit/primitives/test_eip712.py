from __future__ import annotations

from typing import Any

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.eip712 import (
    VERDICT_FIELDS,
    VERDICT_TYPE,
    Domain,
    VerdictMessage,
    oracle_domain,
    type_hash,
    typed_data,
    typed_data_digest,
    verdict_digest,
)

pytestmark = pytest.mark.unit
BYTES32 = st.binary(min_size=32, max_size=32)
ADDRESSES = st.binary(min_size=20, max_size=20)
UINT256 = st.integers(0, 2**256 - 1)
UINT32 = st.integers(0, 2**32 - 1)
VERDICTS = st.builds(VerdictMessage, UINT256, UINT32, BYTES32, BYTES32, st.integers(0, 255), UINT32)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "uint256": UINT256,
    "uint8": st.integers(0, 255),
    "bool": st.booleans(),
    "bytes32": BYTES32,
    "bytes4": st.binary(min_size=4, max_size=4),
    "address": ADDRESSES,
}
PAIRS = st.sampled_from(sorted(KINDS)).flatmap(lambda kind: st.tuples(st.just(kind), KINDS[kind]))


def _wallets_digest(document: dict[str, Any]) -> bytes:
    return bytes(_hash_eip191_message(encode_typed_data(full_message=document)))


@given(verdict=VERDICTS, chain_id=UINT256, oracle=ADDRESSES)
def test_verdict_digest__of_any_verdict__is_what_a_wallet_would_sign(
    verdict: VerdictMessage, chain_id: int, oracle: bytes
) -> None:
    domain = oracle_domain(chain_id, oracle)
    document = typed_data(domain, VERDICT_TYPE, VERDICT_FIELDS, verdict.values())
    assert verdict_digest(domain, verdict) == _wallets_digest(document)


@given(pairs=st.lists(PAIRS, min_size=1, max_size=7), name=st.text(max_size=20), version=st.text(max_size=5))
def test_typed_data_digest__of_any_flat_struct__is_what_a_wallet_would_sign(
    pairs: list[tuple[str, Any]], name: str, version: str
) -> None:
    fields = tuple((f"f{index}", kind) for index, (kind, _) in enumerate(pairs))
    values = tuple(value for _, value in pairs)
    domain = Domain(name, version, 31337, bytes(20))
    assert typed_data_digest(domain, "Thing", fields, values) == _wallets_digest(
        typed_data(domain, "Thing", fields, values)
    )


def test_type_hash__of_the_verdict__is_that_of_its_text() -> None:
    text = "Verdict(uint256 jobId,uint32 submittedAt,bytes32 deliverable,bytes32 reportHash,uint8 score,uint32 epoch)"
    assert type_hash(VERDICT_TYPE, VERDICT_FIELDS) == keccak(text=text)


@given(verdict=VERDICTS, other=VERDICTS)
def test_verdict_digest__of_two_verdicts__differs_when_they_do(verdict: VerdictMessage, other: VerdictMessage) -> None:
    domain = oracle_domain(31337, bytes(20))
    assert (verdict_digest(domain, verdict) == verdict_digest(domain, other)) == (verdict == other)


def test_verdict_digest__for_another_chain_or_oracle__differs() -> None:
    verdict = VerdictMessage(1, 2, bytes(32), bytes(32), 3, 4)
    digests = {
        verdict_digest(oracle_domain(chain, oracle), verdict)
        for chain in (1, 31337)
        for oracle in (bytes(20), b"\1" * 20)
    }
    assert len(digests) == 4
