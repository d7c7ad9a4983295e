"""What an agent looks after besides jobs: gas for its next transactions, and credit that waits for it in the escrow.

Pay arrives by itself. Where a token refuses the transfer, or the policy row keeps a ledger, it stays as credit until
somebody fetches it; this does, above a sum that is worth the gas. Low gas is said before it is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import structlog

from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy, withdraw_calldata
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.units import TokenUnits, Wei
from agents_offchain.runtime.gas import LOOK_SECONDS, GasWatch
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, Intent, Outbox

log = structlog.get_logger(__name__)
WITHDRAW = "withdraw"


@dataclass
class Purse:
    """One wallet's gas and credit.

    Args:
        older: (escrow, token) of the generations before; what they owe is fetched too.
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
    older: Sequence[tuple[JobEscrowProxy, bytes]] = ()
    _due_at: float = field(default=0.0)

    def __post_init__(self) -> None:
        self._gas = GasWatch(self.node, {"": self.wallet}, self.clock, self.gas_alert_wei)

    @property
    def alert(self) -> str:
        return self._gas.alert

    async def step(self) -> int:
        """Look now and then; 1 when a withdrawal was planned."""
        now = self.clock.now_seconds()
        if now < self._due_at:
            return 0
        self._due_at = now + LOOK_SECONDS
        await self._gas.look()
        return sum([await self._fetch_credit(*each) for each in ((self.escrow, self.token), *self.older)])

    async def _fetch_credit(self, escrow: JobEscrowProxy, token: bytes) -> int:
        credit = int(await escrow.credit(token, self.wallet))
        if self.withdraw_above is None or not credit or credit < self.withdraw_above:
            return 0
        intent = await self._next(escrow, token, credit)
        if intent is None:
            return 0
        async with self.database.write() as connection:
            is_new = await self.outbox.plan(connection, intent)
        if is_new:
            log.info("withdrawal_planned", credit=str(credit))
        return int(is_new)

    async def _next(self, escrow: JobEscrowProxy, token: bytes, credit: int) -> Intent | None:
        """The withdrawal to plan; None while one is open, or one of this very credit has failed."""
        for number in count():
            key = f"{WITHDRAW}:{escrow.address.hex()}:{token.hex()}:{credit}:{number}"
            known = await self.outbox.status(key)
            if known is None:
                return Intent(key, WITHDRAW, to=escrow.address, data=withdraw_calldata(token))
            if known.status != CONFIRMED:
                return None
        return None
