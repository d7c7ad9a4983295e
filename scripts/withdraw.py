"""Draws a credit: `ape run withdraw --account TEST::1`, or `--for 0x…` for somebody else, to whom it goes."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, at_option, told, verb

LEDGERS = ("JobEscrow", "PaymentChannels", "RevenueSplitter")


def withdraw(m: Market, account: AccountAPI, owner: str, ledger: str = "JobEscrow", at: str | None = None) -> int:
    """Sends the credit of `owner` in a contract to `owner`; returns it, smallest units.

    Raises:
        ClickException: there is none.
    """
    contract = m.escrow if ledger == "JobEscrow" and at is None else m.other(ledger, at)
    credit = int(contract.creditOf(m.token, owner))
    if credit == 0:
        raise click.ClickException(f"{owner} has no credit in {ledger}.")
    told(contract.withdrawFor(m.token, owner, sender=account), f"{m.show(credit)} sent to {owner}")
    return credit


@verb
@click.option("--for", "owner", default=None, help="Whose credit; the account's by default.")
@click.option(
    "--from", "ledger", type=click.Choice(LEDGERS), default="JobEscrow", show_default=True, help="Where it is."
)
@at_option("that contract")
def cli(m: Market, account: AccountAPI, owner: str | None, ledger: str, at: str | None) -> None:
    """Send a credit to its owner: fees, refused pushes, channels, splits."""
    withdraw(m, account, owner or account.address, ledger, at)
