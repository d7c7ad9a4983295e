"""`aitbc ask-market` on a real chain: tables and node are read at one block, and neither hides what the other says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.node import Node
from agents_offchain.chain.watcher import Watcher
from agents_offchain.cli.language.market_facts import PinnedChain
from agents_offchain.cli.main import main
from agents_offchain.indexer.daemon import CONSUMER, Indexer
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.llm.enquiry.tools import ToolRefused
from agents_offchain.storage.database import Database
from tests.integration.devnet import AGENT, Devnet
from tests.integration.market import Market

pytestmark = pytest.mark.integration
DEAR, CHEAP = 1_500_000, 1_000_000
QUESTION = "Which agent reads the text in photos cheapest?"


@pytest.fixture
def home(anvil: Devnet, deployment: Deployment, database_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that knows the contracts and reads them from the test's node."""
    monkeypatch.setenv("AITBC_MODELS", str(Path(Settings().models).resolve()))
    monkeypatch.setenv("AITBC_RPC_URL", anvil.url)
    (database_file.parent / "deployment.json").write_text(json.dumps(deployment.raw))
    return database_file.parent


def index(home: Path, market: Market) -> int:
    """Bring the home's tables up to the chain's head; its number."""

    async def catch_up() -> None:
        node, database = Node(market.devnet.url), Database(f"sqlite+aiosqlite:///{home / 'aitbc.db'}")
        watcher = Watcher(CONSUMER, node, database, market.deployment, IndexSink(market.deployment))
        indexer = Indexer(watcher, node, database)
        while not (await indexer.step()).is_idle:
            pass
        await database.close()
        await node.close()

    asyncio.run(catch_up())
    return market.devnet.block_number()


def ask(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, Any]:
    with pytest.raises(SystemExit) as ended:
        main(["ask-market", *words, "--home", str(home), "--json"])
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def confirmed(told: dict[str, Any]) -> list[str]:
    return [step["detail"] for step in told["runs"][0]["steps"] if step["name"] == "confirm_listing"]


def test_ask_market__once_the_chain_has_gone_on__still_reads_it_at_the_block_of_the_tables(
    market: Market, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent_id = market.register("ipfs://card")
    market.list_service(agent_id, DEAR)
    listing_id = market.list_service(agent_id, CHEAP)
    block = index(home, market)
    market.send(AGENT, "ServiceListings", "closeListing", listing_id)

    code, told = ask(capsys, home, QUESTION)
    says = (
        f"The chain at block {block}: listing {listing_id} of agent {agent_id} offers inspect-image for 1 and is open."
    )
    assert (code, told["block"], confirmed(told)) == (0, block, [says])
    assert f"Listing {listing_id} of agent {agent_id} offers inspect-image for 1 within 300 seconds" in told["answer"]

    later = index(home, market)
    _, told = ask(capsys, home, QUESTION)
    assert told["block"] == later > block
    assert "offers inspect-image for 1.5 and is open" in confirmed(told)[0], "the cheap one is closed by then"

    market.devnet.stop()
    code, again = ask(capsys, home, "--replay", told["trace"])
    assert (code, again["is_same"]) == (0, True), "a replay needs no node"


def test_ask_market__of_a_node_that_knows_no_such_listing_or_is_gone__says_so(market: Market, home: Path) -> None:
    block = index(home, market)
    listing_id = market.list_service(market.register("ipfs://card"))
    chain = PinnedChain(market.devnet.url, market.deployment, block)
    assert chain.listing(listing_id) == f"The chain has no listing {listing_id} at block {block}.", "it came later"
    market.devnet.stop()
    with pytest.raises(ToolRefused, match="The chain cannot be asked"):
        chain.listing(listing_id)
