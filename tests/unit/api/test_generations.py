"""Jobs of contracts that the market has left: how they are called, and that no number means two jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import insert, select

from agents_offchain.api.rest.app import create_app
from agents_offchain.api.rest.deps import ApiDeps
from agents_offchain.api.rest.feed import News, Place
from agents_offchain.api.rest.routes.events import about
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.tables.read_model import policies
from tests.unit.api.conftest import World
from tests.unit.indexer.fake_chain import two_generations

pytestmark = pytest.mark.unit


@pytest.fixture
async def moved(market: World) -> AsyncIterator[httpx.AsyncClient]:
    """The API of a market that has one job in the contracts it left, and none in the newest."""
    market.chain.hire(0, 1)
    await market.index()
    deps = ApiDeps(
        database=market.database,
        deployment=two_generations(),
        node=market.node,
        artifacts=market.artifacts,
        settings=Settings(),
        clock=market.clock,
        page_root=market.page_root,
    )
    transport = httpx.ASGITransport(create_app(deps), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield http


async def test_job__of_an_older_generation__is_called_by_both_numbers(moved: httpx.AsyncClient) -> None:
    job = (await moved.get("/api/v1/jobs/1:1")).json()
    assert (job["generation"], job["job_id"], job["reference"]) == (1, "1", "1:1")
    (listed,) = (await moved.get("/api/v1/jobs")).json()["items"]
    assert (listed["generation"], listed["reference"]) == (1, "1:1")


@pytest.mark.parametrize("name", ["1", "2:1", "3:1", "0:1", "1:", ":1", "1:1:1", "01:1", "1:x"])
async def test_job__by_a_name_that_no_job_has__is_not_found(moved: httpx.AsyncClient, name: str) -> None:
    assert (await moved.get(f"/api/v1/jobs/{name}")).status_code == 404


@pytest.mark.parametrize(("called", "told"), [("1", "1"), ("2:1", "1"), ("1:1", "1:1"), ("001", "1")])
def test_news__of_a_job_by_any_of_its_names__are_told(called: str, told: str) -> None:
    newest = two_generations()
    is_wanted = about(newest, called)
    news = [News("job", {"job_id": name}, Place(1, 0)) for name in ("1", "1:1", "2", "1:2")]
    assert [item.job_id for item in news if is_wanted(item)] == [told]
    assert is_wanted(News("head", {"block": 1}, Place(1, 0)))


async def test_deployment__of_a_market_that_moved__has_token_and_terms_of_every_generation(
    market: World, moved: httpx.AsyncClient
) -> None:
    async with market.database.write() as connection:
        first = (await connection.execute(select(policies))).one()
        await connection.execute(insert(policies).values({**first._mapping, "generation": 2, "fee_bps": 700}))
    facts = (await moved.get("/api/v1/deployment")).json()
    (older,) = facts["older"]
    assert (facts["generation"], facts["policy"]["feeBps"]) == (2, 700)
    assert (older["generation"], older["policy"]["feeBps"]) == (1, 500)
    assert older["token"] == facts["token"]
    assert older["contracts"] != facts["contracts"]


async def test_deployment__before_the_index_reached_the_newest_generation__asks_to_wait(
    moved: httpx.AsyncClient,
) -> None:
    assert (await moved.get("/api/v1/deployment")).status_code == 503


async def test_listings__of_an_older_generation__are_not_offered(moved: httpx.AsyncClient) -> None:
    assert (await moved.get("/api/v1/listings")).json()["items"] == []
