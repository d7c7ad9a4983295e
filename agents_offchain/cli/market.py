"""Opens the local market: gas for the development keys, the contracts, the agent's registration and its listings.

Every part looks at the chain first, so a second run finds what stands and sends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from agents_offchain.chain.addresses import Deployment, load_previous, parse_deployment
from agents_offchain.chain.contract_abi import ContractAbi
from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.deployment_file import DeploymentNote, save_deployment
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.devnet.control import ChainControl
from agents_offchain.chain.market_plan import MarketPlan
from agents_offchain.chain.node import Node, RawLog, Receipt
from agents_offchain.chain.proxies.registry import (
    LISTINGS_ABI,
    REGISTRY_ABI,
    ListingTerms,
    create_listing_calldata,
    register_calldata,
)
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.keystore import key_address
from agents_offchain.chain.stakes import stake_reporters
from agents_offchain.chain.succession import has_moved_on, has_same_registry
from agents_offchain.cli.account import BlockingAccount, SetupAccount
from agents_offchain.cli.continuity import HomeIdentity, require_same_contracts, save_identity
from agents_offchain.cli.development import DEVELOPMENT_KEYS, REPORTERS
from agents_offchain.cli.places import key_folder, profile_file
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import TOKEN_DECIMALS, AgentId, TokenUnits, parse_units
from agents_offchain.runtime.documents import IPFS_PREFIX, criteria_of
from agents_offchain.runtime.profiles.profile import Profile, Service, load_profile
from agents_offchain.storage.artifacts.client import ArtifactStore, KuboArtifactStore

REGISTRATION_TYPE = "https://eips.ethereum.org/EIPS/eip-8004#registration-v1"
LISTING_SCHEMA = "aitbc.listing/1"


@dataclass(frozen=True)
class OpenListing:
    """A listing as it stands on the chain."""

    listing_id: int
    agent_id: int
    service: str
    price: TokenUnits
    work_seconds: int
    is_available: bool = True


@dataclass(frozen=True)
class MarketOpening:
    """The open market: where its contracts stand and what the home's agent offers."""

    deployment: Deployment
    agent_id: int
    agent_wallet: bytes
    listings: tuple[OpenListing, ...]


def local_plan(addresses: Mapping[str, bytes]) -> MarketPlan:
    """What is deployed on the local chain, for the development keys' addresses; it decides every address."""
    return MarketPlan(
        chain_id=DEVNET_CHAIN_ID,
        network="local",
        owner=addresses["deployer"],
        treasury=addresses["treasury"],
        reporters=tuple(addresses[name] for name in REPORTERS),
    )


async def open_market(settings: Settings, node: Node, artifacts_url: str, control: ChainControl) -> MarketOpening:
    """Make what is missing of the local market and write `deployment.json`. Idempotent.

    Raises:
        HomeStale: the contracts stand elsewhere than the home remembers.
        ContractMissing: what stands on the chain is not what this release deploys.
    """
    signer = SignerClient(settings.signer_socket)
    addresses = {name: key_address(key_folder(settings), name) for name in DEVELOPMENT_KEYS}
    await control.fund_gas(list(addresses.values()))
    deployment = await _deploy(settings, node, signer, addresses)
    profile = load_profile(profile_file(settings))
    owner = SetupAccount(node, signer, profile.agent.key, DEVNET_CHAIN_ID)
    store = KuboArtifactStore(artifacts_url)
    agent_id = await ensure_agent(deployment, node, owner, profile, store)
    listings = await ensure_listings(deployment, node, owner, profile, agent_id, store)
    identity = HomeIdentity((await control.anchor_hash()).hex(), dict(deployment.raw["contracts"]))
    save_identity(settings, identity)
    save_deployment(settings.deployment_file, deployment.raw)
    return MarketOpening(deployment, agent_id, await owner.address(), listings)


async def _deploy(settings: Settings, node: Node, signer: SignerClient, addresses: dict[str, bytes]) -> Deployment:
    deployer = SetupAccount(node, signer, "deployer", DEVNET_CHAIN_ID)
    chain = BlockingAccount(deployer, node, asyncio.get_running_loop())
    plan, previous = local_plan(addresses), load_previous(settings.deployment_file)
    note = DeploymentNote(settings.deployment_file, chain.block_number)
    if has_moved_on(plan, previous):
        return parse_deployment(previous or {})
    document = await asyncio.to_thread(
        deploy_market,
        plan,
        transact=chain.transact,
        call=chain.call,
        code_at=chain.code_at,
        previous=previous if has_same_registry(plan, previous) else None,
        note=note,
    )
    require_same_contracts(settings, [document["contracts"], *(old["contracts"] for old in document.get("older", ()))])
    await asyncio.to_thread(stake_reporters, plan, addresses["deployer"], transact=chain.transact, call=chain.call)
    return parse_deployment(document)


class Account(Protocol):
    """A key that sends calls, each after a look at the chain; `SetupAccount` and `cli.wallet.Wallet` are two."""

    async def address(self) -> bytes: ...

    async def transact(self, to: bytes, data: bytes) -> Receipt: ...


