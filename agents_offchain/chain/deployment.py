"""One deployment plan for every way to deploy: daemons, ape scripts and tests call `deploy_market`.

In: a `MarketPlan` (who owns, who is paid, who reports, the seeded policy row) and three functions of the caller's
node. Out: the document of `deployment.json`. Every address follows from the plan alone (CREATE2 through the
deterministic deployment proxy), so a second run finds what stands already, checks it and sends nothing.
Escrow, oracle and desk of disputes name each other in immutables; `MarketDeployer` makes them, and theirs are its first
three created addresses; `DeskInstaller` brings the desk's code, which does not fit beside the others. This module never
holds a key and never talks to a node by itself.
Oracle and `ReporterStake` do too: `ReporterStakeFactory` says where the stake stands and makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.deployment_file import DeploymentNote
from agents_offchain.chain.errors import ContractMissing
from agents_offchain.primitives.hexes import decode_address

CREATE2_PROXY = bytes.fromhex("4e59b44847b379578588920cA78FbF26c0B4956C")
"""Deterministic deployment proxy: calldata is a 32-byte salt and the creation code."""
SALT = keccak(text="aitbc.market/1")
ZERO_ADDRESS = bytes(20)
VOTES_CAP = 1_000_000_000 * 10**18
"""`AitbcToken.CAP`, smallest units."""

Transact = Callable[[str, bytes], Mapping[str, Any]]
"""(checksummed address, calldata) -> receipt with `status` and `blockNumber`, mined."""
Call = Callable[[str, bytes], bytes]
"""(checksummed address, calldata) -> returned bytes at the newest block."""
CodeAt = Callable[[str], bytes]
"""checksummed address -> runtime code at the newest block, empty if none."""


@dataclass(frozen=True)
class PolicyTerms:
    """The seeded row; shares in bps, windows in seconds, mark 0 to 100."""

    fee_bps: int = 500
    pool_share_bps: int = 4_000
    pass_mark: int = 60
    verdict_seconds: int = 600
    review_seconds: int = 120
    court_seconds: int = 1_800
    grace_seconds: int = 7 * 86_400
    is_ledger_only: bool = False


@dataclass(frozen=True)
class CourtTerms:
    """The house court: stakes and fees in the smallest unit of the market's token, periods in seconds.

    The defaults suit a chain with a block a second and play money: the longest case takes 14 minutes.
    """

    ticket_units: int = 100_000_000
    unstake_seconds: int = 3_600
    seed_delay_blocks: int = 2
    draw_seconds: int = 120
    commit_seconds: int = 120
    reveal_seconds: int = 120
    appeal_seconds: int = 120
    seats: int = 3
    appeal_seats: int = 5
    fee_per_juror: int = 200_000


@dataclass(frozen=True)
class MarketPlan:
    """Everything that decides the addresses; each address is 20 bytes.

    `reporters` are the first signer set, in any order; `reporter_stake` is the least stake of one, in the smallest
    unit of the token in which jobs are paid.
    `token` None means that a TestDollar is deployed, which only a chain without value should use; a WrappedCoin comes
    with it unless `coin` names one. With a `token` and no `coin` there is no CoinDesk. `weight_unit` is how many
    smallest units of the token weigh one in reputation (1 for 6 decimals), `client_cap` what one client weighs at most.
    `votes` counts votes by stake (ERC-5805) in the DecisionLedger; None deploys an AitbcToken beside a TestDollar,
    whose whole supply the treasury holds, and no ledger beside any other token.
    """

    chain_id: int
    network: str
    owner: bytes
    treasury: bytes
    reporters: tuple[bytes, ...]
    quorum: int = 2
    reporter_stake: int = 100 * 10**6
    policy: PolicyTerms = PolicyTerms()
    court: CourtTerms = CourtTerms()
    token: bytes | None = None
    coin: bytes | None = None
    votes: bytes | None = None
    weight_unit: int = 1
    client_cap: int = 100_000_000
    salt: bytes = SALT


@dataclass(frozen=True)
class Step:
    """One contract that somebody's call makes; its address is known before it exists.

    `maker` is the proxy, which takes a salt and the creation code, or a factory of ours.
    """

    name: str
    address: bytes
    maker: bytes
    data: bytes


@dataclass(frozen=True)
class PlannedMarket:
    """The steps in their order, and where every contract of the market will stand."""

    steps: tuple[Step, ...]
    contracts: Mapping[str, bytes]
    deployer: bytes


def create2_address(salt: bytes, init_code: bytes) -> bytes:
    """Where the proxy puts `init_code` (EIP-1014)."""
    return keccak(b"\xff" + CREATE2_PROXY + salt + keccak(init_code))[12:]


def stake_address(factory: bytes, *constructor_args: Any) -> bytes:
    """Where `ReporterStakeFactory` makes the stake with these terms (EIP-1014)."""
    init_code = load_abi("ReporterStake").encode_constructor(*constructor_args)
    return keccak(b"\xff" + factory + bytes(32) + keccak(init_code))[12:]


def child_address(creator: bytes, nonce: int) -> bytes:
    """Where a contract puts its `nonce`-th creation, 1 to 127."""
    return keccak(b"\xd6\x94" + creator + bytes([nonce]))[12:]


def deployment_plan(plan: MarketPlan) -> PlannedMarket:
    """The steps that make the market; pure."""
    steps: list[Step] = []

    def add(name: str, *constructor_args: Any) -> bytes:
        init_code = load_abi(name).encode_constructor(*constructor_args)
        steps.append(Step(name, create2_address(plan.salt, init_code), CREATE2_PROXY, plan.salt + init_code))
        return steps[-1].address

    token = plan.token if plan.token is not None else add("TestDollar")
    registry = add("AgentRegistry")
    court = add("JurorCourt", plan.owner, court_tuple(plan.court, token=token), token, plan.court.fee_per_juror)
    factory = add("ReporterStakeFactory")
    deployer = add(
        "MarketDeployer",
        plan.owner,
        plan.treasury,
        policy_tuple(plan.policy, evaluator=ZERO_ADDRESS, token=token),
        (sorted(plan.reporters), plan.quorum, factory, plan.reporter_stake),
        court,
        registry,
        keccak(load_abi("DisputeDesk").bytecode),
    )
    escrow, oracle, desk = (child_address(deployer, nonce) for nonce in (1, 2, 3))
    add("DeskInstaller", deployer)
    terms = (token, oracle, plan.treasury, plan.reporter_stake)
    stake = stake_address(factory, *terms)
    make = load_abi("ReporterStakeFactory").encode_call("make", *terms)
    steps.append(Step("ReporterStake", stake, factory, make))
    reputation = add("ReputationRegistry", registry, escrow, oracle, token, plan.weight_unit, plan.client_cap)
    listings = add("ServiceListings", registry, escrow, reputation)
    channels = add("PaymentChannels")
    coin = plan.coin if plan.coin is not None or plan.token is not None else add("WrappedCoin")
    desks = {
        "ListingDesk": add("ListingDesk", escrow, listings, registry),
        "QuoteDesk": add("QuoteDesk", escrow),
        "TenderDesk": add("TenderDesk", escrow, registry, reputation),
        "WorkDesk": add("WorkDesk", escrow),
        "MilestoneDesk": add("MilestoneDesk", escrow),
        "ExitDesk": add("ExitDesk", escrow, oracle),
        "ReportFeed": add("ReportFeed", oracle),
    }
    if coin is not None:
        desks |= {"WrappedCoin": coin, "CoinDesk": add("CoinDesk", escrow, coin)}
    votes = plan.votes
    if votes is None and plan.token is None:
        votes = add("AitbcToken", (plan.treasury,), (VOTES_CAP,))
    if votes is not None:
        desks |= {"AitbcToken": votes, "DecisionLedger": add("DecisionLedger", registry, votes, reputation)}
    return PlannedMarket(
        steps=tuple(steps),
        contracts={
            "AgentRegistry": registry,
            "ServiceListings": listings,
            "JobEscrow": escrow,
            "ResultOracle": oracle,
            "DisputeDesk": desk,
            "JurorCourt": court,
            "ReporterStake": stake,
            "ReporterStakeFactory": factory,
            "TestDollar": token,
            "ReputationRegistry": reputation,
            "PaymentChannels": channels,
            **desks,
        },
        deployer=deployer,
    )


def policy_tuple(policy: PolicyTerms, *, evaluator: bytes, token: bytes) -> tuple[Any, ...]:
    """`IJobEscrow.Policy` in the order of its fields."""
    return (
        evaluator,
        token,
        ZERO_ADDRESS,
        policy.fee_bps,
        policy.pool_share_bps,
        policy.pass_mark,
        policy.verdict_seconds,
        policy.review_seconds,
        policy.court_seconds,
        policy.grace_seconds,
        policy.is_ledger_only,
    )


def court_tuple(court: CourtTerms, *, token: bytes) -> tuple[Any, ...]:
    """`IJurorCourt.CourtTerms` in the order of its fields; jurors stake the market's token."""
    return (
        token,
        court.ticket_units,
        court.unstake_seconds,
        court.seed_delay_blocks,
        court.draw_seconds,
        court.commit_seconds,
        court.reveal_seconds,
        court.appeal_seconds,
        court.seats,
        court.appeal_seats,
    )


