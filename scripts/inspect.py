"""Prints one job from the chain: its state, its money, its events: `ape run inspect --job 1`. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from ape import chain

from scripts import STATUS_NAMES, Market, connected, market, network_option, plain_errors, require_job, shown

ESCROW_EVENTS = (
    "JobCreated",
    "JobDescribed",
    "ProviderSet",
    "BudgetSet",
    "JobFunded",
    "JobSubmitted",
    "JobCompleted",
    "JobRejected",
    "JobExpired",
    "FeeTaken",
    "PaymentReleased",
    "Refunded",
    "HookFailed",
)
ORACLE_EVENTS = ("VerdictPosted", "JobSettled")


@click.command()
@network_option
@click.option("--job", "job_id", type=int, required=True, help="Number of the job.")
def cli(network: str | None, job_id: int) -> None:
    """Print a job's state, money and events."""
    with connected(network), plain_errors():
        m = market()
        require_job(m, job_id)
        for line in (*state_lines(m, job_id), *money_lines(m, job_id), *event_lines(m, job_id)):
            click.echo(line)


def state_lines(m: Market, job_id: int) -> Iterator[str]:
    """What the escrow and the oracle hold about the job."""
    job = m.escrow.jobOf(job_id)
    yield f"job {job_id}: {STATUS_NAMES[job.status]}"
    yield f"  client     {job.client}"
    yield f"  provider   {job.provider}"
    yield f"  evaluator  {job.evaluator}"
    yield f"  budget     {m.show(job.budget)} under policy {job.policyId}"
    yield f"  work by {job.workBy}, expires {job.expiredAt}, submitted {job.submittedAt or 'not yet'}"
    verdict = m.oracle.verdictOf(job_id)
    if verdict.isPosted:
        yield f"  verdict    {verdict.score} of 100, posted at {verdict.postedAt}"
    settleable_at = m.oracle.settleableAt(job_id)
    if settleable_at:
        yield f"  settleable from {settleable_at} (now {chain.blocks.head.timestamp})"


def money_lines(m: Market, job_id: int) -> Iterator[str]:
    """Who holds what now, of the accounts that the job touches."""
    job = m.escrow.jobOf(job_id)
    accounts = {
        "client": job.client,
        "provider": job.provider,
        "treasury": m.document["treasury"],
        "reporters' pool": m.oracle.address,
    }
    yield "money"
    for name, account in accounts.items():
        credit = m.escrow.creditOf(m.token, account)
        yield f"  {name:<16} {m.show(m.token.balanceOf(account))}, credit {m.show(credit)}"
    yield f"  {'escrow holds':<16} {m.show(m.token.balanceOf(m.escrow))}"


def event_lines(m: Market, job_id: int) -> Iterator[str]:
    """Every event of the job in the order of the chain."""
    found: list[Any] = []
    for contract, names in ((m.escrow, ESCROW_EVENTS), (m.oracle, ORACLE_EVENTS)):
        for name in names:
            event = getattr(contract, name)
            first = int(m.document["deployedAtBlock"])
            found.extend(event.range(first, chain.blocks.height + 1, search_topics={"jobId": job_id}))
    yield "events"
    for log in sorted(found, key=lambda log: (log.block_number, log.log_index)):
        arguments = ", ".join(f"{key}={shown(value)}" for key, value in log.event_arguments.items() if key != "jobId")
        yield f"  block {log.block_number:>6}  {log.event_name}({arguments})  {log.transaction_hash}"
