"""What was decided, as lines and as one digest: nothing changed, left out or anchored twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.coordination.decision.export import (
    anchor_closed,
    anchor_of,
    export_closed,
    merkle_proof,
    merkle_root,
    proven_root,
)
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.coordination.errors import NothingToAnchor
from agents_offchain.primitives.canonical import sha256
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Outbox

pytestmark = pytest.mark.unit
LEDGER = b"\x07" * 20


def calldata(root: bytes) -> bytes:
    return load_abi("DecisionLedger").encode_call("anchor", root)


async def decide(history: DecisionHistory, *names: bytes) -> None:
    for name in names:
        proposal = sha256(name)
        await history.open(proposal, {"question": name.decode()})
        await history.close(proposal, Outcome(Status.DECIDED, frozenset({"yes"}), {"yes": 2}, "The most weight."))


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20), st.data())
def test_merkle_proof__of_any_leaf__leads_to_the_root_and_of_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    proof = merkle_proof(leaves, place)
    assert proven_root(leaves[place], proof) == merkle_root(leaves)
    assert proven_root(sha256(leaves[place]), proof) != merkle_root(leaves)


async def test_anchor__of_closed_decisions__takes_each_once_and_plans_one_transaction(database: Database) -> None:
    history, outbox = DecisionHistory(database, "api"), Outbox(database, "31337:0x" + "01" * 20)
    await decide(history, b"a", b"b", b"c")
    await history.open(sha256(b"open"), {"question": "still open"})
    root = await anchor_closed(database, "api", outbox, LEDGER, calldata)
    assert root == merkle_root([item.leaf for item in await export_closed(database)])
    planned = await outbox.status(f"anchor:{root.hex()}")
    assert planned is not None
    assert planned.intent.data == calldata(root)
    for item in await export_closed(database, "api"):
        found = await anchor_of(database, "api", item.proposal)
        assert found is not None
        assert proven_root(item.leaf, found[1]) == root
    with pytest.raises(NothingToAnchor):
        await anchor_closed(database, "api", outbox, LEDGER, calldata)
    await decide(history, b"d")
    assert await anchor_closed(database, "api", outbox, LEDGER, calldata) != root
    assert await outbox.count_open() == 2
    assert await anchor_of(database, "api", sha256(b"open")) is None
    assert await export_closed(database, "nobody") == []
