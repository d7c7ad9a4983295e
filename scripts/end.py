"""Ends jobs by the exit that anybody may take now: `ape run end --account TEST::1 --job 1 --job 2` (`ExitDesk`)."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import STATUS_NAMES, Market, at_option, require_job, told, verb


def end_jobs(m: Market, account: AccountAPI, job_ids: tuple[int, ...], at: str | None = None) -> list[int]:
    """Settles, reports no-shows and refunds what is due; returns the jobs that moved. The others stay as they are.

    Raises:
        ClickException: one of the jobs does not exist.
    """
    before = {job_id: require_job(m, job_id).status for job_id in job_ids}
    told(m.other("ExitDesk", at).endJobs(list(before), sender=account), f"asked to end {len(before)} jobs")
    after = {job_id: m.escrow.jobOf(job_id).status for job_id in before}
    for job_id, status in after.items():
        click.echo(f"  job {job_id}: {STATUS_NAMES[before[job_id]]} -> {STATUS_NAMES[status]}")
    return [job_id for job_id in before if after[job_id] != before[job_id]]


@verb
@click.option("--job", "job_ids", type=int, multiple=True, required=True, help="Number of a job; repeat it.")
@at_option("ExitDesk")
def cli(m: Market, account: AccountAPI, job_ids: tuple[int, ...], at: str | None) -> None:
    """End jobs that are due, as anybody may."""
    end_jobs(m, account, job_ids, at)
