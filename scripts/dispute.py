"""Disputes, for parties, jurors and whoever carries them on: `ape run dispute open|refer|stake|draw|commit|reveal|…`.

`ape run dispute open --account TEST::5 --job 1`, then `refer` and `rule` by anybody
`ape run dispute stake --account TEST::6 --tickets 1`, `draw`, `commit --share 4000`, `reveal`, `close`

A vote is secret until it is revealed: `commit` writes share and salt to `votes.json` in the data folder before it
sends.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

import click
from ape import chain, networks
from ape.api import AccountAPI
from eth_utils.address import to_checksum_address

from agents_offchain.chain.block_header import header_bytes
from scripts import LOCAL_CHAINS, Market, ensure_allowance, home, require_job, told, verb, word

PHASES = ("unknown", "draw", "commit", "reveal", "appeal", "over")
NOTHING = bytes(32)


def open_dispute(m: Market, account: AccountAPI, job_id: int, evidence: bytes = NOTHING) -> int:
    """Disputes a job of `account`; returns the bond, smallest units."""
    require_job(m, job_id)
    desk = m.other("DisputeDesk")
    bond = int(desk.bondFor(job_id))
    ensure_allowance(m, account, desk, bond)
    told(desk.dispute(job_id, evidence, bond, sender=account), f"job {job_id} disputed, bond {m.show(bond)}")
    return bond


def refer(m: Market, account: AccountAPI, job_id: int) -> int:
    """Brings a dispute before the court; returns the court's number of it."""
    desk = m.other("DisputeDesk")
    receipt = desk.refer(job_id, sender=account)
    number = int(desk.disputeOf(job_id).disputeId)
    told(receipt, f"job {job_id} is dispute {number} of the court")
    return number


def rule(m: Market, account: AccountAPI, job_id: int) -> int:
    """Carries out the ruling or what silence decides; returns the provider's share in 1/10,000."""
    desk = m.other("DisputeDesk")
    receipt = desk.rule(job_id, sender=account)
    ended = receipt.events.filter(desk.DisputeEnded)[0]
    by = "the court" if ended.isByCourt else "silence or the parties"
    told(receipt, f"job {job_id} ended by {by}, {ended.providerBps / 100:g} % to the provider")
    return int(ended.providerBps)


def stake(m: Market, account: AccountAPI, tickets: int) -> int:
    """Makes `account` a juror; returns its tickets. The faucet fills the stake on local chains only."""
    court = m.other("JurorCourt")
    amount = tickets * int(court.TICKET_UNITS())
    if to_checksum_address(court.STAKE_TOKEN()) != m.token.address:
        raise click.ClickException(f"This court's stake is {court.STAKE_TOKEN()}: approve it there and call stake.")
    ensure_allowance(m, account, court, amount)
    told(court.stake(tickets, sender=account), f"{tickets} tickets staked, {m.show(amount)}")
    return int(court.jurorOf(account).tickets)


def draw(m: Market, account: AccountAPI, number: int) -> list[str]:
    """Brings the header of the seed block; returns who sits, in the order of the seats."""
    court = m.other("JurorCourt")
    round_number, _ = _running(court, number, "draw")
    seed_block = int(court.roundOf(number, round_number).seedBlock)
    if chain.blocks.height <= seed_block and chain.chain_id in LOCAL_CHAINS:
        chain.mine(seed_block + 1 - chain.blocks.height)
    if chain.blocks.height <= seed_block:
        raise click.ClickException(f"The seed block {seed_block} has not come; the newest is {chain.blocks.height}.")
    block = networks.provider.make_request("eth_getBlockByNumber", [hex(seed_block), False])
    told(court.draw(number, header_bytes(block), sender=account), f"jurors of dispute {number} drawn")
    return _seated(court, number, round_number)


def commit(m: Market, account: AccountAPI, number: int, share: int) -> bytes:
    """Commits `account`, which sits, to a share for the provider; returns the salt, which is also written down."""
    court = m.other("JurorCourt")
    round_number, _ = _running(court, number, "commit")
    seat = _seat_of(court, number, round_number, account)
    if any(bytes(court.seatOf(number, round_number, seat).commitment)):
        raise click.ClickException(f"Seat {seat} of dispute {number} has committed; reveal it when the phase comes.")
    place = _place(court, number, round_number, seat)
    known = _votes().get(place)
    salt = secrets.token_bytes(32) if known is None else word(known["salt"], "salt")
    _remember(place, {"share": share, "salt": "0x" + salt.hex()})
    commitment = court.commitmentOf(number, round_number, seat, account, share, salt)
    told(court.commitVote(number, seat, commitment, sender=account), f"vote of seat {seat} committed")
    return salt


def reveal(m: Market, account: AccountAPI, number: int) -> int:
    """Opens every vote of this data folder that the dispute waits for; returns how many."""
    court = m.other("JurorCourt")
    round_number, _ = _running(court, number, "reveal")
    votes, count = _votes(), 0
    for seat, _juror in enumerate(_seated(court, number, round_number)):
        vote = votes.get(_place(court, number, round_number, seat))
        if vote is None or court.voteOf(number, round_number, seat).isRevealed:
            continue
        receipt = court.revealVote(number, seat, vote["share"], word(vote["salt"], "salt"), sender=account)
        told(receipt, f"vote of seat {seat} revealed")
        count += 1
    if count == 0:
        raise click.ClickException(f"No vote of dispute {number} in {_file()} waits to be revealed.")
    return count


