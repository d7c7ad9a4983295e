"""Orders become credit, in batches; in a hurry where an order ends soon or its payer's purse is leaving.

A batch skips a row that it cannot pay and spends nothing of it. Which rows were paid is read from the batch's own
event, so that an order whose nonce was cancelled is never taken for a paid one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import structlog

from agents_offchain.chain.node import Receipt
from agents_offchain.chain.proxies.payment_channels import ABI, PaymentChannelsProxy, order_rows
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import Clock
from agents_offchain.runtime.payments.moment import FOLLOW_SECONDS, Moment, pause_after
from agents_offchain.runtime.payments.worth import BATCH_ROWS, Scales
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox, OutboxItem
from agents_offchain.storage.payments.orders import LOST, PAID, HeldOrder, OrderBook

log = structlog.get_logger(__name__)
SETTLE = "settle-orders"
HURRY_SECONDS = 3_600
"""An order that ends this soon is settled when it brings more than its gas."""


@dataclass
class Settler:
    """Settles orders for the payees of one PaymentChannels.

    Args:
        outbox: The cashier's lane.
    """

    orders: OrderBook
    contract: PaymentChannelsProxy
    scales: Scales
    outbox: Outbox
    database: Database
    clock: Clock

    async def step(self, moment: Moment) -> int:
        """Follow what was sent, plan what is due; how many orders moved."""
        moved = await self._follow(moment)
        held = sorted(await self._alive(moment), key=_group)
        for _, group in groupby(held, key=_group):
            rows = sorted(group, key=lambda row: (row.order.payer, row.order.nonce))
            moved += await self._settle(rows[:BATCH_ROWS], moment)
        return moved

    async def _alive(self, moment: Moment) -> list[HeldOrder]:
        """Held orders that are due to be looked at; those that have ended are given up."""
        alive = []
        for row in await self.orders.due():
            if moment.time > row.order.valid_before:
                await self.orders.end(row, LOST, "It ended before it was settled.")
            else:
                alive.append(row)
        return alive

    async def _is_urgent(self, rows: Sequence[HeldOrder], moment: Moment) -> bool:
        if any(row.order.valid_before - moment.time <= HURRY_SECONDS for row in rows):
            return True
        for payer in {row.order.payer for row in rows}:
            if (await self.contract.purse(rows[0].order.token, payer, block=moment.block)).leaving:
                return True
        return False

    async def _settle(self, rows: Sequence[HeldOrder], moment: Moment) -> int:
        order = rows[0].order

        async def paid(some: Sequence[HeldOrder]) -> int:
            arguments = (order.payee, order.token, _rows(some))
            return int(
                await self.contract.rehearse("settleOrders", *arguments, sender=self.scales.sender, block=moment.block)
            )

        def calldata(some: Sequence[HeldOrder]) -> bytes:
            return ABI.encode_call("settleOrders", order.payee, order.token, _rows(some))

        is_urgent = await self._is_urgent(rows, moment)
        weighed = await self.scales.weigh(rows, paid=paid, calldata=calldata, is_urgent=is_urgent)
        for row in weighed.bad:
            await self._judge_unpaid(row, moment)
        for row in weighed.dust:
            await self.orders.put_back(row, after_seconds=FOLLOW_SECONDS, error="It is not worth its gas yet.")
        if not weighed.batch:
            return 0
        await self._plan(weighed.batch, calldata(weighed.batch))
        return len(weighed.batch)

    async def _plan(self, batch: Sequence[HeldOrder], data: bytes) -> None:
        named = "|".join(f"{row.order.payer.hex()}:{row.order.nonce}:{row.tries}" for row in batch)
        key = f"{SETTLE}:{self.contract.address.hex()}:{sha256(named.encode()).hex()[:32]}"
        async with self.database.write() as connection:
            await self.outbox.plan(connection, Intent(key, SETTLE, self.contract.address, data))
            await self.orders.take(connection, batch, key)
        log.info("settlement_planned", orders=len(batch), units=str(sum(row.amount for row in batch)))

    async def _follow(self, moment: Moment) -> int:
        moved = 0
        for intent, group in groupby(await self.orders.settling(), key=lambda row: row.intent):
            rows, item = list(group), await self.outbox.status(intent or "")
            if item is not None and item.status not in (CONFIRMED, FAILED):
                continue
            if item is not None and (item.block_number or 0) > moment.block:
                continue
            was_paid = await self._was_paid(rows, item)
            if was_paid is None:
                continue
            for row, is_paid in zip(rows, was_paid, strict=True):
                await (self.orders.end(row, PAID) if is_paid else self._judge_unpaid(row, moment))
            moved += len(rows)
        return moved

    async def _was_paid(self, rows: Sequence[HeldOrder], item: OutboxItem | None) -> list[bool] | None:
        """Row by row, from the event of the batch; None while its receipt is not to be had."""
        if item is None or item.status == FAILED or item.tx_hash is None:
            return [False] * len(rows)
        receipt = await self.contract.node.receipt(item.tx_hash)
        return None if receipt is None else paid_rows(receipt, self.contract.address, len(rows))

    async def _judge_unpaid(self, row: HeldOrder, moment: Moment) -> None:
        """Lost where its nonce is gone or its time is over; else another try later."""
        order = row.order
        spent = await self.contract.spent_nonces(order.payer, order.nonce_word, block=moment.block)
        if spent & order.nonce_mask:
            await self.orders.end(row, LOST, "Its nonce was spent elsewhere or cancelled.")
        elif moment.time > order.valid_before:
            await self.orders.end(row, LOST, "It ended before it was settled.")
        else:
            await self.orders.put_back(
                row, after_seconds=pause_after(row.tries), error="The contract would not pay it; is the purse empty?"
            )


def paid_rows(receipt: Receipt, contract: bytes, count: int) -> list[bool]:
    """Which rows of a batch were paid: two words a row, zero where it was skipped."""
    for entry in receipt.logs:
        if entry.address != contract:
            continue
        decoded = ABI.decode_log(entry.topics, entry.data)
        if decoded is not None and decoded[0] == "OrdersSettled":
            words = decoded[1]["settled"]
            return [bool(int.from_bytes(words[2 * index], "big")) for index in range(count)]
    return [False] * count


def _group(held: HeldOrder) -> tuple[bytes, bytes]:
    return held.order.payee, held.order.token


def _rows(held: Sequence[HeldOrder]) -> list[tuple[object, ...]]:
    return order_rows([(row.order, row.signature) for row in held])
