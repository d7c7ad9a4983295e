"""`aitbc agent drain | resume | retire`: an agent leaves the market, or comes back, with nothing lost.

Drain first takes the listings off the market, then tells the daemon, then watches what is left. Retire is a drain that
ends with closed listings, withdrawn credit and a profile set aside; it refuses while pay is undecided.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import time
from dataclasses import asdict

from agents_offchain.chain.errors import KeyMissing
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, withdraw_calldata
from agents_offchain.chain.proxies.registry import LISTINGS_ABI
from agents_offchain.cli.agents.book import Entry, find, set_aside
from agents_offchain.cli.agents.view import Left, address_of, read_left, read_unsettled, running_pid
from agents_offchain.cli.console import Console
from agents_offchain.cli.crew import crew_folders
from agents_offchain.cli.market import OpenListing, find_agent, read_listings
from agents_offchain.cli.operate.connections import Connections, connections
from agents_offchain.cli.operate.home import note
from agents_offchain.cli.wallet import Wallet
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_tokens
from agents_offchain.runtime.agent.orders import DRAIN, KINDS, RESUME
from agents_offchain.runtime.profiles.profile import Profile
from agents_offchain.runtime.supervisor.process_lock import ProcessLock
from agents_offchain.storage.commands import CommandBook

POLL_SECONDS = 0.3
NOT_RUNNING = 3


class AgentOwes(Refused):
    """The agent has jobs whose pay is not decided."""


class NotOfThisHome(Refused):
    """The agent comes with the product and stays."""


def run_drain(settings: Settings, console: Console, name: str, *, waits: bool) -> int:
    """Exit code 0 when nothing is in hand (or at once without `waits`), 3 when nobody is there to finish it."""
    return asyncio.run(_drain(settings, console, find(settings, name), waits=waits))


def run_resume(settings: Settings, console: Console, name: str) -> int:
    return asyncio.run(_resume(settings, console, find(settings, name)))


def run_retire(settings: Settings, console: Console, name: str) -> int:
    """Exit code 0 when the agent has left the market.

    Raises:
        AgentOwes: jobs of it are funded or not settled; it is drained and can be retired later.
        NotOfThisHome: it was not made here.
    """
    entry = find(settings, name)
    if not entry.is_home:
        raise NotOfThisHome(
            f"{entry.name} comes with the product.", mend=f"`aitbc agent drain {name}` takes it off the market."
        )
    return asyncio.run(_retire(settings, console, entry))


async def _drain(settings: Settings, console: Console, entry: Entry, *, waits: bool) -> int:
    async with connections(settings, "agent drain") as around:
        wallet = await around.wallet(_key(settings, entry))
        await _offer(around, wallet, is_available=False)
        await order(around, entry.profile, DRAIN)
        note(settings, console, "agent_drained", agent=entry.name, by=getpass.getuser())
        code, left = await _watch(around, settings, console, entry, waits=waits)
    console.document({"agent": entry.name, "state": "drained" if left.is_nothing_to_do else "draining", **asdict(left)})
    return code


async def _resume(settings: Settings, console: Console, entry: Entry) -> int:
    async with connections(settings, "agent resume") as around:
        wallet = await around.wallet(_key(settings, entry))
        await order(around, entry.profile, RESUME)
        await _offer(around, wallet, is_available=True)
    note(settings, console, "agent_resumed", agent=entry.name, by=getpass.getuser())
    console.document({"agent": entry.name, "state": "resumed"})
    console.line(f"{entry.name} takes jobs again.")
    return 0


async def _retire(settings: Settings, console: Console, entry: Entry) -> int:
    async with connections(settings, "agent retire") as around:
        wallet = await around.wallet(_key(settings, entry))
        await _offer(around, wallet, is_available=False)
        await order(around, entry.profile, DRAIN)
        _, left = await _watch(around, settings, console, entry, waits=running_pid(settings, entry) is not None)
        if left.unsettled or left.in_hand:
            raise _owes(entry, left)
        listings = await _listings(around, wallet)
        for listing in listings:
            data = LISTINGS_ABI.encode_call("closeListing", listing.listing_id)
            await wallet.transact(around.deployment.address("ServiceListings"), data)
            console.line(f"closed     listing {listing.listing_id} ({listing.service})")
        credit = await _withdraw(around, wallet)
        console.line(f"withdrawn  {format_tokens(credit)}" if credit else "withdrawn  nothing was due")
    _stop_crew(settings, entry)
    path = set_aside(settings, entry)
    note(settings, console, "agent_retired", agent=entry.name, by=getpass.getuser())
    console.document(
        {
            "agent": entry.name,
            "state": "retired",
            "closed": [listing.listing_id for listing in listings],
            "withdrawn": format_tokens(credit),
            "profile": str(path),
        }
    )
    console.line(f"{entry.name} is retired; its key {entry.profile.agent.key} stays, its profile is {path}.")
    return 0


async def _watch(
    around: Connections, settings: Settings, console: Console, entry: Entry, *, waits: bool
) -> tuple[int, Left]:
    """Say what is left, again whenever it changes, until nothing is in hand."""
    shown: Left | None = None
    daemon, address = entry.profile.daemon_name, address_of(settings, entry) or b""
    while True:
        found = await read_left(around.database, daemon, address)
        left = Left(found.in_hand, found.transactions, await read_unsettled(around, daemon, address))
        if left != shown:
            console.line(_line(left))
            shown = left
        is_taken = await _is_taken_up(around, daemon)
        if left.is_nothing_to_do and (is_taken or running_pid(settings, entry) is None):
            return 0, left
        if not waits:
            return 0, left
        if running_pid(settings, entry) is None:
            console.line(f"Nobody runs it: `aitbc agent run {entry.name}` finishes what is in hand.")
            return NOT_RUNNING, left
        await asyncio.sleep(POLL_SECONDS)


async def _is_taken_up(around: Connections, daemon: str) -> bool:
    newest = await CommandBook(around.database).newest(daemon, KINDS, is_handled=False)
    return newest is None or newest.handled_at is not None


def _line(left: Left) -> str:
    waiting = f", not settled yet: job {', '.join(map(str, left.unsettled))}" if left.unsettled else ""
    return f"in hand {left.in_hand}, transactions on their way {left.transactions}{waiting}"


async def order(around: Connections, profile: Profile, kind: str) -> None:
    """Tell the daemon, unless the newest word to it is the same."""
    book, target = CommandBook(around.database), profile.daemon_name
    newest = await book.newest(target, KINDS, is_handled=False)
    if (newest.kind if newest is not None else RESUME) != kind:
        await book.ask(target, kind, by=getpass.getuser())


async def _listings(around: Connections, wallet: Wallet) -> list[OpenListing]:
    agent_id = await find_agent(around.deployment, around.node, await wallet.address())
    return [] if agent_id is None else await read_listings(around.deployment, around.node, agent_id)


async def _offer(around: Connections, wallet: Wallet, *, is_available: bool) -> None:
    """Put the open listings on the market or take them off it, where they are not so already."""
    for listing in await _listings(around, wallet):
        if listing.is_available != is_available:
            data = LISTINGS_ABI.encode_call("updateListing", listing.listing_id, listing.price, is_available)
            await wallet.transact(around.deployment.address("ServiceListings"), data)


async def _withdraw(around: Connections, wallet: Wallet) -> int:
    """Fetch the credit of every generation; the sum."""
    total = 0
    for each in around.deployment.generations:
        escrow, token = JobEscrowProxy.of(around.node, each), each.address("TestDollar")
        credit = int(await escrow.credit(token, await wallet.address()))
        if credit:
            await wallet.transact(escrow.address, withdraw_calldata(token))
        total += credit
    return total


def _owes(entry: Entry, left: Left) -> AgentOwes:
    numbers = ", ".join(map(str, left.unsettled)) or "in hand"
    return AgentOwes(
        f"{entry.name} has jobs whose pay is not decided: {numbers}.",
        mend="It takes no new ones. Run the same command again when they are settled (`aitbc jobs`).",
        unsettled=list(left.unsettled),
        in_hand=left.in_hand,
    )


def _stop_crew(settings: Settings, entry: Entry) -> None:
    """End the supervisor of `aitbc agent run`, if that is what runs the agent."""
    for folder in crew_folders(settings):
        holder = ProcessLock(folder / "lock").holder() if folder.name == entry.profile.daemon_name else None
        if holder and holder.get("pid"):
            os.kill(int(holder["pid"]), signal.SIGTERM)
            deadline = time.monotonic() + 30
            while running_pid(settings, entry) is not None and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)


def _key(settings: Settings, entry: Entry) -> str:
    key = entry.profile.agent.key
    if address_of(settings, entry) is None:
        raise KeyMissing(f"The key {key} is not here.", mend="`aitbc keys restore FILE` puts it back.")
    return key
