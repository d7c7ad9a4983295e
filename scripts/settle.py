"""Settles jobs whose windows are over: `ape run settle --account TEST::9 --job 1 --job 2`. Anybody may."""

from __future__ import annotations

import click
from ape import chain
from ape.api import AccountAPI

from scripts import Market, require_job, told, verb


def settle(m: Market, account: AccountAPI, job_ids: tuple[int, ...]) -> list[int]:
    """Settles what can be settled in one transaction; returns the jobs that were.

    Raises:
        ClickException: none of them can be settled now; the sentence says from when on.
    """
    now = chain.pending_timestamp
    ready, reasons = [], []
    for job_id in job_ids:
        require_job(m, job_id)
        since = m.oracle.settleableAt(job_id)
        if since and since <= now:
            ready.append(job_id)
        else:
            reasons.append(f"job {job_id} {f'can be settled in {since - now} s' if since else 'is not submitted'}")
    if not ready:
        raise click.ClickException(f"Nothing to settle: {'; '.join(reasons)}.")
    receipt = m.oracle.settle(ready, sender=account)
    settled = [int(log.jobId) for log in receipt.events.filter(m.oracle.JobSettled)]
    told(receipt, f"settled {', '.join(f'job {job_id}' for job_id in settled) or 'nothing'}")
    return settled


@verb
@click.option("--job", "job_ids", type=int, multiple=True, required=True, help="Number of a job; repeat it.")
def cli(m: Market, account: AccountAPI, job_ids: tuple[int, ...]) -> None:
    """Settle jobs after their windows: silence and a passing verdict pay, a failing one refunds."""
    settle(m, account, job_ids)
