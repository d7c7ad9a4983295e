"""Vouchers: whatever is taken, claimed, topped up, closed and opened again, nobody is paid more than was signed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.payments import MAX_UNITS, Channel, compact_signature
from agents_offchain.runtime.payments.claimer import Claimer
from agents_offchain.runtime.payments.moment import Moment
from agents_offchain.runtime.payments.worth import Scales, WorthTerms
from agents_offchain.storage.database import Database
from agents_offchain.storage.payments.channels import ChannelBook
from tests.fakes.inline_sqlite import clear
from tests.unit.payments.fake_channels import BOOK, CONTRACT, FakeChannels, Mine, channel, sign

pytestmark = pytest.mark.unit
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deposit"), st.integers(1, 50)),
        st.tuples(st.just("voucher"), st.integers(1, 120)),
        st.tuples(st.just("forged"), st.integers(1, 120)),
        st.tuples(st.just("claim"), st.just(0)),
        st.tuples(st.just("mine"), st.just(0)),
        st.tuples(st.just("start_close"), st.just(0)),
        st.tuples(st.just("finish_close"), st.just(0)),
        st.tuples(st.just("reorg"), st.just(0)),
    ),
    min_size=3,
    max_size=25,
)


class World:
    """One channel, its book and its claimer."""

    def __init__(self, database: Database, worth: WorthTerms | None = None) -> None:
        self.database, self.clock, self.contract = database, ManualClock(), FakeChannels()
        self.book = ChannelBook(database, BOOK, self.clock)
        self.mine = Mine(database, self.contract, self.clock)
        scales = Scales(cast(Any, None), b"\xca" * 20, CONTRACT, self.clock, worth or WorthTerms())
        self.claimer = Claimer(self.book, cast(Any, self.contract), scales, self.mine.lane, database, self.clock)

    async def take(self, one: Channel, cumulative: int, key: str = "payer") -> None:
        """Keep a voucher as the intake does, without its checks: the claimer must stand without them."""
        async with self.database.write() as connection:
            await self.book.note_channel(connection, one, 0)
            await self.book.add_voucher(connection, one, cumulative, sign(one, cumulative, key))

    async def told(self, one: Channel) -> None:
        """An event named the channel."""
        self.contract.block += 1
        async with self.database.write() as connection:
            await self.book.note_channel(connection, one, self.contract.block)

    async def claim(self) -> int:
        moved = await self.claimer.step(Moment(self.contract.block, 1_000))
        self.clock.advance(700)
        return moved

    async def do(self, verb: str, one: Channel, number: int, signed: set[int]) -> None:
        """One step of a schedule; what the payer signed is added to `signed`."""
        match verb:
            case "deposit":
                self.contract.deposit(one, number)
            case "voucher":
                signed.add(number)
                await self.take(one, number)
            case "forged" if number not in signed:
                await self.take(one, number, key="mallory")
            case "claim":
                await self.claim()
            case "mine":
                await self.mine.all(self.book)
            case "reorg":
                async with self.database.write() as connection:
                    await self.book.roll_back(connection, 0)
            case "start_close" | "finish_close":
                getattr(self.contract, verb)(one)
        if verb in ("deposit", "start_close", "finish_close"):
            await self.told(one)

    async def settle_down(self) -> None:
        """Until nothing moves any more."""
        for _ in range(12):
            await self.claim()
            await self.mine.all(self.book)


@given(steps=STEPS)
async def test_claimer__whatever_happens_to_a_channel__pays_the_largest_covered_voucher_once(
    inline_database: Database, steps: list[tuple[str, int]]
) -> None:
    await clear(inline_database)
    world, one, signed, claimed = World(inline_database), channel(), {0}, 0
    for verb, number in steps:
        await world.do(verb, one, number, signed)
        now = world.contract.state[one.channel_id].claimed if one.channel_id in world.contract.state else 0
        assert claimed <= now <= max(signed), "claimed never falls and never passes what was signed"
        claimed = now
    await world.settle_down()
    state = await world.contract.channel(one.channel_id, block=0)
    newest = await world.book.newest(one.channel_id)
    assert state.claimed in signed
    if newest is not None and newest[0] in signed and newest[0] <= state.deposit:
        assert state.claimed >= newest[0], "the newest good voucher that the deposit covers is claimed"
    assert await world.mine.lane.count_open() == 0


async def test_claimer__with_nothing_new__plans_nothing_more(inline_database: Database) -> None:
    await clear(inline_database)
    world, one = World(inline_database), channel()
    world.contract.deposit(one, 10)
    await world.take(one, 7)
    await world.claim()
    assert await world.mine.all(world.book) == 1
    await world.settle_down()
    assert await world.mine.all(world.book) == 0
    row = await world.book.get(one.channel_id)
    assert row is not None
    assert (row.claimed, row.intent, row.tries) == (7, None, 0)


async def test_claimer__with_one_bad_voucher_in_the_batch__leaves_it_out_and_claims_the_rest(
    inline_database: Database,
) -> None:
    await clear(inline_database)
    world, channels = World(inline_database), [channel(salt) for salt in range(3)]
    for one in channels:
        world.contract.deposit(one, 10)
        await world.take(one, 5, key="mallory" if one.salt == 1 else "payer")
    await world.claim()
    await world.mine.all(world.book)
    assert [world.contract.state[one.channel_id].claimed for one in channels] == [5, 0, 5]
    bad = await world.book.get(channels[1].channel_id)
    assert bad is not None
    assert bad.error == "The contract would not pay this voucher now."


async def test_vouchers__below_what_was_claimed__are_dropped(inline_database: Database) -> None:
    await clear(inline_database)
    world, one = World(inline_database), channel()
    world.contract.deposit(one, 10)
    for cumulative in (2, 4, 6):
        await world.take(one, cumulative)
    await world.settle_down()
    newest = await world.book.newest(one.channel_id)
    assert newest is not None
    assert newest[0] == 6
    row = await world.book.get(one.channel_id)
    assert row is not None
    await world.book.refresh(replace(row, claimed=0), 10, 7, 0)
    assert await world.book.newest(one.channel_id) is None


@given(cumulative=st.integers(0, MAX_UNITS), salt=st.integers(0, 2**64 - 1))
def test_compact_signature__of_any_voucher__keeps_parity_and_s(cumulative: int, salt: int) -> None:
    signature = sign(channel(salt), cumulative)
    r, compact = compact_signature(signature)
    number = int.from_bytes(compact, "big")
    assert r == signature[:32]
    assert (number & (1 << 255) - 1).to_bytes(32, "big") == signature[32:64]
    assert number >> 255 == signature[64] - 27
