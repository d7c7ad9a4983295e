"""The record of a market's generations: what follows what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from agents_offchain.chain.addresses import parse_deployment
from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.errors import ContractMissing, DeploymentMissing
from agents_offchain.chain.market_plan import MarketPlan, deployment_plan
from agents_offchain.chain.succession import require_same_channels, succession
from tests.fakes.deployment import DOCUMENT

pytestmark = pytest.mark.unit


def moved(document: dict[str, Any], letter: str, **others: str) -> dict[str, Any]:
    """The same market with another escrow."""
    return document | {"contracts": document["contracts"] | {"JobEscrow": "0x" + letter * 40} | others}


def test_succession__of_another_escrow__counts_on_and_keeps_what_was() -> None:
    second = moved(DOCUMENT, "a")
    second |= succession(second, DOCUMENT)
    third = moved(DOCUMENT, "b")
    third |= succession(third, second)
    deployment = parse_deployment(third)
    assert [each.generation for each in deployment.generations] == [3, 2, 1]
    assert [each.address("JobEscrow").hex()[0] for each in deployment.generations] == ["b", "a", "e"]
    assert deployment.of_generation(1).deployed_at_block == DOCUMENT["deployedAtBlock"]


def test_succession__of_the_same_escrow__changes_nothing() -> None:
    second = moved(DOCUMENT, "a")
    second |= succession(second, DOCUMENT)
    assert moved(DOCUMENT, "a") | succession(moved(DOCUMENT, "a"), second) == second
    assert succession(DOCUMENT, DOCUMENT) == {}
    assert succession(DOCUMENT, None) == {}


def test_succession__of_another_registry_or_back_to_an_older_plan__is_refused() -> None:
    second = moved(DOCUMENT, "a")
    second |= succession(second, DOCUMENT)
    with pytest.raises(ContractMissing, match="no way back"):
        succession(DOCUMENT, second)
    with pytest.raises(ContractMissing, match="lose their ids"):
        succession(moved(DOCUMENT, "b", AgentRegistry="0x" + "c" * 40), DOCUMENT)


def test_channels__other_ones_beside_the_same_escrow__are_refused_and_with_another_escrow_are_a_generation() -> None:
    """A generation's record has room for one PaymentChannels, and promises on the former would be forgotten."""
    plan = MarketPlan(31337, "local", b"\x01" * 20, b"\x02" * 20, (b"\x03" * 20, b"\x04" * 20))
    market = deployment_plan(plan)
    contracts = {name: to_checksum_address(address) for name, address in market.contracts.items()}
    other, escrow = contracts | {"PaymentChannels": "0x" + "cd" * 20}, {"JobEscrow": "0x" + "ab" * 20}
    for kept in (contracts, contracts | escrow, other | escrow):
        require_same_channels(market, 31337, {"chainId": 31337, "contracts": kept})
    require_same_channels(market, 31337, None)
    require_same_channels(market, 31337, {"chainId": 1, "contracts": other})
    with pytest.raises(ContractMissing, match="would be forgotten"):
        deploy_market(
            plan,
            transact=lambda to, data: pytest.fail("something was sent"),
            call=lambda to, data: b"",
            code_at=lambda address: b"code",
            previous={"chainId": 31337, "contracts": other},
        )


@pytest.mark.parametrize(
    "older",
    [
        [{"generation": 2}],
        [{"generation": 0}],
        [{"contracts": DOCUMENT["contracts"] | {"AgentRegistry": "0x" + "c" * 40}}],
        ["text"],
        7,
    ],
)
def test_parse__of_generations_that_do_not_fit__is_refused(older: Any) -> None:
    entries = [DOCUMENT | entry if isinstance(entry, dict) else entry for entry in older] if older != 7 else 7
    with pytest.raises(DeploymentMissing):
        parse_deployment(DOCUMENT | {"generation": 2, "older": entries})


@pytest.mark.parametrize("number", ["x", "", "²", "-1", str(1 << 256), "1:1"])
def test_job_of_key__that_names_no_job_of_this_escrow__is_none(number: str) -> None:
    deployment = parse_deployment(DOCUMENT)
    assert deployment.job_of_key(f"{deployment.book('JobEscrow')}:{number}") is None


def test_job_of_key__of_another_markets_escrow__is_none() -> None:
    assert parse_deployment(DOCUMENT).job_of_key("31337:0x" + "99" * 20 + ":1") is None
