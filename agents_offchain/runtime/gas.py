"""Gas of the wallets that a process depends on: low gas is said before it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import structlog

from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.units import Wei, format_units

log = structlog.get_logger(__name__)
LOOK_SECONDS = 30.0
COIN_DECIMALS = 18
GAS_ALERT_WEI = Wei(10**16)
"""Below it a daemon says so, where nobody has set another sum."""


class Balances(Protocol):
    """Who knows what an account holds; `chain.node.Node` is one."""

    async def balance(self, address: bytes) -> int:
        """Wei at the newest block."""
        ...


class GasWatch:
    """Looks now and then at the coin of some wallets.

    Args:
        wallets: Name -> address; a name is said where there is more than one.
    """

    def __init__(
        self, node: Balances, wallets: Mapping[str, bytes], clock: Clock, alert_wei: Wei = GAS_ALERT_WEI
    ) -> None:
        self._node = node
        self._wallets = dict(wallets)
        self._clock = clock
        self._alert_wei = alert_wei
        self._due_at = 0.0
        self.alert = ""

    async def look(self) -> None:
        """Ask the node when it is time; `alert` is what to say, empty while all have enough."""
        now = self._clock.now_seconds()
        if now < self._due_at:
            return
        self._due_at = now + LOOK_SECONDS
        held = {name: await self._node.balance(wallet) for name, wallet in self._wallets.items()}
        low = {name: wei for name, wei in held.items() if wei < self._alert_wei}
        before = self.alert
        self.alert = "; ".join(self._words(name, wei) for name, wei in low.items())
        if self.alert and not before:
            log.warning("gas_low", wallets={name: str(wei) for name, wei in low.items()})

    def _words(self, name: str, held_wei: int) -> str:
        whose = f" of {name}" if len(self._wallets) > 1 else ""
        return f"gas{whose} is low: {format_units(held_wei, COIN_DECIMALS)} left"
