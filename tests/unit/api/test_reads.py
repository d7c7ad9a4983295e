"""Listings, agents, jobs and movements over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from agents_offchain.storage.artifacts.cid import digest_to_cid
from agents_offchain.storage.progress import record_progress
from tests.unit.api.conftest import World
from tests.unit.indexer.fake_chain import CLIENT, CONTRACTS, OWNER, REPORTERS, WALLET, fake_deployment

pytestmark = pytest.mark.unit


async def items(world: World, path: str, /, **query: object) -> list[dict[str, Any]]:
    answer: Any = await world.get(path, **query)
    return list(answer["items"])


async def test_listings__of_a_market__tell_the_offer_and_its_agent(market: World) -> None:
    (listing,) = await items(market, "/api/v1/listings")
    assert listing | {"created_at": 0} == {
        "listing_id": "1",
        "agent_id": "0",
        "agent_name": "Argus",
        "owner": listing["owner"],
        "wallet": listing["wallet"],
        "service_type": "inspect-image",
        "pricing_model": "fixed",
        "price": "1500000",
        "decimals": 6,
        "symbol": "tUSD",
        "policy_id": 1,
        "work_seconds": 300,
        "uri": "ipfs://terms",
        "is_available": True,
        "created_at": 0,
        "reputation_score": None,
        "jobs_completed": 0,
        "jobs_total": 0,
    }
    assert listing["owner"].lower() == OWNER


async def test_job__when_disputed__shows_it_and_cannot_be_settled(market: World) -> None:
    job_id = market.chain.hire(0, 1)
    market.chain.submit(job_id)
    market.chain.post_verdict(job_id)
    market.chain.dispute(job_id)
    await market.index()
    job = await market.get(f"/api/v1/jobs/{job_id}")
    assert (job["status"], job["settleable_at"]) == ("submitted", None)
    dispute = job["dispute"]
    assert isinstance(dispute, dict)
    assert (dispute["is_by_client"], dispute["bond"], dispute["ended_at"]) == (True, "600000", None)
    assert dispute["evidence"] == "0x" + (b"e" * 32).hex()
    market.chain.refer(job_id)
    market.chain.end_dispute(job_id)
    await market.index()
    dispute = (await market.get(f"/api/v1/jobs/{job_id}"))["dispute"]
    assert isinstance(dispute, dict)
    assert (dispute["court_dispute_id"], dispute["is_by_court"], dispute["provider_bps"]) == ("3", True, 2_000)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "argus"}, 1),
        ({"q": "  PICTURES "}, 1),
        ({"q": OWNER[:12]}, 1),
        ({"q": "nothing like it"}, 0),
        ({"q": "%"}, 0),
        ({"service": "inspect-image"}, 1),
        ({"service": "translate"}, 0),
        ({"available": "true"}, 1),
        ({"available": "false"}, 0),
    ],
)
async def test_listings__with_a_filter__are_those_that_match(market: World, query: dict[str, str], found: int) -> None:
    assert len(await items(market, "/api/v1/listings", **query)) == found


async def test_listings__when_closed__are_left_out(market: World) -> None:
    market.chain.emit("ServiceListings", "ListingClosed", listingId=1)
    await market.index()
    assert await items(market, "/api/v1/listings") == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", [5, 4, 3, 2, 1]),
        ("oldest", [1, 2, 3, 4, 5]),
        ("price", [4, 2, 1, 3, 5]),
        ("-price", [5, 3, 1, 2, 4]),
        ("speed", [1, 2, 3, 4, 5]),
        ("completed", [2, 5, 4, 3, 1]),
    ],
)
@pytest.mark.parametrize("text", ["", "argus"])
async def test_listings__paged_in_every_order__come_each_once(
    market: World, sort: str, expected: list[int], text: str
) -> None:
    for price in (1_000_000, 9_000_000, 10, 10_000_000_000_000_000_000_000):
        market.chain.create_listing(0, price=price)
    market.chain.pay(market.chain.hire(0, 2))
    await market.index()
    seen: list[int] = []
    cursor = ""
    while True:
        answer: Any = await market.get("/api/v1/listings", sort=sort, limit=2, cursor=cursor, q=text)
        seen += [int(item["listing_id"]) for item in answer["items"]]
        cursor = answer["next_cursor"] or ""
        if not cursor:
            break
    assert seen == expected


async def test_job_counts__of_a_listing__count_only_jobs_of_its_own_agent(market: World) -> None:
    market.chain.pay(market.chain.hire(0, 1))
    market.chain.hire(0, 1)
    market.chain.hire(7, 1)
    market.chain.hire(0, 1, provider=WALLET)
    await market.index()
    (listing,) = await items(market, "/api/v1/listings")
    assert (listing["jobs_total"], listing["jobs_completed"]) == (2, 1)


async def test_agent__on_its_page__has_name_listings_and_jobs(market: World) -> None:
    market.chain.hire(0, 1)
    await market.index()
    agent: Any = await market.get("/api/v1/registry/agents/0")
    assert (agent["name"], agent["description"], agent["is_active"]) == (
        "Argus",
        "Finds things in pictures",
        True,
    )
    assert [listing["listing_id"] for listing in agent["listings"]] == ["1"]
    assert [job["job_id"] for job in agent["jobs"]] == ["1"]


async def test_agents__in_the_list__are_newest_first(market: World) -> None:
    market.chain.register_agent(owner=CLIENT)
    await market.index()
    assert [agent["agent_id"] for agent in await items(market, "/api/v1/registry/agents")] == ["1", "0"]
    assert [agent["agent_id"] for agent in await items(market, "/api/v1/registry/agents", owner=CLIENT)] == ["1"]


async def test_job__submitted_with_a_verdict__tells_everything(market: World) -> None:
    request_cid = digest_to_cid(b"q" * 32)
    job_id = market.chain.hire(0, 1, text=f"ipfs://{request_cid}")
    market.chain.submit(job_id)
    market.chain.post_verdict(job_id, score=97)
    await market.index()
    async with market.database.write() as connection:
        key = fake_deployment().job_key(job_id)
        await record_progress(connection, key, "detect", "Looking for things.", source="agent", at=5.0)
    job: Any = await market.get(f"/api/v1/jobs/{job_id}")
    assert (job["status"], job["request_cid"]) == ("submitted", request_cid)
    assert job["result_cid"] == digest_to_cid(b"d" * 32)
    assert job["deliverable"] == "0x" + "64" * 32
    assert job["work_by"] == job["expired_at"] - 605_520
    assert job["settleable_at"] == job["verdict"]["posted_at"] + 120
    assert job["verdict"]["score"] == 97
    assert [signer.lower() for signer in job["verdict"]["signers"]] == [REPORTERS[0], REPORTERS[2]]
    assert [event["name"] for event in job["events"]] == [
        "JobCreated",
        "BudgetSet",
        "JobFunded",
        "JobDescribed",
        "JobSubmitted",
        "VerdictPosted",
    ]
    assert job["progress"] == [{"at": 5.0, "source": "agent", "stage": "detect", "detail": "Looking for things."}]
    assert job["agent_name"]
    assert job["service_type"] == "inspect-image"
    assert job["payouts"] == []


async def test_job__submitted_without_a_verdict__can_be_settled_after_both_windows(market: World) -> None:
    job_id = market.chain.hire(0, 1)
    market.chain.submit(job_id)
    await market.index()
    job: Any = await market.get(f"/api/v1/jobs/{job_id}")
    assert job["settleable_at"] == job["submitted_at"] + 720
    assert job["verdict"] is None


async def test_job__when_paid__shows_who_got_what(market: World) -> None:
    job_id = market.chain.hire(0, 1)
    market.chain.submit(job_id)
    market.chain.pay(job_id)
    await market.index()
    job: Any = await market.get(f"/api/v1/jobs/{job_id}")
    assert {payout["kind"]: payout["amount"] for payout in job["payouts"]} == {
        "treasury": "45000",
        "reporters": "30000",
        "provider": "1425000",
    }
    assert (job["status"], job["reason"], job["settleable_at"]) == ("completed", "verdict-passed", None)


@pytest.mark.parametrize("text", ["not a uri", "ipfs://", "ipfs://../../etc", "https://evil.example/x", "", "ipfs://é"])
async def test_job__with_a_description_of_a_stranger__has_no_request_cid(market: World, text: str) -> None:
    job_id = market.chain.hire(0, 1, text=text)
    await market.index()
    job: Any = await market.get(f"/api/v1/jobs/{job_id}")
    assert (job["request_cid"], job["description"]) == (None, text)


async def test_jobs__filtered_and_paged__come_newest_first(market: World) -> None:
    for _ in range(3):
        market.chain.hire(0, 1)
    market.chain.submit(2)
    await market.index()
    first: Any = await market.get("/api/v1/jobs", limit=2)
    rest: Any = await market.get("/api/v1/jobs", limit=2, cursor=first["next_cursor"])
    assert [job["job_id"] for job in first["items"] + rest["items"]] == ["3", "2", "1"]
    assert [job["job_id"] for job in await items(market, "/api/v1/jobs", status="submitted")] == ["2"]
    assert len(await items(market, "/api/v1/jobs", client=CLIENT.upper().replace("0X", "0x"))) == 3
    assert await items(market, "/api/v1/jobs", provider=CLIENT) == []


async def test_transactions__paged__keep_both_fees_of_a_log_together(market: World) -> None:
    job_id = market.chain.hire(0, 1)
    market.chain.pay(job_id)
    await market.index()
    seen: list[str] = []
    cursor = ""
    while True:
        page: Any = await market.get("/api/v1/transactions", limit=2, job_id=job_id, cursor=cursor)
        seen += [item["kind"] for item in page["items"]]
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    assert seen == ["released", "fee_reporters", "fee_treasury", "escrowed"]
    (released, *_) = await items(market, "/api/v1/transactions", agent_id=0)
    assert (released["amount"], released["amount_decimal"]) == ("1425000", "1.425")


async def test_deployment__on_a_local_chain__tells_contracts_token_policy_and_node(market: World) -> None:
    facts: Any = await market.get("/api/v1/deployment")
    assert facts["contracts"] == CONTRACTS
    assert facts["token"] | {"address": ""} == {"address": "", "symbol": "tUSD", "decimals": 6}
    assert (facts["policy"]["feeBps"], facts["policy"]["reviewSeconds"], facts["policy"]["policyId"]) == (500, 120, 1)
    assert facts["rpc_url"] == "http://127.0.0.1:8545"


async def test_deployment__before_the_index_reached_it__asks_to_wait(world: World) -> None:
    response = await world.http.get("/api/v1/deployment")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"


async def test_reads__while_the_node_is_down__go_on_and_health_says_degraded(market: World) -> None:
    market.node.is_down = True
    health: Any = await market.get("/api/v1/health")
    assert (health["status"], health["checks"]["node"]) == ("degraded", "unreachable")
    assert len(await items(market, "/api/v1/listings")) == 1
    assert (await market.http.get("/api/v1/health/ready")).status_code == 200


async def test_health__when_the_index_is_far_behind__says_so(market: World) -> None:
    assert (await market.get("/api/v1/health"))["status"] == "ok"
    market.node.ahead = 50
    health: Any = await market.get("/api/v1/health")
    assert (health["status"], health["checks"]["index"], health["lag_blocks"]) == ("degraded", "behind", 51)


async def test_metrics__of_a_market__have_jobs_lag_and_durations(market: World) -> None:
    market.chain.hire(0, 1)
    await market.index()
    await market.get("/api/v1/jobs/1")
    text = (await market.http.get("/metrics")).text
    assert 'aitbc_jobs{status="funded"} 1.0' in text
    assert 'route="/api/v1/jobs/{job_id}",status="200"' in text
    assert "aitbc_index_lag_blocks 1.0" in text
