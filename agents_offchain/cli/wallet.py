"""One key that sends for a command: through outbox, journal and sender, so that a killed command can be run again.

A daemon of the same key may run meanwhile: both take intents of one lane to the chain, and the journal lets each pass
once. What a command plans under a key of its own is therefore done once, however often it is asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
from itertools import count

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.node import Node, Receipt
from agents_offchain.chain.sender import Sender, TransactionSigner
from agents_offchain.primitives.errors import Retryable
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox, OutboxItem

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
ABIS = ("JobEscrow", "ServiceListings", "AgentRegistry", "ResultOracle", "PaymentChannels", "JurorCourt", "TestDollar")
"""Whose errors a refusal is named by."""


class TransactionWaits(Retryable):
    """A transaction is planned and not on the chain yet; the same command goes on with it."""


class Wallet:
    """A key with its lane.

    Args:
        confirmations: Blocks on top of a transaction's before it counts.
    """

    def __init__(
        self,
        node: Node,
        database: Database,
        signer: TransactionSigner,
        key: str,
        chain_id: int,
        *,
        confirmations: int = 0,
    ) -> None:
        self.key = key
        self._node = node
        self._database = database
        self._sender = Sender(
            node=node,
            database=database,
            signer=signer,
            key=key,
            chain_id=chain_id,
            abis=[load_abi(name) for name in ABIS],
            confirmations=confirmations,
        )
        self.sent: list[OutboxItem] = []

    async def setup(self) -> bytes:
        """The wallet's address, ready to send."""
        await self._sender.setup()
        self._outbox = Outbox(self._database, self._sender.lane)
        return self._sender.address

    async def address(self) -> bytes:
        return self._sender.address

    async def send(self, intent: Intent, *, patience_seconds: float = PATIENCE_SECONDS) -> OutboxItem:
        """Plan an intent, unless it was planned before, and take it to the chain.

        Raises:
            ContractReverted: it would revert, or did, or the policy refuses it.
            TransactionWaits: it is not mined yet; nothing is lost.
        """
        async with self._database.write() as connection:
            await self._outbox.plan_again(connection, intent)
        item = await self._confirmed(intent.intent_key, patience_seconds)
        self.sent.append(item)
        return item

    async def status(self, intent_key: str) -> OutboxItem | None:
        return await self._outbox.status(intent_key)

    async def transact(self, to: bytes, data: bytes) -> Receipt:
        """Send a call that a look at the chain has found missing; one on its way is waited for, not repeated."""
        digest = hashlib.sha256(to + data).hexdigest()[:16]
        for number in count():
            key = f"once:{digest}:{number}"
            known = await self._outbox.status(key)
            if known is None or known.block_number is None:
                break
        item = await self.send(Intent(key, "call", to, data))
        return await self.receipt(item)

    async def receipt(self, item: OutboxItem) -> Receipt:
        """Raises TransactionWaits when a reorganisation has taken it back."""
        receipt = await self._node.receipt(item.tx_hash) if item.tx_hash else None
        if receipt is None:
            raise TransactionWaits("The transaction is not on the chain now.", mend="Run the same command again.")
        return receipt

    async def _confirmed(self, key: str, patience_seconds: float) -> OutboxItem:
        trouble: Retryable | None = None
        item: OutboxItem | None = None
        try:
            async with asyncio.timeout(patience_seconds):
                while True:
                    try:
                        await self._sender.step()
                    except Retryable as error:
                        trouble = error
                    item = await self._outbox.status(key)
                    if item is not None and item.status == CONFIRMED:
                        return item
                    if item is not None and item.status == FAILED:
                        raise ContractReverted(item.error or "The transaction failed.", intent=key)
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise self._waits(item, trouble) from trouble

    def _waits(self, item: OutboxItem | None, trouble: Retryable | None) -> TransactionWaits:
        reason = (item.error if item is not None else None) or (trouble.message if trouble is not None else "")
        mend = trouble.mend if trouble is not None and trouble.mend else "Run the same command again; it goes on."
        tx_hash = encode_hex(item.tx_hash) if item is not None and item.tx_hash else None
        return TransactionWaits(
            f"The transaction waits: {reason}" if reason else "The transaction is not mined yet.", mend=mend, tx=tx_hash
        )