def appeal(m: Market, account: AccountAPI, number: int) -> int:
    """Pays for an appeal; returns its cost, smallest units."""
    court = m.other("JurorCourt")
    cost = int(court.appealCost(number))
    ensure_allowance(m, account, court, cost)
    told(court.appeal(number, sender=account), f"dispute {number} appealed for {m.show(cost)}")
    return cost


def close(m: Market, account: AccountAPI, number: int) -> None:
    """Deals out fees and penalties of a dispute that is over."""
    told(m.other("JurorCourt").close(number, sender=account), f"dispute {number} closed")


def _running(court: Any, number: int, wanted: str) -> tuple[int, int]:
    """The round that runs and its last second, if it is in the phase that the verb needs."""
    standing = court.phaseOf(number)
    if PHASES[standing.phase] != wanted:
        raise click.ClickException(f"Dispute {number} is in the phase {PHASES[standing.phase]}, not {wanted}.")
    return int(standing.round), int(standing.endsAt)


def _seated(court: Any, number: int, round_number: int) -> list[str]:
    drawn = int(court.roundOf(number, round_number).drawn)
    return [str(court.seatOf(number, round_number, seat).juror) for seat in range(drawn)]


def _seat_of(court: Any, number: int, round_number: int, account: AccountAPI) -> int:
    seated = _seated(court, number, round_number)
    if str(account.address) not in seated:
        raise click.ClickException(
            f"{account.address} has no seat in dispute {number}; these have: {', '.join(seated)}."
        )
    return seated.index(str(account.address))


def _place(court: Any, number: int, round_number: int, seat: int) -> str:
    return f"{chain.chain_id}:{court.address}:{number}:{round_number}:{seat}"


def _file() -> Any:
    return home() / "votes.json"


def _votes() -> dict[str, Any]:
    path = _file()
    votes: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return votes


def _remember(place: str, vote: dict[str, Any]) -> None:
    """On disk before the commitment leaves: a vote whose salt is lost cannot be revealed."""
    votes = {**_votes(), place: vote}
    draft = _file().with_suffix(".new")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(votes, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(_file())


@click.group()
def cli() -> None:
    """Dispute a job, judge one, and carry a dispute to its end."""


JOB = click.option("--job", "job_id", type=int, required=True, help="Number of the job.")
DISPUTE = click.option("--dispute", "number", type=int, required=True, help="The court's number of the dispute.")


@verb
@JOB
@click.option("--evidence", default=None, help="sha2-256 of a document, 0x and 64 digits.")
def _open(m: Market, account: AccountAPI, job_id: int, evidence: str | None) -> None:
    """Dispute a job as its client or provider, with a bond."""
    open_dispute(m, account, job_id, NOTHING if evidence is None else word(evidence, "evidence"))


@verb
@JOB
def _refer(m: Market, account: AccountAPI, job_id: int) -> None:
    """Bring an open dispute before the court; anybody may."""
    refer(m, account, job_id)


@verb
@JOB
def _rule(m: Market, account: AccountAPI, job_id: int) -> None:
    """Carry out the ruling, or what silence decides; anybody may."""
    rule(m, account, job_id)


@verb
@click.option("--tickets", type=int, default=1, show_default=True, help="Tickets to buy.")
def _stake(m: Market, account: AccountAPI, tickets: int) -> None:
    """Become a juror, or buy more tickets."""
    stake(m, account, tickets)


@verb
@DISPUTE
def _draw(m: Market, account: AccountAPI, number: int) -> None:
    """Draw the jurors by the header of the seed block; anybody may."""
    for seat, juror in enumerate(draw(m, account, number)):
        click.echo(f"seat {seat}: {juror}")


@verb
@DISPUTE
@click.option("--share", type=click.IntRange(0, 10_000), required=True, help="The provider's share, in 1/10,000.")
def _commit(m: Market, account: AccountAPI, number: int, share: int) -> None:
    """Commit to a vote as a juror with a seat."""
    commit(m, account, number, share)


@verb
@DISPUTE
def _reveal(m: Market, account: AccountAPI, number: int) -> None:
    """Reveal the votes that this data folder knows; anybody may."""
    reveal(m, account, number)


@verb
@DISPUTE
def _appeal(m: Market, account: AccountAPI, number: int) -> None:
    """Pay for an appeal before more jurors; anybody may."""
    appeal(m, account, number)


@verb
@DISPUTE
def _close(m: Market, account: AccountAPI, number: int) -> None:
    """Deal out fees and penalties of a dispute that is over; anybody may."""
    close(m, account, number)


for _name, _command in (
    ("open", _open),
    ("refer", _refer),
    ("rule", _rule),
    ("stake", _stake),
    ("draw", _draw),
    ("commit", _commit),
    ("reveal", _reveal),
    ("appeal", _appeal),
    ("close", _close),
):
    cli.add_command(_command, _name)
