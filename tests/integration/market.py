"""The verbs of the market on a test's own chain: register, list, hire, submit, judge, settle."""

from __future__ import annotations

from typing import Any

from agents_offchain.chain.addresses import Deployment, parse_deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.market_plan import MarketPlan, PolicyTerms
from agents_offchain.primitives.eip712 import (
    VERDICT_FIELDS,
    VERDICT_TYPE,
    VerdictMessage,
    oracle_domain,
    typed_data,
)
from agents_offchain.primitives.hexes import checksum
from tests.integration.devnet import AGENT, CLIENT, OWNER, REPORTER_1, REPORTER_2, REPORTER_3, TREASURY, Devnet

PRICE = 1_500_000
REPORTERS = (REPORTER_1, REPORTER_2, REPORTER_3)


def deploy(devnet: Devnet, policy: PolicyTerms | None = None, previous: Deployment | None = None) -> Deployment:
    """The whole market on a fresh chain, or a further generation of the one that is there."""
    plan = MarketPlan(
        chain_id=31337,
        network="local",
        owner=devnet.address(OWNER),
        treasury=devnet.address(TREASURY),
        reporters=tuple(devnet.address(reporter) for reporter in REPORTERS),
        policy=policy or PolicyTerms(),
    )
    document = deploy_market(
        plan,
        transact=lambda to, data: devnet.send(OWNER, to, data),
        call=devnet.call,
        code_at=devnet.code_at,
        previous=previous.raw if previous is not None else None,
    )
    return parse_deployment(document)


class Market:
    """Calls of the contracts by the people of a story."""

    def __init__(self, devnet: Devnet, deployment: Deployment) -> None:
        self.devnet = devnet
        self.deployment = deployment

    def send(self, who: int, contract: str, function: str, *args: Any) -> dict[str, Any]:
        data = load_abi(contract).encode_call(function, *args)
        return self.devnet.send(who, checksum(self.deployment.address(contract)), data)

    def read(self, contract: str, function: str, *args: Any) -> Any:
        abi = load_abi(contract)
        to = checksum(self.deployment.address(contract))
        return abi.decode_output(function, self.devnet.call(to, abi.encode_call(function, *args)))

    def register(self, uri: str = "", who: int = AGENT) -> int:
        self.send(who, "AgentRegistry", "register(string)", uri)
        return int(self.read("AgentRegistry", "agentCount")) - 1

    def list_service(self, agent_id: int, price: int = PRICE, service: str = "inspect-image") -> int:
        terms = (
            agent_id,
            service.encode().ljust(32, b"\0"),
            price,
            self.deployment.policy_id,
            300,
            bytes(32),
            "ipfs://terms",
        )
        self.send(AGENT, "ServiceListings", "createListing", terms)
        return int(self.read("ServiceListings", "listingCount"))

    def hire(self, agent_id: int, listing_id: int, budget: int = PRICE, text: str = "ipfs://request") -> int:
        self.send(CLIENT, "TestDollar", "mint", self.devnet.address(CLIENT), budget)
        self.send(CLIENT, "TestDollar", "approve", self.deployment.address("JobEscrow"), budget)
        now = int(self.devnet.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        tail = int(self.read("JobEscrow", "tailOf", self.deployment.policy_id))
        terms = (
            self.devnet.address(AGENT),
            self.deployment.policy_id,
            budget,
            now + tail + 3_600,
            agent_id,
            listing_id,
            text,
        )
        self.send(CLIENT, "JobEscrow", "hire", terms)
        return int(self.read("JobEscrow", "jobCount"))

    def submit(self, job_id: int, deliverable: bytes = b"\x11" * 32) -> None:
        self.send(AGENT, "JobEscrow", "submit", job_id, deliverable, b"")

    def post_verdict(self, job_id: int, score: int = 100, deliverable: bytes = b"\x11" * 32) -> None:
        """Signed by the first and the third reporter."""
        verdict = VerdictMessage(
            job_id=job_id,
            submitted_at=int(self.read("JobEscrow", "jobOf", job_id)["submittedAt"]),
            deliverable=deliverable,
            report_hash=b"\x22" * 32,
            score=score,
            epoch=int(self.read("ResultOracle", "epoch")),
        )
        domain = oracle_domain(31337, self.deployment.address("ResultOracle"))
        message = typed_data(domain, VERDICT_TYPE, VERDICT_FIELDS, verdict.values())
        signers = sorted(self.devnet.accounts[who].lower() for who in (REPORTER_1, REPORTER_3))
        signatures = [bytes.fromhex(self.devnet.rpc("eth_signTypedData_v4", signer, message)[2:]) for signer in signers]
        self.send(OWNER, "ResultOracle", "postVerdict", verdict.values(), signatures)

    def signer_bits(self) -> int:
        """The bits of those who sign in `post_verdict`; the set is ascending."""
        signers = {self.devnet.address(who) for who in (REPORTER_1, REPORTER_3)}
        return sum(1 << bit for bit, reporter in enumerate(self.deployment.reporters) if reporter in signers)

    def settle(self, job_id: int) -> None:
        """Wait until the job can be settled, then settle it."""
        ready = int(self.read("ResultOracle", "settleableAt", job_id))
        now = int(self.devnet.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        self.devnet.advance(max(ready - now, 0) + 1)
        self.send(OWNER, "ResultOracle", "settle", [job_id])
