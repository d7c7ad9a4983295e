"""ERC-8183: the ABI of the specification's text, and the three standard calls from create to complete."""

from __future__ import annotations

from typing import Any

import pytest
from ape import chain
from eth_utils.crypto import keccak

from tests.contracts.ape.conftest import BUDGET, DAY, DELIVERABLE, UNNAMED_AGENT, Market, People

SELECTORS = {
    "createJob(address,address,uint256,string,address)": "41528812",
    "setProvider(uint256,address,bytes)": "c9a84bb9",
    "setBudget(uint256,uint256,bytes)": "dd4ae9d4",
    "fund(uint256,uint256,bytes)": "d2e13f50",
    "submit(uint256,bytes32,bytes)": "9e63798d",
    "complete(uint256,bytes32,bytes)": "d75bbdf3",
    "reject(uint256,bytes32,bytes)": "41dd26f5",
    "claimRefund(uint256)": "5b7baf64",
}
HOOK_SELECTORS = {
    "beforeAction(uint256,bytes4,bytes)": "dc08fb1d",
    "afterAction(uint256,bytes4,bytes)": "a3fe4783",
}
TOPICS = {
    "JobCreated(uint256,address,address,address,uint256,address)": (
        "b0f0239bfdd96453e24733e18bfc24b70d8fadf123dd977473518dd577ee79b9",
        ("jobId", "client", "provider"),
    ),
    "ProviderSet(uint256,address)": (
        "9a87df076ea1725aba8ba29d32517ce37c9597d88cbf16ec6707892cc330ab69",
        ("jobId", "provider"),
    ),
    "BudgetSet(uint256,uint256)": (
        "869e2577b006bf47ee981cf6fec2e25583548081c14b98deab587f77b5068038",
        ("jobId",),
    ),
    "JobFunded(uint256,address,uint256)": (
        "e3fbcc1ea1bdc559ec7f0347efde7655e58b5f45a30b0e4470a583c3ef5496b3",
        ("jobId", "client"),
    ),
    "JobSubmitted(uint256,address,bytes32)": (
        "80c17db79857f338a6a6df68a6883ecc0ce78e2202fe61ed979733573f40538e",
        ("jobId", "provider"),
    ),
    "JobCompleted(uint256,address,bytes32)": (
        "0fd54bd364fa9e67f17b091aefe930932c09fe7651cf5ad02c71a418f3341444",
        ("jobId", "evaluator"),
    ),
    "JobRejected(uint256,address,bytes32)": (
        "ae7362b1af91f4492868987b9c73990d780060811551b58728fbe96fd1bab275",
        ("jobId", "rejector"),
    ),
    "JobExpired(uint256)": (
        "97237956f8810192811e2c3f273fd02c5d6295206fdd9c62e6fe2bfc19ba9232",
        ("jobId",),
    ),
    "PaymentReleased(uint256,address,uint256)": (
        "21d71db5be59bb9fa133895586b7404307dd33fb93b16db09dc6f1d9d7d231b0",
        ("jobId", "provider"),
    ),
    "Refunded(uint256,address,uint256)": (
        "7ca5472b7ea78c2c0141c5a12ee6d170cf4ce8ed06be3d22c8252ddfc7a6a2c4",
        ("jobId", "client"),
    ),
}
NO_HOOK = "0x" + "00" * 20


def names_of(receipt: Any) -> list[str]:
    return [event.event_name for event in receipt.events]


@pytest.mark.parametrize(("signature", "selector"), SELECTORS.items())
def test_escrow_abi__when_listed__has_the_standards_selector(market: Market, signature: str, selector: str) -> None:
    assert keccak(text=signature)[:4].hex() == selector
    assert signature in {method.selector for method in market.escrow.contract_type.mutable_methods}


@pytest.mark.parametrize(("signature", "selector"), HOOK_SELECTORS.items())
def test_hook_abi__when_listed__has_the_standards_selector(project: Any, signature: str, selector: str) -> None:
    assert keccak(text=signature)[:4].hex() == selector
    assert signature in {method.selector for method in project.IERC8183Hook.contract_type.mutable_methods}


@pytest.mark.parametrize(("signature", "fact"), TOPICS.items())
def test_escrow_events__when_listed__have_the_standards_topic(
    market: Market, signature: str, fact: tuple[str, tuple[str, ...]]
) -> None:
    topic, indexed = fact
    assert keccak(text=signature).hex() == topic
    (event,) = [event for event in market.escrow.contract_type.events if event.selector == signature]
    assert tuple(field.name for field in event.inputs if field.indexed) == indexed


def test_standard_calls__from_create_to_complete__emit_the_standards_events(market: Market, people: People) -> None:
    escrow, client = market.escrow, people.client
    expired_at = chain.pending_timestamp + DAY
    created = escrow.createJob(NO_HOOK, people.stranger, expired_at, "draw a cat", NO_HOOK, sender=client)
    assert names_of(created) == ["PolicyRegistered", "JobCreated", "JobDescribed"]
    described = created.events[2]
    assert (described.agentId, described.listingId, described.description) == (UNNAMED_AGENT, 0, "draw a cat")
    job_id = described.jobId
    assert escrow.jobOf(job_id).status == 0
    assert names_of(escrow.setProvider(job_id, people.provider, b"", sender=client)) == ["ProviderSet"]
    assert names_of(escrow.setBudget(job_id, BUDGET, b"", sender=people.provider)) == ["BudgetSet"]
    funded = escrow.fund(job_id, BUDGET, b"", sender=client)
    assert names_of(funded)[0] == "JobFunded"
    assert escrow.jobOf(job_id).status == 1
    assert names_of(escrow.submit(job_id, DELIVERABLE, b"", sender=people.provider)) == ["JobSubmitted"]
    assert escrow.jobOf(job_id).status == 2
    before = market.token.balanceOf(people.provider)
    done = escrow.complete(job_id, b"good".ljust(32, b"\0"), b"", sender=people.stranger)
    assert {"JobCompleted", "PaymentReleased", "FeeTaken"} <= set(names_of(done))
    assert escrow.jobOf(job_id).status == 3
    assert market.token.balanceOf(people.provider) - before == BUDGET - BUDGET * 500 // 10_000


def test_standard_job__given_nobody_acts__anybody_claims_the_refund(market: Market, people: People) -> None:
    escrow, client = market.escrow, people.client
    created = escrow.createJob(
        people.provider, people.stranger, chain.pending_timestamp + DAY, "", NO_HOOK, sender=client
    )
    job_id = created.events.filter(escrow.JobCreated)[0].jobId
    escrow.setBudget(job_id, BUDGET, b"", sender=client)
    escrow.fund(job_id, BUDGET, b"", sender=client)
    chain.pending_timestamp += 2 * DAY
    before = market.token.balanceOf(client)
    receipt = escrow.claimRefund(job_id, sender=people.stranger)
    assert {"JobExpired", "Refunded"} <= set(names_of(receipt))
    assert escrow.jobOf(job_id).status == 5
    assert market.token.balanceOf(client) - before == BUDGET
