"""The read model on a real chain: what a job leaves in the tables, and what a reorganisation takes back."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, select

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.errors import WrongChain
from agents_offchain.chain.node import Node
from agents_offchain.chain.watcher import Watcher
from agents_offchain.indexer.daemon import CONSUMER, Indexer
from agents_offchain.indexer.rebuild import NothingIndexed, rebuild, verify
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import agent_listings, jobs, tokens, verdicts
from agents_offchain.storage.tables.read_model import marketplace_transactions as movements
from tests.integration.devnet import AGENT, Devnet
from tests.integration.market import PRICE, Market

pytestmark = pytest.mark.integration


@pytest.fixture
def indexer(database: Database, node: Node, deployment: Deployment) -> Indexer:
    watcher = Watcher(CONSUMER, node, database, deployment, IndexSink(deployment))
    return Indexer(watcher, node, database)


async def catch_up(indexer: Indexer) -> None:
    while not (await indexer.step()).is_idle:
        pass


async def rows_of(database: Database, table: Table) -> list[dict[str, object]]:
    async with database.read() as connection:
        return [dict(row._mapping) for row in await connection.execute(select(table))]


async def test_tables__after_a_paid_job__hold_every_amount(
    indexer: Indexer, database: Database, market: Market
) -> None:
    agent_id = market.register("ipfs://card")
    listing_id = market.list_service(agent_id)
    job_id = market.hire(agent_id, listing_id)
    market.submit(job_id)
    market.post_verdict(job_id)
    market.settle(job_id)
    await catch_up(indexer)
    (job,) = await rows_of(database, jobs)
    (listing,) = await rows_of(database, agent_listings)
    (verdict,) = await rows_of(database, verdicts)
    assert (job["status"], job["paid"], job["fee_treasury"], job["fee_reporters"]) == (
        "completed",
        1_425_000,
        45_000,
        30_000,
    )
    assert (listing["service_type"], listing["price"], listing["agent_id"]) == ("inspect-image", PRICE, agent_id)
    assert (verdict["score"], verdict["signer_bitmap"]) == (100, market.signer_bits())
    moved = await rows_of(database, movements)
    assert {row["kind"]: row["amount"] for row in moved} == {
        "escrowed": PRICE,
        "released": 1_425_000,
        "fee_treasury": 45_000,
        "fee_reporters": 30_000,
    }
    assert {row["service_type"] for row in moved} == {"inspect-image"}
    (token,) = await rows_of(database, tokens)
    assert (token["symbol"], token["decimals"]) == ("tUSD", 6)


async def test_tables__after_a_reorganisation_under_a_submitted_job__equal_a_rebuild(
    indexer: Indexer, database: Database, node: Node, deployment: Deployment, market: Market, anvil: Devnet
) -> None:
    agent_id = market.register()
    listing_id = market.list_service(agent_id)
    job_id = market.hire(agent_id, listing_id)
    kept = market.hire(agent_id, listing_id)
    anvil.mine()
    market.submit(job_id)
    await catch_up(indexer)
    assert [row["status"] for row in await rows_of(database, jobs)] == ["submitted", "funded"]

    anvil.reorganise(1)
    await catch_up(indexer)
    assert [row["status"] for row in await rows_of(database, jobs)] == ["funded", "funded"]
    assert (await verify(database, node, deployment)).is_equal

    market.submit(job_id)
    market.submit(kept)
    market.post_verdict(job_id)
    market.settle(job_id)
    await catch_up(indexer)
    assert [row["status"] for row in await rows_of(database, jobs)] == ["completed", "submitted"]
    assert (await verify(database, node, deployment)).is_equal


async def test_tables__when_the_chain_goes_back_to_a_snapshot__forget_the_job(
    indexer: Indexer, database: Database, node: Node, deployment: Deployment, market: Market, anvil: Devnet
) -> None:
    agent_id = market.register()
    listing_id = market.list_service(agent_id)
    snapshot = anvil.rpc("evm_snapshot")
    market.hire(agent_id, listing_id)
    await catch_up(indexer)
    assert len(await rows_of(database, jobs)) == 1
    anvil.rpc("evm_revert", snapshot)
    anvil.mine(5)  # a chain that is only shorter is a node that lags
    await catch_up(indexer)
    assert await rows_of(database, jobs) == []
    assert await rows_of(database, movements) == []
    assert (await verify(database, node, deployment)).is_equal


async def test_verify__when_a_row_was_changed_by_hand__names_the_table(
    indexer: Indexer, database: Database, node: Node, deployment: Deployment, market: Market
) -> None:
    market.hire(market.register(), 1)
    await catch_up(indexer)
    async with database.write() as connection:
        await connection.execute(jobs.update().values(paid=1))
    found = await verify(database, node, deployment)
    assert [check.table for check in found.checks if not check.is_equal] == ["jobs"]
    await rebuild(database, node, deployment)
    assert (await verify(database, node, deployment)).is_equal


async def test_verify__before_anything_was_indexed__refuses(
    database: Database, node: Node, deployment: Deployment
) -> None:
    with pytest.raises(NothingIndexed):
        await verify(database, node, deployment)


async def test_tables__when_strangers_log_texts_that_are_not_utf8__go_on(
    indexer: Indexer, database: Database, market: Market, anvil: Devnet
) -> None:
    data = market_text_calldata(market)
    anvil.send(AGENT, "0x" + market.deployment.address("AgentRegistry").hex(), data)
    agent_id = int(market.read("AgentRegistry", "agentCount")) - 1
    market.hire(agent_id, 0, text="after")
    await catch_up(indexer)
    assert [row["description"] for row in await rows_of(database, jobs)] == ["after"]


def market_text_calldata(market: Market) -> bytes:
    """`register(string)` with a text of bytes that no UTF-8 is."""
    from agents_offchain.chain.contract_abi import load_abi

    plain = load_abi("AgentRegistry").encode_call("register(string)", "xxxx")
    return plain.replace(b"xxxx", b"\xff\xfe\x00\xc3")


async def test_setup__on_another_chain__is_fatal(
    database: Database, node: Node, deployment: Deployment, anvil: Devnet
) -> None:
    watcher = Watcher(CONSUMER, node, database, deployment, IndexSink(deployment))
    anvil.rpc("anvil_setChainId", 5)
    with pytest.raises(WrongChain):
        await Indexer(watcher, node, database).setup()
