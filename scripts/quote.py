"""Negotiated prices: `ape run quote sign | take | cancel`.

`ape run quote sign --account TEST::3 --price 2.5 --request ipfs://<cid> > quote.json` by the provider; sends nothing
`ape run quote take --account TEST::5 --quote quote.json --request ipfs://<cid>` by the client; hires
`ape run quote cancel --account TEST::3 --nonce 7` by the provider
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import click
from ape import chain
from ape.api import AccountAPI
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from scripts import Market, at_option, ensure_allowance, explained, told, verb

HOUR = 3_600
ZERO_ADDRESS = "0x" + "00" * 20
FIELDS = (
    ("provider", "address"),
    ("client", "address"),
    ("policyId", "uint32"),
    ("price", "uint96"),
    ("workSeconds", "uint32"),
    ("agentId", "uint256"),
    ("listingId", "uint256"),
    ("requestHash", "bytes32"),
    ("nonce", "uint64"),
    ("validBefore", "uint32"),
)
"""`IQuoteDesk.Quote`, name and type in order."""


def sign_quote(
    m: Market,
    account: AccountAPI,
    *,
    price: int,
    request: str,
    work_seconds: int,
    agent_id: int = 0,
    client: str = ZERO_ADDRESS,
    valid_seconds: int = HOUR,
    nonce: int | None = None,
    at: str | None = None,
) -> dict[str, Any]:
    """The provider's signed quote as a JSON document; price in smallest units. Sends nothing."""
    desk = m.other("QuoteDesk", at)
    quote = {
        "provider": account.address,
        "client": client,
        "policyId": m.document["policyId"],
        "price": price,
        "workSeconds": work_seconds,
        "agentId": agent_id,
        "listingId": 0,
        "requestHash": "0x" + keccak(text=request).hex(),
        "nonce": secrets.randbits(63) if nonce is None else nonce,
        "validBefore": chain.blocks.head.timestamp + valid_seconds,
    }
    domain = {
        "name": "AITBC QuoteDesk",
        "version": "1",
        "chainId": chain.chain_id,
        "verifyingContract": desk.address,
    }
    types = {"Quote": [{"name": name, "type": kind} for name, kind in FIELDS]}
    signature = account.sign_message(encode_typed_data(domain, types, quote))
    if signature is None:
        raise click.ClickException("The account did not sign.")
    return {"quote": quote, "signature": "0x" + bytes(signature.encode_rsv()).hex()}


def take_quote(m: Market, account: AccountAPI, signed: dict[str, Any], request: str, at: str | None = None) -> int:
    """Hires at the quoted terms; returns the job's number.

    Raises:
        ClickException: the document is no signed quote.
    """
    desk = m.other("QuoteDesk", at)
    try:
        quote = tuple(signed["quote"][name] for name, _ in FIELDS)
        signature = bytes.fromhex(signed["signature"].removeprefix("0x"))
        price = int(signed["quote"]["price"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise click.ClickException("That is no signed quote; `ape run quote sign` writes one.") from None
    ensure_allowance(m, account, desk, price)
    receipt = desk.hire(quote, request, signature, sender=account)
    job_id = int(receipt.events.filter(desk.QuoteTaken)[0].jobId)
    told(receipt, f"job {job_id} hired for {m.show(price)}")
    return job_id


@click.group()
def cli() -> None:
    """Sign, take and cancel quotes."""


@verb
@click.option("--price", required=True, help="Price in the token, like 2.5.")
@click.option("--request", "request_uri", required=True, help="ipfs://<cid> of the request that the quote is for.")
@click.option("--work-seconds", default=HOUR, show_default=True, help="From hire to delivery.")
@click.option("--agent", "agent_id", default=0, show_default=True, help="Agent that the account works for.")
@click.option("--client", default=ZERO_ADDRESS, help="Who may take it; anybody by default.")
@click.option("--valid-seconds", default=HOUR, show_default=True, help="How long it holds.")
@at_option("the quote desk")
def sign(
    m: Market,
    account: AccountAPI,
    price: str,
    request_uri: str,
    work_seconds: int,
    agent_id: int,
    client: str,
    valid_seconds: int,
    at: str | None,
) -> None:
    """Sign a quote and print it; the provider's part."""
    signed = sign_quote(
        m,
        account,
        price=m.units(price),
        request=request_uri,
        work_seconds=work_seconds,
        agent_id=agent_id,
        client=client,
        valid_seconds=valid_seconds,
        at=at,
    )
    click.echo(json.dumps(signed, indent=2))


@verb
@click.option(
    "--quote", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="File."
)
@click.option("--request", "request_uri", required=True, help="ipfs://<cid> of the request.")
@at_option("the quote desk")
def take(m: Market, account: AccountAPI, file: Path, request_uri: str, at: str | None) -> None:
    """Hire by a signed quote; the client's part."""
    try:
        signed = json.loads(file.read_text())
    except ValueError:
        raise click.ClickException(f"{file} is no JSON document; `ape run quote sign` writes one.") from None
    take_quote(m, account, signed, request_uri, at)


@verb
@click.option("--nonce", type=int, required=True, help="Nonce of the quote.")
@at_option("the quote desk")
def cancel(m: Market, account: AccountAPI, nonce: int, at: str | None) -> None:
    """Make a quote worthless that the account signed."""
    desk = m.other("QuoteDesk", at)
    told(desk.cancelQuotes(nonce >> 8, 1 << (nonce & 255), sender=account), f"quote {nonce} cancelled")


for command in (sign, take, cancel):
    cli.add_command(explained(command))
