"""The deployment plan: same plan, same addresses; a second run sends nothing; another market is noticed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.market_plan import MarketPlan, PolicyTerms, deployment_plan
from agents_offchain.chain.errors import ContractMissing
from tests.contracts.ape.conftest import Market, People, call, code_at, transact_by

ABI_ROOT = Path(__file__).resolve().parents[3] / "agents_offchain" / "chain" / "abi"


def refuse(to: str, data: bytes) -> dict[str, Any]:
    raise AssertionError(f"a transaction to {to} of {len(data)} bytes was not expected")


def test_deployment__when_run_again__sends_nothing_and_says_the_same(plan: MarketPlan, market: Market) -> None:
    again = deploy_market(plan, transact=refuse, call=call, code_at=code_at, previous=market.document)
    assert again == market.document


def test_deployment__when_the_earlier_document_is_lost__starts_from_the_first_block(
    plan: MarketPlan, market: Market
) -> None:
    again = deploy_market(plan, transact=refuse, call=call, code_at=code_at)
    assert again == {**market.document, "deployedAtBlock": 0}


def test_deployment__when_a_term_differs__stands_elsewhere(plan: MarketPlan, market: Market, people: People) -> None:
    other = dataclasses.replace(plan, policy=PolicyTerms(pass_mark=61))
    document = deploy_market(other, transact=transact_by(people.owner), call=call, code_at=code_at)
    assert document["contracts"]["JobEscrow"] != market.document["contracts"]["JobEscrow"]
    assert document["contracts"]["TestDollar"] == market.document["contracts"]["TestDollar"]


def test_deployment__given_no_proxy__says_what_is_missing(plan: MarketPlan) -> None:
    with pytest.raises(ContractMissing, match="deployment proxy"):
        deploy_market(plan, transact=refuse, call=call, code_at=lambda address: b"")


def test_deployment__given_a_step_that_fails__names_it(plan: MarketPlan, market: Market) -> None:
    elsewhere = dataclasses.replace(plan, salt=bytes(32))
    failed = {"status": 0, "blockNumber": 1}
    with pytest.raises(ContractMissing, match="TestDollar"):
        deploy_market(elsewhere, transact=lambda to, data: failed, call=call, code_at=code_at)


def test_deployment__when_deployed__escrow_and_oracle_name_each_other(
    plan: MarketPlan, market: Market, people: People
) -> None:
    assert market.escrow.RESULT_ORACLE() == market.oracle
    assert market.oracle.ESCROW() == market.escrow
    assert market.listings.JOB_ESCROW() == market.escrow
    assert market.escrow.owner() == people.owner
    assert market.escrow.TREASURY() == market.document["treasury"]
    assert deployment_plan(plan).contracts["JobEscrow"] == bytes.fromhex(market.escrow.address[2:])
    assert [str(reporter) for reporter in market.oracle.reporters()] == market.document["reporters"]
    assert (market.oracle.quorum(), market.oracle.epoch()) == (2, 1)


@pytest.mark.parametrize("path", sorted(ABI_ROOT.glob("*.json")), ids=lambda path: path.stem)
def test_abi_files__when_compared_with_the_sources__name_the_same_entries(project: Any, path: Path) -> None:
    container = getattr(project, path.stem, None)
    if container is None:
        pytest.skip(f"{path.stem} is no contract of this project")
    committed = json.loads(path.read_text())["abi"]
    compiled = json.loads(container.contract_type.model_dump_json())["abi"]

    def names(abi: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {(entry["type"], entry.get("name") or "") for entry in abi}

    assert names(committed) == names(compiled)
    assert load_abi(path.stem).name == path.stem
