"""Options and help of `aitbc channel`, `aitbc order` and `aitbc relay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.options import AsJson, Home, command_group, finish

channel = command_group("channel", "Payment channels: money locked for one payee, moved by vouchers that cost no gas.")
order = command_group("order", "Signed orders: small payments out of one purse, settled in batches.")
relay = command_group("relay", "Hires that a client only signs, carried by somebody who has gas.")
GROUPS = (channel, order, relay)

ChannelId = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="Its id, 0x and 64 digits; `1:0x...` in an older generation.")
]
Payee = Annotated[str, typer.Argument(help="Who is paid: an address, or a key of this home.")]
Payer = Annotated[str, typer.Option("--key", help="The key that pays.")]
Out = Annotated[Path | None, typer.Option(help="Write the document here instead of printing it.")]
Document = Annotated[Path, typer.Argument(help="A voucher, an order or a signed hire, as it was handed over.")]
GoodFor = Annotated[int, typer.Option("--good-for", min=600, max=2_592_000, help="Seconds.")]


@channel.command("open", epilog="Example:  aitbc channel open 0x7099... --deposit 50 --json")
def channel_open(
    payee: Payee,
    deposit: Annotated[str, typer.Option(help="First deposit, in whole tokens.")],
    grace: Annotated[
        int, typer.Option(min=600, max=2_592_000, help="Seconds that the payee has left when the payer leaves.")
    ] = 86_400,
    salt: Annotated[
        int | None, typer.Option(min=0, max=2**64 - 1, help="Tells channels of the same two apart; random if left out.")
    ] = None,
    key: Payer = "client",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Lock money for one payee. Run again with the same salt, it goes on."""
    from agents_offchain.cli.payments.channel import run_open
    from agents_offchain.cli.places import settings_for

    finish(run_open(settings_for(home), Console(as_json), payee, deposit, grace, salt, key))


