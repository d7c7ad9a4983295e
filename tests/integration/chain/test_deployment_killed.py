"""A deployment that dies between two steps: the next run says from which block on the market has events."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.chain.addresses import parse_deployment
from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.deployment_file import DeploymentNote, save_deployment
from agents_offchain.chain.market_plan import MarketPlan, PolicyTerms, deployment_plan
from tests.integration.devnet import AGENT, OWNER, REPORTER_1, REPORTER_2, REPORTER_3, TREASURY, Devnet
from tests.integration.market import Market

pytestmark = pytest.mark.integration
QUIET_BLOCKS = 7


class Died(Exception):
    """Stands for the end of the process."""


class Deployer:
    """Runs of one plan over one record, on one chain."""

    def __init__(self, anvil: Devnet, record: Path) -> None:
        self.anvil = anvil
        self.record = record
        self.plan = MarketPlan(
            chain_id=31337,
            network="local",
            owner=anvil.address(OWNER),
            treasury=anvil.address(TREASURY),
            reporters=tuple(anvil.address(reporter) for reporter in (REPORTER_1, REPORTER_2, REPORTER_3)),
        )

    def run(self, *, steps: int | None = None, previous: dict[str, Any] | None = None) -> dict[str, Any]:
        """Dies after so many steps, or lives and returns the document."""
        made = 0

        def transact(to: str, data: bytes) -> dict[str, Any]:
            nonlocal made
            if made == steps:
                raise Died
            made += 1
            return self.anvil.send(OWNER, to, data)

        return deploy_market(
            self.plan,
            transact=transact,
            call=self.anvil.call,
            code_at=self.anvil.code_at,
            previous=previous,
            note=DeploymentNote(self.record, self.anvil.block_number),
        )


@pytest.fixture
def deployer(anvil: Devnet, tmp_path: Path) -> Deployer:
    anvil.mine(QUIET_BLOCKS)
    return Deployer(anvil, tmp_path / "deployment.json")


@pytest.mark.parametrize("steps", [0, 1, 9, None])
def test_deploy__when_an_earlier_run_died_between_steps__begins_before_the_first_contract(
    deployer: Deployer, steps: int | None
) -> None:
    began = deployer.anvil.block_number()
    if steps is None:
        deployer.run()
    else:
        with pytest.raises(Died):
            deployer.run(steps=steps)
    deployer.anvil.mine(QUIET_BLOCKS)
    assert deployer.run()["deployedAtBlock"] == began


def test_deploy__of_a_generation_that_died_half_way__begins_before_its_own_first_contract(deployer: Deployer) -> None:
    first = deployer.run()
    save_deployment(deployer.record, first)
    deployer.plan = dataclasses.replace(deployer.plan, policy=PolicyTerms(review_seconds=90))
    began = deployer.anvil.block_number()
    with pytest.raises(Died):
        deployer.run(steps=1, previous=first)
    deployer.anvil.mine(QUIET_BLOCKS)
    second = deployer.run(previous=first)
    assert (second["generation"], second["deployedAtBlock"]) == (2, began)
    assert second["older"][0]["deployedAtBlock"] == first["deployedAtBlock"]


def test_deploy__of_a_contract_that_an_unchanged_escrow_lacked__keeps_the_block(deployer: Deployer) -> None:
    first = deployer.run()
    feed = deployment_plan(deployer.plan).contracts["ReportFeed"]
    deployer.anvil.rpc("anvil_setCode", "0x" + feed.hex(), "0x")
    deployer.anvil.rpc("anvil_setNonce", "0x" + feed.hex(), "0x0")
    assert deployer.run(previous=first) == first


def test_deploy__beside_a_registry_that_nobody_noted__reads_the_whole_chain(deployer: Deployer) -> None:
    market = Market(deployer.anvil, parse_deployment(deployer.run()))
    market.register(who=AGENT)
    deployer.record = deployer.record.with_name("elsewhere.json")
    deployer.plan = dataclasses.replace(deployer.plan, policy=PolicyTerms(review_seconds=90))
    assert deployer.run()["deployedAtBlock"] == 0


def test_save__when_the_record_is_written__forgets_the_note(deployer: Deployer) -> None:
    save_deployment(deployer.record, deployer.run())
    assert [path.name for path in deployer.record.parent.iterdir()] == [deployer.record.name]
