"""How a price is found: `ape run price --account TEST::1 --listing 1 --model dynamic --floor 1 --ceiling 4`."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, told, verb

MODELS = ("fixed", "per-unit", "dynamic", "sealed-bid", "negotiated")
"""In the order of `IServiceListings.PriceModel`."""


def set_pricing(
    m: Market, account: AccountAPI, listing_id: int, model: str, *, floor: int = 0, ceiling: int = 0, bond: int = 0
) -> None:
    """Sets the price model of a listing; the price of today stays.

    Args:
        floor: Least price of the dynamic model, smallest units; zero for the others. So is `ceiling`.
        bond: What the agent is ready to lock for a job, smallest units.

    Raises:
        ClickException: there is no such model.
    """
    if model not in MODELS:
        raise click.ClickException(f"{model!r} is no price model; choose {', '.join(MODELS)}.")
    receipt = m.listings.setPricing(listing_id, (MODELS.index(model), floor, ceiling, bond), sender=account)
    bounds = f" from {m.show(floor)} to {m.show(ceiling)}" if model == "dynamic" else ""
    told(receipt, f"listing {listing_id} is priced {model}{bounds}, with a bond of {m.show(bond)}")


@verb
@click.option("--listing", "listing_id", type=int, required=True, help="Number of the listing.")
@click.option("--model", type=click.Choice(MODELS), required=True, help="How a job's price is found.")
@click.option("--floor", default="0", help="Least price of the dynamic model, for example 1.5.")
@click.option("--ceiling", default="0", help="Greatest price of the dynamic model.")
@click.option("--bond", default="0", help="What the agent is ready to lock for a job.")
def cli(m: Market, account: AccountAPI, listing_id: int, model: str, floor: str, ceiling: str, bond: str) -> None:
    """Say how the price of a listing is found."""
    set_pricing(m, account, listing_id, model, floor=m.units(floor), ceiling=m.units(ceiling), bond=m.units(bond))
