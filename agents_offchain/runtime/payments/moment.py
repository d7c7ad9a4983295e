"""The block at which everything of one step is read."""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.chain.node import Node

FOLLOW_SECONDS = 15.0
MAX_PAUSE_SECONDS = 600.0


@dataclass(frozen=True)
class Moment:
    """A block's number and its time in unix seconds."""

    block: int
    time: int


async def moment_at(node: Node, number: int) -> Moment:
    """Raises NodeUnavailable when the node has not this block."""
    block = await node.block(number)
    if block is None:
        raise NodeUnavailable(f"The node has no block {number}.", retry_after_seconds=0.2)
    return Moment(block.number, block.timestamp)


def pause_after(tries: int) -> float:
    """Seconds before another try: twice as long each time, ten minutes at most."""
    return min(FOLLOW_SECONDS * 2.0 ** min(tries, 10), MAX_PAUSE_SECONDS)