def deploy_market(
    plan: MarketPlan,
    *,
    transact: Transact,
    call: Call,
    code_at: CodeAt,
    previous: Mapping[str, Any] | None = None,
    note: DeploymentNote | None = None,
) -> dict[str, Any]:
    """Make what is missing, check what is there, and describe it.

    Args:
        plan: Decides every address.
        transact: Sends one transaction and waits until it is mined.
        call: Reads from a contract.
        code_at: Reads code.
        previous: An earlier document; its `deployedAtBlock` is kept where the escrow is the same, and where it is
            another one now the document becomes an older generation.
        note: Remembers where the first run of this plan began, in case this one is not the last; the caller drops it
            once the document is written.

    Returns:
        The document of `deployment.json`: chainId, network, deployedAtBlock, contracts, policyId, treasury, reporters;
        from the second generation of a market on also generation and older (`chain.addresses`).
        `deployedAtBlock` is 0, the whole chain, when a part of it stood already that neither an earlier document nor
        the note knows of: an agent may have been registered there.

    Raises:
        ContractMissing: the proxy is not on this chain, a step failed, or what stands there answers otherwise.
    """
    market = deployment_plan(plan)
    if not code_at(to_checksum_address(CREATE2_PROXY)):
        raise ContractMissing(
            "This chain has no deterministic deployment proxy.",
            mend=f"Deploy the proxy at {to_checksum_address(CREATE2_PROXY)} first.",
        )
    began = _began(market, plan.chain_id, code_at, previous, note)
    blocks = [block for step in market.steps if (block := _ensure_step(step, transact, code_at)) is not None]
    policy_id = _verify(plan, market, call, code_at)
    contracts = {name: to_checksum_address(address) for name, address in market.contracts.items()}
    document = {
        "chainId": plan.chain_id,
        "network": plan.network,
        "deployedAtBlock": min(blocks if began is None else [began, *blocks]),
        "contracts": contracts,
        "policyId": policy_id,
        "treasury": to_checksum_address(plan.treasury),
        "reporters": [to_checksum_address(reporter) for reporter in sorted(plan.reporters)],
    }
    return document | _succession(document, previous)