@channel.command("top-up", epilog="Example:  aitbc channel top-up 0x5f... --amount 25")
def channel_top_up(
    channel_id: ChannelId,
    amount: Annotated[str, typer.Option(help="In whole tokens.")],
    key: Payer = "client",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add to the deposit. By the payer it also takes back a closing that has begun."""
    from agents_offchain.cli.payments.channel import run_top_up
    from agents_offchain.cli.places import settings_for

    finish(run_top_up(settings_for(home), Console(as_json), channel_id, amount, key))


@channel.command("voucher", epilog="Example:  aitbc channel voucher 0x5f... --sum 12.5 --out voucher.json")
def channel_voucher(
    channel_id: ChannelId,
    total: Annotated[str, typer.Option("--sum", help="Everything owed so far, in whole tokens.")],
    key: Payer = "client",
    out: Out = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Sign a voucher for the payee. Nothing is sent; the document is the payment."""
    from agents_offchain.cli.payments.channel import run_voucher
    from agents_offchain.cli.places import settings_for

    finish(run_voucher(settings_for(home), Console(as_json), channel_id, total, key, out))


@channel.command("take", epilog="Example:  aitbc channel take voucher.json")
def channel_take(document: Document, home: Home = None, as_json: AsJson = False) -> None:
    """Check a document that somebody handed over against the chain, and keep it when it is good money."""
    from agents_offchain.cli.payments.channel import run_take
    from agents_offchain.cli.places import settings_for

    finish(run_take(settings_for(home), Console(as_json), document))


@channel.command("claim", epilog="Examples:  aitbc channel claim  ·  aitbc channel claim 0x5f... --json")
def channel_claim(
    channel_id: Annotated[str | None, typer.Argument(metavar="[CHANNEL]", help="One; all when left out.")] = None,
    key: Annotated[str | None, typer.Option(help="The key that pays the gas; the home's cashier by default.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Claim now what vouchers say beyond what was claimed. A cashier does it by itself when it is worth its gas."""
    from agents_offchain.cli.payments.channel import run_claim
    from agents_offchain.cli.places import settings_for

    finish(run_claim(settings_for(home), Console(as_json), channel_id, key))


@channel.command("close", epilog="Examples:  aitbc channel close 0x5f...  ·  aitbc channel close 0x5f... --key agent")
def channel_close(
    channel_id: ChannelId,
    key: Annotated[str, typer.Option(help="Who closes.")] = "client",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Go one step: the payer begins, anybody finishes after the grace, the payee gives up the rest at once."""
    from agents_offchain.cli.payments.channel import run_close
    from agents_offchain.cli.places import settings_for

    finish(run_close(settings_for(home), Console(as_json), channel_id, key))


@channel.command("list", epilog="Example:  aitbc channel list --json")
def channel_list(home: Home = None, as_json: AsJson = False) -> None:
    """Show the channels of this home's keys, with what is deposited, claimed and held."""
    from agents_offchain.cli.payments.channel import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json)))


@channel.command("show", epilog="Example:  aitbc channel show 0x5f...")
def channel_show(channel_id: ChannelId, home: Home = None, as_json: AsJson = False) -> None:
    """Show one channel as the chain has it now."""
    from agents_offchain.cli.payments.channel import run_show
    from agents_offchain.cli.places import settings_for

    finish(run_show(settings_for(home), Console(as_json), channel_id))


@order.command("fill", epilog="Example:  aitbc order fill --amount 20")
def order_fill(
    amount: Annotated[str, typer.Option(help="In whole tokens.")],
    key: Payer = "client",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put money into the purse that orders are paid from."""
    from agents_offchain.cli.payments.order import run_fill
    from agents_offchain.cli.places import settings_for

    finish(run_fill(settings_for(home), Console(as_json), amount, key))


@order.command("sign", epilog="Example:  aitbc order sign 0x7099... --amount 0.05 --out order.json")
def order_sign(
    payee: Payee,
    amount: Annotated[str, typer.Option(help="In whole tokens.")],
    good_for: GoodFor = 86_400,
    purpose: Annotated[str, typer.Option(help="32 bytes in hex, such as a request's SHA-256.")] = "0x" + "00" * 32,
    nonce: Annotated[int | None, typer.Option(min=0, max=2**64 - 1, help="Each pays once; random if left out.")] = None,
    key: Payer = "client",
    out: Out = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Sign a payment out of the purse. Nothing is sent; the document is the payment."""
    from agents_offchain.cli.payments.order import run_sign
    from agents_offchain.cli.places import settings_for

    finish(
        run_sign(
            settings_for(home),
            Console(as_json),
            payee,
            amount,
            good_for_seconds=good_for,
            purpose=purpose,
            nonce=nonce,
            key=key,
            out=out,
        )
    )


@order.command("list", epilog="Example:  aitbc order list --json")
def order_list(home: Home = None, as_json: AsJson = False) -> None:
    """Show the orders that this home took, and what became of each."""
    from agents_offchain.cli.payments.order import run_list
    from agents_offchain.cli.places import settings_for

    finish(run_list(settings_for(home), Console(as_json)))


@relay.command("sign", epilog="Example:  aitbc relay sign 3 --request bafkrei... --out hire.json")
def relay_sign(
    listing: Annotated[str, typer.Argument(metavar="LISTING", help="A listing's number, or a service: the cheapest.")],
    request: Annotated[str, typer.Option(help="CID of the stored request document.")],
    good_for: GoodFor = 3_600,
    key: Payer = "client",
    out: Out = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Sign a hire and the payment of its price. Whoever takes the document sends it and pays the gas."""
    from agents_offchain.cli.payments.order import run_sign_hire
    from agents_offchain.cli.places import settings_for

    finish(
        run_sign_hire(
            settings_for(home), Console(as_json), listing, request, good_for_seconds=good_for, key=key, out=out
        )
    )


@relay.command("list", epilog="Example:  aitbc relay list --json")
def relay_list(home: Home = None, as_json: AsJson = False) -> None:
    """Show the signed hires that this home took, and what became of each."""
    from agents_offchain.cli.payments.order import run_list_hires
    from agents_offchain.cli.places import settings_for

    finish(run_list_hires(settings_for(home), Console(as_json)))
