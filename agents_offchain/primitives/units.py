"""Units that live in types: money, shares, block numbers, ids.

Money is an integer of the token's smallest unit; a float never touches a balance.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NewType

AgentId = NewType("AgentId", int)
"""ERC-721 token id of ERC-8004; the first one is 0, so 0 never means none."""
JobId = NewType("JobId", int)
ListingId = NewType("ListingId", int)
BlockNumber = NewType("BlockNumber", int)
Wei = NewType("Wei", int)
TokenUnits = NewType("TokenUnits", int)
"""Smallest unit of an ERC-20."""
Bps = NewType("Bps", int)
"""1/10,000."""

BPS = 10_000
NO_AGENT = 2**256 - 1
"""What `JobDescribed.agentId` carries when a job names no agent."""


def share_down(amount: int, bps: int) -> int:
    """`amount * bps / 10_000`, rounded down; the remainder stays with the payer of the share."""
    return amount * bps // BPS


def format_units(amount: int, decimals: int) -> str:
    """An amount for people: no exponent, no trailing zeros (`1500000, 6` -> `1.5`)."""
    text = format(Decimal(amount).scaleb(-decimals), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_units(text: str, decimals: int) -> int:
    """The inverse of `format_units`.

    Raises:
        ValueError: not a plain non-negative decimal number, or finer than the token's unit.
    """
    value = Decimal(text)
    scaled = value.scaleb(decimals)
    if not value.is_finite() or value < 0 or scaled != scaled.to_integral_value():
        raise ValueError(f"{text!r} is not an amount with at most {decimals} decimals")
    return int(scaled)
