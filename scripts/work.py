"""Jobs with a bond: `ape run work start | take | conclude --account TEST::3 --job 1` (`WorkDesk`)."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, at_option, ensure_allowance, explained, told, verb


def begin(m: Market, account: AccountAPI, job_id: int, is_take: bool = False, at: str | None = None) -> None:
    """Locks the bond of a job: its provider starts, or anybody takes what nobody started."""
    desk = m.other("WorkDesk", at)
    ensure_allowance(m, account, desk, int(desk.dealOf(job_id).bond))
    receipt = (desk.take if is_take else desk.start)(job_id, sender=account)
    told(receipt, f"job {job_id} {'taken' if is_take else 'started'} with {m.show(int(desk.dealOf(job_id).bond))}")


def conclude_work(m: Market, account: AccountAPI, job_id: int, at: str | None = None) -> None:
    """Gives the bond of a job that has ended to whom it belongs."""
    told(m.other("WorkDesk", at).conclude(job_id, sender=account), f"the bond of job {job_id} is given")


@click.group()
def cli() -> None:
    """Start, take and conclude jobs with a bond."""


@verb
@click.option("--job", "job_id", type=int, required=True, help="Number of the job.")
@at_option("the work desk")
def start(m: Market, account: AccountAPI, job_id: int, at: str | None) -> None:
    """Start a job; its provider's part."""
    begin(m, account, job_id, at=at)


@verb
@click.option("--job", "job_id", type=int, required=True, help="Number of the job.")
@at_option("the work desk")
def take(m: Market, account: AccountAPI, job_id: int, at: str | None) -> None:
    """Take a job that nobody started in time."""
    begin(m, account, job_id, is_take=True, at=at)


@verb
@click.option("--job", "job_id", type=int, required=True, help="Number of the job.")
@at_option("the work desk")
def conclude(m: Market, account: AccountAPI, job_id: int, at: str | None) -> None:
    """Give the bond of an ended job to whom it belongs."""
    conclude_work(m, account, job_id, at)


for command in (start, take, conclude):
    cli.add_command(explained(command))
