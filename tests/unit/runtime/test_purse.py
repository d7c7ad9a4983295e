"""An agent's gas is watched and its credit fetched, once for each credit."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import update

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.units import TokenUnits, Wei
from agents_offchain.runtime.agent.purse import Purse
from agents_offchain.runtime.gas import LOOK_SECONDS
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Outbox
from agents_offchain.storage.tables.journal import outbox

pytestmark = pytest.mark.unit
WALLET, TOKEN = b"\xa9" * 20, b"\x70" * 20


class Chain:
    """A node and an escrow that say what a test wants."""

    address = b"\xe5" * 20

    def __init__(self) -> None:
        self.held_wei, self.credit_units = 10**18, 0

    async def balance(self, address: bytes) -> int:
        return self.held_wei

    async def credit(self, token: bytes, account: bytes) -> int:
        return self.credit_units


class World:
    def __init__(self, database: Database, above: int | None = 100) -> None:
        self.chain, self.clock, self.database = Chain(), ManualClock(), database
        self.lane = Outbox(database, f"31337:0x{WALLET.hex()}", self.clock)
        self.purse = Purse(
            node=cast(Any, self.chain),
            escrow=cast(Any, self.chain),
            token=TOKEN,
            wallet=WALLET,
            outbox=self.lane,
            database=database,
            clock=self.clock,
            gas_alert_wei=Wei(10**16),
            withdraw_above=None if above is None else TokenUnits(above),
        )

    async def look(self) -> int:
        self.clock.advance(LOOK_SECONDS)
        return await self.purse.step()

    async def end(self, status: str) -> None:
        async with self.database.write() as connection:
            await connection.execute(update(outbox).values(status=status))


async def test_gas__below_the_alert__is_said_until_there_is_enough(database: Database) -> None:
    world = World(database)
    await world.look()
    assert world.purse.alert == ""
    world.chain.held_wei = 5 * 10**15
    await world.look()
    assert world.purse.alert == "gas is low: 0.005 left"
    world.chain.held_wei = 10**16
    await world.look()
    assert world.purse.alert == ""


async def test_credit__that_is_worth_it__is_fetched_once_and_again_when_there_is_more(database: Database) -> None:
    world = World(database)
    world.chain.credit_units = 99
    assert await world.look() == 0
    world.chain.credit_units = 100
    assert await world.look() == 1
    assert await world.look() == 0, "one is on its way"
    await world.end(CONFIRMED)
    assert await world.look() == 1, "the same sum has come again"
    assert await world.lane.count_open() == 1


async def test_credit__that_may_not_be_fetched__is_not_asked_for_again_and_again(database: Database) -> None:
    world = World(database)
    world.chain.credit_units = 500
    assert await world.look() == 1
    await world.end(FAILED)
    assert await world.look() == 0
    world.chain.credit_units = 600
    assert await world.look() == 1


async def test_credit__of_an_agent_that_does_not_withdraw__stays(database: Database) -> None:
    world = World(database, above=None)
    world.chain.credit_units = 10**9
    assert await world.look() == 0
