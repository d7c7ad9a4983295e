"""What a transaction offers for its gas (EIP-1559), and what it offers when it is stuck."""

from __future__ import annotations

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]

BUMP_PERCENT = 13
"""A replacement must offer a tenth more; a little above covers rounding."""
_GAS_FIELD, _TO_FIELD = 4, 5


@dataclass(frozen=True)
class FeePolicy:
    """How much gas may cost, in wei per gas unit.

    `max_fee_wei` caps what is ever offered; `stuck_seconds` is the patience before a bump.
    """

    tip_wei: int = 1_000_000_000
    max_fee_wei: int = 500_000_000_000
    stuck_seconds: float = 20.0

    def offer(self, base_fee_wei: int) -> tuple[int, int]:
        """(max fee, tip) for a first attempt: room for the base fee to double."""
        fee = min(2 * base_fee_wei + self.tip_wei, self.max_fee_wei)
        return fee, min(self.tip_wei, fee)

    def bump(self, max_fee_wei: int, tip_wei: int, base_fee_wei: int) -> tuple[int, int] | None:
        """The next offer for a stuck nonce, at most the cap; None when the cap leaves no room for one."""
        least = max_fee_wei * (100 + BUMP_PERCENT) // 100 + 1
        tip = tip_wei * (100 + BUMP_PERCENT) // 100 + 1
        fee = min(max(least, 2 * base_fee_wei + tip), self.max_fee_wei)
        return (fee, tip) if fee >= least and tip <= fee else None


def gas_limit_of(raw: bytes) -> int:
    """The gas limit inside a signed EIP-1559 transaction."""
    return int.from_bytes(rlp.decode(raw[1:])[_GAS_FIELD], "big")


def recipient_of(raw: bytes) -> bytes:
    """The 20-byte address that a signed EIP-1559 transaction calls."""
    return bytes(rlp.decode(raw[1:])[_TO_FIELD])
