"""Payment channels: `ape run channels open|voucher|claim|close|show`, by the same terms each time.

`ape run channels open --account TEST::3 --payee 0x… --deposit 50`
`ape run channels voucher --account TEST::3 --payee 0x… --sum 12.5` prints a signature for the payee
`ape run channels claim --account TEST::1 --payer 0x… --payee 0x… --sum 12.5 --signature 0x…`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import click
from ape import chain
from ape.api import AccountAPI
from eth_account.messages import encode_typed_data

from scripts import Market, at_option, ensure_allowance, told, verb

HOUR = 3_600


class Channel(NamedTuple):
    """`IPaymentChannels.Channel` in the order of its fields; `grace_seconds` from closing to the end."""

    payer: str
    payee: str
    token: str
    grace_seconds: int = HOUR
    salt: int = 0


def open_channel(m: Market, account: AccountAPI, terms: Channel, deposit: int, at: str | None = None) -> bytes:
    """Opens a channel of `account` with a deposit, smallest units; returns its id."""
    channels = m.other("PaymentChannels", at)
    ensure_allowance(m, account, channels, deposit)
    receipt = channels.open(terms.payee, terms.token, terms.grace_seconds, terms.salt, deposit, sender=account)
    channel_id = bytes(channels.channelIdOf(terms))
    told(receipt, f"channel 0x{channel_id.hex()} opened with {m.show(deposit)}")
    return channel_id


def voucher(m: Market, account: AccountAPI, terms: Channel, cumulative: int, at: str | None = None) -> bytes:
    """The payer's signature over everything that it owes so far, smallest units; sends nothing."""
    channels = m.other("PaymentChannels", at)
    domain = {
        "name": "AITBC PaymentChannels",
        "version": "1",
        "chainId": chain.chain_id,
        "verifyingContract": channels.address,
    }
    types = {"Voucher": [{"name": "channelId", "type": "bytes32"}, {"name": "cumulative", "type": "uint96"}]}
    message = {"channelId": channels.channelIdOf(terms), "cumulative": cumulative}
    signature = account.sign_message(encode_typed_data(domain, types, message))
    if signature is None:
        raise click.ClickException("The account did not sign.")
    return bytes(signature.encode_rsv())


def claim_voucher(
    m: Market, account: AccountAPI, terms: Channel, cumulative: int, signature: bytes, at: str | None = None
) -> int:
    """Credits the payee with what is new in a voucher; returns its credit. Anybody may carry it."""
    channels = m.other("PaymentChannels", at)
    receipt = channels.claim(terms, cumulative, signature, sender=account)
    credit = int(channels.creditOf(terms.token, terms.payee))
    told(receipt, f"claimed up to {m.show(cumulative)}; {terms.payee} has a credit of {m.show(credit)}")
    return credit


def close_channel(m: Market, account: AccountAPI, terms: Channel, at: str | None = None) -> str:
    """Goes one step towards the end: the payee releases, the payer starts, anybody finishes after the grace.

    Raises:
        ClickException: the channel is closing, and its grace is not over.
    """
    channels = m.other("PaymentChannels", at)
    closable_at = int(channels.channelOf(channels.channelIdOf(terms)).closableAt)
    if account.address == terms.payee:
        told(channels.release(terms, sender=account), "channel released")
        return "released"
    if closable_at == 0:
        told(channels.startClose(terms, sender=account), f"closing starts; finish it in {terms.grace_seconds} s")
        return "closing"
    if closable_at > chain.pending_timestamp:
        raise click.ClickException(f"The grace runs {closable_at - chain.pending_timestamp} s more.")
    told(channels.finishClose(terms, sender=account), "channel closed; what is left is the payer's credit")
    return "closed"


def channel_verb(function: Callable[..., None]) -> click.Command:
    """A command that names a channel: `(m, account, terms, at, **options)`."""

    def run(
        m: Market,
        account: AccountAPI,
        payer: str | None,
        payee: str | None,
        grace_seconds: int,
        salt: int,
        at: str | None,
        **options: Any,
    ) -> None:
        terms = Channel(payer or account.address, payee or account.address, m.token.address, grace_seconds, salt)
        if terms.payer == terms.payee:
            raise click.ClickException("Name the other side with --payer or --payee.")
        function(m, account, terms, at, **options)

    for option in (
        at_option("PaymentChannels"),
        click.option("--salt", default=0, show_default=True, help="Tells channels of the same two apart."),
        click.option("--grace-seconds", default=HOUR, show_default=True, help="From closing to the end."),
        click.option("--payee", default=None, help="Who is paid; the account by default."),
        click.option("--payer", default=None, help="Who pays; the account by default."),
    ):
        run = option(run)
    run.__doc__ = function.__doc__
    run.__dict__.setdefault("__click_params__", []).extend(getattr(function, "__click_params__", []))
    return verb(run)


@click.group()
def cli() -> None:
    """Open a channel, sign and claim vouchers, close it. Name it by the same terms each time."""


@channel_verb
@click.option("--deposit", required=True, help="In the market's token, for example 50.")
def open_command(m: Market, account: AccountAPI, terms: Channel, at: str | None, deposit: str) -> None:
    """Open a channel with a deposit."""
    open_channel(m, account, terms, m.units(deposit), at)


@channel_verb
@click.option("--sum", "total", required=True, help="Everything owed so far, in the market's token.")
def voucher_command(m: Market, account: AccountAPI, terms: Channel, at: str | None, total: str) -> None:
    """Sign a voucher for the payee; nothing is sent."""
    click.echo("0x" + voucher(m, account, terms, m.units(total), at).hex())


@channel_verb
@click.option("--sum", "total", required=True, help="What the voucher says, in the market's token.")
@click.option("--signature", required=True, help="The voucher, 0x and 130 digits.")
def claim_command(m: Market, account: AccountAPI, terms: Channel, at: str | None, total: str, signature: str) -> None:
    """Claim a voucher for its payee."""
    try:
        signed = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        raise click.ClickException(f"The signature {signature!r} is not 0x and digits.") from None
    claim_voucher(m, account, terms, m.units(total), signed, at)


@channel_verb
def close_command(m: Market, account: AccountAPI, terms: Channel, at: str | None) -> None:
    """Go one step towards the end of a channel."""
    close_channel(m, account, terms, at)


@channel_verb
def show_command(m: Market, account: AccountAPI, terms: Channel, at: str | None) -> None:
    """Print what a channel holds."""
    channels = m.other("PaymentChannels", at)
    state = channels.channelOf(channels.channelIdOf(terms))
    click.echo(
        f"deposit {m.show(state.deposit)}, claimed {m.show(state.claimed)}, closable at {state.closableAt or 'never'}"
    )


for name, command in {
    "open": open_command,
    "voucher": voucher_command,
    "claim": claim_command,
    "close": close_command,
    "show": show_command,
}.items():
    cli.add_command(command, name)
