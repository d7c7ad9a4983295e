"""The market on ape's own anvil, deployed by the product's deployment plan from the committed bytecode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ape import chain, networks, project
from eth_account import Account
from eth_utils.address import to_checksum_address

from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.market_plan import MarketPlan
from agents_offchain.primitives.hexes import decode_address

BUDGET = 2_000_003
WORK_SECONDS = 600
DAY = 86_400
TAIL = 600 + 120 + 1_800 + 7 * DAY
DELIVERABLE = bytes.fromhex("11" * 32)
UNNAMED_AGENT = 2**256 - 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs ape: one marker, set in one place."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.contract)


@dataclass(frozen=True)
class Market:
    """The contracts as ape sees them, and the document that names them."""

    document: dict[str, Any]
    registry: Any
    listings: Any
    escrow: Any
    oracle: Any
    token: Any


@dataclass(frozen=True)
class People:
    """Who is who; reporters in ascending order of address."""

    owner: Any
    treasury: Any
    client: Any
    provider: Any
    stranger: Any
    reporters: tuple[Any, ...]


def transact_by(sender: Any) -> Callable[[str, bytes], dict[str, Any]]:
    """`transact` of the deployment plan, by an ape account."""

    def transact(to: str, data: bytes) -> dict[str, Any]:
        receipt = sender.transfer(to, 0, data=data)
        return {"status": int(receipt.status), "blockNumber": receipt.block_number}

    return transact


def call(to: str, data: bytes) -> bytes:
    return bytes(networks.provider.web3.eth.call({"to": to_checksum_address(to), "data": data}))


def code_at(address: str) -> bytes:
    return bytes(networks.provider.get_code(address))


@pytest.fixture(scope="session")
def people(accounts: Any) -> People:
    return People(
        owner=accounts[0],
        treasury=accounts[1],
        client=accounts[2],
        provider=accounts[3],
        stranger=accounts[4],
        reporters=tuple(sorted(accounts[5:8], key=lambda account: decode_address(account.address))),
    )


@pytest.fixture(scope="session")
def plan(people: People) -> MarketPlan:
    return MarketPlan(
        chain_id=chain.chain_id,
        network="local",
        owner=decode_address(people.owner.address),
        treasury=decode_address(people.treasury.address),
        reporters=tuple(decode_address(reporter.address) for reporter in people.reporters),
    )


@pytest.fixture(scope="session")
def market(plan: MarketPlan, people: People) -> Market:
    document = deploy_market(plan, transact=transact_by(people.owner), call=call, code_at=code_at)
    at = document["contracts"]
    market = Market(
        document=document,
        registry=project.AgentRegistry.at(at["AgentRegistry"]),
        listings=project.ServiceListings.at(at["ServiceListings"]),
        escrow=project.JobEscrow.at(at["JobEscrow"]),
        oracle=project.ResultOracle.at(at["ResultOracle"]),
        token=project.TestDollar.at(at["TestDollar"]),
    )
    market.token.mint(people.client, 10**12, sender=people.client)
    market.token.approve(market.escrow, 2**256 - 1, sender=people.client)
    return market


@pytest.fixture
def hire(market: Market, people: People) -> Callable[..., int]:
    """Hires the provider and returns the job's id."""

    def hire(budget: int = BUDGET, work_seconds: int = WORK_SECONDS, agent_id: int = 0) -> int:
        terms = (
            people.provider.address,
            market.document["policyId"],
            budget,
            chain.pending_timestamp + TAIL + work_seconds,
            agent_id,
            1,
            "ipfs://request",
        )
        market.escrow.hire(terms, sender=people.client)
        return int(market.escrow.jobCount())

    return hire


@pytest.fixture
def submitted(market: Market, people: People, hire: Callable[..., int]) -> int:
    """A job that was hired and delivered."""
    job_id = hire()
    market.escrow.submit(job_id, DELIVERABLE, b"", sender=people.provider)
    return job_id


@pytest.fixture
def verdict_by(market: Market) -> Callable[..., tuple[tuple[Any, ...], list[bytes]]]:
    """A verdict and its signatures, made by eth-account as the reporters make them."""

    def verdict_by(
        job_id: int, score: int, signers: Sequence[Any], **changes: Any
    ) -> tuple[tuple[Any, ...], list[bytes]]:
        message = {
            "jobId": job_id,
            "submittedAt": market.escrow.jobOf(job_id).submittedAt,
            "deliverable": DELIVERABLE,
            "reportHash": bytes.fromhex("22" * 32),
            "score": score,
            "epoch": 1,
            **changes,
        }
        types = {
            "Verdict": [
                {"name": "jobId", "type": "uint256"},
                {"name": "submittedAt", "type": "uint32"},
                {"name": "deliverable", "type": "bytes32"},
                {"name": "reportHash", "type": "bytes32"},
                {"name": "score", "type": "uint8"},
                {"name": "epoch", "type": "uint32"},
            ]
        }
        domain = domain_of("AITBC ResultOracle", market.oracle.address)
        signatures = [sign_typed(signer, domain, types, message) for signer in signers]
        return tuple(message.values()), signatures

    return verdict_by


def domain_of(name: str, contract: str, version: str = "1") -> dict[str, Any]:
    return {"name": name, "version": version, "chainId": chain.chain_id, "verifyingContract": contract}


def sign_typed(signer: Any, domain: dict[str, Any], types: dict[str, Any], message: dict[str, Any]) -> bytes:
    """65 bytes by eth-account, the way every wallet does it."""
    signed = Account.sign_typed_data(signer.private_key, domain, types, message)
    return bytes(signed.signature)
