"""Splits earnings by a registered agreement: `ape run split --account TEST::1 --agreement 0x… --amount 10`."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, at_option, ensure_allowance, told, verb, word


def split(m: Market, account: AccountAPI, agreement_id: bytes, amount: int, at: str | None = None) -> list[int]:
    """Splits `amount` of the market's token from `account`; returns the parts, which wait as credits.

    Raises:
        ClickException: the agreement was never registered, or the account has too little.
    """
    splitter = m.other("RevenueSplitter", at)
    payer, shares = splitter.sharesOf(agreement_id)
    parts = [int(part) for part in splitter.partsOf(agreement_id, amount)]
    ensure_allowance(m, account, splitter, amount)
    told(
        splitter.split(agreement_id, m.token, amount, sender=account), f"{m.show(amount)} split as agreed with {payer}"
    )
    for share, part in zip(shares, parts, strict=True):
        click.echo(f"  {share[0]} {m.show(part)}")
    return parts


@verb
@click.option("--agreement", required=True, help="Id of the agreement, 0x and 64 digits.")
@click.option("--amount", required=True, help="In the market's token, for example 2.5.")
@at_option("RevenueSplitter")
def cli(m: Market, account: AccountAPI, agreement: str, amount: str, at: str | None) -> None:
    """Split an amount among the payees of an agreement; `withdraw --from RevenueSplitter` draws a part."""
    split(m, account, word(agreement, "agreement"), m.units(amount), at)
