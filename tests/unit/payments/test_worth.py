"""A batch is sent when it brings more than it costs, tip included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.node import Block
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.runtime.payments.worth import Scales, Weighed, WorthTerms

pytestmark = pytest.mark.unit
GWEI, DOLLAR = 10**9, 10**6
COIN = 3_000 * DOLLAR
GAS_A_ROW = 50_000


@dataclass(frozen=True)
class Promise:
    """A row that pays `amount`; one of a negative number is bad."""

    number: int
    amount: int
    since: float = 0.0


class Gas:
    """A node whose calls cost gas by their length, at a base fee."""

    def __init__(self, base_fee_wei: int) -> None:
        self._base_fee_wei = base_fee_wei

    async def block(self) -> Block:
        return Block(1, b"", b"", 0, self._base_fee_wei)

    async def estimate_gas(self, call: dict[str, str]) -> int:
        return GAS_A_ROW * (len(call["data"]) // 2 - 1)


async def weigh(
    amounts: Sequence[int], *, base_fee_wei: int = GWEI, coin_units: int = COIN, is_urgent: bool = False
) -> Weighed[Promise]:
    clock = ManualClock()
    terms = WorthTerms(coin_units=coin_units)
    scales = Scales(cast(Any, Gas(base_fee_wei)), bytes(20), bytes(20), clock, terms)

    async def paid(rows: Sequence[Promise]) -> int:
        return sum(row.amount for row in rows if row.amount > 0)

    rows = [Promise(number, amount, clock.now_seconds()) for number, amount in enumerate(amounts)]
    return await scales.weigh(rows, paid=paid, calldata=lambda some: bytes(len(some)), is_urgent=is_urgent)


async def test_weigh__at_a_base_fee_of_nothing__still_counts_the_tip() -> None:
    """50,000 gas at a tip of one gwei are 0.15 dollars at 3,000 a coin."""
    assert not (await weigh([1_499_999], base_fee_wei=0)).batch
    assert (await weigh([1_500_000], base_fee_wei=0)).batch


async def test_weigh__in_a_hurry__sends_what_brings_more_than_its_gas() -> None:
    assert not (await weigh([300_000], is_urgent=True)).batch
    assert (await weigh([300_001], is_urgent=True)).batch
    assert not (await weigh([300_001])).batch


async def test_weigh__with_gas_counted_as_free__sends_dust() -> None:
    assert len((await weigh([1, 1], coin_units=0)).batch) == 2


@given(amounts=st.lists(st.integers(-5, 10 * DOLLAR).filter(bool), min_size=1, max_size=20), urgent=st.booleans())
async def test_weigh__of_any_rows__puts_each_in_one_place_and_never_sends_at_a_loss(
    amounts: list[int], urgent: bool
) -> None:
    weighed = await weigh(amounts, is_urgent=urgent)
    places = [row.number for part in (weighed.batch, weighed.bad, weighed.dust) for row in part]
    assert sorted(places) == list(range(len(amounts)))
    assert all(row.amount < 0 for row in weighed.bad)
    cost = GAS_A_ROW * len(weighed.batch) * 2 * GWEI * COIN // 10**18
    assert not weighed.batch or sum(row.amount for row in weighed.batch) > cost
