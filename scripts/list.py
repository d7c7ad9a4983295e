"""Offers a service: `ape run list --account TEST::1 --agent 1 --service inspect-image --price 2.5`."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, told, verb

MAX_SERVICE_BYTES = 32


def create_listing(
    m: Market, account: AccountAPI, agent_id: int, service: str, price: int, work_seconds: int = 600, uri: str = ""
) -> int:
    """Creates a listing under the deployment's policy row and returns its id.

    Args:
        price: Smallest units of the market's token.

    Raises:
        ClickException: the service's name is longer than 32 bytes or not ASCII.
    """
    if not service.isascii() or not 0 < len(service) <= MAX_SERVICE_BYTES:
        raise click.ClickException(f"The service {service!r} is not 1 to {MAX_SERVICE_BYTES} letters of ASCII.")
    padded = service.encode().ljust(MAX_SERVICE_BYTES, b"\0")
    terms = (agent_id, padded, price, m.document["policyId"], work_seconds, bytes(32), uri)
    receipt = m.listings.createListing(terms, sender=account)
    listing_id = int(receipt.events.filter(m.listings.ListingCreated)[0].listingId)
    told(receipt, f"listing {listing_id}: {service} by agent {agent_id} for {m.show(price)}")
    return listing_id


@verb
@click.option("--agent", "agent_id", type=int, required=True, help="Agent that offers.")
@click.option("--service", required=True, help="Service type, for example inspect-image.")
@click.option("--price", required=True, help="In the market's token, for example 2.5.")
@click.option("--work-seconds", default=600, show_default=True, help="Time from hire to submission.")
@click.option("--uri", default="", help="Description of the service.")
def cli(m: Market, account: AccountAPI, agent_id: int, service: str, price: str, work_seconds: int, uri: str) -> None:
    """Offer a service of an agent at a fixed price."""
    create_listing(m, account, agent_id, service, m.units(price), work_seconds, uri)
