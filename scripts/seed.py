"""Fills a local market: `ape run seed --account TEST::1 --client TEST::3`. Again sends only what is missing."""

from __future__ import annotations

import click
from ape import chain
from ape.api import AccountAPI
from ape.cli import account_option

from scripts import LOCAL_CHAINS, Market, told, verb
from scripts.list import create_listing
from scripts.register import register

PURSE = 1_000_000_000
PRICE = 2_000_000
SERVICE = "inspect-image"
URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"


def seed(m: Market, account: AccountAPI, client: AccountAPI) -> int:
    """An agent of `account` with one listing, and a client with money; returns the listing's id.

    Raises:
        ClickException: this chain has value.
    """
    if chain.chain_id not in LOCAL_CHAINS:
        raise click.ClickException(f"Chain {chain.chain_id} is not local: seeding mints play money.")
    if m.token.balanceOf(client) < PURSE:
        told(m.token.mint(client, PURSE, sender=client), f"{m.show(PURSE)} minted for {client.address}")
    for listing_id in range(1, m.listings.listingCount() + 1):
        listing = m.listings.listingOf(listing_id)
        if m.registry.ownerOf(listing.agentId) == account.address and listing.isAvailable:
            click.echo(f"listing {listing_id} of agent {listing.agentId} stands already")
            return listing_id
    return create_listing(m, account, register(m, account, URI), SERVICE, PRICE)


@verb
@account_option("--client", prompt="Account of the client")
def cli(m: Market, account: AccountAPI, client: AccountAPI) -> None:
    """Give a local market an agent with a listing, and a client with money."""
    seed(m, account, client)
