"""What was decided, as one digest of many lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.coordination.decision.export import merkle_proof, merkle_root, proven_root
from agents_offchain.coordination.errors import NothingToAnchor
from agents_offchain.primitives.canonical import sha256

pytestmark = pytest.mark.unit


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20), st.data())
def test_merkle_proof__of_any_leaf__leads_to_the_root_and_of_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    proof = merkle_proof(leaves, place)
    assert proven_root(leaves[place], proof) == merkle_root(leaves)
    assert proven_root(sha256(leaves[place]), proof) != merkle_root(leaves)


def test_merkle_root__of_nothing__is_refused() -> None:
    with pytest.raises(NothingToAnchor):
        merkle_root([])
