"""A whole market on the bench's chain, and the rows of identity, listings, jobs, verdicts and settlement."""

from __future__ import annotations

from statistics import mean
from typing import Any

from eth_utils.crypto import keccak

from gas_bench.chain import Chain, Deployed, Key, compact, load_artifact

DOLLARS = 10**6
PRICE = 5 * DOLLARS
MIN_STAKE = 100 * DOLLARS
VERDICT_SECONDS, REVIEW_SECONDS, GRACE_SECONDS = 600, 120, 7 * 86_400
TAIL_SECONDS = VERDICT_SECONDS + REVIEW_SECONDS + GRACE_SECONDS
FAR_SECONDS = 3 * 86_400
COURT_TERMS = (100 * DOLLARS, 3_600, 2, 120, 120, 120, 120, 3, 5)
JUROR_FEE = DOLLARS // 5
CID_URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
OTHER_CID_URI = "ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
SERVICE = b"inspect-image".ljust(32, b"\0")
ZERO = "0x" + "00" * 20
VERDICT = {
    "Verdict": [
        {"name": "jobId", "type": "uint256"},
        {"name": "submittedAt", "type": "uint32"},
        {"name": "deliverable", "type": "bytes32"},
        {"name": "reportHash", "type": "bytes32"},
        {"name": "score", "type": "uint8"},
        {"name": "epoch", "type": "uint32"},
    ]
}
VERDICT_BATCH = {"VerdictBatch": [{"name": "rows", "type": "bytes32[]"}, {"name": "epoch", "type": "uint32"}]}


