"""Votes: `ape run vote --account TEST::1 --proposal 123… --choice for`."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, at_option, told, verb

CHOICES = ("against", "for", "abstain")
STATES = ("pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed")


def vote(m: Market, account: AccountAPI, number: int, choice: str, because: str = "", at: str | None = None) -> int:
    """Votes with the weight that `account` had at the snapshot; returns that weight.

    Raises:
        ClickException: the vote is not open, or the account has no weight in it.
    """
    governor = m.other("AitbcGovernor", at)
    state = STATES[governor.state(number)]
    if state != "active":
        raise click.ClickException(f"Proposal {number} is {state}, not active.")
    weight = int(governor.getVotes(account, governor.proposalSnapshot(number)))
    if weight == 0:
        raise click.ClickException(
            f"{account.address} had no votes at the snapshot: delegate before a proposal is made."
        )
    receipt = governor.castVoteWithReason(number, CHOICES.index(choice), because, sender=account)
    told(receipt, f"voted {choice} with {weight / 10**18:g} votes")
    return weight


@verb
@click.option("--proposal", "number", type=int, required=True, help="Number of the proposal.")
@click.option("--choice", type=click.Choice(CHOICES), required=True, help="Your vote.")
@click.option("--because", default="", help="A reason, public for ever.")
@at_option("AitbcGovernor")
def cli(m: Market, account: AccountAPI, number: int, choice: str, because: str, at: str | None) -> None:
    """Vote on a proposal of the governor."""
    vote(m, account, number, choice, because, at)
