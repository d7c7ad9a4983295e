"""Delegates votes: `ape run delegate --account TEST::1 --to 0x…`; to oneself by default, so that a balance votes."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, at_option, told, verb


def delegate(m: Market, account: AccountAPI, to: str, at: str | None = None) -> int:
    """Delegates the token's votes of `account`; returns the votes that `to` has now, smallest units."""
    token = m.other("AitbcToken", at)
    # `delegate` of a contract object is ape's own; the call is made by its name.
    receipt = token.invoke_transaction("delegate", to, sender=account)
    votes = int(token.getVotes(to))
    told(receipt, f"{to} has {votes / 10**18:g} votes")
    return votes


@verb
@click.option("--to", default=None, help="Who votes with them; the account itself by default.")
@at_option("AitbcToken")
def cli(m: Market, account: AccountAPI, to: str | None, at: str | None) -> None:
    """Let an account vote with the token's balance of yours; nothing moves."""
    delegate(m, account, to or account.address, at)
