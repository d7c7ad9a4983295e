"""Several providers behind one node: the next serves when one fails, and none may serve another chain."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import httpx
import pytest

from agents_offchain.chain import node as node_module
from agents_offchain.chain.errors import NodeUnavailable, RpcRefused
from agents_offchain.chain.node import Node
from agents_offchain.chain.providers import Providers

pytestmark = pytest.mark.unit
HEALTHY = {"eth_chainId": "0x7a69", "eth_blockNumber": "0x64", "eth_gasPrice": "0x1"}
RATE_LIMITED = {method: {"code": -32005, "message": "rate limit exceeded"} for method in HEALTHY}


class Pool:
    """Providers `a` and `b`; each answers from a table, or with an HTTP status."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.now = 1_000.0
        self.node = Node("http://a, http://b", httpx.AsyncClient(transport=httpx.MockTransport(self._serve)))
        self.node._providers.monotonic = lambda: self.now

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        table = self.answers[request.url.host]
        if isinstance(table, int):
            return httpx.Response(table)
        asked = json.loads(request.content)
        answer = table[asked["method"]]
        kind = "error" if isinstance(answer, dict) else "result"
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": asked["id"], kind: answer})


@pytest.mark.parametrize("failing", [429, 503, RATE_LIMITED])
async def test_request__when_a_provider_fails__is_served_by_the_next_which_is_kept(failing: Any) -> None:
    pool = Pool(a=failing, b=HEALTHY)
    for _ in range(3):
        assert await pool.node.request("eth_gasPrice") == "0x1"
    assert pool.asked == ["a", "b", "b", "b"]


async def test_request__when_the_preferred_provider_is_back__asks_it_again() -> None:
    pool = Pool(a=503, b=HEALTHY)
    await pool.node.request("eth_gasPrice")
    pool.answers["a"] = HEALTHY
    pool.now += 6
    await pool.node.request("eth_gasPrice")
    assert pool.asked[-1] == "a"


async def test_request__when_a_provider_fails_again_and_again__leaves_it_alone_longer_each_time() -> None:
    pool = Pool(a=503, b=HEALTHY)
    asked_at = []
    for _ in range(200):
        pool.asked.clear()
        await pool.node.request("eth_gasPrice")
        if "a" in pool.asked:
            asked_at.append(pool.now)
        pool.now += 1
    assert [later - earlier for earlier, later in pairwise(asked_at)] == [5, 10, 20, 40, 80]


async def test_request__when_all_fail__says_so_after_one_round() -> None:
    pool = Pool(a=503, b=429)
    with pytest.raises(NodeUnavailable, match="429"):
        await pool.node.request("eth_gasPrice")
    assert pool.asked == ["a", "b"]


async def test_request__that_is_refused__is_not_asked_of_another() -> None:
    pool = Pool(a={"eth_gasPrice": {"code": 3, "message": "execution reverted"}}, b=HEALTHY)
    with pytest.raises(RpcRefused):
        await pool.node.request("eth_gasPrice")
    assert pool.asked == ["a"]


async def test_request__when_the_next_provider_serves_another_chain__does_not_use_it() -> None:
    pool = Pool(a=HEALTHY, b={**HEALTHY, "eth_chainId": "0x1"})
    await pool.node.require_chain(31337)
    pool.answers["a"] = 503
    with pytest.raises(NodeUnavailable, match="serves chain 1 in place of 31337"):
        await pool.node.request("eth_gasPrice")


@pytest.mark.parametrize(("head", "seen"), [("0x5f", 100), ("0x63", 99)])
async def test_block_number__when_the_provider_is_behind_another__is_the_others_once_it_is_far(
    monkeypatch: pytest.MonkeyPatch, head: str, seen: int
) -> None:
    monkeypatch.setattr(node_module, "COMPARE_SECONDS", 0.0)
    pool = Pool(a={**HEALTHY, "eth_blockNumber": head}, b=HEALTHY)
    await pool.node.require_chain(31337)
    assert await pool.node.block_number() == seen


async def test_suspect__of_the_provider_that_answered__asks_the_next() -> None:
    pool = Pool(a=HEALTHY, b=HEALTHY)
    await pool.node.request("eth_gasPrice")
    pool.node.suspect("It leaves out logs.")
    await pool.node.request("eth_gasPrice")
    assert pool.asked == ["a", "b"]


def test_name_of__a_url_with_a_key__shows_the_host_alone() -> None:
    providers = Providers("https://user:secret@rpc.example/v2/KEY")
    assert providers.name_of(providers.all[0]) == "1 of 1 (rpc.example)"
