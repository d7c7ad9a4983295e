"""One way to deploy for all: daemons, ape scripts and tests call `deploy_market`.

In: a plan and three functions of the caller's node. Out: the document of `deployment.json`. Every address follows from
the plan alone, so a second run finds what stands already, checks it and sends nothing. This module never holds a key
and never talks to a node by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.deployment_file import DeploymentNote
from agents_offchain.chain.errors import ContractMissing
from agents_offchain.chain.market_plan import (
    CREATE2_PROXY,
    MarketPlan,
    PlannedMarket,
    Step,
    deployment_plan,
    policy_tuple,
)
from agents_offchain.chain.succession import require_same_channels, succession
from agents_offchain.primitives.hexes import decode_address

Transact = Callable[[str, bytes], Mapping[str, Any]]
"""(checksummed address, calldata) -> receipt with `status` and `blockNumber`, mined."""
Call = Callable[[str, bytes], bytes]
"""(checksummed address, calldata) -> returned bytes at the newest block."""
CodeAt = Callable[[str], bytes]
"""checksummed address -> runtime code at the newest block, empty if none."""


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
        ContractMissing: the proxy is not on this chain, a step failed, what stands there answers otherwise, or the
            plan does not follow the earlier document (`succession`).
    """
    market = deployment_plan(plan)
    if not code_at(to_checksum_address(CREATE2_PROXY)):
        raise ContractMissing(
            "This chain has no deterministic deployment proxy.",
            mend=f"Deploy the proxy at {to_checksum_address(CREATE2_PROXY)} first.",
        )
    require_same_channels(market, plan.chain_id, previous)
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
    return document | succession(document, previous)


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
