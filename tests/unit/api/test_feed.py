"""Live news: in order, once, after a break too, and never more than a stream can take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.api.rest.deps import ApiLimits
from agents_offchain.api.rest.errors import QuotaSpent
from agents_offchain.api.rest.feed import BATCH_ROWS, ChangeFeed, News, Place, parse_place
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.storage.progress import record_progress
from tests.unit.api.conftest import World
from tests.unit.indexer.fake_chain import fake_deployment

pytestmark = pytest.mark.unit
QUEUE_ITEMS = 6


def everything(_news: News) -> bool:
    return True


@pytest.fixture
async def feed(market: World) -> AsyncIterator[ChangeFeed]:
    """A feed that asks only when told."""
    made = ChangeFeed(
        market.database,
        fake_deployment(),
        ApiLimits(streams=3, streams_per_client=2, stream_queue_items=QUEUE_ITEMS),
        SystemClock(),
    )
    await made.poll()
    yield made
    await made.close()


async def take(stream: AsyncIterator[News], count: int) -> list[News]:
    async with asyncio.timeout(5):
        return [await anext(stream) for _ in range(count)]


async def test_stream__when_it_opens__tells_the_head(feed: ChangeFeed, market: World) -> None:
    stream = feed.subscribe("a", None, everything)
    (head,) = await take(stream, 1)
    assert (head.event, head.data["block"]) == ("head", market.indexed)


async def test_stream__while_a_job_goes_on__tells_each_step_once_and_in_order(feed: ChangeFeed, market: World) -> None:
    stream = feed.subscribe("a", None, everything)
    await take(stream, 1)
    job_id = market.chain.hire(0, 1)
    await market.index()
    await feed.poll()
    market.chain.submit(job_id)
    await market.index()
    async with market.database.write() as connection:
        key = fake_deployment().job_key(job_id)
        await record_progress(connection, key, "detect", "", source="agent", at=1.0)
        await record_progress(connection, "1:0xother:1", "detect", "", source="agent", at=1.0)
    await feed.poll()
    await feed.poll()
    news = await take(stream, 5)
    assert [(item.event, item.data.get("status"), item.data.get("stage")) for item in news] == [
        ("job", "funded", None),
        ("head", None, None),
        ("job", "submitted", None),
        ("job", "submitted", "detect"),
        ("head", None, None),
    ]


async def test_stream__opened_again_with_its_last_id__gets_what_it_missed(feed: ChangeFeed, market: World) -> None:
    market.chain.hire(0, 1)
    await market.index()
    first = feed.subscribe("a", Place(0, 0), everything)
    seen = await take(first, 4)
    market.chain.hire(0, 1)
    await market.index()
    again = feed.subscribe("a", seen[-2].place, everything)
    assert [(item.event, item.data.get("job_id")) for item in await take(again, 2)] == [("job", "2"), ("head", None)]


@pytest.mark.parametrize("place", [Place(10_000, 0), Place(0, 77)])
async def test_stream__with_an_id_of_another_database__is_told_to_start_over(feed: ChangeFeed, place: Place) -> None:
    stream = feed.subscribe("a", place, everything)
    assert (await take(stream, 1))[0].event == "reset"


async def test_stream__whose_missed_news_are_no_longer_kept__is_told_to_start_over(
    feed: ChangeFeed, market: World
) -> None:
    sink = IndexSink(fake_deployment(), kept_changes=1)
    market.chain.hire(0, 1)
    market.chain.hire(0, 1)
    async with market.database.write() as connection:
        await sink.apply(connection, market.chain.events(market.indexed + 1), market.chain.head)
    stream = feed.subscribe("a", Place(1, 0), everything)
    assert (await take(stream, 1))[0].event == "reset"


async def test_stream__of_one_job__hears_of_no_other(feed: ChangeFeed, market: World) -> None:
    stream = feed.subscribe("a", None, lambda item: item.event == "head" or item.job_id == "2")
    await take(stream, 1)
    market.chain.hire(0, 1)
    market.chain.hire(0, 1)
    await market.index()
    await feed.poll()
    assert (await take(stream, 1))[0].data["job_id"] == "2"


async def test_stream__that_does_not_keep_up__is_ended(feed: ChangeFeed, market: World) -> None:
    stream = feed.subscribe("a", None, everything)
    await take(stream, 1)
    for _ in range(QUEUE_ITEMS + 1):
        market.chain.mine()
        async with market.database.write() as connection:
            await IndexSink(fake_deployment()).apply(connection, [], market.chain.head)
        await feed.poll()
    async with asyncio.timeout(5):
        heard = [item async for item in stream]
    assert len(heard) == QUEUE_ITEMS
    assert feed.stream_count == 0


async def test_streams__beyond_the_limit__are_refused_and_room_comes_back(feed: ChangeFeed) -> None:
    streams = [feed.subscribe(client, None, everything) for client in "aab"]
    for client, stream in zip("aab", streams, strict=True):
        await take(stream, 1)
        if feed.stream_count == 2:
            with pytest.raises(QuotaSpent):
                feed.subscribe(client, None, everything)
    with pytest.raises(QuotaSpent):
        feed.subscribe("c", None, everything)
    await streams[0].aclose()  # type: ignore[attr-defined]
    await take(feed.subscribe("c", None, everything), 1)


async def test_stream__that_nobody_reads__takes_no_room(feed: ChangeFeed) -> None:
    for _ in range(10):
        feed.subscribe("a", None, everything)
    assert feed.stream_count == 0


async def test_feed__after_many_changes_that_are_no_news__goes_on(feed: ChangeFeed, market: World) -> None:
    stream = feed.subscribe("a", None, everything)
    await take(stream, 1)
    for _ in range(BATCH_ROWS + 1):
        market.chain.register_policy()
    await market.index()
    market.chain.hire(0, 1)
    await market.index()
    await feed.poll()
    await feed.poll()
    assert [item.event for item in await take(stream, 2)] == ["head", "job"]


async def test_streams__when_the_feed_closes__end(feed: ChangeFeed) -> None:
    stream = feed.subscribe("a", None, everything)
    await take(stream, 1)
    await feed.close()
    async with asyncio.timeout(5):
        assert [item async for item in stream] == []


@given(st.text(max_size=30))
def test_last_event_id__of_any_text__is_a_place_or_nothing(text: str) -> None:
    place = parse_place(text)
    assert place is None or parse_place(str(place)) == place
