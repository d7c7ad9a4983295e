"""Vouchers become credit: in batches that are worth their gas, and at once when a payer is leaving (the watchtower).

    claimable ──worth it, or closing; simulated──► intent planned ──mined──► read again ──► nothing left
        ▲─────────────────────skipped or refused: after a pause──────────────┘

What a channel holds is read at a block whenever an event named it. Claiming twice pays nothing twice: a voucher says
everything so far, and the contract pays the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import structlog

from agents_offchain.chain.proxies.payment_channels import ABI, PaymentChannelsProxy, voucher_rows
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.clock import Clock
from agents_offchain.runtime.payments.moment import FOLLOW_SECONDS, Moment, pause_after
from agents_offchain.runtime.payments.worth import BATCH_ROWS, Scales
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox
from agents_offchain.storage.payments.channels import ChannelBook, HeldVoucher

log = structlog.get_logger(__name__)
CLAIM = "claim"


@dataclass
class Claimer:
    """Claims for the payees of one PaymentChannels.

    Args:
        outbox: The cashier's lane.
    """

    channels: ChannelBook
    contract: PaymentChannelsProxy
    scales: Scales
    outbox: Outbox
    database: Database
    clock: Clock

    async def step(self, moment: Moment) -> int:
        """Read what changed, follow what was sent, plan what is due; how many channels moved."""
        moved = await self._follow(moment)
        moved += await self._read(moment)
        held = sorted(await self.channels.claimable(), key=_group)
        for _, group in groupby(held, key=_group):
            rows = sorted(group, key=lambda row: (not row.row.closable_at, -row.amount))
            moved += await self._claim(rows[:BATCH_ROWS], moment)
        return moved

    async def _read(self, moment: Moment) -> int:
        stale = [row for row in await self.channels.stale() if row.changed_block <= moment.block]
        for row in stale:
            state = await self.contract.channel(row.channel.channel_id, block=moment.block)
            await self.channels.refresh(row, state.deposit, state.claimed, state.closable_at)
        return len(stale)

    async def _follow(self, moment: Moment) -> int:
        """Claims that are through, and whose block the channels will be read at."""
        moved = 0
        for row in await self.channels.in_flight():
            item = await self.outbox.status(row.intent or "")
            if item is not None and item.status not in (CONFIRMED, FAILED):
                continue
            if item is not None and (item.block_number or 0) > moment.block:
                continue
            is_mined = item is not None and item.status == CONFIRMED
            error = None if is_mined else (item.error if item is not None else "The claim was forgotten.")
            pause = 0.0 if is_mined and not row.tries else pause_after(row.tries)
            await self.channels.let_go(row, after_seconds=pause, error=error)
            moved += 1
        return moved

    async def _claim(self, rows: Sequence[HeldVoucher], moment: Moment) -> int:
        channel = rows[0].row.channel

        async def paid(some: Sequence[HeldVoucher]) -> int:
            arguments = (channel.payee, channel.token, _rows(some))
            return int(
                await self.contract.rehearse("claimBatch", *arguments, sender=self.scales.sender, block=moment.block)
            )

        def calldata(some: Sequence[HeldVoucher]) -> bytes:
            return ABI.encode_call("claimBatch", channel.payee, channel.token, _rows(some))

        leaving = [row for row in rows if row.row.closable_at]
        weighed = await self.scales.weigh(rows, paid=paid, calldata=calldata, is_urgent=False)
        if leaving and not set(leaving) <= set(weighed.batch):
            weighed = await self.scales.weigh(leaving, paid=paid, calldata=calldata, is_urgent=True)
        for row in weighed.bad:
            await self._put_off(row, "The contract would not pay this voucher now.")
        for row in weighed.dust:
            await self._put_off(row, "It is not worth its gas yet.")
        if not weighed.batch:
            return 0
        await self._plan(weighed.batch, calldata(weighed.batch))
        return len(weighed.batch)

    async def _plan(self, batch: Sequence[HeldVoucher], data: bytes) -> None:
        named = "|".join(f"{row.row.channel.channel_id.hex()}:{row.cumulative}:{row.row.tries}" for row in batch)
        key = f"{CLAIM}:{self.contract.address.hex()}:{sha256(named.encode()).hex()[:32]}"
        async with self.database.write() as connection:
            await self.outbox.plan(connection, Intent(key, CLAIM, self.contract.address, data))
            await self.channels.take(connection, [row.row for row in batch], key)
        log.info(
            "claim_planned",
            channels=len(batch),
            units=str(sum(row.amount for row in batch)),
            closing=sum(bool(row.row.closable_at) for row in batch),
        )

    async def _put_off(self, row: HeldVoucher, reason: str) -> None:
        await self.channels.postpone(row.row, after_seconds=FOLLOW_SECONDS, error=reason)


def _group(held: HeldVoucher) -> tuple[bytes, bytes]:
    return held.row.channel.payee, held.row.channel.token


def _rows(held: Sequence[HeldVoucher]) -> list[tuple[object, ...]]:
    return voucher_rows([(row.row.channel, row.cumulative, row.signature) for row in held])
