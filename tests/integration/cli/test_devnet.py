"""The local chain: it keeps its blocks and its time over a restart, and is known again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID, AnvilSpec, find_anvil
from agents_offchain.chain.devnet.control import ChainControl
from agents_offchain.chain.devnet.errors import NotALocalChain
from agents_offchain.chain.errors import NodeUnavailable, RpcRefused, WrongChain
from agents_offchain.chain.node import Node
from agents_offchain.cli.places import installation_root
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.runtime.supervisor.ports import free_port, listens

pytestmark = pytest.mark.integration


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Node, ChainControl, int]]:
    spec = AnvilSpec(find_anvil(installation_root()), folder, free_port("127.0.0.1"))
    spec.prepare()
    process = await asyncio.create_subprocess_exec(*spec.argv(), stdout=asyncio.subprocess.DEVNULL)
    node = Node(spec.url)
    try:
        await answering(node)
        assert listens(process.pid, spec.port)
        yield node, ChainControl(node, SystemClock()), process.pid
    finally:
        await node.close()
        process.terminate()
        await process.wait()


async def answering(node: Node) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await node.require_chain(DEVNET_CHAIN_ID)
                return
            except NodeUnavailable:
                await asyncio.sleep(0.02)


async def test_restart__given_the_same_folder__is_the_same_chain_with_time_going_forward(tmp_path: Path) -> None:
    async with running(tmp_path) as (node, control, _):
        anchor = await control.anchor_hash()
        await control.fund_gas([b"\x11" * 20])
        await control.advance_time(1_000)
        head = await node.block()
    for _ in range(2):
        async with running(tmp_path) as (node, control, _):
            assert await control.anchor_hash() == anchor
            assert await node.balance(b"\x11" * 20) > 0
            await control.keep_time_forward()
            await control.advance_time(1)
            after = await node.block()
            assert head is not None
            assert after is not None
            assert after.number > head.number
            assert after.timestamp > head.timestamp
            head = after


async def test_anchor_hash__given_two_chains__tells_them_apart(tmp_path: Path) -> None:
    async with running(tmp_path / "one") as (_, one, _), running(tmp_path / "two") as (_, two, _):
        assert await one.anchor_hash() != await two.anchor_hash()


async def test_start_block_clock__mines_without_transactions(tmp_path: Path) -> None:
    async with running(tmp_path) as (node, control, _):
        before = await node.block_number()
        await control.start_block_clock()
        async with asyncio.timeout(10):
            while await node.block_number() < before + 2:
                await asyncio.sleep(0.05)


async def test_require_local__given_another_chain_id__says_which(tmp_path: Path) -> None:
    class Elsewhere(Node):
        async def request(self, method: str, *params: object) -> object:
            return "0x1"

    node = Elsewhere("http://127.0.0.1:1")
    with pytest.raises(WrongChain, match="chain 1"):
        await ChainControl(node, SystemClock()).require_local()
    await node.close()


async def test_require_local__given_a_node_without_test_commands__refuses(tmp_path: Path) -> None:
    class Strict(Node):
        async def request(self, method: str, *params: object) -> object:
            if method.startswith("anvil_"):
                raise RpcRefused("The node refused: method not found", code=-32601)
            return hex(DEVNET_CHAIN_ID)

    node = Strict("http://127.0.0.1:1")
    with pytest.raises(NotALocalChain):
        await ChainControl(node, SystemClock()).require_local()
    await node.close()
