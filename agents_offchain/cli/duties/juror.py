"""`aitbc juror stake | leave | vote | show`: a juror's money at risk, and what it votes."""

from __future__ import annotations

import asyncio
from typing import Any

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.proxies.juror_court import COURT_ABI, CourtProxy
from agents_offchain.chain.proxies.token import approve_calldata, mint_calldata
from agents_offchain.chain.signer.keystore import key_address
from agents_offchain.cli.console import Console
from agents_offchain.cli.duties.duty import JUROR
from agents_offchain.cli.operate.connections import Connections, connections
from agents_offchain.cli.operate.home import moment, show_table
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import BPS, format_tokens, share_down
from oracle.court.seats import Seat, SeatBook


class NothingToVote(Refused):
    """The juror has no seat on which a vote can still be chosen."""


class StakeMissing(Refused):
    """The juror's wallet holds less than its tickets cost."""


def run_stake(settings: Settings, console: Console, name: str, tickets: int) -> int:
    """Exit code 0 once the juror has at least so many tickets."""
    return asyncio.run(_stake(settings, console, name, tickets))


async def _stake(settings: Settings, console: Console, name: str, tickets: int) -> int:
    async with connections(settings, "juror stake") as around:
        court, wallet = _court(around), await around.wallet(name)
        address = await wallet.address()
        missing = tickets - (await court.juror(address)).tickets
        if missing > 0:
            amount, token = missing * await court.ticket_units(), await court.stake_token()
            held = int(await around.node.call(load_abi("TestDollar"), token, "balanceOf", address))
            if held < amount and not around.is_local:
                raise StakeMissing(
                    f"{checksum(address)} holds {format_tokens(held)}; {missing} tickets cost {format_tokens(amount)}.",
                    mend="Send it the rest, then run the same command again.",
                )
            if held < amount:
                await wallet.transact(token, mint_calldata(address, amount))
            await wallet.transact(token, approve_calldata(court.court, amount))
            await wallet.transact(court.court, COURT_ABI.encode_call("stake", missing))
        await _say(around, console, name, address)
    return 0


def run_leave(settings: Settings, console: Console, name: str, generation: int | None = None) -> int:
    """Exit code 0 once the next step out is done: no new seats, then, after the delay, the stake."""
    return asyncio.run(_leave(settings, console, name, generation))


async def _leave(settings: Settings, console: Console, name: str, generation: int | None) -> int:
    async with connections(settings, "juror leave") as home:
        around = home if generation is None else home.in_generation(generation)
        court, wallet = _court(around), await around.wallet(name)
        address = await wallet.address()
        leaving = (await court.juror(address)).leavable_at > 0
        step = COURT_ABI.encode_call("unstake", address) if leaving else COURT_ABI.encode_call("announceLeave")
        await wallet.transact(court.court, step)
        await _say(around, console, name, address)
    return 0


def run_vote(settings: Settings, console: Console, name: str, dispute: str, share_bps: int) -> int:
    """Exit code 0 once the vote is written; the juror's daemon commits and reveals it."""
    return asyncio.run(_vote(settings, console, name, dispute, share_bps))


async def _vote(settings: Settings, console: Console, name: str, dispute: str, share_bps: int) -> int:
    key_address(key_folder(settings), name)
    async with connections(settings, "juror vote") as around:
        sharing, dispute_id = generations_of(around.deployment, dispute)
        count = max([await _seats(around, each, name).vote(dispute_id, share_bps) for each in sharing])
    if not count:
        raise NothingToVote(
            f"{name} has no seat in dispute {dispute} whose vote is still open.",
            mend=f"`aitbc juror show {name}` lists its seats; `aitbc juror run {name}` must have seen the draw.",
        )
    console.document({"juror": name, "dispute": dispute_id, "share_bps": share_bps, "seats": count})
    console.line(
        f"Written for {count} seats: {share_bps / 100:g} % to the provider. The daemon commits and reveals it."
    )
    return 0


def generations_of(deployment: Deployment, dispute: str) -> tuple[list[Deployment], int]:
    """The generations that share the court which a dispute's name means, and its number there.

    Raises:
        NothingToVote: it is no name of a dispute.
        DeploymentMissing: there is no such generation.
    """
    called = deployment.job_called(dispute)
    if called is None:
        raise NothingToVote(f"{dispute[:40]!r} is no dispute.", mend="Write its number, `1:3` in an older generation.")
    court = deployment.of_generation(called.generation).address("JurorCourt")
    return [each for each in deployment.generations if each.address("JurorCourt") == court], called.job_id


def run_show(settings: Settings, console: Console, name: str, generation: int | None = None) -> int:
    """Exit code 0."""
    return asyncio.run(_show(settings, console, name, generation))


async def _show(settings: Settings, console: Console, name: str, generation: int | None) -> int:
    address = key_address(key_folder(settings), name)
    async with connections(settings, "juror show") as around:
        await _say(around if generation is None else around.in_generation(generation), console, name, address)
    return 0


async def _say(around: Connections, console: Console, name: str, address: bytes) -> None:
    """Stake, what can be slashed of it now, and the seats."""
    court = _court(around)
    state, ticket = await court.juror(address), await court.ticket_units()
    silent_bps, far_bps = await court.penalties()
    seats = await _seats(around, around.deployment, name).all()
    at_risk = min(state.open_seats * share_down(ticket, silent_bps), state.balance)
    leaves = moment(state.leavable_at) if state.leavable_at else None
    console.document(
        {
            "juror": name,
            "address": checksum(address),
            "stake": format_tokens(state.balance),
            "tickets": state.tickets,
            "open_seats": state.open_seats,
            "at_risk_now": format_tokens(at_risk),
            "silence_costs": format_tokens(share_down(ticket, silent_bps)),
            "a_far_vote_costs": format_tokens(share_down(ticket, far_bps)),
            "leaves_at": state.leavable_at or None,
            "seats": [_seat(seat) for seat in seats],
        }
    )
    console.line(f"{name}  {checksum(address)}")
    console.line(f"  stake     {format_tokens(state.balance)} in {state.tickets} tickets")
    console.line(f"  at risk   {format_tokens(at_risk)} on {state.open_seats} open seats")
    console.line(f"  a seat    {silent_bps * 100 / BPS:g} % of a ticket for silence, {far_bps * 100 / BPS:g} % far off")
    if leaves:
        console.line(f"  leaves    {leaves} UTC; `aitbc juror leave {name}` then fetches the stake")
    cells = [tuple(str(value) for value in _seat(seat).values()) for seat in seats]
    show_table(console, tuple(_seat(seats[0])) if seats else (), cells, empty="It has not been drawn yet.")


def _seat(seat: Seat) -> dict[str, Any]:
    return {
        "dispute": seat.dispute_id,
        "round": seat.round,
        "seat": seat.seat,
        "vote": "" if seat.share_bps is None else seat.share_bps,
        "stage": seat.stage,
        "note": seat.error or "",
    }


def _court(around: Connections) -> CourtProxy:
    contract = around.deployment.address
    return CourtProxy(around.node, contract("DisputeDesk"), contract("JurorCourt"))


def _seats(around: Connections, deployment: Deployment, name: str) -> SeatBook:
    reader = deployment.reader(JUROR.daemon_name(name))
    return SeatBook(around.database, reader, deployment.book("JurorCourt"), SystemClock())
