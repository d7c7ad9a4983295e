"""What an agent looks after besides jobs: gas for its next transactions, and credit that waits for it in the escrow.

Pay arrives by itself. Where a token refuses the transfer, or the policy row keeps a ledger, it stays as credit until
somebody fetches it; this does, above a sum that is worth the gas. Low gas is said before it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import structlog

from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, withdraw_calldata
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.units import TokenUnits, Wei, format_units
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, Intent, Outbox

log = structlog.get_logger(__name__)
LOOK_SECONDS = 30.0
COIN_DECIMALS = 18
WITHDRAW = "withdraw"


@dataclass
class Purse:
    """One wallet's gas and credit.

    Args:
        gas_alert_wei: Below it the agent says so in its heartbeat.
        withdraw_above: Credit from which it is fetched; None is never.
    """

    node: Node
    escrow: JobEscrowProxy
    token: bytes
    wallet: bytes
    outbox: Outbox
    database: Database
    clock: Clock
    gas_alert_wei: Wei
    withdraw_above: TokenUnits | None
    alert: str = ""
    _due_at: float = field(default=0.0)

    async def step(self) -> int:
        """Look now and then; 1 when a withdrawal was planned."""
        now = self.clock.now_seconds()
        if now < self._due_at:
            return 0
        self._due_at = now + LOOK_SECONDS
        self._judge_gas(await self.node.balance(self.wallet))
        return await self._fetch_credit()

    def _judge_gas(self, held_wei: int) -> None:
        before, is_enough = self.alert, held_wei >= self.gas_alert_wei
        self.alert = "" if is_enough else f"gas is low: {format_units(held_wei, COIN_DECIMALS)} left"
        if self.alert and not before:
            log.warning("gas_low", wallet="0x" + self.wallet.hex(), held_wei=str(held_wei))

    async def _fetch_credit(self) -> int:
        credit = int(await self.escrow.credit(self.token, self.wallet))
        if self.withdraw_above is None or not credit or credit < self.withdraw_above:
            return 0
        intent = await self._next(credit)
        if intent is None:
            return 0
        async with self.database.write() as connection:
            is_new = await self.outbox.plan(connection, intent)
        if is_new:
            log.info("withdrawal_planned", credit=str(credit))
        return int(is_new)

    async def _next(self, credit: int) -> Intent | None:
        """The withdrawal to plan; None while one is open, or one of this very credit has failed."""
        for number in count():
            key = f"{WITHDRAW}:{self.token.hex()}:{credit}:{number}"
            known = await self.outbox.status(key)
            if known is None:
                return Intent(key, WITHDRAW, to=self.escrow.address, data=withdraw_calldata(self.token))
            if known.status != CONFIRMED:
                return None
        return None
