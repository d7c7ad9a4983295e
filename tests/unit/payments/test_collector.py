"""Credit is sent to its owner again and again, one withdrawal at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.runtime.gas import LOOK_SECONDS
from agents_offchain.runtime.payments.collector import Collector
from agents_offchain.runtime.payments.worth import Scales, WorthTerms
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Outbox
from agents_offchain.storage.tables.journal import outbox
from tests.unit.payments.fake_channels import CONTRACT, PAYEE, TOKEN

pytestmark = pytest.mark.unit
OTHER_CONTRACT = b"\xc5" * 20


class Payout:
    """A contract that owes the payee the same sum whenever it is asked."""

    def __init__(self, database: Database, clock: ManualClock, address: bytes = CONTRACT) -> None:
        async def credit(token: bytes, account: bytes) -> int:
            return 7

        self.database, self.clock = database, clock
        contract: Any = SimpleNamespace(address=address, credit=credit)
        scales = Scales(cast(Any, None), b"\xca" * 20, address, clock, WorthTerms())
        lane = Outbox(database, "31337:0x" + "ca" * 20, clock)
        self.collector = Collector(contract, (TOKEN,), lambda: {PAYEE}, scales, lane, database, clock)

    async def look(self) -> int:
        self.clock.advance(LOOK_SECONDS)
        return await self.collector.step()

    async def end_all(self, status: str) -> None:
        async with self.database.write() as connection:
            await connection.execute(update(outbox).values(status=status))


async def test_collector__with_the_same_credit_many_times__withdraws_each_time_and_one_at_once(
    database: Database, manual_clock: ManualClock
) -> None:
    payout = Payout(database, manual_clock)
    for _ in range(12):
        assert await payout.look() == 1
        assert await payout.look() == 0, "one is on its way"
        await payout.end_all(CONFIRMED)
    async with database.read() as connection:
        keys = [row.intent_key for row in await connection.execute(select(outbox.c.intent_key))]
    assert len(set(keys)) == 12


async def test_collector__after_a_failed_withdrawal_of_this_very_credit__waits_for_another_credit(
    database: Database, manual_clock: ManualClock
) -> None:
    payout = Payout(database, manual_clock)
    assert await payout.look() == 1
    await payout.end_all(FAILED)
    assert await payout.look() == 0


async def test_collector__of_two_contracts_that_owe_the_same__withdraws_from_both(
    database: Database, manual_clock: ManualClock
) -> None:
    sides = [Payout(database, manual_clock, address) for address in (CONTRACT, OTHER_CONTRACT)]
    assert [await side.look() for side in sides] == [1, 1]
