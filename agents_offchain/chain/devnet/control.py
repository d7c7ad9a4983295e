"""The verbs of a local chain: is it ours, give coins, keep and move its clock."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.devnet.errors import NotALocalChain
from agents_offchain.chain.errors import NodeUnavailable, RpcRefused
from agents_offchain.chain.node import Node
from agents_offchain.primitives.clock import Clock

BLOCK_SECONDS = 1
GAS_MONEY_WEI = 100 * 10**18


class ChainControl:
    """Controls of one anvil, over its JSON-RPC."""

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node = node
        self._clock = clock

    async def require_local(self) -> None:
        """Check that the node is a local chain that can be used so.

        Raises:
            WrongChain: it serves another chain id.
            NotALocalChain: it does not take a local chain's commands.
        """
        await self._node.require_chain(DEVNET_CHAIN_ID)
        try:
            await self._node.request("anvil_nodeInfo")
        except RpcRefused as error:
            raise NotALocalChain(
                "The node at AITBC_RPC_URL is not a local chain that gives out test money.",
                mend="Name an anvil there, or leave AITBC_RPC_URL out to have one started.",
            ) from error

    async def anchor_hash(self) -> bytes:
        """The hash of block 1, mined when it is missing: tells one local chain from the next, over restarts too.

        Block 0 does not: each start of anvil makes a new one beside those in its state file, and any may be served.
        """
        if await self._node.block_number() == 0:
            await self._node.request("anvil_setCoinbase", "0x" + secrets.token_hex(20))  # makes its hash its own
            await self._node.request("evm_mine")
        block = await self._node.block(1)
        if block is None:
            raise NodeUnavailable("The local chain has no first block.")
        return block.hash

    async def fund_gas(self, addresses: Sequence[bytes]) -> None:
        """Give coins for gas to those that have little, without a transaction."""
        for address in addresses:
            if await self._node.balance(address) < GAS_MONEY_WEI // 2:
                await self._node.request("anvil_setBalance", "0x" + address.hex(), hex(GAS_MONEY_WEI))

    async def keep_time_forward(self) -> int:
        """Move the chain's clock past its newest block; how many seconds it is ahead of the machine's.

        A restarted anvil takes the machine's time. When the clock had been moved ahead before, the next block
        would be older than its parent, and deadlines would come back.
        """
        block = await self._node.block()
        ahead = 0 if block is None else block.timestamp + 1 - int(self._clock.now_seconds())
        if ahead > 0:
            await self._node.request("evm_increaseTime", ahead)
        return max(ahead, 0)

    async def start_block_clock(self) -> None:
        """From now on one block a second, with or without transactions."""
        await self._node.request("evm_setIntervalMining", BLOCK_SECONDS)

    async def advance_time(self, seconds: int) -> None:
        """Move the clock ahead and mine one block at the new time."""
        await self._node.request("evm_increaseTime", seconds)
        await self._node.request("evm_mine")
