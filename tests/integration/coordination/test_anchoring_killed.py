"""What agents decided is anchored once, whichever line the process that does it dies at."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.decision_ledger import DecisionLedgerProxy
from agents_offchain.chain.sender import Sender
from agents_offchain.coordination.decision.anchoring import Anchorer
from agents_offchain.coordination.decision.audit import Standing, audit
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Retryable
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Outbox
from tests.fakes.crash import Mortal, MortalDatabase
from tests.integration.chain.processes import Shot
from tests.integration.devnet import OWNER, STRANGER, Devnet

pytestmark = pytest.mark.integration
LEDGER = load_abi("DecisionLedger")
_SPAWNING = multiprocessing.get_context("forkserver")
_SPAWNING.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Place:
    """Where the process works; plain values, since they travel to it."""

    database_url: str
    rpc_url: str
    ledger: bytes
    account: bytes


class NodeSigner:
    """Signs by an account that the test chain itself holds."""

    def __init__(self, node: Node, account: bytes) -> None:
        self._node = node
        self._account = account

    async def address(self, key: str) -> bytes:
        return self._account

    async def sign_transaction(self, key: str, fields: dict[str, Any]) -> bytes:
        call = {name: hex(value) if isinstance(value, int) else value for name, value in fields.items()}
        answer = await self._node.request("eth_signTransaction", {**call, "from": "0x" + self._account.hex()})
        return bytes.fromhex(answer[2:])


def test_anchoring__killed_at_every_boundary__anchors_each_batch_once(
    anvil: Devnet, database: Database, tmp_path: Path
) -> None:
    code = LEDGER.encode_constructor(*(b"\x01" * 20,) * len(LEDGER.constructor_types))
    call = {"from": anvil.accounts[OWNER], "data": "0x" + code.hex(), "gas": hex(12_000_000)}
    ledger = bytes.fromhex(anvil._receipt(anvil.rpc("eth_sendTransaction", call))["contractAddress"][2:])
    place = Place(database.url, anvil.url, ledger, anvil.address(STRANGER))
    before = int(anvil.rpc("eth_getTransactionCount", anvil.accounts[STRANGER], "latest"), 16)
    record = tmp_path / "boundaries"
    asyncio.run(decide(place.database_url, "first"))
    assert run(place, None, record) == 0
    labels = sorted(set(record.read_text().split("\n")) - {""})
    assert {"after commit", "after signer.sign_transaction", "before node.send_raw", "after node.send_raw"} <= set(
        labels
    )
    for label in labels:
        asyncio.run(decide(place.database_url, label))
        assert run(place, label, record) == -9, f"{label} was not crossed again"
    assert run(place, None, record) == 0
    standings = asyncio.run(standing_of_all(place))
    assert standings == [Standing.ANCHORED] * (len(labels) + 1)
    logs = anvil.rpc("eth_getLogs", {"address": "0x" + ledger.hex(), "fromBlock": "0x0"})
    roots = [entry["topics"][1] for entry in logs]
    assert len(roots) == len(set(roots)), "no root is anchored twice"
    after = int(anvil.rpc("eth_getTransactionCount", anvil.accounts[STRANGER], "latest"), 16)
    assert after - before == len(roots), "every transaction of the account anchored something"


def run(place: Place, label: str | None, record: Path) -> int | None:
    """The exit code of a process that anchors until nothing is open, or is shot."""
    process = _SPAWNING.Process(target=_work, args=(place, label, record))
    process.start()
    process.join(120)
    assert not process.is_alive(), f"it hangs, told to die at {label}"
    code: int | None = process.exitcode
    return code


def _work(place: Place, label: str | None, record: Path) -> None:
    asyncio.run(_anchor_all(place, Shot(label, record)))


async def _anchor_all(place: Place, crash: Shot) -> None:
    database = MortalDatabase(Database(place.database_url), crash)
    real = Node(place.rpc_url)
    node: Any = Mortal(real, crash, "node")
    signer: Any = Mortal(NodeSigner(real, place.account), crash, "signer")
    sender = Sender(node, database, signer, "any", 31337, abis=[LEDGER], confirmations=0)
    await sender.setup()
    outbox = Outbox(database, sender.lane)
    anchorer = Anchorer(DecisionLedgerProxy(node, place.ledger), outbox, database, SystemClock())
    await anchorer.anchor(closed_before=SystemClock().now_seconds())
    while await outbox.count_open():
        with contextlib.suppress(Retryable):
            await sender.step()
        await asyncio.sleep(0.02)
    await real.close()
    await database.close()


async def decide(url: str, name: str) -> None:
    database = Database(url)
    history = DecisionHistory(database, "api")
    await history.open(sha256(name.encode()), {"question": name})
    outcome = Outcome(Status.DECIDED, frozenset({"yes"}), {"yes": 2}, "The most weight.")
    await history.close(sha256(name.encode()), outcome)
    await database.close()


async def standing_of_all(place: Place) -> list[Standing]:
    database, node = Database(place.database_url), Node(place.rpc_url)
    try:
        return [item.standing for item in await audit(database, DecisionLedgerProxy(node, place.ledger))]
    finally:
        await node.close()
        await database.close()
