"""Accepts a result early: `ape run accept --account TEST::3 --job 1`. The provider is paid at once."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, require_job, told, verb


def accept(m: Market, account: AccountAPI, job_id: int) -> int:
    """Pays the provider of a submitted job of `account`; returns what it got, smallest units."""
    require_job(m, job_id)
    receipt = m.escrow.accept(job_id, sender=account)
    paid = int(receipt.events.filter(m.escrow.PaymentReleased)[0].amount)
    told(receipt, f"job {job_id} accepted, {m.show(paid)} paid")
    return paid


@verb
@click.option("--job", "job_id", type=int, required=True, help="Number of the job.")
def cli(m: Market, account: AccountAPI, job_id: int) -> None:
    """Accept a submitted result as its client, without waiting for the windows."""
    accept(m, account, job_id)
