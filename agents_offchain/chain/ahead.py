"""Ask for the next range of a long history while the last one is written down.

What was asked for ahead is an answer like any other: used when exactly that range is wanted next, else thrown away.
An error of it is raised to whoever wants the range.
"""

from __future__ import annotations

import asyncio
import contextlib

from agents_offchain.chain.node import Node, RawLog


class Ahead:
    """At most one range on its way.

    Args:
        addresses: Of the contracts whose logs are wanted, 20 bytes each.
    """

    def __init__(self, node: Node, addresses: list[bytes]) -> None:
        self._node = node
        self._addresses = addresses
        self._range = (0, -1)
        self._task: asyncio.Task[list[RawLog]] | None = None

    def start(self, first: int, last: int) -> None:
        """Ask for the logs of these blocks, inclusive."""
        self._drop()
        self._range = (first, last)
        self._task = asyncio.create_task(self._node.logs(self._addresses, first, last))

    async def logs(self, first: int, last: int) -> list[RawLog]:
        """The logs of these blocks, asked for now unless they are on their way.

        Raises:
            NodeUnavailable, RpcRefused: as the node's.
        """
        task, self._task = self._task, None
        if task is None or self._range != (first, last):
            self._forget(task)
            return await self._node.logs(self._addresses, first, last)
        try:
            return await task
        finally:
            self._forget(task)

    def _drop(self) -> None:
        task, self._task = self._task, None
        self._forget(task)

    @staticmethod
    def _forget(task: asyncio.Task[list[RawLog]] | None) -> None:
        """End a task whose outcome nobody wants."""
        if task is not None and not task.done():
            task.cancel()
        elif task is not None and not task.cancelled():
            with contextlib.suppress(BaseException):
                task.exception()
