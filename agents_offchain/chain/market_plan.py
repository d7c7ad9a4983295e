"""What a market will be: a `MarketPlan` decides every contract and its address before anything is sent.

In: who owns, who is paid, who reports, the seeded policy row. Out: the steps in their order, and where each contract
will stand (CREATE2 through the deterministic deployment proxy).
Escrow, oracle and desk of disputes name each other in immutables; `MarketDeployer` makes them, and theirs are its first
three created addresses; `DeskInstaller` brings the desk's code, which does not fit beside the others. Oracle and
`ReporterStake` do too: `ReporterStakeFactory` says where the stake stands and makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import load_abi

CREATE2_PROXY = bytes.fromhex("4e59b44847b379578588920cA78FbF26c0B4956C")
"""Deterministic deployment proxy: calldata is a 32-byte salt and the creation code."""
SALT = keccak(text="aitbc.market/1")
ZERO_ADDRESS = bytes(20)
VOTES_CAP = 1_000_000_000 * 10**18
"""`AitbcToken.CAP`, smallest units."""


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
