"""Is a batch worth its gas, and which of its rows would the contract pay? Answered by simulation, at one block."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from agents_offchain.chain.errors import ContractReverted, NodeUnavailable
from agents_offchain.chain.fees import FeePolicy
from agents_offchain.chain.node import Node
from agents_offchain.primitives.clock import Clock

BATCH_ROWS = 50
COIN_WEI = 10**18


class Row(Protocol):
    """A promise in a batch: what it pays in the smallest unit, and since when it waits (unix seconds)."""

    @property
    def amount(self) -> int: ...

    @property
    def since(self) -> float: ...


_Row = TypeVar("_Row", bound=Row)


@dataclass(frozen=True)
class WorthTerms:
    """When gas is spent on somebody's money.

    Attributes:
        coin_units: What one coin of the chain is worth, in the smallest unit of the token; 0 is: gas counts as free.
        times: A batch brings so many times its gas; after `patience_seconds`, or in a hurry, more than its gas.
        least_units: Nothing below it is claimed without a hurry.
    """

    coin_units: int = 0
    times: int = 10
    patience_seconds: float = 86_400.0
    least_units: int = 1


@dataclass(frozen=True)
class Weighed(Generic[_Row]):
    """Rows for one batch now, those that the contract would not pay, and those that are not worth it yet."""

    batch: tuple[_Row, ...]
    bad: tuple[_Row, ...]
    dust: tuple[_Row, ...]


@dataclass(frozen=True)
class Scales:
    """Weighs batches of one kind.

    Args:
        sender: Who would send the batch.
    """

    node: Node
    sender: bytes
    contract: bytes
    clock: Clock
    terms: WorthTerms

    async def weigh(
        self,
        rows: Sequence[_Row],
        *,
        paid: Callable[[Sequence[_Row]], Awaitable[int]],
        calldata: Callable[[Sequence[_Row]], bytes],
        is_urgent: bool,
    ) -> Weighed[_Row]:
        """Split rows of one payee and token, at most `BATCH_ROWS` of them.

        Args:
            paid: What a batch would pay now.
        """
        good, bad = await self._sort_out(rows, paid)
        if not good:
            return Weighed((), tuple(bad), ())
        cost = await self.cost_units(calldata(good))
        each = cost // len(good)
        worthy = [row for row in good if row.amount > each] if cost else good
        total = sum(row.amount for row in worthy)
        is_worth = bool(worthy) and self._is_worth(worthy, total, each * len(worthy), is_urgent)
        batch = worthy if is_worth else []
        return Weighed(tuple(batch), tuple(bad), tuple(row for row in good if row not in batch))

    def _is_worth(self, rows: Sequence[Row], total: int, cost: int, is_urgent: bool) -> bool:
        if is_urgent:
            return total > cost
        if total < self.terms.least_units:
            return False
        waited = self.clock.now_seconds() - min(row.since for row in rows)
        return total > cost and (waited >= self.terms.patience_seconds or total >= cost * self.terms.times)

    async def _sort_out(
        self, rows: Sequence[_Row], paid: Callable[[Sequence[_Row]], Awaitable[int]]
    ) -> tuple[list[_Row], list[_Row]]:
        """Good rows and bad ones; alone each is asked about only when the whole does not pay its sum."""
        try:
            if await paid(rows) == sum(row.amount for row in rows):
                return list(rows), []
        except ContractReverted:
            pass
        good: list[_Row] = []
        bad: list[_Row] = []
        for row in rows:
            try:
                is_paid = await paid([row]) == row.amount
            except ContractReverted:
                is_paid = False
            (good if is_paid else bad).append(row)
        return good, bad

    async def cost_units(self, data: bytes) -> int:
        """What the gas of a call costs now, in the smallest unit of the token, rounded up.

        Raises:
            RpcRefused: the call would revert.
        """
        if not self.terms.coin_units:
            return 0
        gas = await self.node.estimate_gas(call_of(self.sender, self.contract, data))
        return -(-gas * (await base_fee_of(self.node) + FeePolicy().tip_wei) * self.terms.coin_units // COIN_WEI)


def call_of(sender: bytes, to: bytes, data: bytes) -> dict[str, str]:
    """A call as a node simulates it."""
    return {"from": "0x" + sender.hex(), "to": "0x" + to.hex(), "data": "0x" + data.hex()}


async def base_fee_of(node: Node) -> int:
    """Wei a unit of gas at the newest block, the tip not included."""
    head = await node.block()
    if head is None:
        raise NodeUnavailable("The node has no head.")
    return head.base_fee_wei
