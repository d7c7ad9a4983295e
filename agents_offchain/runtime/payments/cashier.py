"""The cashier's loop: watch the channels, claim in time, settle, collect, carry, send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.node import Block, Node
from agents_offchain.chain.watcher import ChainEvent, StepResult
from agents_offchain.primitives.hexes import decode_address
from agents_offchain.primitives.payments import Channel
from agents_offchain.runtime.daemon import StepOutcome
from agents_offchain.runtime.gas import GasWatch
from agents_offchain.runtime.generations import LaneSender
from agents_offchain.runtime.payments.claimer import Claimer
from agents_offchain.runtime.payments.collector import Collector
from agents_offchain.runtime.payments.moment import moment_at
from agents_offchain.runtime.payments.relayer import Relayer
from agents_offchain.runtime.payments.settler import Settler
from agents_offchain.storage.outbox import unsettled
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.payments.orders import OrderBook
from agents_offchain.storage.payments.relays import RelayBook

CHANNELS = "PaymentChannels"
CASHIER = "cashier"
"""Name of the daemon and of its rows; there is one in a home."""
_OF_ONE = frozenset({"ChannelToppedUp", "VoucherClaimed", "ChannelClosing", "ChannelClosed"})


class Follower(Protocol):
    """Takes blocks; `chain.watcher.Watcher` is one."""

    async def step(self) -> StepResult: ...


class ChannelSink:
    """Notes which channels an event was about; they are read anew at the next step.

    Args:
        relays: Of every escrow whose hires are followed beside these channels.
    """

    def __init__(self, channels: ChannelBook, orders: OrderBook, relays: Sequence[RelayBook]) -> None:
        self._channels = channels
        self._orders = orders
        self._relays = relays

    async def apply(self, connection: AsyncConnection, events: Sequence[ChainEvent], head: Block) -> None:
        for event in events:
            if event.contract == CHANNELS:
                await self._take(connection, event)

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        await self._channels.roll_back(connection, last_valid)
        await self._orders.reopen_above(connection, last_valid)
        for relays in self._relays:
            await relays.reopen_above(connection, last_valid)

    async def _take(self, connection: AsyncConnection, event: ChainEvent) -> None:
        args, block = event.args, event.block_number
        if event.name == "ChannelOpened":
            channel = Channel(
                payer=decode_address(args["payer"]),
                payee=decode_address(args["payee"]),
                token=decode_address(args["token"]),
                grace_seconds=args["graceSeconds"],
                salt=args["salt"],
            )
            await self._channels.note_channel(connection, channel, block)
        elif event.name in _OF_ONE:
            await self._channels.mark_stale(connection, bytes(args["channelId"]), block)
        elif event.name == "VouchersClaimed":
            for channel_id in args["claims"][::2]:
                if any(channel_id):
                    await self._channels.mark_stale(connection, bytes(channel_id), block)


@dataclass
class Cashier:
    """The cashier of one PaymentChannels, in one process with those of the generations before it.

    Args:
        name: Of the process.
        retained_blocks: Deeper than this below the newest block taken, nothing is taken back any more.
        collectors: Of the channels of every generation, where this is the newest one; an older one has none. Credit is
            looked after for ever, since anybody's claim can leave some.
        relayers: Of the escrows of every generation, where this is the newest one.
        sender: Of the lane that all plan on; an older one has it lent.
    """

    name: str
    node: Node
    chain_id: int
    watcher: Follower
    claimer: Claimer
    settler: Settler
    gas: GasWatch
    sender: LaneSender
    retained_blocks: int
    collectors: Sequence[Collector] = ()
    relayers: Sequence[Relayer] = ()
    _block_number: int = 0

    async def setup(self) -> None:
        await self.node.require_chain(self.chain_id)

    async def step(self) -> StepOutcome:
        """Take new blocks, plan what is due, send what is planned. Nothing is planned before all facts are in."""
        watched = await self.watcher.step()
        self._block_number = watched.block_number
        if watched.rolled_back_to is not None:
            await self.sender.reopen_above(watched.rolled_back_to)
        moved = sent = 0
        if watched.is_caught_up:
            moment = await moment_at(self.node, watched.block_number)
            moved = await self.claimer.step(moment) + await self.settler.step(moment)
            for relayer in self.relayers:
                moved += await relayer.step()
            for collector in self.collectors:
                moved += await collector.step()
            sent = await self.sender.step()
        await self.gas.look()
        return StepOutcome(
            is_idle=watched.is_caught_up and not (moved or sent),
            block_number=watched.block_number,
            backlog=await self.claimer.outbox.count_open(),
            detail=self.gas.alert,
        )

    async def owed(self) -> int:
        """What keeps the cashier at these channels: units that are held and may bring something, and whatever was sent
        there of late, which a reorganisation may take back."""
        held = await self.claimer.channels.unclaimed() + await self.settler.orders.unpaid()
        final = self._block_number - self.retained_blocks
        return held or await unsettled(self.claimer.database, self.claimer.contract.address, final)

    async def close(self) -> None:
        return None