_OF_A_GENERATION = ("generation", "deployedAtBlock", "contracts", "policyId", "treasury", "reporters")


def has_moved_on(plan: MarketPlan, previous: Mapping[str, Any] | None) -> bool:
    """Whether an earlier document has the plan's market as an older generation already."""
    escrow = to_checksum_address(deployment_plan(plan).contracts["JobEscrow"])
    return any(old["contracts"]["JobEscrow"] == escrow for old in (previous or {}).get("older", ()))


def has_same_registry(plan: MarketPlan, previous: Mapping[str, Any] | None) -> bool:
    """Whether the plan's market can be a further generation of an earlier document's, or that very one."""
    registry = to_checksum_address(deployment_plan(plan).contracts["AgentRegistry"])
    return previous is not None and previous["contracts"].get("AgentRegistry") == registry


def require_same_channels(plan: MarketPlan, previous: Mapping[str, Any] | None) -> None:
    """See that a plan does not put other PaymentChannels into a generation that there is.

    Raises:
        ContractMissing: it has the escrow of the earlier document and other channels. The record has room for one in
            each generation, and whatever is promised on those of now would be forgotten.
    """
    contracts = deployment_plan(plan).contracts
    planned = {name: to_checksum_address(contracts[name]) for name in ("JobEscrow", "PaymentChannels")}
    before = {name: (previous or {}).get("contracts", {}).get(name, planned[name]) for name in planned}
    if previous is not None and before != planned and before["JobEscrow"] == planned["JobEscrow"]:
        raise ContractMissing(
            "This plan has other PaymentChannels beside the same JobEscrow; those of now would be forgotten.",
            mend="Change the market's terms with it, such as --quorum or --treasury: a further generation begins.",
        )


