"""Work in steps: `ape run milestones open --account TEST::5 --provider 0x… --step 1,600,ipfs://…` (`MilestoneDesk`)."""

from __future__ import annotations

from typing import Any

import click
from ape.api import AccountAPI
from eth_utils.address import is_address, to_checksum_address

from scripts import Market, at_option, ensure_allowance, explained, told, verb

Step = tuple[int, int, str]
NOBODY = 2**256 - 1


def open_plan(
    m: Market,
    account: AccountAPI,
    *,
    provider: str,
    steps: list[Step],
    agent_id: int = NOBODY,
    listing_id: int = 0,
    is_automatic: bool = False,
    at: str | None = None,
) -> int:
    """Opens a plan, lets the desk draw what all steps cost, hires the first one, and returns the plan's number.

    Args:
        steps: For each its budget in smallest units, its work time in seconds, and the URI of its request.
    """
    desk = m.other("MilestoneDesk", at)
    ensure_allowance(m, account, desk, sum(budget for budget, _, _ in steps))
    terms = (provider, m.document["policyId"], agent_id, listing_id, is_automatic, steps)
    receipt = desk.openPlan(terms, sender=account)
    opened = receipt.events.filter(desk.MilestoneHired)[0]
    told(receipt, f"plan {opened.planId} of {len(steps)} steps opened; job {opened.jobId} is the first")
    return int(opened.planId)


def advance_plan(m: Market, account: AccountAPI, plan_id: int, at: str | None = None) -> int:
    """Hires the next step once the one before is completed, and returns its job.

    Raises:
        ClickException: there is no such plan.
    """
    desk = m.other("MilestoneDesk", at)
    receipt = desk.advance(plan_id, terms_of(desk, plan_id), sender=account)
    hired = receipt.events.filter(desk.MilestoneHired)[0]
    told(receipt, f"plan {plan_id}: step {hired.index + 1} is job {hired.jobId}")
    return int(hired.jobId)


def stop_plan(m: Market, account: AccountAPI, plan_id: int, at: str | None = None) -> None:
    """Ends a plan; a step that runs goes on."""
    told(m.other("MilestoneDesk", at).stopPlan(plan_id, sender=account), f"plan {plan_id} stopped")


def terms_of(desk: Any, plan_id: int) -> Any:
    """The terms of a plan, from the event that opened it: only their hash is kept on chain.

    Raises:
        ClickException: there is no such plan.
    """
    for opened in desk.PlanOpened.range(0, None, search_topics={"planId": plan_id}):
        return opened.terms
    raise click.ClickException(f"There is no plan {plan_id}; the newest is {desk.planCount()}.")


def parse_step(m: Market, text: str) -> Step:
    """A step written as BUDGET,SECONDS,REQUEST.

    Raises:
        ClickException: a part is missing or no number.
    """
    budget, _, rest = text.partition(",")
    seconds, _, request = rest.partition(",")
    if not seconds.isdecimal() or not request:
        raise click.ClickException(f"{text!r} is no step; write BUDGET,SECONDS,ipfs://<cid> like 1.5,600,ipfs://bafk….")
    return m.units(budget), int(seconds), request


@click.group()
def cli() -> None:
    """Open, advance and stop plans of work in steps."""


@verb
@click.option("--provider", required=True, help="Address that does the work.")
@click.option(
    "--step", "steps", multiple=True, required=True, help="BUDGET,SECONDS,ipfs://<cid>; repeat it, 32 at most."
)
@click.option("--agent", "agent_id", type=int, default=NOBODY, help="Agent of the provider; by default none is named.")
@click.option("--listing", "listing_id", default=0, help="Listing that the work is of; by default none.")
@click.option("--automatic", "is_automatic", is_flag=True, help="Anybody may hire the next step.")
@at_option("the milestone desk")
def open_(
    m: Market,
    account: AccountAPI,
    provider: str,
    steps: tuple[str, ...],
    agent_id: int,
    listing_id: int,
    is_automatic: bool,
    at: str | None,
) -> None:
    """Open a plan and hire its first step."""
    if not is_address(provider):
        raise click.ClickException(f"{provider!r} is no address; write 0x and 40 digits.")
    open_plan(
        m,
        account,
        provider=to_checksum_address(provider),
        steps=[parse_step(m, step) for step in steps],
        agent_id=agent_id,
        listing_id=listing_id,
        is_automatic=is_automatic,
        at=at,
    )


@verb
@click.option("--plan", "plan_id", type=int, required=True, help="Number of the plan.")
@at_option("the milestone desk")
def advance(m: Market, account: AccountAPI, plan_id: int, at: str | None) -> None:
    """Hire the next step of a plan."""
    advance_plan(m, account, plan_id, at)


@verb
@click.option("--plan", "plan_id", type=int, required=True, help="Number of the plan.")
@at_option("the milestone desk")
def stop(m: Market, account: AccountAPI, plan_id: int, at: str | None) -> None:
    """Hire no further step of a plan."""
    stop_plan(m, account, plan_id, at)


for name, command in (("open", open_), ("advance", advance), ("stop", stop)):
    cli.add_command(explained(command), name)
