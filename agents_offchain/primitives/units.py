"""Units that live in types: money, shares, block numbers, ids.

Money is an integer of the token's smallest unit; a float never touches a balance.
"""

from __future__ import annotations

import re
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
TOKEN_DECIMALS = 6
"""Of the token in which jobs are paid, as amounts are written for people."""
_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
NO_AGENT = 2**256 - 1
"""What `JobDescribed.agentId` carries when a job names no agent."""


def share_down(amount: int, bps: int) -> int:
    """`amount * bps / 10_000`, rounded down; the remainder stays with the payer of the share."""
    return amount * bps // BPS


def format_units(amount: int, decimals: int) -> str:
    """An amount for people: no exponent, no trailing zeros (`1500000, 6` -> `1.5`)."""
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), 10**decimals)
    digits = f"{fraction:0{decimals}d}".rstrip("0") if fraction else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def format_tokens(amount: int) -> str:
    """An amount of the market's token for people."""
    return format_units(amount, TOKEN_DECIMALS)


def parse_units(text: str, decimals: int) -> int:
    """The inverse of `format_units`.

    Raises:
        ValueError: not a plain non-negative decimal number, or finer than the token's unit.
    """
    match = _AMOUNT.fullmatch(text)
    fraction = (match[2] or "").rstrip("0") if match else ""
    if match is None or len(fraction) > decimals:
        raise ValueError(f"{text[:80]!r} is not an amount with at most {decimals} decimals")
    return int(match[1] + fraction.ljust(decimals, "0"))