class Market:
    """The deployed contracts, a client with an endless allowance, an agent, three reporters."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.owner, self.treasury, self.client, self.agent = (chain.account(i) for i in range(4))
        self.keeper = chain.account(4)
        self.reporters = sorted((chain.account(5 + i) for i in range(3)), key=lambda key: int(key.address, 16))
        self.token = chain.deploy("TestDollar")
        self.registry = chain.deploy("AgentRegistry")
        self.court = chain.deploy(
            "JurorCourt", self.owner.address, (self.token.address, *COURT_TERMS), self.token.address, JUROR_FEE
        )
        desk_code = bytes.fromhex(load_artifact("DisputeDesk")["bytecode"]["object"][2:])
        stakes = chain.deploy("ReporterStakeFactory")
        deployer = chain.deploy(
            "MarketDeployer",
            self.owner.address,
            self.treasury.address,
            self._policy(ZERO, False),
            ([reporter.address for reporter in self.reporters], 2, stakes.address, MIN_STAKE),
            self.court.address,
            self.registry.address,
            keccak(desk_code),
        )
        deployer.send(self.owner, "makeDesk", desk_code)
        self.desk = chain.at("DisputeDesk", deployer.read("DISPUTE_DESK"))
        self.escrow = chain.at("JobEscrow", deployer.read("JOB_ESCROW"))
        self.oracle = chain.at("ResultOracle", deployer.read("RESULT_ORACLE"))
        terms = (self.token.address, self.oracle.address, self.treasury.address, MIN_STAKE)
        stakes.send(self.owner, "make", *terms)
        self.stake = chain.at("ReporterStake", deployer.read("REPORTER_STAKE"))
        self.policy_id = int(deployer.read("POLICY_ID"))
        self.listings = chain.deploy("ServiceListings", self.registry.address, self.escrow.address, ZERO)
        self.token.send(self.client, "mint", self.client.address, 900_000 * DOLLARS)
        self.token.send(self.client, "approve", self.escrow.address, 2**256 - 1)
        self.escrow.send(self.client, "deposit", self.token.address, self.client.address, 10_000 * DOLLARS)
        self.ledger_policy_id = self._ledger_policy()

    def hire(self, policy_id: int | None = None) -> tuple[int, int]:
        """One hired job: gas and job id."""
        gas = self.escrow.send(self.client, "hire", self.terms(policy_id))
        return gas, int(self.escrow.read("jobCount"))

    def hire_from_ledger(self, policy_id: int) -> tuple[int, int]:
        """One job paid out of the client's credit: gas and job id."""
        gas = self.escrow.send(self.client, "hireFromLedger", self.terms(policy_id))
        return gas, int(self.escrow.read("jobCount"))

    def terms(self, policy_id: int | None = None) -> tuple[Any, ...]:
        """`HireTerms` of a job for the agent."""
        return (
            self.agent.address,
            policy_id or self.policy_id,
            PRICE,
            self.chain.now() + TAIL_SECONDS + FAR_SECONDS,
            0,
            1,
            CID_URI,
        )

    def submit(self, job_id: int) -> int:
        return self.escrow.send(self.agent, "submit", job_id, bytes([7]) * 32, b"")

    def paid_job(self) -> int:
        """A job that its client took as good."""
        _, job_id = self.hire()
        self.submit(job_id)
        self.escrow.send(self.client, "accept", job_id)
        return job_id

    def submitted_jobs(self, count: int, policy_id: int | None = None) -> list[int]:
        jobs = [self.hire(policy_id)[1] for _ in range(count)]
        for job_id in jobs:
            self.submit(job_id)
        return jobs

    def verdict(self, job_id: int, score: int) -> tuple[tuple[Any, ...], list[bytes]]:
        """A verdict of two of three reporters."""
        submitted_at = self.escrow.read("jobOf", job_id)[8]
        fields = (job_id, submitted_at, bytes([7]) * 32, bytes([9]) * 32, score, 1)
        names = [entry["name"] for entry in VERDICT["Verdict"]]
        domain = self._oracle_domain()
        message = dict(zip(names, fields, strict=True))
        return fields, [reporter.sign(domain, VERDICT, message) for reporter in self.reporters[:2]]

    def verdict_batch(self, verdicts: list[tuple[Any, ...]]) -> tuple[list[bytes], list[bytes]]:
        """The rows of a batch and the signatures of two of three reporters, 64 bytes each."""
        rows: list[bytes] = []
        for job_id, submitted_at, deliverable, report_hash, score, _ in verdicts:
            rows += [(job_id << 40 | submitted_at << 8 | score).to_bytes(32, "big"), deliverable, report_hash]
        message = {"rows": rows, "epoch": 1}
        domain = self._oracle_domain()
        return rows, [compact(reporter.sign(domain, VERDICT_BATCH, message)) for reporter in self.reporters[:2]]

    def _oracle_domain(self) -> dict[str, Any]:
        return {
            "name": "AITBC ResultOracle",
            "version": "1",
            "chainId": 31337,
            "verifyingContract": self.oracle.address,
        }

    def _ledger_policy(self) -> int:
        self.escrow.send(self.owner, "registerPolicy", self._policy(self.oracle.address, True))
        return int(self.escrow.read("policyCount"))

    def _policy(self, evaluator: str, is_ledger_only: bool) -> tuple[Any, ...]:
        return (
            evaluator,
            self.token.address,
            ZERO,
            500,
            4_000,
            60,
            VERDICT_SECONDS,
            REVIEW_SECONDS,
            0,
            GRACE_SECONDS,
            is_ledger_only,
        )


def measure_market(chain: Chain) -> dict[str, float]:
    """Gas by row id; every row is measured after the same call was made once before."""
    market = Market(chain)
    rows = {**_identity(market), **_listings(market)}
    warm_up(market)
    rows |= _jobs(market, "push", market.policy_id)
    rows |= _jobs(market, "ledger", market.ledger_policy_id)
    rows |= _standard_calls(market)
    rows |= _silence(market)
    rows |= _verdicts(market)
    return rows


def warm_up(market: Market) -> None:
    """Both rows, both payouts and the oracle were used once."""
    for policy_id in (market.policy_id, market.ledger_policy_id):
        for job_id in market.submitted_jobs(2, policy_id):
            market.escrow.send(market.client, "accept", job_id)


def _identity(market: Market) -> dict[str, float]:
    market.registry.send(market.agent, "register(string)", CID_URI)
    gas = {"register": market.registry.send(market.agent, "register(string)", CID_URI)}
    for uri in (OTHER_CID_URI, CID_URI):
        gas["update-uri"] = market.registry.send(market.agent, "setAgentURI", 0, uri)
    return {name: float(used) for name, used in gas.items()}


