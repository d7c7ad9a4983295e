"""Is a promise good money? What is, is kept; what is not is refused in one sentence.

Reads the chain at its newest block. A promise that was taken before is taken again without a word, so that whoever
hands it over may repeat itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.payment_channels import PaymentChannelsProxy
from agents_offchain.messaging.errors import EnvelopeInvalid
from agents_offchain.messaging.protocols.signature import recover_signer
from agents_offchain.primitives.eip712 import Domain
from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.primitives.hexes import checksum, encode_hex
from agents_offchain.primitives.payments import order_digest, payments_domain, voucher_digest
from agents_offchain.runtime.payments.documents import Place, Promise, SignedHire, SignedOrder, SignedVoucher
from agents_offchain.runtime.payments.relayer import LEFT
from agents_offchain.storage.database import Database
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.payments.orders import OrderBook
from agents_offchain.storage.payments.relays import REFUSED, WAITING, Relay, RelayBook

MIN_GRACE_SECONDS = 600
"""A shorter grace may be over before a claim is mined; such channels are not taken."""
MIN_ORDER_SECONDS = 600
HIRES_A_DAY = 10
"""Of one client."""


class PromiseRefused(Refused):
    """A voucher, an order or a signed hire is not good money, or not for us."""


class ChainAway(Retryable):
    """The node has no head to read at."""


@dataclass(frozen=True)
class Taken:
    """A promise that is kept: `kind` is voucher, order or hire; `key` finds it again."""

    kind: str
    key: str
    is_new: bool
    adds: int


@dataclass(frozen=True)
class Intake:
    """Takes promises for the contracts of one generation.

    Args:
        payees: Whose vouchers and orders are taken.
        is_left: Whether the market has moved on: its channels still pay, and nobody is hired in its escrow any more.
        hires_a_day: How many signed hires of one client are carried in a day.
    """

    node: Node
    chain_id: int
    contract: bytes
    escrow: bytes
    payees: Callable[[], Collection[bytes]]
    channels: ChannelBook
    orders: OrderBook
    relays: RelayBook
    database: Database
    is_left: bool = False
    hires_a_day: int = HIRES_A_DAY

    @property
    def domain(self) -> Domain:
        return payments_domain(self.chain_id, self.contract)

    async def take(self, promise: Promise) -> Taken:
        """Keep a promise.

        Raises:
            PromiseRefused: it is not good money, or not for one of our payees.
            NodeUnavailable: it cannot be said now.
        """
        if isinstance(promise, SignedVoucher):
            return await self._take_voucher(promise)
        if isinstance(promise, SignedOrder):
            return await self._take_order(promise)
        return await self._take_hire(promise)

    async def _take_voucher(self, signed: SignedVoucher) -> Taken:
        channel, channel_id = signed.channel, signed.channel.channel_id
        self._require_place(signed.place, self.contract)
        self._require_payee(channel.payee)
        if channel.grace_seconds < MIN_GRACE_SECONDS:
            raise PromiseRefused(
                f"The channel's grace of {channel.grace_seconds} s is shorter than {MIN_GRACE_SECONDS} s.",
                mend="Open one with a longer grace.",
            )
        _require_signer(channel.payer, voucher_digest(self.domain, channel_id, signed.cumulative), signed.signature)
        state = await PaymentChannelsProxy(self.node, self.contract).channel(channel_id)
        held = await self.channels.newest(channel_id)
        key, floor = encode_hex(channel_id), max(state.claimed, held[0] if held is not None else 0)
        if held is not None and held[0] == signed.cumulative:
            return Taken("voucher", key, is_new=False, adds=0)
        if signed.cumulative <= floor:
            raise PromiseRefused(
                f"The voucher says {signed.cumulative}, and {floor} is held or claimed already.",
                mend="Sign everything that is owed so far, not what is owed now.",
            )
        if signed.cumulative > state.deposit:
            raise PromiseRefused(
                f"The voucher says {signed.cumulative}, and the channel holds {state.deposit}.",
                mend="Top the channel up." if state.deposit else "Open the channel first.",
            )
        if state.closable_at:
            await self._require_before(state.closable_at - MIN_GRACE_SECONDS, "The channel is about to be closed.")
        async with self.database.write() as connection:
            await self.channels.note_channel(connection, channel, 0)
            is_new = await self.channels.add_voucher(connection, channel, signed.cumulative, signed.signature)
        return Taken("voucher", key, is_new, signed.cumulative - floor)

    async def _take_order(self, signed: SignedOrder) -> Taken:
        order = signed.order
        self._require_place(signed.place, self.contract)
        self._require_payee(order.payee)
        if not order.amount:
            raise PromiseRefused("The order pays nothing.")
        _require_signer(order.payer, order_digest(self.domain, order), signed.signature)
        key = f"{checksum(order.payer)}:{order.nonce}"
        held = await self.orders.get(order.payer, order.nonce)
        if held is not None and held.order == order:
            return Taken("order", key, is_new=False, adds=0)
        if held is not None:
            raise PromiseRefused(f"The nonce {order.nonce} stands on another order.", mend="Sign with a fresh nonce.")
        await self._require_before(
            order.valid_before - MIN_ORDER_SECONDS, f"The order must be good for {MIN_ORDER_SECONDS} s at least."
        )
        proxy = PaymentChannelsProxy(self.node, self.contract)
        if await proxy.spent_nonces(order.payer, order.nonce_word) & order.nonce_mask:
            raise PromiseRefused(f"The nonce {order.nonce} is spent or cancelled.", mend="Sign with a fresh nonce.")
        purse = await proxy.purse(order.token, order.payer)
        promised = await self.orders.promised(order.payer, order.token)
        if promised + order.amount > purse.staying:
            raise PromiseRefused(
                f"The purse holds {purse.staying}; {promised} of it is promised to us, and the order asks "
                f"{order.amount} more.",
                mend="Fill the purse.",
            )
        async with self.database.write() as connection:
            is_new = await self.orders.add(connection, order, signed.signature)
        if not is_new:  # somebody was quicker with this nonce
            return await self._take_order(signed)
        return Taken("order", key, is_new, order.amount)

    async def _take_hire(self, signed: SignedHire) -> Taken:
        hire = signed.hire
        self._require_place(signed.place, self.escrow)
        held = await self.relays.get(hire.client, hire.nonce)
        if held is not None:
            if held.status == REFUSED:
                raise PromiseRefused(f"This hire was refused: {held.error or 'no reason was noted'}.")
            return Taken("hire", encode_hex(hire.nonce), is_new=False, adds=0)
        if self.is_left:
            raise PromiseRefused(LEFT, mend="Sign the hire for the newest contracts: `aitbc relay sign`.")
        if await self.relays.count_of_day(hire.client) >= self.hires_a_day:
            raise PromiseRefused(
                f"{self.hires_a_day} hires of a client are carried in a day.", mend="Try tomorrow, or pay the gas."
            )
        abi = load_abi("JobEscrow")
        try:
            await self.node.call(abi, self.escrow, "hireWithAuthorization", *hire.arguments)
        except ContractReverted as error:
            raise PromiseRefused(f"The hire would be refused: {error.message}") from error
        policy = await self.node.call(abi, self.escrow, "policyOf", hire.terms.policy_id)
        relay = Relay(
            client=hire.client,
            nonce=hire.nonce,
            token=bytes.fromhex(policy["token"][2:]),
            budget=hire.terms.budget,
            data=hire.calldata,
            status=WAITING,
            intent=None,
            cost_wei=None,
            tx_hash=None,
            error=None,
            received_at=0.0,
        )
        async with self.database.write() as connection:
            is_new = await self.relays.add(connection, relay, signed.as_dict()["terms"])
        return Taken("hire", encode_hex(hire.nonce), is_new, hire.terms.budget)

    def _require_place(self, place: Place, contract: bytes) -> None:
        if (place.chain_id, place.contract) != (self.chain_id, contract):
            raise PromiseRefused(
                f"It is for {checksum(place.contract)} on chain {place.chain_id}.",
                mend=f"Here is {checksum(contract)} on chain {self.chain_id}.",
            )

    def _require_payee(self, payee: bytes) -> None:
        if payee not in self.payees():
            raise PromiseRefused(f"It pays {checksum(payee)}, which is nobody here.")

    async def _require_before(self, moment: int, sentence: str) -> None:
        head = await self.node.block()
        if head is None:
            raise ChainAway("The node has no head.")
        if head.timestamp > moment:
            raise PromiseRefused(sentence, mend="Ask for one that is good for longer.")


@dataclass(frozen=True)
class MarketIntake:
    """Takes promises for every generation of a market: each at the contract that it names.

    Args:
        newest: Also says what is wrong with a promise that names a contract of none.
        older: Newest first.
    """

    newest: Intake
    older: Sequence[Intake] = ()

    async def take(self, promise: Promise) -> Taken:
        """Keep a promise; see `Intake.take`."""
        for each in (self.newest, *self.older):
            if promise.place.contract == (each.escrow if isinstance(promise, SignedHire) else each.contract):
                return await each.take(promise)
        return await self.newest.take(promise)


def _require_signer(payer: bytes, digest: bytes, signature: bytes) -> None:
    """Only keys sign here: a contract's vouchers and orders cannot be claimed in a batch."""
    try:
        signer = recover_signer(digest, signature)
    except EnvelopeInvalid as error:
        raise PromiseRefused(f"The signature is unusable: {error.message}") from error
    if signer != payer:
        raise PromiseRefused(f"{checksum(signer)} signed it, and {checksum(payer)} is to pay.")
