"""Take one lane's intents to the chain: each once, whatever dies in between.

    planned ──simulate, give nonce, sign, journal──► sent ──receipt at depth──► confirmed
                     └──reverts──► failed                 └──reverted──► failed

The signed bytes are written before they are broadcast, so a restart repeats the same bytes, and the
chain accepts one transaction per nonce. A lane is one account on one chain; one process sends for it.
After a reorganisation an unconfirmed transaction is simply broadcast again. When someone else used
our nonce, the intent is planned anew, and the simulation tells whether it is still wanted.

A confirmed intent is looked at again only when the watcher says that the chain took back its block
(`reopen_above`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from eth_utils.crypto import keccak
from sqlalchemy import insert, select, update

from agents_offchain.chain.contract_abi import ContractAbi, revert_of
from agents_offchain.chain.errors import NodeUnavailable, RpcRefused
from agents_offchain.chain.node import Node, Receipt
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, PLANNED, SENT, OutboxItem, item_of, lane_name
from agents_offchain.storage.tables.journal import outbox, transactions

log = structlog.get_logger(__name__)
GAS_HEADROOM_PERCENT = 25
BUMP_PERCENT = 13
"""A replacement must offer a tenth more; a little above covers rounding."""


class TransactionSigner(Protocol):
    """What the sender needs of the signer; `chain.signer.client.SignerClient` is one."""

    async def address(self, key: str) -> bytes: ...

    async def sign_transaction(self, key: str, fields: dict[str, Any]) -> bytes: ...


@dataclass(frozen=True)
class FeePolicy:
    """How much gas may cost, in wei per gas unit.

    `max_fee_wei` caps what is ever offered; `stuck_seconds` is the patience before a bump.
    """

    tip_wei: int = 1_000_000_000
    max_fee_wei: int = 500_000_000_000
    stuck_seconds: float = 20.0

    def offer(self, base_fee_wei: int) -> tuple[int, int]:
        """(max fee, tip) for a first attempt: room for the base fee to double."""
        return min(2 * base_fee_wei + self.tip_wei, self.max_fee_wei), self.tip_wei

    def bump(self, max_fee_wei: int, tip_wei: int, base_fee_wei: int) -> tuple[int, int] | None:
        """The next offer for a stuck nonce; None when the cap is reached."""
        tip = tip_wei * (100 + BUMP_PERCENT) // 100 + 1
        fee = max(max_fee_wei * (100 + BUMP_PERCENT) // 100 + 1, 2 * base_fee_wei + tip)
        return (fee, tip) if fee <= self.max_fee_wei else None


@dataclass
class Sender:
    """The one sender of a lane.

    Args:
        key: Name of the key in the signer.
        abis: Whose errors reverts are named by.
        confirmations: Blocks on top of a receipt's block before an intent is confirmed.
        max_in_flight: Transactions sent ahead of the first unconfirmed one.
    """

    node: Node
    database: Database
    signer: TransactionSigner
    key: str
    chain_id: int
    abis: Sequence[ContractAbi]
    confirmations: int = 1
    fees: FeePolicy = field(default_factory=FeePolicy)
    max_in_flight: int = 16
    clock: Clock = field(default_factory=SystemClock)

    async def setup(self) -> None:
        self.address = await self.signer.address(self.key)
        self.lane = lane_name(self.chain_id, self.address)

    async def step(self) -> int:
        """Look after what was sent, then send what was planned; how many intents changed."""
        changed = 0
        sent = await self._items(SENT)
        head = await self.node.block_number()
        for item in sent:
            changed += await self._follow(item, head)
        planned = await self._items(PLANNED, limit=max(self.max_in_flight - len(sent), 0))
        for item in planned:
            changed += await self._launch(item)
        return changed

    async def _items(self, status: str, limit: int | None = None) -> list[OutboxItem]:
        query = (
            select(outbox)
            .where(
                outbox.c.lane == self.lane,
                outbox.c.status == status,
                outbox.c.not_before <= self.clock.now_seconds(),
            )
            .order_by(outbox.c.id)
            .limit(limit)
        )
        async with self.database.read() as connection:
            return [item_of(row) for row in (await connection.execute(query)).all()]

    async def _launch(self, item: OutboxItem) -> int:
        """Simulate, sign under the next free nonce, journal, broadcast."""
        try:
            gas = await self._estimate(item)
        except RpcRefused as error:
            return await self._refuse(item, error)
        base_fee = await self._base_fee()
        max_fee, tip = self.fees.offer(base_fee)
        nonce = await self._next_nonce()
        raw, tx_hash = await self._sign(item, nonce, gas, max_fee, tip)
        await self._journal(item, nonce, raw, tx_hash, max_fee, tip)
        log.info("transaction_sent", intent=item.intent.intent_key, nonce=nonce, tx="0x" + tx_hash.hex())
        await self._broadcast(raw)
        return 1

    async def _estimate(self, item: OutboxItem) -> int:
        """Gas limit from a simulation against the pending state."""
        call = {
            "from": "0x" + self.address.hex(),
            "to": "0x" + item.intent.to.hex(),
            "data": "0x" + item.intent.data.hex(),
            "value": hex(item.intent.value_wei),
        }
        used = int(await self.node.request("eth_estimateGas", call, "pending"), 16)
        return used * (100 + GAS_HEADROOM_PERCENT) // 100

    async def _refuse(self, item: OutboxItem, error: RpcRefused) -> int:
        """A simulation that reverts ends the intent; any other refusal is tried again."""
        reverted = revert_of(error, *self.abis)
        if reverted is None and "revert" not in error.message.lower():
            raise NodeUnavailable(f"{error.message}") from error
        reason = (reverted or error).message
        log.warning("intent_failed", intent=item.intent.intent_key, reason=reason)
        await self._set(item, status=FAILED, error=reason)
        return 1

    async def _base_fee(self) -> int:
        head = await self.node.block()
        if head is None:
            raise NodeUnavailable("The node has no head.")
        return head.base_fee_wei

    async def _next_nonce(self) -> int:
        """After the last nonce of ours that is journalled or on the chain."""
        used = (
            select(transactions.c.nonce)
            .join(outbox, outbox.c.id == transactions.c.outbox_id)
            .where(transactions.c.lane == self.lane, outbox.c.status == SENT)
        )
        async with self.database.read() as connection:
            journalled = [row.nonce for row in (await connection.execute(used)).all()]
        on_chain = await self.node.nonce(self.address)
        taken = set(journalled)
        nonce = on_chain
        while nonce in taken:
            nonce += 1
        return nonce

    async def _sign(self, item: OutboxItem, nonce: int, gas: int, max_fee: int, tip: int) -> tuple[bytes, bytes]:
        raw = await self.signer.sign_transaction(
            self.key,
            {
                "chainId": self.chain_id,
                "nonce": nonce,
                "to": "0x" + item.intent.to.hex(),
                "value": item.intent.value_wei,
                "data": "0x" + item.intent.data.hex(),
                "gas": gas,
                "maxFeePerGas": max_fee,
                "maxPriorityFeePerGas": tip,
            },
        )
        return raw, keccak(raw)

    async def _journal(self, item: OutboxItem, nonce: int, raw: bytes, tx_hash: bytes, max_fee: int, tip: int) -> None:
        now = self.clock.now_seconds()
        async with self.database.write() as connection:
            await connection.execute(
                insert(transactions).values(
                    tx_hash=tx_hash,
                    outbox_id=item.id,
                    lane=self.lane,
                    nonce=nonce,
                    raw=raw,
                    max_fee_wei=max_fee,
                    tip_wei=tip,
                    created_at=now,
                )
            )
            await connection.execute(
                update(outbox)
                .where(outbox.c.id == item.id)
                .values(status=SENT, tx_hash=tx_hash, attempts=item.attempts + 1, updated_at=now)
            )

    async def _broadcast(self, raw: bytes) -> None:
        """Send bytes; refusals are left to the next step, which looks at what the chain says."""
        try:
            await self.node.send_raw(raw)
        except RpcRefused as error:
            log.debug("broadcast_refused", reason=error.message)

    async def _follow(self, item: OutboxItem, head: int) -> int:
        attempts = await self._attempts(item)
        receipt = await self._receipt(attempts)
        if receipt is not None:
            return await self._settle(item, receipt, head)
        deep = hex(max(head - self.confirmations, 0))
        if await self.node.nonce(self.address, deep) > attempts[-1].nonce:
            return await self._look_again(item, attempts, head)
        for attempt in attempts:
            await self._broadcast(bytes(attempt.raw))
        if self.clock.now_seconds() - attempts[-1].created_at > self.fees.stuck_seconds:
            await self._bump(item, attempts[-1])
        return 0

    async def _attempts(self, item: OutboxItem) -> list[Any]:
        query = (
            select(transactions)
            .where(transactions.c.outbox_id == item.id)
            .order_by(transactions.c.nonce, transactions.c.created_at)
        )
        async with self.database.read() as connection:
            rows = list((await connection.execute(query)).all())
        newest = max(row.nonce for row in rows)
        return [row for row in rows if row.nonce == newest]

    async def _receipt(self, attempts: list[Any]) -> Receipt | None:
        for attempt in reversed(attempts):
            receipt = await self.node.receipt(bytes(attempt.tx_hash))
            if receipt is not None:
                return receipt
        return None

    async def _settle(self, item: OutboxItem, receipt: Receipt, head: int) -> int:
        """Confirm at depth; before that just wait."""
        if head - receipt.block_number < self.confirmations:
            return 0
        values: dict[str, Any] = {
            "status": CONFIRMED if receipt.is_success else FAILED,
            "tx_hash": receipt.tx_hash,
            "block_number": receipt.block_number,
            "block_hash": receipt.block_hash,
            "gas_used": receipt.gas_used,
        }
        if not receipt.is_success:
            values["error"] = "The transaction reverted on the chain."
        log.info(
            "transaction_mined",
            intent=item.intent.intent_key,
            success=receipt.is_success,
            block=receipt.block_number,
            gas_used=receipt.gas_used,
        )
        await self._set(item, **values)
        return 1

    async def _look_again(self, item: OutboxItem, attempts: list[Any], head: int) -> int:
        """The nonce is spent but there was no receipt: read once more, then plan anew."""
        receipt = await self._receipt(attempts)
        if receipt is not None:
            return await self._settle(item, receipt, head)
        log.warning("nonce_used_elsewhere", intent=item.intent.intent_key, nonce=attempts[-1].nonce)
        await self._set(item, status=PLANNED, tx_hash=None)
        return 1

    async def _bump(self, item: OutboxItem, last: Any) -> None:
        offer = self.fees.bump(last.max_fee_wei, last.tip_wei, await self._base_fee())
        if offer is None:
            log.warning("fee_cap_reached", intent=item.intent.intent_key, max_fee_wei=last.max_fee_wei)
            return
        try:
            gas = await self._estimate(item)
        except RpcRefused:
            return  # pending state already holds our own transaction; the old attempt stands
        raw, tx_hash = await self._sign(item, last.nonce, gas, *offer)
        await self._journal(item, last.nonce, raw, tx_hash, *offer)
        log.info("transaction_bumped", intent=item.intent.intent_key, nonce=last.nonce, max_fee_wei=offer[0])
        await self._broadcast(raw)

    async def reopen_above(self, block_number: int) -> int:
        """Look again after confirmed intents whose block the chain took back; how many."""
        async with self.database.write() as connection:
            result = await connection.execute(
                update(outbox)
                .where(
                    outbox.c.lane == self.lane,
                    outbox.c.status == CONFIRMED,
                    outbox.c.block_number > block_number,
                )
                .values(status=SENT, updated_at=self.clock.now_seconds())
            )
        return int(result.rowcount)

    async def _set(self, item: OutboxItem, **values: Any) -> None:
        async with self.database.write() as connection:
            await connection.execute(
                update(outbox).where(outbox.c.id == item.id).values(**values, updated_at=self.clock.now_seconds())
            )