def _listings(market: Market) -> dict[str, float]:
    terms = (0, SERVICE, PRICE, market.policy_id, 600, bytes([3]) * 32, CID_URI)
    market.listings.send(market.agent, "createListing", terms)
    created = market.listings.send(market.agent, "createListing", terms)
    for price in (PRICE + 1, PRICE + 2):
        updated = market.listings.send(market.agent, "updateListing", 1, price, True)
    return {"create-listing": float(created), "update-listing": float(updated)}


def _jobs(market: Market, payout: str, policy_id: int) -> dict[str, float]:
    hired, job_id = market.hire(policy_id) if payout == "push" else market.hire_from_ledger(policy_id)
    submitted = market.submit(job_id)
    accepted = market.escrow.send(market.client, "accept", job_id)
    rows = {f"accept-{payout}": float(accepted), f"job-3-tx-{payout}": float(hired + submitted + accepted)}
    if payout == "push":
        rows |= {"hire-allowance": float(hired), "submit": float(submitted)}
    return rows


def _standard_calls(market: Market) -> dict[str, float]:
    used = 0
    for _ in range(2):
        expired_at = market.chain.now() + TAIL_SECONDS + FAR_SECONDS
        used = market.escrow.send(
            market.client, "createJob", market.agent.address, market.oracle.address, expired_at, CID_URI, ZERO
        )
        job_id = int(market.escrow.read("jobCount"))
        used += market.escrow.send(market.client, "setBudget", job_id, PRICE, b"")
        used += market.escrow.send(market.client, "fund", job_id, PRICE, b"")
    return {"three-standard-calls": float(used)}


def _silence(market: Market) -> dict[str, float]:
    """Nobody says anything; after both windows somebody settles."""
    rows: dict[str, float] = {}
    first = mean([market.hire()[0] for _ in range(2)])
    single = _settled_alone(market)
    submit_gas = market.submit(market.hire()[1])
    rows["job-silence-single"] = first + submit_gas + single
    for count, row in ((10, "settle-10"), (100, "settle-100")):
        used = _settled(market, market.submitted_jobs(count))
        rows[row] = used / count
    hired, job_id = market.hire_from_ledger(market.ledger_policy_id)
    submitted = market.submit(job_id)
    tens = _settled(market, market.submitted_jobs(10, market.ledger_policy_id)) / 10
    rows["job-silence-ledger"] = hired + submitted + tens
    return rows


def _settled_alone(market: Market) -> int:
    jobs = market.submitted_jobs(2)
    market.chain.warp(VERDICT_SECONDS + REVIEW_SECONDS + 1)
    return [market.oracle.send(market.keeper, "settle", [job_id]) for job_id in jobs][-1]


def _settled(market: Market, jobs: list[int]) -> int:
    market.chain.warp(VERDICT_SECONDS + REVIEW_SECONDS + 1)
    return market.oracle.send(market.keeper, "settle", jobs)


def _verdicts(market: Market) -> dict[str, float]:
    """Posted verdicts of two of three reporters, alone and in batches."""
    rows: dict[str, float] = {}
    hired, job_id = market.hire()
    submitted = market.submit(job_id)
    posted = market.oracle.send(market.keeper, "postVerdict", *market.verdict(job_id, 90))
    market.chain.warp(REVIEW_SECONDS + 1)
    settled = market.oracle.send(market.keeper, "settle", [job_id])
    rows["job-posted-single"] = float(hired + submitted + posted + settled)
    for count in (10, 100):
        pairs = [market.verdict(job_id, 90) for job_id in market.submitted_jobs(count)]
        rows_words, signatures = market.verdict_batch([pair[0] for pair in pairs])
        used = market.oracle.send(market.keeper, "postVerdictBatch", rows_words, 1, signatures)
        rows[f"verdicts-{count}"] = used / count
    return rows


def holder(chain: Chain, token: Deployed, number: int, amount: int) -> Key:
    """A key that holds `amount` of `token`."""
    key = chain.account(number)
    token.send(key, "mint", key.address, amount)
    return key
