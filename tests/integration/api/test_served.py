"""The API as it is served, over a real chain: live news, agreement with the contracts, life without a node."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from agents_offchain.api.rest.app import create_app
from agents_offchain.api.rest.deps import ApiDeps
from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.node import Node
from agents_offchain.chain.watcher import Watcher
from agents_offchain.indexer.daemon import CONSUMER, Indexer
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.artifacts.client import MemoryArtifactStore
from agents_offchain.storage.database import Database
from tests.integration.devnet import Devnet
from tests.integration.market import Market

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 20


@dataclass
class Served:
    """A served app and the indexer that feeds it."""

    http: httpx.AsyncClient
    indexer: Indexer

    async def catch_up(self) -> None:
        while not (await self.indexer.step()).is_idle:
            pass

    async def get(self, path: str) -> Any:
        response = await self.http.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    async def news(self, **headers: str) -> AsyncIterator[tuple[str, dict[str, Any], str]]:
        """(event, data, id) as they come."""
        async with self.http.stream("GET", "/api/v1/events", headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if line == "" and "event" in fields:
                    yield fields["event"], json.loads(fields["data"]), fields["id"]
                    fields = {}
                elif name in ("event", "data", "id"):
                    fields[name] = value


@pytest.fixture
async def served(database: Database, deployment: Deployment, node: Node) -> AsyncIterator[Served]:
    deps = ApiDeps(
        database=database,
        deployment=deployment,
        node=node,
        artifacts=MemoryArtifactStore(),
        settings=Settings(),
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(deps), log_level="warning", timeout_graceful_shutdown=1, ws="none")
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    watcher = Watcher(CONSUMER, node, database, deployment, IndexSink(deployment))
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as http:
        yield Served(http, Indexer(watcher, node, database))
    server.should_exit = True
    await asyncio.wait_for(task, PATIENCE_SECONDS)


async def test_job__over_http__agrees_with_the_contracts_at_every_step(served: Served, market: Market) -> None:
    job_id = market.hire(market.register(), market.list_service(0))

    async def require_agreement() -> dict[str, Any]:
        await served.catch_up()
        job: dict[str, Any] = await served.get(f"/api/v1/jobs/{job_id}")
        view = market.read("JobEscrow", "jobOf", job_id)
        settleable_at = market.read("ResultOracle", "settleableAt", job_id)
        names = ("open", "funded", "submitted", "completed", "rejected", "expired")
        assert job["status"] == names[view["status"]]
        assert (job["work_by"], job["expired_at"]) == (view["workBy"], view["expiredAt"])
        assert (job["submitted_at"] or 0) == view["submittedAt"]
        assert job["budget"] == str(view["budget"])
        assert (job["settleable_at"] or 0) == settleable_at
        for field in ("client", "provider", "evaluator", "token"):
            assert job[field].lower() == view[field].lower()
        return job

    await require_agreement()
    market.submit(job_id)
    await require_agreement()
    market.post_verdict(job_id)
    job = await require_agreement()
    assert [signer.lower() for signer in job["verdict"]["signers"]] == [
        market.devnet.accounts[3].lower(),
        market.devnet.accounts[5].lower(),
    ]
    market.settle(job_id)
    job = await require_agreement()
    assert sum(int(payout["amount"]) for payout in job["payouts"]) == int(job["budget"])


async def test_deployment__over_http__is_what_the_contracts_say(served: Served, market: Market) -> None:
    await served.catch_up()
    facts = await served.get("/api/v1/deployment")
    policy = market.read("JobEscrow", "policyOf", facts["policyId"])
    assert {name: facts["policy"][name] for name in ("feeBps", "passMark", "verdictSeconds", "graceSeconds")} == {
        name: policy[name] for name in ("feeBps", "passMark", "verdictSeconds", "graceSeconds")
    }
    assert facts["token"]["symbol"] == "tUSD"
    assert facts["rpc_url"] == market.devnet.url


async def test_stream__while_a_job_runs__tells_it_and_goes_on_after_a_break(served: Served, market: Market) -> None:
    agent_id = market.register()
    await served.catch_up()
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with aclosing(served.news()) as stream:
            assert (await anext(stream))[0] == "head"
            job_id = market.hire(agent_id, 0)
            await served.catch_up()
            while (item := await anext(stream))[0] != "job":
                pass
        assert item[1] | {"block": 0} == {"job_id": str(job_id), "status": "funded", "block": 0}
        market.submit(job_id)
        await served.catch_up()
        async with aclosing(served.news(**{"last-event-id": item[2]})) as stream:
            event, data, _ = await anext(stream)
    assert (event, data["status"]) == ("job", "submitted")


async def test_stream__when_the_chain_takes_a_job_back__says_that_it_is_gone(
    served: Served, market: Market, anvil: Devnet
) -> None:
    agent_id = market.register()
    snapshot = anvil.rpc("evm_snapshot")
    job_id = market.hire(agent_id, 0)
    await served.catch_up()
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with aclosing(served.news()) as stream:
            await anext(stream)
            anvil.rpc("evm_revert", snapshot)
            anvil.mine(5)  # a chain that is only shorter is a node that lags
            await served.catch_up()
            while (item := await anext(stream))[0] != "job":
                pass
    assert (item[1]["job_id"], item[1]["status"]) == (str(job_id), "gone")
    assert (await served.http.get(f"/api/v1/jobs/{job_id}")).status_code == 404


async def test_reads__when_the_node_is_killed__go_on(served: Served, market: Market, anvil: Devnet) -> None:
    job_id = market.hire(market.register(), 0)
    await served.catch_up()
    assert (await served.get("/api/v1/health"))["status"] == "ok"
    anvil.stop()
    assert (await served.get(f"/api/v1/jobs/{job_id}"))["status"] == "funded"
    health = await served.get("/api/v1/health")
    assert (health["status"], health["checks"]["node"]) == ("degraded", "unreachable")


async def test_upload__of_200_megabytes__is_answered_with_a_sentence(served: Served) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'

    async def body() -> AsyncIterator[bytes]:
        yield head
        for _ in range(200):
            yield bytes(1 << 20)

    form = {"content-type": "multipart/form-data; boundary=x"}
    for headers in (form, form | {"content-length": str(len(head) + (200 << 20))}):
        response = await served.http.post("/api/v1/uploads", content=body(), headers=headers)
        assert response.status_code == 413
        assert response.json()["mend"]
