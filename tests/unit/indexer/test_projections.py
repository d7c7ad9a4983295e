"""Folds of one entity's events."""

from __future__ import annotations

import uuid

import pytest

from agents_offchain.indexer.facts import ROW_NAMESPACE, Fact, entity_of
from agents_offchain.indexer.projections.agent import project_agent
from agents_offchain.indexer.projections.dispute import project_dispute
from agents_offchain.indexer.projections.job import project_job, project_verdict
from agents_offchain.indexer.projections.listing import decode_service_type, project_listing
from agents_offchain.indexer.projections.policy import project_policy
from agents_offchain.indexer.projections.transaction import FeeOwners, project_transactions
from agents_offchain.primitives.units import NO_AGENT
from tests.unit.indexer.fake_chain import CLIENT, NOBODY, OWNER, TREASURY, WALLET, FakeChain, service

pytestmark = pytest.mark.unit
OWNERS = FeeOwners(bytes.fromhex(TREASURY[2:]), b"o" * 20)


def address(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_agent__after_registration__owner_is_its_wallet() -> None:
    chain = FakeChain()
    chain.register_agent("ipfs://card")
    row = project_agent(chain.facts())
    assert row is not None
    assert (row.agent_id, row.owner, row.wallet, row.uri) == (0, address(OWNER), address(OWNER), "ipfs://card")


def test_agent__after_a_transfer__has_the_new_owner_and_no_wallet() -> None:
    chain = FakeChain()
    chain.transfer_agent(chain.register_agent(), OWNER, CLIENT)
    row = project_agent(chain.facts())
    assert row is not None
    assert (row.owner, row.wallet) == (address(CLIENT), bytes(20))


def test_agent__of_a_registry_that_logs_only_the_transfer__has_no_wallet_either() -> None:
    chain = FakeChain()
    chain.register_agent()
    chain.emit("AgentRegistry", "Transfer", from_=OWNER, to=CLIENT, tokenId=0)
    row = project_agent(chain.facts())
    assert row is not None
    assert (row.owner, row.wallet) == (address(CLIENT), bytes(20))


def test_agent__when_its_wallet_is_set_after_a_transfer__keeps_the_new_wallet() -> None:
    chain = FakeChain()
    chain.transfer_agent(chain.register_agent(), OWNER, CLIENT)
    chain.set_wallet(0, WALLET)
    row = project_agent(chain.facts())
    assert row is not None
    assert row.wallet == address(WALLET)


def test_agent__when_the_wallet_value_is_not_an_address__has_none() -> None:
    chain = FakeChain()
    chain.register_agent()
    chain.set_wallet(0, "0x1234")
    row = project_agent(chain.facts())
    assert row is not None
    assert row.wallet == address(NOBODY)


def test_listing__after_an_update__has_the_new_price_and_its_first_id() -> None:
    chain = FakeChain()
    first = chain.register_agent()
    listing_id = chain.create_listing(first)
    created = chain.events()[-1]
    chain.mine()
    chain.emit("ServiceListings", "ListingUpdated", listingId=listing_id, price=7, isAvailable=False)
    row = project_listing([fact for fact in chain.facts() if fact.contract == "ServiceListings"])
    assert row is not None
    assert (row.price, row.is_available, row.is_closed) == (7, False, False)
    assert row.id == str(uuid.uuid5(ROW_NAMESPACE, f"31337:0x{created.tx_hash.hex()}:{created.log_index}"))
    assert row.updated_at == row.created_at + 1


def test_listing__when_closed__is_never_available() -> None:
    chain = FakeChain()
    listing_id = chain.create_listing(0)
    chain.emit("ServiceListings", "ListingClosed", listingId=listing_id)
    row = project_listing(chain.facts())
    assert row is not None
    assert (row.is_available, row.is_closed) == (False, True)


@pytest.mark.parametrize(
    ("padded", "name"),
    [
        (service("inspect-image"), "inspect-image"),
        (bytes(32), ""),
        (b"\xff\x01a".ljust(32, b"\0"), "??a"),
        (b"<b>".ljust(32, b"\0"), "<b>"),
    ],
)
def test_service_type__from_a_stranger__is_short_printable_ascii(padded: bytes, name: str) -> None:
    assert decode_service_type(padded) == name


def test_policy__when_retired__says_so_and_keeps_its_terms() -> None:
    chain = FakeChain()
    policy_id = chain.register_policy()
    chain.emit("JobEscrow", "PolicyRetired", policyId=policy_id)
    row = project_policy(chain.facts())
    assert row is not None
    assert (row.is_retired, row.fee_bps, row.grace_seconds) == (True, 500, 604_800)


def job_facts(chain: FakeChain) -> list[Fact]:
    return [fact for fact in chain.facts() if "jobId" in fact.args]


def test_job__when_paid__has_every_amount_and_time() -> None:
    chain = FakeChain()
    job_id = chain.hire(0, 1)
    chain.mine()
    chain.submit(job_id)
    chain.mine()
    chain.post_verdict(job_id)
    chain.pay(job_id)
    row = project_job(job_facts(chain))
    assert row is not None
    assert row.status == "completed"
    assert (row.paid, row.fee_treasury, row.fee_reporters, row.refunded) == (1_425_000, 45_000, 30_000, 0)
    assert row.budget == row.paid + row.fee_treasury + row.fee_reporters
    assert (row.submitted_at, row.settled_at) == (row.created_at + 1, row.created_at + 2)


@pytest.mark.parametrize(("is_expired", "status"), [(False, "rejected"), (True, "expired")])
def test_job__when_the_client_is_refunded__says_how(is_expired: bool, status: str) -> None:
    chain = FakeChain()
    job_id = chain.hire(0, 1)
    chain.refund(job_id, is_expired=is_expired)
    row = project_job(job_facts(chain))
    assert row is not None
    assert (row.status, row.refunded, row.paid) == (status, row.budget, 0)


def test_job__when_it_names_no_agent__has_none() -> None:
    chain = FakeChain()
    chain.hire(NO_AGENT, 0)
    row = project_job(job_facts(chain))
    assert row is not None
    assert (row.agent_id, row.listing_id) == (None, None)


def test_job__before_its_creation__is_no_row() -> None:
    chain = FakeChain()
    chain.submit(1)
    assert project_job(job_facts(chain)) is None


def test_verdict__when_posted__keeps_signers_and_report() -> None:
    chain = FakeChain()
    chain.post_verdict(chain.hire(0, 1), score=12, bitmap=2**255)
    row = project_verdict(job_facts(chain))
    assert row is not None
    assert (row.score, row.signer_bitmap, row.report_hash) == (12, 2**255, b"r" * 32)


def test_transactions__of_a_paid_job__sum_to_the_budget_and_have_their_own_ids() -> None:
    chain = FakeChain()
    job_id = chain.hire(0, 1)
    chain.submit(job_id)
    chain.pay(job_id)
    facts = job_facts(chain)
    rows = project_transactions(facts, project_job(facts), "inspect-image", OWNERS)
    assert [row.kind for row in rows] == ["escrowed", "fee_treasury", "fee_reporters", "released"]
    assert sum(row.amount for row in rows[1:]) == rows[0].amount
    assert len({row.id for row in rows}) == len(rows)
    assert {row.status for row in rows} == {"final"}
    assert rows[1].to_address == OWNERS.treasury


def test_transactions__of_a_running_job__are_held() -> None:
    chain = FakeChain()
    chain.hire(0, 1)
    facts = job_facts(chain)
    rows = project_transactions(facts, project_job(facts), "", OWNERS)
    assert [(row.kind, row.status) for row in rows] == [("escrowed", "held")]


def test_transactions__of_a_fee_of_nothing__are_left_out() -> None:
    chain = FakeChain()
    job_id = chain.hire(0, 1, budget=10)
    chain.pay(job_id, budget=10)
    facts = job_facts(chain)
    rows = project_transactions(facts, project_job(facts), "", OWNERS)
    assert [row.kind for row in rows] == ["escrowed", "released"]


def test_entity__of_each_event__is_what_it_changes() -> None:
    chain = FakeChain()
    chain.register_policy()
    chain.create_listing(chain.register_agent())
    chain.post_verdict(chain.hire(0, 1))
    chain.emit("AgentRegistry", "Approval", owner=OWNER, approved=CLIENT, tokenId=0)
    chain.emit("JobEscrow", "TokenAllowed", token=NOBODY)
    found = {(event.name, entity_of(event)) for event in chain.events()}
    assert found >= {
        ("PolicyRegistered", ("policy", 1)),
        ("Transfer", ("agent", 0)),
        ("MetadataSet", ("agent", 0)),
        ("ListingCreated", ("listing", 1)),
        ("JobDescribed", ("job", 1)),
        ("VerdictPosted", ("job", 1)),
        ("Approval", None),
        ("TokenAllowed", None),
    }


def test_dispute__from_its_opening_to_the_ruling__says_who_when_and_what() -> None:
    chain = FakeChain()
    job_id = chain.hire(0, 1)
    chain.submit(job_id)
    assert project_dispute(chain.facts()) is None
    chain.dispute(job_id)
    opened = project_dispute(chain.facts())
    assert opened is not None
    assert (opened.party, opened.is_by_client, opened.bond) == (address(CLIENT), True, 600_000)
    assert (opened.dispute_id, opened.ended_at, opened.provider_bps) == (None, None, None)
    chain.mine()
    chain.refer(job_id)
    chain.emit("DisputeDesk", "DisputeCountered", jobId=job_id, party=OWNER, bond=600_000)
    chain.end_dispute(job_id)
    ended = project_dispute(chain.facts())
    assert ended is not None
    assert (ended.dispute_id, ended.fee, ended.is_countered) == (3, 600_000, True)
    assert (ended.is_by_court, ended.provider_bps, ended.is_overturned) == (True, 2_000, True)
    assert ended.ended_at == opened.opened_at + 1
