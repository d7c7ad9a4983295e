"""Reporters: `ape run reporter stake|status|cover|rotate|claim|exit|unstake`.

`ape run reporter stake --account TEST::1 --amount 100` puts the account on the roll.
`ape run reporter exit --account TEST::1` steps off it; `unstake` takes the stake back when the wait is over.
`ape run reporter claim --account TEST::1` collects the fees that wait and sends the reporter what is due.
"""

from __future__ import annotations

from datetime import UTC, datetime

import click
from ape import chain
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils.address import is_address, to_checksum_address

from scripts import Market, at_option, ensure_allowance, told, verb

FUNDED, SUBMITTED = 1, 2


def stakes(m: Market, at: str | None = None) -> ContractInstance:
    """The market's ReporterStake.

    Raises:
        ClickException: its token is not the market's, so amounts could not be told in words.
    """
    contract = m.other("ReporterStake", at)
    if to_checksum_address(contract.TOKEN()) != m.token.address:
        raise click.ClickException(f"Stakes here are in {contract.TOKEN()}, not in {m.token.symbol()}.")
    return contract


def stake(m: Market, account: AccountAPI, reporter: str, amount: int, at: str | None = None) -> int:
    """Adds to a reporter's stake from `account`; returns the whole stake. Local chains' faucet fills what is missing.

    Raises:
        ClickException: with it the stake is still below the least.
    """
    contract = stakes(m, at)
    held, least = int(contract.stakeOf(reporter).amount), int(contract.MIN_STAKE())
    if held + amount < least:
        raise click.ClickException(
            f"{reporter} would have {m.show(held + amount)} at stake; the least is {m.show(least)}."
        )
    ensure_allowance(m, account, contract, amount)
    told(contract.stakeFor(reporter, amount, sender=account), f"{m.show(amount)} staked for {reporter}")
    return int(contract.stakeOf(reporter).amount)


def status(m: Market, reporter: str, at: str | None = None) -> list[str]:
    """What a reporter has at stake, where it sits, what it may take: one fact a line."""
    contract = stakes(m, at)
    held = contract.stakeOf(reporter)
    epoch = int(m.oracle.epoch())
    seat = int(m.oracle.seatOf(epoch, reporter))
    free_at = int(contract.unstakeAt(reporter))
    due = sum(amount for _, amount in due_epochs(m, contract, reporter))
    return [
        f"stake    {m.show(int(held.amount))} (least {m.show(int(contract.MIN_STAKE()))})",
        f"roll     {'on it: the next epoch seats it' if held.isOnRoll else 'not on it'}",
        f"seat     {f'{seat} of epoch {epoch}' if seat else f'none in epoch {epoch}'}",
        f"due      {m.show(due)}",
        f"unstake  {f'from {_moment(free_at)} on' if free_at else 'not while it stays or sits'}",
    ]


def due_epochs(m: Market, contract: ContractInstance, reporter: str) -> list[tuple[int, int]]:
    """Epochs whose pot owes the reporter something now, with the amount in smallest units; oldest first."""
    owed = [(epoch, int(contract.payOf(m.token, epoch, reporter))) for epoch in range(1, int(m.oracle.epoch()))]
    return [(epoch, amount) for epoch, amount in owed if amount]


def claim(m: Market, account: AccountAPI, reporter: str, at: str | None = None) -> int:
    """Puts the fees that wait into the running epoch's pot and pays the reporter what is due; returns the sum paid.

    Raises:
        ClickException: nothing waits and nothing is due.
    """
    contract = stakes(m, at)
    waiting = int(m.escrow.creditOf(m.token, m.oracle)) + int(m.token.balanceOf(m.oracle))
    if waiting and m.oracle.reporters():
        told(contract.collect(m.token, sender=account), f"{m.show(waiting)} of fees in the pot of this epoch")
    paid = 0
    for epoch, amount in due_epochs(m, contract, reporter):
        receipt = contract.payReporter(m.token, epoch, reporter, sender=account)
        told(receipt, f"{m.show(amount)} of epoch {epoch} sent to {reporter}")
        paid += amount
    if not waiting and not paid:
        raise click.ClickException(f"Nothing is due to {reporter} yet: an epoch pays once closed, or after a week.")
    return paid


def rotate(m: Market, account: AccountAPI) -> int:
    """Makes the roll the signer set of the next epoch; returns its number.

    Raises:
        ClickException: this epoch has not lasted a day.
    """
    epoch = int(m.oracle.epoch())
    earliest = int(m.oracle.termOf(epoch).startsAt) + int(m.oracle.MIN_EPOCH_SECONDS())
    if chain.pending_timestamp < earliest:
        raise click.ClickException(f"Epoch {epoch} may end in {earliest - chain.pending_timestamp} s, not before.")
    receipt = m.oracle.advanceEpoch(sender=account)
    told(receipt, f"epoch {epoch + 1} begins, {len(m.oracle.reporters())} reporters, quorum {m.oracle.quorum()}")
    return epoch + 1


