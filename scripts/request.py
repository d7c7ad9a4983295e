"""Open requests: `ape run request open | award | end`; bidders answer with `ape run bid`.

`ape run request open --account TEST::5 --request ipfs://<cid> --max-price 5 --bond 0.1`
`ape run request award --account TEST::5 --number 1 --request ipfs://<cid>`
`ape run request end --account TEST::8 --number 1 --bidder 0x…` frees what a tender still holds
"""

from __future__ import annotations

import click
from ape import chain
from ape.api import AccountAPI

from scripts import Market, at_option, ensure_allowance, explained, told, verb

WINDOW = 600


def open_request(
    m: Market,
    account: AccountAPI,
    *,
    request: str,
    service: str,
    max_price: int,
    bond: int,
    window_seconds: int = WINDOW,
    work_seconds: int = 3_600,
    at: str | None = None,
) -> int:
    """Opens a request, amounts in smallest units; returns its number. A bond of zero asks for quotes only."""
    desk = m.other("TenderDesk", at)
    window = window_seconds if bond else 0
    terms = (
        m.document["policyId"],
        max_price,
        bond,
        window,
        window,
        window,
        work_seconds,
        service.encode().ljust(32, b"\0"),
        request,
    )
    receipt = desk.openRequest(terms, sender=account)
    request_id = int(receipt.events.filter(desk.RequestOpened)[0].requestId)
    told(receipt, f"request {request_id} opened, " + (f"three windows of {window} s" if bond else "quotes only"))
    return request_id


def award_request(m: Market, account: AccountAPI, request_id: int, request: str, at: str | None = None) -> int:
    """Hires the best bidder; returns the job's number."""
    desk = m.other("TenderDesk", at)
    ensure_allowance(m, account, desk, int(desk.requestOf(request_id).bestPrice))
    receipt = desk.award(request_id, request, sender=account)
    awarded = receipt.events.filter(desk.RequestAwarded)[0]
    told(receipt, f"job {awarded.jobId} hired with {awarded.provider} for {m.show(awarded.price)}")
    return int(awarded.jobId)


def end_tender(m: Market, account: AccountAPI, request_id: int, bidder: str | None, at: str | None = None) -> None:
    """The best bond comes free after an unused award window; with a bidder, an unrevealed one goes to the client."""
    desk = m.other("TenderDesk", at)
    if bidder is None:
        told(desk.releaseBest(request_id, sender=account), f"the best bond of request {request_id} is free")
    else:
        told(desk.forfeitBond(request_id, bidder, sender=account), f"the bond of {bidder} went to the client")


@click.group()
def cli() -> None:
    """Open a request, award it, end it."""


@verb
@click.option("--request", "request_uri", required=True, help="ipfs://<cid> of the request document.")
@click.option("--service", default="inspect-image", show_default=True, help="Service whose reputation counts.")
@click.option("--max-price", required=True, help="Highest price that a bid may show, like 5.")
@click.option("--bond", default="0", show_default=True, help="What each bidder locks; 0 asks for quotes only.")
@click.option("--window-seconds", default=WINDOW, show_default=True, help="Each of commit, reveal and award.")
@click.option("--work-seconds", default=3_600, show_default=True, help="From hire to delivery.")
@at_option("the tender desk")
def open_(
    m: Market,
    account: AccountAPI,
    request_uri: str,
    service: str,
    max_price: str,
    bond: str,
    window_seconds: int,
    work_seconds: int,
    at: str | None,
) -> None:
    """Open a request; no money moves."""
    open_request(
        m,
        account,
        request=request_uri,
        service=service,
        max_price=m.units(max_price),
        bond=m.units(bond),
        window_seconds=window_seconds,
        work_seconds=work_seconds,
        at=at,
    )


@verb
@click.option("--number", "request_id", type=int, required=True, help="Number of the request.")
@click.option("--request", "request_uri", required=True, help="The same text that opened it.")
@at_option("the tender desk")
def award(m: Market, account: AccountAPI, request_id: int, request_uri: str, at: str | None) -> None:
    """Hire the best bidder; the client's part, after the reveals."""
    award_request(m, account, request_id, request_uri, at)


@verb
@click.option("--number", "request_id", type=int, required=True, help="Number of the request.")
@click.option("--bidder", default=None, help="Whose bid was not revealed; without it the best bond comes free.")
@at_option("the tender desk")
def end(m: Market, account: AccountAPI, request_id: int, bidder: str | None, at: str | None) -> None:
    """Free what a tender still holds; anybody may."""
    end_tender(m, account, request_id, bidder, at)


def windows(m: Market, request_id: int, at: str | None = None) -> str:
    """Which window of a request is open now, in words; for the console."""
    request, now = m.other("TenderDesk", at).requestOf(request_id), chain.blocks.head.timestamp
    for name, until in (
        ("commit", request.commitUntil),
        ("reveal", request.revealUntil),
        ("award", request.awardUntil),
    ):
        if now < until:
            return f"{name}, {until - now} s left"
    return "over"


for name, command in (("open", open_), ("award", award), ("end", end)):
    cli.add_command(explained(command), name)
