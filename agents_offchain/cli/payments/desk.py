"""What the commands about promises share: amounts, keys, the channel that is meant, allowances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.proxies.payment_channels import PaymentChannelsProxy
from agents_offchain.chain.proxies.token import TokenProxy, approve_calldata, mint_calldata
from agents_offchain.chain.signer.keystore import key_address, list_keys
from agents_offchain.cli.bootstrap.cashier import Till, home_till
from agents_offchain.cli.operate.connections import Connections, connections
from agents_offchain.cli.places import key_folder
from agents_offchain.cli.wallet import Wallet
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import HexInvalid, checksum, decode_address, decode_hex, encode_hex
from agents_offchain.primitives.payments import MAX_UNITS, Channel
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import TOKEN_DECIMALS, format_tokens, parse_units
from agents_offchain.storage.payments.channels import ChannelRow

FAUCET_UNITS = 100 * 10**TOKEN_DECIMALS


class PaymentUnclear(Refused):
    """What a command about payments was given cannot be meant."""


@dataclass(frozen=True)
class Desk:
    """A home's connections and a till of its market: the newest one, unless a channel stands at another."""

    around: Connections
    till: Till

    @property
    def contract(self) -> PaymentChannelsProxy:
        return self.till.contract

    @property
    def token(self) -> bytes:
        return self.till.deployment.address("TestDollar")

    @property
    def desks(self) -> tuple[Desk, ...]:
        """One at each PaymentChannels of the market, the newest first."""
        return tuple(replace(self, till=till) for till in self.till.tills)

    def reference(self, channel: Channel) -> str:
        """How a channel of this till is called: by its id, in an older generation `generation:id`, as jobs are."""
        number, text = self.till.deployment.generation, encode_hex(channel.channel_id)
        return text if number == self.around.deployment.generation else f"{number}:{text}"

    async def chain_time(self) -> int:
        """Of the newest block, unix seconds."""
        head = await self.around.node.block()
        return head.timestamp if head is not None else 0

    async def at_channel(self, name: str) -> tuple[Desk, ChannelRow]:
        """The desk where a channel stands, and the channel with what the chain says now.

        Args:
            name: The channel's id, which the newest till that knows it means, or `generation:id`.

        Raises:
            PaymentUnclear: the home does not know it.
        """
        generation, _, channel_hex = name.rpartition(":")
        try:
            channel_id = decode_hex(channel_hex, 32)
        except HexInvalid as error:
            raise PaymentUnclear(
                f"{name[:80]!r} is no channel's id.", mend="`aitbc channel list` shows them."
            ) from error
        for each in self._meant(generation):
            if await each.till.channels.get(channel_id) is not None:
                return each, await each.fresh(channel_id)
        raise PaymentUnclear(
            "This home does not know the channel.",
            mend="`aitbc cashier run NAME` learns every channel from the chain; a payer's own come with `open`.",
        )

    def _meant(self, generation: str) -> tuple[Desk, ...]:
        if not generation:
            return self.desks
        return tuple(
            each for each in self.desks if generation in {str(one.generation) for one in each.till.generations}
        )

    async def fresh(self, channel_id: bytes) -> ChannelRow:
        """A channel of this till that the home knows, with what the chain says now."""
        row = await self.till.channels.get(channel_id)
        if row is None:
            raise PaymentUnclear("This home does not know the channel.")
        state = await self.contract.channel(channel_id)
        await self.till.channels.refresh(row, state.deposit, state.claimed, state.closable_at)
        return await self.till.channels.get(channel_id) or row

    async def ensure_money(self, wallet: Wallet, amount: int) -> None:
        """See that the wallet holds the amount and the contract may draw it.

        Raises:
            PaymentUnclear: it holds less, and this is no chain of play money.
        """
        token, owner, spender = TokenProxy(self.around.node, self.token), await wallet.address(), self.contract.address
        held = await token.balance(owner)
        if held < amount and not self.around.is_local:
            raise PaymentUnclear(f"{checksum(owner)} holds {show(held)}.", mend="Send it the rest.")
        if held < amount:
            await wallet.transact(token.address, mint_calldata(owner, max(FAUCET_UNITS, amount)))
        allowance = await self.around.node.call(load_abi("TestDollar"), token.address, "allowance", owner, spender)
        if int(allowance) < amount:
            await wallet.transact(token.address, approve_calldata(spender, amount))


@asynccontextmanager
async def desk(settings: Settings, command: str) -> AsyncIterator[Desk]:
    """Connect to a home whose market has channels."""
    async with connections(settings, command) as around:
        till = home_till(settings, around.node, around.database, around.deployment, SystemClock())
        yield Desk(around, till)


def units(text: str) -> int:
    """An amount in whole tokens, as the smallest unit.

    Raises:
        PaymentUnclear: not a positive amount.
    """
    try:
        amount = parse_units(text, TOKEN_DECIMALS)
    except ValueError as error:
        raise PaymentUnclear(f"{text[:40]!r} is no amount.", mend="Write it as 12.50.") from error
    if not 0 < amount <= MAX_UNITS:
        raise PaymentUnclear(f"{text[:40]!r} is not between nothing and what the contract holds.")
    return amount


def show(amount: int) -> str:
    """An amount in whole tokens."""
    return format_tokens(amount)


def account(settings: Settings, name_or_address: str) -> bytes:
    """An address, or that of a key of this home.

    Raises:
        PaymentUnclear: neither.
    """
    if name_or_address.startswith("0x"):
        try:
            return decode_address(name_or_address)
        except HexInvalid as error:
            raise PaymentUnclear(f"{name_or_address[:60]!r} is no address.") from error
    return key_address(key_folder(settings), name_or_address)


def own_accounts(settings: Settings) -> dict[bytes, str]:
    """Name by address of every key of this home."""
    return {key.address: key.name for key in list_keys(key_folder(settings))}


def named(own: dict[bytes, str], address: bytes) -> str:
    """A key's name, else the address."""
    return own.get(address, checksum(address))