def leave(m: Market, account: AccountAPI, at: str | None = None) -> None:
    """Steps off the roll. The seat in the set in force stays until the next rotation."""
    told(stakes(m, at).startLeaving(sender=account), f"{account.address} leaves the roll; rotate, wait, then unstake")


def unstake(m: Market, account: AccountAPI, at: str | None = None) -> int:
    """Takes the whole stake back; returns it, smallest units.

    Raises:
        ClickException: it did not exit, still sits, or the wait runs.
    """
    contract = stakes(m, at)
    held, free_at = contract.stakeOf(account), int(contract.unstakeAt(account))
    if free_at == 0:
        raise click.ClickException(
            f"{account.address} has not left: `exit` comes first, and a rotation ends its last seat."
        )
    if free_at > chain.pending_timestamp:
        raise click.ClickException(f"The stake stays until {_moment(free_at)}: what was signed can still be judged.")
    told(contract.unstake(sender=account), f"{m.show(int(held.amount))} back to {account.address}")
    return int(held.amount)


def cover(m: Market, at: str | None = None) -> tuple[int, int]:
    """Sum of the open budgets that the oracle judges, and the least that a quorum has at stake: in smallest units.

    Reads every job, so it takes a call a job; budgets in other tokens than the stake's are left out.
    """
    stake_of_quorum = int(stakes(m, at).quorumStake())
    open_budgets = 0
    for job_id in range(1, int(m.escrow.jobCount()) + 1):
        job = m.escrow.jobOf(job_id)
        is_ours = job.evaluator == m.oracle.address and job.token == m.token.address
        open_budgets += int(job.budget) if is_ours and job.status in (FUNDED, SUBMITTED) else 0
    return open_budgets, stake_of_quorum


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def chosen(account: AccountAPI, named: str | None) -> str:
    """The reporter that `--for` names, else the account.

    Raises:
        ClickException: it is no address.
    """
    if named is not None and not is_address(named):
        raise click.ClickException(f"{named!r} is no address; write 0x and 40 digits.")
    return str(account.address) if named is None else str(to_checksum_address(named))


FOR = click.option("--for", "named", default=None, help="The reporter; the account by default.")
AT = at_option("ReporterStake")


@click.group()
def cli() -> None:
    """Stake as a reporter, see how it stands, be paid, rotate the set, leave."""


@verb
@click.option("--amount", required=True, help="In the market's token, for example 100.")
@FOR
@AT
def stake_command(m: Market, account: AccountAPI, amount: str, named: str | None, at: str | None) -> None:
    """Add to a reporter's stake; from the least stake on it is on the roll."""
    stake(m, account, chosen(account, named), m.units(amount), at)


@verb
@FOR
@AT
def status_command(m: Market, account: AccountAPI, named: str | None, at: str | None) -> None:
    """Print a reporter's stake, seat, pay that is due, and when it may unstake."""
    for line in status(m, chosen(account, named), at):
        click.echo(line)


@verb
@AT
def cover_command(m: Market, account: AccountAPI, at: str | None) -> None:
    """Print the open budgets beside the least stake that a lying quorum would lose."""
    open_budgets, stake_of_quorum = cover(m, at)
    click.echo(f"open budgets  {m.show(open_budgets)}")
    click.echo(f"quorum stake  {m.show(stake_of_quorum)}")
    click.echo("covered" if open_budgets <= stake_of_quorum else "NOT covered: more is judged than a quorum would lose")


@verb
def rotate_command(m: Market, account: AccountAPI) -> None:
    """Make the roll the signer set of the next epoch; anybody may."""
    rotate(m, account)


@verb
@FOR
@AT
def claim_command(m: Market, account: AccountAPI, named: str | None, at: str | None) -> None:
    """Collect the fees that wait and pay a reporter what is due; anybody may."""
    claim(m, account, chosen(account, named), at)


@verb
@AT
def exit_command(m: Market, account: AccountAPI, at: str | None) -> None:
    """Step off the roll; the first step to take the stake back."""
    leave(m, account, at)


@verb
@AT
def unstake_command(m: Market, account: AccountAPI, at: str | None) -> None:
    """Take the whole stake back once nothing can be held against it."""
    unstake(m, account, at)


for _name, _command in (
    ("stake", stake_command),
    ("status", status_command),
    ("cover", cover_command),
    ("rotate", rotate_command),
    ("claim", claim_command),
    ("exit", exit_command),
    ("unstake", unstake_command),
):
    cli.add_command(_command, _name)
