"""PaymentChannels, read: channels, purses, spent nonces, credits; and the calldata of its verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import LATEST, Node
from agents_offchain.primitives.payments import Channel, Order, compact_signature

ABI = load_abi("PaymentChannels")


@dataclass(frozen=True)
class ChannelState:
    """Money of a channel, smallest units; `closable_at` is 0 while it is open. All zero: never opened."""

    deposit: int
    claimed: int
    closable_at: int


@dataclass(frozen=True)
class PurseState:
    """Money of a payer for orders; `leaving` of it was announced to go from `leaves_at` on."""

    balance: int
    leaving: int
    leaves_at: int

    @property
    def staying(self) -> int:
        """What a payee may count on."""
        return self.balance - min(self.leaving, self.balance)


class PaymentChannelsProxy:
    """Views of one PaymentChannels."""

    def __init__(self, node: Node, address: bytes) -> None:
        self.node = node
        self.address = address

    async def channel(self, channel_id: bytes, *, block: int | str = LATEST) -> ChannelState:
        row = await self._read("channelOf", channel_id, block=block)
        return ChannelState(row["deposit"], row["claimed"], row["closableAt"])

    async def purse(self, token: bytes, payer: bytes, *, block: int | str = LATEST) -> PurseState:
        row = await self._read("purseOf", token, payer, block=block)
        return PurseState(row["balance"], row["leaving"], row["leavesAt"])

    async def spent_nonces(self, payer: bytes, word: int, *, block: int | str = LATEST) -> int:
        """The spent bits of a word of 256 nonces."""
        return int(await self._read("spentNonces", payer, word, block=block))

    async def credit(self, token: bytes, account: bytes, *, block: int | str = LATEST) -> int:
        """What an account can withdraw."""
        return int(await self._read("creditOf", token, account, block=block))

    async def rehearse(self, function: str, *args: Any, sender: bytes, block: int | str = LATEST) -> Any:
        """What a call would return, without sending it.

        Raises:
            ContractReverted: it would revert.
        """
        return await self.node.call(ABI, self.address, function, *args, block=block, sender=sender)

    async def _read(self, function: str, *args: Any, block: int | str) -> Any:
        return await self.node.call(ABI, self.address, function, *args, block=block)


def open_calldata(channel: Channel, amount: int) -> bytes:
    return ABI.encode_call("open", channel.payee, channel.token, channel.grace_seconds, channel.salt, amount)


def top_up_calldata(channel: Channel, amount: int) -> bytes:
    return ABI.encode_call("topUp", channel.as_tuple(), amount)


def close_calldata(step: str, channel: Channel) -> bytes:
    """`startClose` by the payer, `release` by the payee, `finishClose` by anybody after the grace."""
    return ABI.encode_call(step, channel.as_tuple())


def fill_purse_calldata(token: bytes, payer: bytes, amount: int) -> bytes:
    return ABI.encode_call("fillPurse", token, payer, amount)


def withdraw_for_calldata(token: bytes, account: bytes) -> bytes:
    """Sends an account its credit; anybody may."""
    return ABI.encode_call("withdrawFor", token, account)


def voucher_rows(signed: Sequence[tuple[Channel, int, bytes]]) -> list[tuple[Any, ...]]:
    """`VoucherRow`s of (channel, cumulative, 65-byte signature)."""
    return [
        (channel.terms_word, cumulative, *compact_signature(signature)) for channel, cumulative, signature in signed
    ]


def order_rows(signed: Sequence[tuple[Order, bytes]]) -> list[tuple[Any, ...]]:
    """`OrderRow`s of (order, 65-byte signature)."""
    return [(*order.words, order.purpose, *compact_signature(signature)) for order, signature in signed]
