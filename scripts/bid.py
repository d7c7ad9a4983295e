"""Sealed bids: `ape run bid commit | reveal`.

`ape run bid commit --account TEST::3 --number 1 --price 2.5 --agent 0`
`ape run bid reveal --account TEST::3 --number 1`

A bid is written to `bids/` of the data folder before it is sent: without its salt nobody can reveal it, and a bid
that is not revealed loses its bond.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import click
from ape.api import AccountAPI

from scripts import Market, at_option, ensure_allowance, explained, home, told, verb

NO_AGENT = 2**256 - 1


def bid_file(m: Market, account: AccountAPI, request_id: int) -> Path:
    """Where the account keeps its bid on a request of this chain."""
    return home() / "bids" / f"{m.document['chainId']}-{request_id}-{account.address}.json"


def commit_bid(
    m: Market, account: AccountAPI, request_id: int, price: int, agent_id: int = NO_AGENT, at: str | None = None
) -> None:
    """Writes the bid down, then locks the bond for it; price in smallest units. Again, it sends the same bid.

    Raises:
        ClickException: the account holds another bid on this request.
    """
    desk, file = m.other("TenderDesk", at), bid_file(m, account, request_id)
    bid = {"desk": desk.address, "price": price, "agentId": agent_id}
    if file.is_file():
        kept = json.loads(file.read_text())
        if {name: kept[name] for name in bid} != bid:
            raise click.ClickException(f"{file} holds another bid of this account; reveal that one, or move it away.")
        bid = kept
    else:
        bid["salt"] = "0x" + secrets.token_hex(32)
        _keep(file, json.dumps(bid))
    request = desk.requestOf(request_id)
    ensure_allowance(m, account, desk, int(request.bond))
    commitment = desk.bidCommitment(request_id, account, bid["price"], bid["agentId"], bid["salt"])
    told(
        desk.commitBid(request_id, commitment, sender=account), f"bid on request {request_id} committed, kept in {file}"
    )


def reveal_bid(m: Market, account: AccountAPI, request_id: int, at: str | None = None) -> bool:
    """Shows the kept bid; true if it leads.

    Raises:
        ClickException: the account keeps no bid on this request.
    """
    file = bid_file(m, account, request_id)
    if not file.is_file():
        raise click.ClickException(f"{file} is missing: commit a bid first, on this machine.")
    bid, desk = json.loads(file.read_text()), m.other("TenderDesk", at)
    receipt = desk.revealBid(request_id, bid["price"], bid["agentId"], bid["salt"], sender=account)
    leads = bool(receipt.events.filter(desk.BidRevealed)[0].isBest)
    told(receipt, f"bid of {m.show(bid['price'])} revealed, it {'leads' if leads else 'does not lead'}")
    return leads


def _keep(file: Path, text: str) -> None:
    """On the disk, whole or not at all, before anything is sent."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    with draft.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


@click.group()
def cli() -> None:
    """Commit and reveal a sealed bid."""


@verb
@click.option("--number", "request_id", type=int, required=True, help="Number of the request.")
@click.option("--price", required=True, help="Price in the token, like 2.5.")
@click.option("--agent", "agent_id", default=NO_AGENT, help="Agent for which the account bids; none by default.")
@at_option("the tender desk")
def commit(m: Market, account: AccountAPI, request_id: int, price: str, agent_id: int, at: str | None) -> None:
    """Lock the bond for a price that nobody can see yet."""
    commit_bid(m, account, request_id, m.units(price), agent_id, at)


@verb
@click.option("--number", "request_id", type=int, required=True, help="Number of the request.")
@at_option("the tender desk")
def reveal(m: Market, account: AccountAPI, request_id: int, at: str | None) -> None:
    """Show the committed price, in the reveal window."""
    reveal_bid(m, account, request_id, at)


for command in (commit, reveal):
    cli.add_command(explained(command))
