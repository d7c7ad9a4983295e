"""The node's answers, good and bad, over HTTP as httpx sees them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import (
    ContractMissing,
    ContractReverted,
    NodeUnavailable,
    RpcRefused,
    WrongChain,
)
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, JobStatus
from agents_offchain.primitives.errors import AitbcError
from tests.fakes.chain import FakeChain, FakeNode
from tests.fakes.contracts import FakeEscrow
from tests.fakes.deployment import ESCROW, ORACLE, TOKEN

pytestmark = pytest.mark.unit
BLOCK = {
    "number": "0x5",
    "hash": "0x" + "11" * 32,
    "parentHash": "0x" + "22" * 32,
    "timestamp": "0x64",
    "baseFeePerGas": "0x7",
}
LOG = {
    "address": "0x" + "aa" * 20,
    "topics": ["0x" + "01" * 32],
    "data": "0x",
    "blockNumber": "0x5",
    "blockHash": "0x" + "11" * 32,
    "transactionHash": "0x" + "33" * 32,
    "logIndex": "0x2",
}
RECEIPT = {
    "transactionHash": "0x" + "33" * 32,
    "blockNumber": "0x5",
    "blockHash": "0x" + "11" * 32,
    "status": "0x1",
    "gasUsed": "0x5208",
    "logs": [LOG],
}
ADDRESS = b"\xaa" * 20
READS: dict[str, Callable[[Node], Awaitable[Any]]] = {
    "chain_id": lambda node: node.chain_id(),
    "require_chain": lambda node: node.require_chain(31337),
    "block_number": lambda node: node.block_number(),
    "block": lambda node: node.block(5),
    "blocks": lambda node: node.blocks(5, 7),
    "logs": lambda node: node.logs([ADDRESS], 1, 5),
    "receipt": lambda node: node.receipt(b"\x33" * 32),
    "nonce": lambda node: node.nonce(ADDRESS),
    "balance": lambda node: node.balance(ADDRESS),
    "code": lambda node: node.code(ADDRESS),
    "send_raw": lambda node: node.send_raw(b"\2"),
    "estimate_gas": lambda node: node.estimate_gas({}),
    "call": lambda node: node.call(load_abi("JobEscrow"), ADDRESS, "jobOf", 1),
}


def node_of(handler: Callable[[httpx.Request], httpx.Response]) -> Node:
    return Node("http://node", httpx.AsyncClient(transport=httpx.MockTransport(handler)))


def answering(result: Any) -> Node:
    """A node that gives every request the same result."""

    def handle(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if isinstance(asked, list):
            return httpx.Response(200, json=[{"jsonrpc": "2.0", "id": one["id"], "result": result} for one in asked])
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": asked["id"], "result": result})

    return node_of(handle)


def refusing(**error: Any) -> Node:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": json.loads(request.content)["id"], "error": error})

    return node_of(handle)


async def test_block__that_the_node_has__is_read_whole() -> None:
    block = await answering(BLOCK).block("latest")
    assert block is not None
    assert (block.number, block.hash, block.parent_hash) == (5, b"\x11" * 32, b"\x22" * 32)
    assert (block.timestamp, block.base_fee_wei) == (100, 7)
    assert await answering(None).block(9) is None


async def test_receipt__of_a_mined_transaction__is_read_whole_and_of_a_pending_one_is_none() -> None:
    receipt = await answering(RECEIPT).receipt(b"\x33" * 32)
    assert receipt is not None
    assert (receipt.is_success, receipt.gas_used, receipt.logs[0].log_index) == (True, 21000, 2)
    assert await answering({**RECEIPT, "blockHash": None, "blockNumber": None}).receipt(b"\x33" * 32) is None
    assert await answering(None).receipt(b"\x33" * 32) is None


async def test_logs__out_of_order__come_in_chain_order() -> None:
    shuffled = [{**LOG, "blockNumber": hex(b), "logIndex": hex(i)} for b, i in [(7, 1), (5, 3), (7, 0), (5, 1)]]
    logs = await answering(shuffled).logs([ADDRESS], 1, 9)
    assert [(log.block_number, log.log_index) for log in logs] == [(5, 1), (5, 3), (7, 0), (7, 1)]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_request__answered_with_http_trouble__is_retryable(status: int) -> None:
    node = node_of(lambda _request: httpx.Response(status, text="<html>"))
    with pytest.raises(NodeUnavailable, match=f"HTTP {status}") as caught:
        await node.block_number()
    assert caught.value.retry_after_seconds >= 1


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("x")])
async def test_request__that_gets_no_answer__is_retryable_with_a_mend(error: Exception) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(NodeUnavailable, match="aitbc status"):
        await node_of(fail).block_number()


BODIES = [
    b"",
    b"<html>",
    b"null",
    b"[]",
    b"5",
    b'"x"',
    b"[1]",
    b"{}",
    b'{"id":1}',
    b'{"id":99,"result":"0x1"}',
    b'{"jsonrpc":"2.0","result":"0x1"}',
    b"\xff\xfe",
    b'{"message":"Unauthorized"}',
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("body", BODIES, ids=repr)
async def test_read__answered_with_something_that_is_not_json_rpc__is_retryable(read: str, body: bytes) -> None:
    with pytest.raises(NodeUnavailable):
        await READS[read](node_of(lambda _request: httpx.Response(200, content=body)))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["0x", "0xzz", "0x1", "0x123"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*BLOCK, *LOG, *RECEIPT]), inner, max_size=5)
    ),
    max_leaves=8,
)


@given(result=ODD, read=st.sampled_from(sorted(READS)))
async def test_read__answered_with_any_result__raises_only_errors_of_ours(result: Any, read: str) -> None:
    with contextlib.suppress(NodeUnavailable, WrongChain, ContractMissing):
        await READS[read](answering(result))


@given(error=ODD, read=st.sampled_from(sorted(READS)))
async def test_read__answered_with_any_error__raises_only_errors_of_ours(error: Any, read: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        answers = [{"id": one["id"], "error": error} for one in (asked if isinstance(asked, list) else [asked])]
        return httpx.Response(200, json=answers)

    with pytest.raises(AitbcError):
        await READS[read](node_of(handle))


async def test_batch__with_a_missing_answer__is_retryable() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        return httpx.Response(200, json=[{"id": one["id"], "result": BLOCK} for one in asked[:-1]])

    with pytest.raises(NodeUnavailable, match="left out"):
        await node_of(handle).blocks(1, 3)


async def test_batch__answered_in_another_order__comes_in_ours() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        answers = [{"id": one["id"], "result": {**BLOCK, "number": one["params"][0]}} for one in asked]
        return httpx.Response(200, json=answers[::-1])

    assert [block.number for block in await node_of(handle).blocks(1, 250)] == list(range(1, 251))


async def test_batch__refused_as_a_whole__says_what_the_node_said() -> None:
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch too large"}}
    with pytest.raises(RpcRefused, match="batch too large"):
        await node_of(lambda _request: httpx.Response(200, json=body)).blocks(1, 3)


async def test_batch__of_nothing__asks_nothing() -> None:
    assert await node_of(lambda _request: httpx.Response(500)).batch([]) == []


@pytest.mark.parametrize("message", ["daily request count exceeded, request rate limited", "Too Many Requests"])
async def test_request__over_the_rate__is_retryable(message: str) -> None:
    with pytest.raises(NodeUnavailable, match="limits our rate"):
        await refusing(code=-32005, message=message).block_number()


async def test_logs__of_a_range_that_is_too_large__is_refused_so_that_it_can_be_halved() -> None:
    with pytest.raises(RpcRefused, match="more than 10000 results"):
        await refusing(code=-32005, message="query returned more than 10000 results").logs([ADDRESS], 1, 9)


async def test_require_chain__of_another__is_fatal_with_a_mend() -> None:
    await answering("0x7a69").require_chain(31337)
    with pytest.raises(WrongChain, match=r"serves chain 1, .* 31337"):
        await answering("0x1").require_chain(31337)


@pytest.mark.parametrize("data", ["0x", None, {"data": "0x"}])
async def test_call__that_reverts_without_a_reason__is_a_revert(data: Any) -> None:
    with pytest.raises(ContractReverted, match="without a reason"):
        await READS["call"](refusing(code=3, message="execution reverted", data=data))


async def test_call__refused_by_the_node_itself__is_no_revert() -> None:
    with pytest.raises(RpcRefused, match="header not found"):
        await READS["call"](refusing(code=-32000, message="header not found"))


async def test_call__at_a_block_that_was_taken_back__is_tried_again() -> None:
    node = refusing(code=-32602, message="BlockOutOfRangeError: block height is 806 but requested was 808")
    with pytest.raises(NodeUnavailable, match="at block 808"):
        await node.call(load_abi("ResultOracle"), ADDRESS, "quorum", block=808)


async def test_call__where_no_contract_stands__is_fatal() -> None:
    with pytest.raises(ContractMissing):
        await READS["call"](answering("0x"))


async def test_call__of_a_contract_that_answered_before__is_tried_again_when_the_node_loses_its_state() -> None:
    answers = ["0x" + "00" * 31 + "01", "0x", "0x"]

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": json.loads(request.content)["id"], "result": answers.pop(0)})

    node = node_of(handle)
    assert await node.call(load_abi("ResultOracle"), ADDRESS, "quorum") == 1
    with pytest.raises(NodeUnavailable):
        await node.call(load_abi("ResultOracle"), ADDRESS, "quorum")


async def test_escrow_proxy__over_a_chain__reads_jobs_and_policies_at_a_block() -> None:
    chain = FakeChain()
    chain.contracts[ESCROW] = FakeEscrow(ORACLE, TOKEN)
    abi = load_abi("JobEscrow")
    provider, expiry = "0x" + "77" * 20, chain.head.timestamp + 5000
    chain.transact(ADDRESS, ESCROW, abi.encode_call("hire", (provider, 1, 9, expiry, 2**256 - 1, 0, "ipfs://x")))
    chain.mine(2)
    proxy = JobEscrowProxy(FakeNode(chain), ESCROW)
    job = await proxy.job(1)
    assert (job.client, job.provider, job.status, job.budget) == (ADDRESS, b"\x77" * 20, JobStatus.FUNDED, 9)
    assert job.work_by == expiry - (await proxy.policy(1)).tail_seconds
    with pytest.raises(ContractReverted, match="UnknownJob"):
        await proxy.job(1, block=0)