async def find_agent(deployment: Deployment, node: Node, owner: bytes) -> int | None:
    """The first agent (ERC-8004 id) that an address has registered; None when there is none."""
    registered = await _events(deployment, node, REGISTRY_ABI, "AgentRegistry", "Registered")
    return next((int(event["agentId"]) for event in registered if event["owner"] == "0x" + owner.hex()), None)


async def ensure_agent(
    deployment: Deployment, node: Node, owner: Account, profile: Profile, store: ArtifactStore
) -> int:
    """The id under which the profile's key owns an agent; registers it when there is none (ERC-8004)."""
    address = await owner.address()
    registry = deployment.address("AgentRegistry")
    agent_id = await find_agent(deployment, node, address)
    if agent_id is None:
        receipt = await owner.transact(registry, register_calldata(""))
        agent_id = int(_decode(REGISTRY_ABI, "Registered", receipt.logs)[0]["agentId"])
    if not await node.call(REGISTRY_ABI, registry, "tokenURI", agent_id):
        cid = await store.put(canonical_json(_registration(deployment, profile, agent_id)))
        await owner.transact(registry, REGISTRY_ABI.encode_call("setAgentURI", agent_id, IPFS_PREFIX + cid))
    return agent_id


async def read_listings(deployment: Deployment, node: Node, agent_id: int) -> list[OpenListing]:
    """What an agent offers now, oldest first; closed listings are left out."""
    created = await _events(deployment, node, LISTINGS_ABI, "ServiceListings", "ListingCreated")
    listings = []
    for event in created:
        if int(event["agentId"]) == agent_id:
            address = deployment.address("ServiceListings")
            row = await node.call(LISTINGS_ABI, address, "listingOf", int(event["listingId"]))
            if not row["isClosed"]:
                listing = _listing(event)
                listings.append(replace(listing, price=TokenUnits(row["price"]), is_available=row["isAvailable"]))
    return listings


async def ensure_listings(
    deployment: Deployment, node: Node, owner: Account, profile: Profile, agent_id: int, store: ArtifactStore
) -> tuple[OpenListing, ...]:
    """List every service of the profile that has no open listing."""
    known = {listing.service: listing for listing in await read_listings(deployment, node, agent_id)}
    for service in profile.services:
        if service.type not in known:
            terms = await _terms(deployment, service, agent_id, profile, store)
            receipt = await owner.transact(deployment.address("ServiceListings"), create_listing_calldata(terms))
            created = _decode(LISTINGS_ABI, "ListingCreated", receipt.logs)
            known[service.type] = _listing(created[0])
    return tuple(known[service.type] for service in profile.services)


async def _terms(
    deployment: Deployment, service: Service, agent_id: int, profile: Profile, store: ArtifactStore
) -> ListingTerms:
    criteria = criteria_of(service.type).model_dump()
    document = {
        "schema": LISTING_SCHEMA,
        "service": service.type,
        "description": profile.agent.description,
        "criteria": criteria,
    }
    cid = await store.put(canonical_json(document))
    return ListingTerms(
        agent_id=AgentId(agent_id),
        service_type=service.type,
        price=TokenUnits(parse_units(str(service.price), TOKEN_DECIMALS)),
        policy_id=deployment.policy_id,
        work_seconds=service.work_seconds,
        criteria_hash=sha256(canonical_json(criteria)),
        uri=IPFS_PREFIX + cid,
    )


def _registration(deployment: Deployment, profile: Profile, agent_id: int) -> dict[str, Any]:
    """The registration file of ERC-8004."""
    registry = checksum(deployment.address("AgentRegistry"))
    return {
        "type": REGISTRATION_TYPE,
        "name": profile.agent.name,
        "description": profile.agent.description,
        "image": "",
        "services": [],
        "x402Support": False,
        "active": True,
        "registrations": [{"agentId": agent_id, "agentRegistry": f"eip155:{deployment.chain_id}:{registry}"}],
        "supportedTrust": ["reputation", "crypto-economic"],
    }


async def _events(
    deployment: Deployment, node: Node, abi: ContractAbi, contract: str, event: str
) -> list[dict[str, Any]]:
    """The arguments of every such event since the contract stands, in chain order; generations may share it."""
    address, last = deployment.address(contract), await node.block_number()
    first = min(each.deployed_at_block for each in deployment.generations if each.contracts.get(contract) == address)
    return _decode(abi, event, await node.logs([address], first, last))


def _decode(abi: ContractAbi, event: str, logs: Sequence[RawLog]) -> list[dict[str, Any]]:
    decoded = [abi.decode_log(entry.topics, entry.data) for entry in logs]
    return [found[1] for found in decoded if found is not None and found[0] == event]


def _listing(event: dict[str, Any]) -> OpenListing:
    return OpenListing(
        listing_id=int(event["listingId"]),
        agent_id=int(event["agentId"]),
        service=_service_of(event["serviceType"]),
        price=TokenUnits(int(event["price"])),
        work_seconds=int(event["workSeconds"]),
    )


def _service_of(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("ascii", errors="replace")
