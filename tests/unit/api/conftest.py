"""An app over a fake chain's tables, an in-memory artifact store and a node that can be switched off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agents_offchain.api.rest.app import create_app
from agents_offchain.api.rest.deps import ApiDeps, ApiLimits
from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.artifacts.client import MemoryArtifactStore
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.read_model import tokens
from agents_offchain.storage.upsert import upsert
from tests.unit.indexer.fake_chain import CONTRACTS, FakeChain, fake_deployment

UPLOAD_MAX_BYTES = 64 << 10


class FakeNode:
    """A node that knows its head, or is down."""

    first_url = "http://127.0.0.1:8545"

    def __init__(self, chain: FakeChain) -> None:
        self._chain = chain
        self.is_down = False
        self.ahead = 0

    async def block_number(self) -> int:
        if self.is_down:
            raise NodeUnavailable("The node does not answer.")
        return self._chain.head.number + self.ahead


@dataclass
class World:
    """Everything around one app."""

    app: FastAPI
    http: httpx.AsyncClient
    database: Database
    chain: FakeChain
    node: FakeNode
    artifacts: MemoryArtifactStore
    clock: ManualClock
    page_root: Path
    indexed: int = -1

    async def index(self) -> None:
        """Seal the newest block and take everything up to it."""
        self.chain.mine()
        last = self.chain.sealed
        async with self.database.write() as connection:
            sink = IndexSink(fake_deployment())
            await sink.apply(connection, self.chain.events(self.indexed + 1, last), self.chain.header(last))
        self.indexed = last

    async def get(self, path: str, /, **query: object) -> dict[str, Any]:
        """JSON of a GET that must be answered."""
        response = await self.http.get(path, params={name: str(value) for name, value in query.items()})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture
def limits() -> ApiLimits:
    return ApiLimits(uploads_per_hour=5, request_max_bytes=8 << 10)


@pytest.fixture
async def world(tmp_path: Path, limits: ApiLimits, database: Database) -> AsyncIterator[World]:
    page_root = tmp_path / "dist"
    (page_root / "assets").mkdir(parents=True)
    (page_root / "index.html").write_text(
        '<html><head><script type="application/json" id="deployment"></script></head><body>page</body></html>'
    )
    (page_root / "assets" / "app-1a2b.js").write_text("export const x = 1;" * 200)
    (tmp_path / "secret.txt").write_text("not for you")
    chain, clock, artifacts = FakeChain(), ManualClock(), MemoryArtifactStore()
    node = FakeNode(chain)
    deps = ApiDeps(
        database=database,
        deployment=fake_deployment(),
        node=node,
        artifacts=artifacts,
        settings=Settings(upload_max_bytes=UPLOAD_MAX_BYTES),
        clock=clock,
        page_root=page_root,
        limits=limits,
    )
    app = create_app(deps)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield World(app, http, database, chain, node, artifacts, clock, page_root)


@pytest.fixture
async def market(world: World) -> World:
    """A world with a policy, its token, an agent and a listing, indexed."""
    world.chain.register_policy()
    card = '{"name":"Argus","description":"Finds things in pictures"}'
    world.chain.create_listing(world.chain.register_agent(f"data:application/json,{card}"))
    async with world.database.write() as connection:
        address = bytes.fromhex(CONTRACTS["TestDollar"][2:])
        await upsert(connection, tokens, {"address": address, "symbol": "tUSD", "decimals": 6})
    await world.index()
    return world
