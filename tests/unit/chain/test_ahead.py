"""What is asked for ahead is used when exactly that is wanted, and never stands in for something else."""

from __future__ import annotations

import asyncio

import pytest

from agents_offchain.chain.ahead import Ahead
from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.chain.node import Node, RawLog

pytestmark = pytest.mark.unit


class Ranges(Node):
    """Answers each range with one log that names it, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.is_down = False

    async def logs(self, addresses: list[bytes], first: int, last: int) -> list[RawLog]:
        self.asked.append((first, last))
        await asyncio.sleep(0)
        if self.is_down:
            raise NodeUnavailable("down")
        return [RawLog(addresses[0], [], b"", first, b"", last.to_bytes(4, "big"), 0)]


async def test_logs__of_the_range_on_its_way__are_asked_for_once() -> None:
    node = Ranges()
    ahead = Ahead(node, [b"\1" * 20])
    ahead.start(5, 9)
    assert [entry.block_number for entry in await ahead.logs(5, 9)] == [5]
    assert node.asked == [(5, 9)]
    await ahead.logs(5, 9)
    assert node.asked == [(5, 9), (5, 9)]


async def test_logs__of_another_range__are_not_what_was_asked_for_ahead() -> None:
    node = Ranges()
    ahead = Ahead(node, [b"\1" * 20])
    ahead.start(5, 9)
    await asyncio.sleep(0)
    assert [entry.block_number for entry in await ahead.logs(5, 7)] == [5]
    assert node.asked == [(5, 9), (5, 7)]


async def test_logs__when_the_node_failed_ahead__fail_and_are_asked_for_again() -> None:
    node = Ranges()
    ahead = Ahead(node, [b"\1" * 20])
    node.is_down = True
    ahead.start(5, 9)
    with pytest.raises(NodeUnavailable):
        await ahead.logs(5, 9)
    node.is_down = False
    assert len(await ahead.logs(5, 9)) == 1
