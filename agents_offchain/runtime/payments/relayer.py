"""Carries signed hires to the chain for clients without gas, within a daily budget.

Only hires that pay by an ERC-3009 authorization can be carried: the contract takes the client from the authorization.
With a permit the caller itself becomes the client. What would revert is refused before anything is sent, and an
authorization is good for one hire, however often it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from agents_offchain.chain.contract_abi import load_abi, revert_of
from agents_offchain.chain.errors import RpcRefused
from agents_offchain.chain.fees import FeePolicy
from agents_offchain.chain.node import Node
from agents_offchain.primitives.units import Wei
from agents_offchain.runtime.payments.worth import base_fee_of, call_of
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox
from agents_offchain.storage.payments.relays import DONE, REFUSED, SENDING, WAITING, Relay, RelayBook

log = structlog.get_logger(__name__)
CARRY = "carry-hire"
WEI_A_DAY = Wei(10**17)
"""What the gas of all carried hires may cost in a day, where nobody has set another sum."""
LEFT = "The market has moved to other contracts, and nobody is hired in those that it left."


@dataclass
class Relayer:
    """Sends for clients of one JobEscrow.

    Args:
        sender: The cashier's address.
        wei_a_day: What the gas of a day's hires may cost.
        is_left: Whether the market has moved on from this escrow. What is on its way is followed to its end; what
            still waits is refused, since the contract would take the hire and few would see it. No money has moved
            then, and the client signs anew.
    """

    relays: RelayBook
    node: Node
    escrow: bytes
    sender: bytes
    outbox: Outbox
    database: Database
    wei_a_day: Wei = WEI_A_DAY
    is_left: bool = False

    async def step(self) -> int:
        """Follow what was sent, send what waits; how many moved."""
        moved = 0
        for relay in await self.relays.having(SENDING):
            moved += await self._follow(relay)
        for relay in await self.relays.having(WAITING):
            moved += await (self._refuse(relay, LEFT) if self.is_left else self._send(relay))
        return moved

    async def _follow(self, relay: Relay) -> int:
        item = await self.outbox.status(relay.intent or "")
        if item is None or item.status not in (CONFIRMED, FAILED):
            return 0
        if item.status == CONFIRMED:
            await self.relays.end(relay, DONE, tx_hash=item.tx_hash)
        else:
            await self.relays.end(relay, REFUSED, error=item.error)
        return 1

    async def _send(self, relay: Relay) -> int:
        """Plan one, unless it would revert or the day's budget is spent."""
        try:
            cost = await self._cost_wei(relay)
        except RpcRefused as error:
            reverted = revert_of(error, load_abi("JobEscrow"), load_abi("TestDollar"))
            if reverted is None:
                raise
            return await self._refuse(relay, f"The hire would be refused: {reverted.message}")
        if await self.relays.spent_of_day() + cost > self.wei_a_day:
            await self.relays.say(relay, "The gas budget of the day is spent; it goes out when there is room again.")
            return 0
        key = f"{CARRY}:{self.escrow.hex()}:{relay.client.hex()}:{relay.nonce.hex()}"
        async with self.database.write() as connection:
            await self.outbox.plan(connection, Intent(key, CARRY, self.escrow, relay.data))
            await self.relays.send(connection, relay, key, cost)
        log.info("hire_carried", client="0x" + relay.client.hex(), budget=str(relay.budget), cost_wei=str(cost))
        return 1

    async def _refuse(self, relay: Relay, reason: str) -> int:
        await self.relays.end(relay, REFUSED, error=reason)
        return 1

    async def _cost_wei(self, relay: Relay) -> int:
        """The most that a first attempt at the hire may pay for its gas."""
        most, _ = FeePolicy().offer(await base_fee_of(self.node))
        return await self.node.estimate_gas(call_of(self.sender, self.escrow, relay.data)) * most
