"""`aitbc agent new`: key, profile, rules for the signer, registration and listings; each step is looked up first.

Killed at any line, the same command goes on: a key is never made twice, a profile that stands is compared, and what is
on the chain or on its way there is not sent again.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.devnet.control import ChainControl
from agents_offchain.chain.signer.keystore import create_key, key_address
from agents_offchain.cli.agents.book import save
from agents_offchain.cli.agents.drain import order
from agents_offchain.cli.console import Console
from agents_offchain.cli.development import DEVELOPMENT_KEYS, ensure_passphrase
from agents_offchain.cli.development_policy import role_section
from agents_offchain.cli.market import OpenListing, ensure_agent, ensure_listings
from agents_offchain.cli.operate.connections import Connections, connections
from agents_offchain.cli.operate.home import note, require_rpc_url
from agents_offchain.cli.places import key_folder, make_private, passphrase_file
from agents_offchain.cli.roles import grant_role
from agents_offchain.cli.steps import StepList, choose_display
from agents_offchain.cli.wallet import Wallet
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.primitives.hexes import checksum, encode_hex
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_tokens, format_units
from agents_offchain.runtime.agent.orders import RESUME
from agents_offchain.runtime.profiles.profile import Profile
from agents_offchain.runtime.profiles.toml import render_profile

ROLE = "agent"
LEAST_GAS_WEI = 10**15
"""What the registration and a listing cost at a few gwei; less is refused before anything is sent."""
TITLES = {
    "key": "Make the agent's key",
    "profile": "Write its profile",
    "rules": "Let the signer know what it may sign",
    "gas": "See that it can pay for gas",
    "register": "Register the agent (ERC-8004)",
    "list": "List what it offers",
}


class GasNeeded(Retryable):
    """The new key has nothing to pay its first transactions with."""


class KeyTaken(Refused):
    """The key has another duty in this home."""


@dataclass(frozen=True)
class Made:
    """A new agent, on the chain."""

    address: bytes
    path: Path
    agent_id: int
    listings: tuple[OpenListing, ...]


def run_new(settings: Settings, console: Console, name: str, profile: Profile, *, is_dry: bool) -> int:
    """Exit code 0 once the agent can be run."""
    if profile.agent.key in DEVELOPMENT_KEYS and profile.agent.key != ROLE:
        raise KeyTaken(f"The key {profile.agent.key} has another duty here.", mend="Leave --key out for a new one.")
    if is_dry:
        return _say_dry(settings, console, name, profile)
    return asyncio.run(_new(settings, console, name, profile))


async def _new(settings: Settings, console: Console, name: str, profile: Profile) -> int:
    steps = StepList(TITLES, choose_display(console, is_terminal=sys.stdout.isatty()))
    key, chain_id = profile.agent.key, find_chain(settings)
    with steps:
        async with steps.step("key") as say:
            address = await asyncio.to_thread(ensure_key, settings, console, key, chain_id)
            say(f"{key} {checksum(address)}")
        async with connections(settings, "agent new") as around:
            async with steps.step("profile") as say:
                path = save(settings, name, profile)
                say(str(path))
            async with steps.step("rules") as say:
                say(grant_role(settings, key, ROLE, around.deployment.chain_id))
            async with steps.step("gas") as say:
                say(await ensure_gas(around, address))
            wallet = await around.wallet(key)
            async with steps.step("register") as say:
                agent_id = await ensure_agent(around.deployment, around.node, wallet, profile, around.artifacts)
                say(f"agent {agent_id}")
            async with steps.step("list") as say:
                listings = await ensure_listings(
                    around.deployment, around.node, wallet, profile, agent_id, around.artifacts
                )
                say(", ".join(f"listing {listing.listing_id}: {listing.service}" for listing in listings))
            await order(around, profile, RESUME)  # one of that key may have been retired
    _say(console, name, profile, Made(address, path, agent_id, listings), wallet)
    return 0


def find_chain(settings: Settings) -> int:
    """The chain of the home's deployment.

    Raises:
        HomeDown: no node can be asked, so there is no use in a key.
        DeploymentMissing: the home knows no contracts.
    """
    require_rpc_url(settings)
    return load_deployment(settings.deployment_file).chain_id


def ensure_key(settings: Settings, console: Console, key: str, chain_id: int) -> bytes:
    """A key of the home, made when there is none; its address. One for the local chain is of use there alone."""
    folder = key_folder(settings)
    make_private(settings.home)
    make_private(folder)
    if (folder / f"{key}.json").exists():
        return key_address(folder, key)
    passphrase = ensure_passphrase(folder, passphrase_file(settings))
    only_chain = chain_id if chain_id == DEVNET_CHAIN_ID else None
    address = create_key(folder, key, passphrase, development_chain_id=only_chain)
    note(settings, console, "key_created", key=key, address=checksum(address), chain_id=only_chain)
    return address


async def ensure_gas(around: Connections, address: bytes) -> str:
    """On the local chain coins are given; elsewhere a person sends them."""
    if around.is_local:
        await ChainControl(around.node, SystemClock()).fund_gas([address])
        return "the local chain gives it coins"
    held = await around.node.balance(address)
    if held < LEAST_GAS_WEI:
        raise GasNeeded(
            f"{checksum(address)} has {format_units(held, 18)} of the chain's coin and cannot pay for gas.",
            mend=f"Send it {format_units(LEAST_GAS_WEI, 18)} or more, then run the same command again: it goes on.",
        )
    return f"it has {format_units(held, 18)} of the chain's coin"


def _say(console: Console, name: str, profile: Profile, made: Made, wallet: Wallet) -> None:
    sent = [
        {"tx": encode_hex(item.tx_hash or b""), "block": item.block_number, "gas": item.gas_used}
        for item in wallet.sent
    ]
    console.document(
        {
            "name": name,
            "key": profile.agent.key,
            "address": checksum(made.address),
            "profile": str(made.path),
            "agent_id": made.agent_id,
            "listings": [_listing(listing) for listing in made.listings],
            "transactions": sent,
        }
    )
    console.line(f"\nThe agent {profile.agent.name} is agent {made.agent_id} of the market.")
    console.line(f"  wallet    {checksum(made.address)} (key {profile.agent.key})")
    console.line(f"  profile   {made.path}")
    for listing in made.listings:
        console.line(f"  listing   {listing.listing_id}: {listing.service} at {format_tokens(listing.price)}")
    for row in sent:
        console.line(f"  sent      {row['tx']}  block {row['block']}, {row['gas']} gas")
    console.line(f"Run it: `aitbc agent run {name}`. Back its key up: `aitbc keys backup FILE`.")


def _listing(listing: OpenListing) -> dict[str, Any]:
    return {
        "listing_id": listing.listing_id,
        "service": listing.service,
        "price": format_tokens(listing.price),
        "work_seconds": listing.work_seconds,
    }


def _say_dry(settings: Settings, console: Console, name: str, profile: Profile) -> int:
    """What would be done, with nothing done."""
    has_key = (key_folder(settings) / f"{profile.agent.key}.json").exists()
    text = render_profile(profile)
    rules = role_section(profile.agent.key, ROLE, 31337)
    calls = ["AgentRegistry.register", "AgentRegistry.setAgentURI"]
    calls += [f"ServiceListings.createListing ({service.type}, {service.price})" for service in profile.services]
    console.document(
        {"is_dry_run": True, "name": name, "makes_key": not has_key, "profile": text, "rules": rules, "calls": calls}
    )
    verb = "use" if has_key else "make"
    console.line(f"Dry run: nothing is made. `aitbc agent new` would {verb} the key {profile.agent.key},")
    console.line(f"write {settings.home / 'agents' / f'{name}.toml'}:\n")
    console.line(text)
    console.line(f"let the signer sign for it:\n{rules}")
    console.line(f"and send, where the chain has it not yet: {', '.join(calls)}.")
    return 0
