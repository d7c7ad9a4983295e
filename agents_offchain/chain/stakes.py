"""Stakes for the reporters of a market whose tokens are free: what a local chain needs before its first rotation.

In: the plan that was deployed, who pays, and the caller's node. Out: transactions for what is missing, none if the
reporters have their stakes. A reporter of a market with value stakes by itself, with its own key.
"""

from __future__ import annotations

from typing import Any

from eth_utils.address import to_checksum_address

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.deployment import Call, Transact
from agents_offchain.chain.market_plan import MarketPlan, deployment_plan


def stake_reporters(plan: MarketPlan, payer: bytes, *, transact: Transact, call: Call) -> int:
    """Mint test dollars to `payer` and stake them for every reporter that has less than it needs; how many had.

    Args:
        payer: Who sends the transactions, 20 bytes.
    """
    contracts = deployment_plan(plan).contracts
    stake, dollar = load_abi("ReporterStake"), load_abi("TestDollar")
    at = {name: to_checksum_address(contracts[name]) for name in ("ReporterStake", "TestDollar")}

    def staked(reporter: bytes) -> Any:
        return stake.decode_output("stakeOf", call(at["ReporterStake"], stake.encode_call("stakeOf", reporter)))

    poor = [reporter for reporter in sorted(plan.reporters) if not staked(reporter)["isOnRoll"]]
    if not poor:
        return 0
    total = plan.reporter_stake * len(poor)
    transact(at["TestDollar"], dollar.encode_call("mint", payer, total))
    transact(at["TestDollar"], dollar.encode_call("approve", contracts["ReporterStake"], total))
    for reporter in poor:
        transact(at["ReporterStake"], stake.encode_call("stakeFor", reporter, plan.reporter_stake))
    return len(poor)
