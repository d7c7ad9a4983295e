"""Credit that claims left in the contract is sent to its owner, when it is worth the gas."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import structlog

from agents_offchain.chain.proxies.payment_channels import PaymentChannelsProxy, withdraw_for_calldata
from agents_offchain.primitives.clock import Clock
from agents_offchain.runtime.gas import LOOK_SECONDS
from agents_offchain.runtime.payments.worth import Scales
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import CONFIRMED, Intent, Outbox

log = structlog.get_logger(__name__)
COLLECT = "collect"


@dataclass
class Collector:
    """Withdraws for the payees of one PaymentChannels; the money goes to the payee alone.

    Args:
        tokens: In which credit is looked for.
    """

    contract: PaymentChannelsProxy
    tokens: tuple[bytes, ...]
    payees: Callable[[], Collection[bytes]]
    scales: Scales
    outbox: Outbox
    database: Database
    clock: Clock
    _due_at: float = field(default=0.0)

    async def step(self) -> int:
        """Look now and then; how many withdrawals were planned."""
        now = self.clock.now_seconds()
        if now < self._due_at:
            return 0
        self._due_at = now + LOOK_SECONDS
        planned = 0
        for token in self.tokens:
            for payee in sorted(self.payees()):
                planned += await self._collect(token, payee)
        return planned

    async def _collect(self, token: bytes, payee: bytes) -> int:
        credit = await self.contract.credit(token, payee)
        terms = self.scales.terms
        if not credit or credit < terms.least_units:
            return 0
        data = withdraw_for_calldata(token, payee)
        if credit < terms.times * await self.scales.cost_units(data):
            return 0
        intent = await self._next(token, payee, credit, data)
        if intent is None:
            return 0
        async with self.database.write() as connection:
            is_new = await self.outbox.plan(connection, intent)
        log.info("collection_planned", payee="0x" + payee.hex(), credit=str(credit))
        return int(is_new)

    async def _next(self, token: bytes, payee: bytes, credit: int, data: bytes) -> Intent | None:
        """The withdrawal to plan; None while one is open, or one of this very credit has failed."""
        name = f"{COLLECT}:{self.contract.address.hex()}:{token.hex()}:{payee.hex()}:{credit}:"
        known = await self.outbox.newest(name)
        if known is not None and known.status != CONFIRMED:
            return None
        number = 0 if known is None else int(known.intent.intent_key.removeprefix(name)) + 1
        return Intent(f"{name}{number}", COLLECT, to=self.contract.address, data=data)
