"""Follow a chain: every event of our contracts once, in order, with a word when blocks are taken back.

One `step()` takes the next range of blocks, hands its events to a sink in the same database
transaction that moves the cursor, and so can be killed at any line. Range reads are the truth; a
WebSocket only wakes the loop (`wakeup.py`). A node sends no notice of a reorganisation that can be
relied on, so it is found by parent hash against the headers kept from earlier steps. Logs of live blocks are asked
for by block hash, and what the headers' blooms admit must be among them, so that a node that lags or leaves
something out is noticed and another one asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.chain.addresses import WATCHED, Deployment
from agents_offchain.chain.ahead import Ahead
from agents_offchain.chain.bloom import LogAudit
from agents_offchain.chain.contract_abi import ContractAbi
from agents_offchain.chain.errors import NodeUnavailable, ReorgBeyondRetention, RpcRefused
from agents_offchain.chain.node import Block, Node, RawLog
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import cursors, headers
from agents_offchain.storage.upsert import upsert, upsert_many

log = structlog.get_logger(__name__)
SMALLEST_RANGE = 1
LIVE_BLOCKS = 8
"""Up to so many blocks are read one by one, by hash."""
MOST_LOGS = 20_000
"""Of one step; where there are more to a range, the next range is smaller. Bounds memory through busy history."""
CALM_STEPS = 16
"""After a refused range, so many accepted ones before a larger one is tried."""


class ChainEvent(NamedTuple):
    """One decoded log. Arguments are ABI values; addresses are lower-case hex, hashes bytes."""

    chain_id: int
    block_number: int
    block_hash: bytes
    block_time: int
    tx_hash: bytes
    log_index: int
    contract: str
    address: bytes
    name: str
    args: dict[str, Any]


class EventSink(Protocol):
    """Who takes the events. Both methods run inside the transaction that moves the cursor."""

    async def apply(self, connection: AsyncConnection, events: Sequence[ChainEvent], head: Block) -> None:
        """Take the events of blocks up to and including `head`, in chain order."""
        ...

    async def roll_back(self, connection: AsyncConnection, last_valid: int) -> None:
        """Forget every event of a block above `last_valid`."""
        ...


@dataclass
class StepResult:
    """What a step did; `is_caught_up` says that nothing more is to be had right now."""

    block_number: int
    head_number: int
    events: int = 0
    rolled_back_to: int | None = None
    is_caught_up: bool = False


@dataclass
class Watcher:
    """A cursor over the events of a deployment.

    Args:
        consumer: Name of the cursor; two watchers never share one.
        confirmations: Blocks that must stand on top of a block before it is taken.
        retained: Headers kept; a deeper reorganisation stops the watcher (Contested).
        range_blocks: Most blocks asked for at once; halved while the node refuses the size.
        contracts: Whose events are taken, by name.
    """

    consumer: str
    node: Node
    database: Database
    deployment: Deployment
    sink: EventSink
    confirmations: int = 0
    retained: int = 256
    range_blocks: int = 2_000
    clock: Clock = field(default_factory=SystemClock)
    contracts: tuple[str, ...] = WATCHED

    def __post_init__(self) -> None:
        self._abis: dict[bytes, ContractAbi] = self.deployment.watched(self.contracts)
        self._names = {address: abi.name for address, abi in self._abis.items()}
        self._range = self.range_blocks
        self._calm_steps = CALM_STEPS
        self._audit = LogAudit(self._abis)
        self._ahead = Ahead(self.node, list(self._abis))

    async def step(self) -> StepResult:
        """Take the next blocks, or roll back to where the chain still agrees with what was taken.

        Raises:
            NodeUnavailable: the node failed or answered inconsistently; step again.
            ReorgBeyondRetention: no kept header is on the chain any more.
        """
        cursor = await self._load_cursor()
        head_number = await self.node.block_number()
        known = await self.node.block(min(cursor.number, head_number))
        if known is None:
            raise NodeUnavailable("The node has not the blocks it speaks of.", retry_after_seconds=0.2)
        if known.number < cursor.number and await self._is_ours(known):
            return StepResult(cursor.number, head_number, is_caught_up=True)  # the node is behind us
        if known.hash != cursor.hash:
            return await self._roll_back(cursor.number, head_number)
        target = self._target(cursor.number, head_number)
        if target <= cursor.number:
            return StepResult(cursor.number, head_number, is_caught_up=True)
        chain = await self._read_headers(cursor, target, head_number)
        events = await self._read_events(cursor.number + 1, target, chain)
        head = chain[target]
        if self._is_deep(target, head_number):
            self._ahead.start(target + 1, self._target(target, head_number))
        async with self.database.write() as connection:
            await self.sink.apply(connection, events, head)
            await self._save(connection, head, chain)
        return StepResult(target, head_number, len(events), is_caught_up=target >= head_number - self.confirmations)

    def _target(self, cursor: int, head_number: int) -> int:
        """Where this step ends; history ends where the retained headers begin, so that they are all read."""
        last = head_number - self.confirmations
        if self._is_deep(cursor, head_number):
            last -= self.retained
        return min(cursor + self._range, last)

    def _is_deep(self, cursor: int, head_number: int) -> bool:
        return head_number - self.confirmations - cursor > self.retained

    async def _load_cursor(self) -> Block:
        async with self.database.read() as connection:
            row = (await connection.execute(select(cursors).where(cursors.c.consumer == self.consumer))).first()
        if row is not None:
            return Block(row.block_number, row.block_hash, b"", 0, 0)
        start = max(self.deployment.deployed_at_block - 1, 0)
        block = await self.node.block(start)
        if block is None:
            raise NodeUnavailable(f"The node has no block {start}, where the deployment begins.")
        async with self.database.write() as connection:
            await self._save(connection, block, {block.number: block})
        return block

    async def _read_headers(self, cursor: Block, target: int, head_number: int) -> dict[int, Block]:
        """Headers by number: all of them near the head, only the last one deep in the past."""
        first = cursor.number + 1
        if self._is_deep(cursor.number, head_number):
            first = target
        blocks = {block.number: block for block in await self.node.blocks(first, target)}
        if len(blocks) != target - first + 1:
            raise NodeUnavailable("The node lost blocks while it was read.", retry_after_seconds=0.2)
        previous = cursor.hash if first == cursor.number + 1 else None
        for number in range(first, target + 1):
            if previous is not None and blocks[number].parent_hash != previous:
                raise NodeUnavailable("The chain changed while it was read.", retry_after_seconds=0.1)
            previous = blocks[number].hash
        return blocks

    async def _read_events(self, first: int, last: int, chain: dict[int, Block]) -> list[ChainEvent]:
        try:
            logs = await self._read_logs(first, last, chain)
        except (RpcRefused, NodeUnavailable) as error:
            self._range, self._calm_steps = max((last - first + 1) // 2, SMALLEST_RANGE), 0
            if isinstance(error, NodeUnavailable) or last == first:
                raise
            raise NodeUnavailable(
                "The node refused the range; asking for a smaller one.", retry_after_seconds=0.0
            ) from error
        self._fit_range(last - first + 1, len(logs))
        await self._require_whole(logs, chain)
        untold = {entry.block_number for entry in logs if entry.block_time is None} - chain.keys()
        times = {block.number: block.timestamp for block in await self.node.blocks_at(sorted(untold))}
        return [event for entry in logs if (event := self._decode(entry, chain, times)) is not None]

    async def _read_logs(self, first: int, last: int, chain: dict[int, Block]) -> list[RawLog]:
        """By hash where all headers are known and few; a node that takes no hashes is asked for the range."""
        addresses = list(self._abis)
        if len(chain) == last - first + 1 <= LIVE_BLOCKS:
            with contextlib.suppress(RpcRefused):
                hashes = [chain[number].hash for number in range(first, last + 1)]
                return await self.node.logs_of_blocks(addresses, hashes)
        return await self._ahead.logs(first, last)

    def _fit_range(self, blocks: int, count: int) -> None:
        """Ask for more after calm steps, for less where the logs are dense."""
        self._calm_steps += 1
        if count > MOST_LOGS:
            self._range, self._calm_steps = max(blocks * MOST_LOGS // count, SMALLEST_RANGE), 0
        elif self._calm_steps > CALM_STEPS:
            self._range = min(self._range * 2, self.range_blocks)

    async def _require_whole(self, logs: list[RawLog], chain: dict[int, Block]) -> None:
        """Where a header admits an event of ours that was not given, the block's receipts decide.

        Raises:
            NodeUnavailable: the node left out a log.
        """
        for block in self._audit.suspects(chain.values(), logs):
            told = await self.node.receipt_logs(block.hash)
            ours = {entry.log_index for entry in told or () if entry.address in self._abis}
            if not ours <= {entry.log_index for entry in logs if entry.block_number == block.number}:
                self.node.suspect("It leaves out logs.")
                raise NodeUnavailable(f"The node left out logs of block {block.number}.", retry_after_seconds=0.5)

    def _decode(self, entry: RawLog, chain: dict[int, Block], times: dict[int, int]) -> ChainEvent | None:
        block = chain.get(entry.block_number)
        if block is not None and block.hash != entry.block_hash:
            raise NodeUnavailable("The chain changed while its logs were read.", retry_after_seconds=0.1)
        decoded = self._abis[entry.address].decode_log(entry.topics, entry.data)
        if decoded is None:
            return None
        return ChainEvent(
            self.deployment.chain_id,
            entry.block_number,
            entry.block_hash,
            block.timestamp if block else _time_of(entry, times),
            entry.tx_hash,
            entry.log_index,
            self._names[entry.address],
            entry.address,
            *decoded,
        )

    async def _is_ours(self, block: Block) -> bool:
        """Whether a block below the cursor is the one that was taken.

        Raises:
            NodeUnavailable: it is older than every kept header, so the node must catch up first.
        """
        async with self.database.read() as connection:
            kept = (
                await connection.execute(
                    select(headers)
                    .where(headers.c.consumer == self.consumer, headers.c.block_number <= block.number)
                    .order_by(headers.c.block_number.desc())
                    .limit(1)
                )
            ).first()
        if kept is None:
            raise NodeUnavailable(f"The node is at block {block.number}, far behind what {self.consumer} has seen.")
        same = block if kept.block_number == block.number else await self.node.block(kept.block_number)
        return same is not None and same.hash == kept.block_hash

    async def _roll_back(self, from_number: int, head_number: int) -> StepResult:
        ancestor = await self._find_ancestor()
        log.warning("chain_reorganised", consumer=self.consumer, from_block=from_number, to_block=ancestor.number)
        async with self.database.write() as connection:
            await self.sink.roll_back(connection, ancestor.number)
            await connection.execute(
                delete(headers).where(headers.c.consumer == self.consumer, headers.c.block_number > ancestor.number)
            )
            await self._save(connection, ancestor, {})
        return StepResult(ancestor.number, head_number, rolled_back_to=ancestor.number)

    async def _find_ancestor(self) -> Block:
        """The newest kept header that is still on the chain."""
        async with self.database.read() as connection:
            kept = (
                await connection.execute(
                    select(headers).where(headers.c.consumer == self.consumer).order_by(headers.c.block_number.desc())
                )
            ).all()
        for row in kept:
            block = await self.node.block(row.block_number)
            if block is not None and block.hash == row.block_hash:
                return block
        raise ReorgBeyondRetention(
            f"None of the {len(kept)} headers kept by {self.consumer} is on the chain.",
            mend="Check that the node serves the right chain; then rebuild with a fresh database.",
            consumer=self.consumer,
        )

    async def _save(self, connection: AsyncConnection, head: Block, chain: dict[int, Block]) -> None:
        kept = [(self.consumer, block.number, block.hash) for block in chain.values()]
        await upsert_many(connection, headers, kept)
        await connection.execute(
            delete(headers).where(
                headers.c.consumer == self.consumer, headers.c.block_number < head.number - self.retained
            )
        )
        await upsert(
            connection,
            cursors,
            {
                "consumer": self.consumer,
                "chain_id": self.deployment.chain_id,
                "block_number": head.number,
                "block_hash": head.hash,
                "updated_at": self.clock.now_seconds(),
            },
        )


def _time_of(entry: RawLog, times: dict[int, int]) -> int:
    if entry.block_time is not None:
        return entry.block_time
    try:
        return times[entry.block_number]
    except KeyError:
        raise NodeUnavailable("The node lost a block while its logs were read.", retry_after_seconds=0.2) from None