def _succession(document: Mapping[str, Any], previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """`generation` and `older` of a document: another escrow on the same chain begins a further generation.

    A first generation says neither, and a plan that stood already keeps its place.
    """
    if previous is None or previous.get("chainId") != document["chainId"]:
        return {}
    if previous["contracts"]["JobEscrow"] == document["contracts"]["JobEscrow"]:
        return {name: previous[name] for name in ("generation", "older") if name in previous}
    if any(old["contracts"]["JobEscrow"] == document["contracts"]["JobEscrow"] for old in previous.get("older", ())):
        raise ContractMissing(
            "This plan is an older generation of the market, and there is no way back to it.",
            mend="Deploy the plan of the newest generation, or a further one.",
        )
    if previous["contracts"]["AgentRegistry"] != document["contracts"]["AgentRegistry"]:
        raise ContractMissing(
            "This plan has another AgentRegistry than the market, so agents would lose their ids.",
            mend="Write the document elsewhere with --out: it is another market.",
        )
    number = int(previous.get("generation", 1))
    left = {name: previous[name] for name in _OF_A_GENERATION if name in previous} | {"generation": number}
    return {"generation": number + 1, "older": [left, *previous.get("older", ())]}


def _ensure_step(step: Step, transact: Transact, code_at: CodeAt) -> int | None:
    """The block in which the step was made now, None if it stood already."""
    address = to_checksum_address(step.address)
    if code_at(address):
        return None
    receipt = transact(to_checksum_address(step.maker), step.data)
    if _number(receipt["status"]) != 1 or not code_at(address):
        raise ContractMissing(f"{step.name} could not be deployed at {address}.", contract=step.name)
    return _number(receipt["blockNumber"])


def _verify(plan: MarketPlan, market: PlannedMarket, call: Call, code_at: CodeAt) -> int:
    """The id of the seeded row, once every contract answers as planned."""
    escrow, oracle = market.contracts["JobEscrow"], market.contracts["ResultOracle"]
    for name, address in market.contracts.items():
        if not code_at(to_checksum_address(address)):
            raise ContractMissing(f"No code stands at the planned address of {name}.", contract=name)

    def answer(contract: str, address: bytes, function: str, *args: Any) -> Any:
        abi = load_abi(contract)
        return abi.decode_output(function, call(to_checksum_address(address), abi.encode_call(function, *args)))

    policy_id = int(answer("MarketDeployer", market.deployer, "POLICY_ID"))
    row = answer("JobEscrow", escrow, "policyOf", policy_id)
    expected: dict[str, tuple[Any, Any]] = {
        "JobEscrow of MarketDeployer": (
            decode_address(answer("MarketDeployer", market.deployer, "JOB_ESCROW")),
            escrow,
        ),
        "ResultOracle of JobEscrow": (decode_address(answer("JobEscrow", escrow, "RESULT_ORACLE")), oracle),
        "JobEscrow of ResultOracle": (decode_address(answer("ResultOracle", oracle, "ESCROW")), escrow),
        "DisputeDesk of ResultOracle": (
            decode_address(answer("ResultOracle", oracle, "DISPUTE_DESK")),
            market.contracts["DisputeDesk"],
        ),
        "JurorCourt of DisputeDesk": (
            decode_address(answer("DisputeDesk", market.contracts["DisputeDesk"], "ARBITRATOR")),
            market.contracts["JurorCourt"],
        ),
        "ReporterStake of ResultOracle": (
            decode_address(answer("ResultOracle", oracle, "STAKE")),
            market.contracts["ReporterStake"],
        ),
        "ResultOracle of ReporterStake": (
            decode_address(answer("ReporterStake", market.contracts["ReporterStake"], "ORACLE")),
            oracle,
        ),
        "JobEscrow of ServiceListings": (
            decode_address(answer("ServiceListings", market.contracts["ServiceListings"], "JOB_ESCROW")),
            escrow,
        ),
        **{
            f"JobEscrow of {desk}": (decode_address(answer(desk, market.contracts[desk], "ESCROW")), escrow)
            for desk in market.contracts
            if desk.endswith("Desk")
        },
        **{
            f"votes of {ledger}": (
                decode_address(answer(ledger, market.contracts[ledger], "VOTES")),
                market.contracts["AitbcToken"],
            )
            for ledger in market.contracts
            if ledger == "DecisionLedger"
        },
        "treasury": (decode_address(answer("JobEscrow", escrow, "TREASURY")), plan.treasury),
        "policy row": (
            encode(load_abi("JobEscrow").function("policyOf").output_types, (tuple(row.values()),)),
            encode(
                load_abi("JobEscrow").function("policyOf").output_types,
                (policy_tuple(plan.policy, evaluator=oracle, token=market.contracts["TestDollar"]),),
            ),
        ),
    }
    for what, (found, planned) in expected.items():
        if found != planned:
            raise ContractMissing(f"The {what} is not the planned one.", what=what)
    return policy_id


def _began(
    market: PlannedMarket,
    chain_id: int,
    code_at: CodeAt,
    previous: Mapping[str, Any] | None,
    note: DeploymentNote | None,
) -> int | None:
    """From which block on the market may have events; None when this run makes its first contract."""
    escrow = to_checksum_address(market.contracts["JobEscrow"])
    documents = [previous, *previous.get("older", ())] if previous and previous.get("chainId") == chain_id else []
    if documents and documents[0]["contracts"]["JobEscrow"] == escrow:
        return int(documents[0]["deployedAtBlock"])
    kept = note.kept(f"{chain_id}:{escrow}") if note else None
    if kept is not None:
        return kept
    known = {address for document in documents for address in document["contracts"].values()}
    makes = {to_checksum_address(step.address) for step in market.steps}
    if any(code_at(address) for address in makes - known):
        return 0
    return note.begin(f"{chain_id}:{escrow}") if note else None


def _number(value: Any) -> int:
    """Receipts carry numbers as integers or as 0x strings."""
    return int(value, 16) if isinstance(value, str) else int(value)
