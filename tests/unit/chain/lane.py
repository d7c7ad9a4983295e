"""A lane of the sender over the chain in memory, and what must hold for it in the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select

from agents_offchain.chain.fees import FeePolicy
from agents_offchain.chain.sender import Sender
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Intent, Outbox, lane_name
from agents_offchain.storage.tables.journal import outbox
from tests.fakes.chain import Contract, FakeChain, FakeNode, Revert
from tests.fakes.contracts import Tally
from tests.fakes.crash import Crash, Mortal, MortalDatabase
from tests.fakes.signer import FakeSigner

ACCOUNT = bytes([0xA1]) * 20
TALLY = bytes([0xC0]) * 20
REFUSING = bytes([0xC1]) * 20
GWEI = 10**9


class Refusing:
    """A contract that always reverts."""

    def execute(self, call: Any) -> Any:
        raise Revert


class Lane:
    """One account's sender, whose process can be killed and started again."""

    def __init__(self, database: Database, *, is_once: bool = False) -> None:
        self.database = database
        self.clock = ManualClock()
        self.chain = FakeChain()
        contracts: dict[bytes, Contract] = {TALLY: Tally(is_once), REFUSING: Refusing()}
        self.chain.contracts = contracts
        self.node = FakeNode(self.chain)
        self.signer = FakeSigner({"agent": ACCOUNT})
        self.outbox = Outbox(database, lane_name(self.chain.chain_id, ACCOUNT), self.clock)
        self.planned: dict[str, Intent] = {}

    async def plan(self, key: str, to: bytes = TALLY) -> None:
        intent = Intent(key, "do", to, key.encode())
        self.planned[key] = intent
        async with self.database.write() as connection:
            await self.outbox.plan(connection, intent)

    async def start(self, crash: Crash | None = None, **settings: Any) -> Sender:
        """A sender, as a process would build it at its start."""
        crash = crash or Crash()
        node: Any = Mortal(self.node, crash, "node")
        signer: Any = Mortal(self.signer, crash, "signer")
        sender = Sender(
            node=node,
            database=MortalDatabase(self.database, crash),
            signer=signer,
            key="agent",
            chain_id=self.chain.chain_id,
            abis=(),
            clock=self.clock,
            **{"fees": FeePolicy(stuck_seconds=5.0, max_fee_wei=100 * GWEI), **settings},
        )
        await sender.setup()
        return sender

    async def turn(self, sender: Sender) -> int:
        """One step of the sender, one block, one second."""
        changed = await sender.step()
        self.chain.mine()
        self.clock.advance(1)
        return changed

    async def run_to_end(self, sender: Sender, *, turns: int = 60) -> None:
        """Turn until nothing is open and the blocks below can no longer surprise."""
        quiet = 0
        for _ in range(turns):
            await self.turn(sender)
            quiet = quiet + 1 if await self.outbox.count_open() == 0 else 0
            if quiet > 2:
                return
        raise AssertionError(f"still open after {turns} turns: {await self.rows()}")

    async def rows(self) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(select(outbox).order_by(outbox.c.id))).all())

    def effects(self) -> dict[bytes, int]:
        """How often the chain did what was asked, by calldata."""
        return dict(self.chain.head.state.storage.get(TALLY, {}))

    async def check(self, *, is_alone: bool = True) -> None:
        """Each intent mined once, or failed with a reason; no gap; nothing sent that nobody asked for.

        Args:
            is_alone: Nobody else used the account, so no intent may need two transactions.
        """
        rows = {row.intent_key: row for row in await self.rows()}
        mined = self.chain.mined_of(ACCOUNT)
        by_hash = {tx.hash for tx in mined}
        assert [tx.nonce for tx in mined] == list(range(len(mined)))
        counts = Counter(tx.data for tx in mined)
        for key, intent in self.planned.items():
            row = rows[key]
            if row.status == "confirmed":
                assert bytes(row.tx_hash) in by_hash, f"{key} is confirmed by a transaction that is not mined"
                assert self.effects()[intent.data] == 1, f"{key} took effect {self.effects()[intent.data]} times"
            else:
                assert (row.status, bool(row.error)) == ("failed", True), f"{key} ended {row.status}, {row.error!r}"
                assert intent.data not in self.effects(), f"{key} failed but took effect"
            if is_alone:
                assert counts[intent.data] <= 1, f"{key} was mined {counts[intent.data]} times"
        if is_alone:
            assert set(counts) <= {intent.data for intent in self.planned.values()}
