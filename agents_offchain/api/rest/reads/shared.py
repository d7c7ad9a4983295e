"""What every answer needs: hex for people, tokens of policies, agents' names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agents_offchain.api.rest.errors import IndexBehind
from agents_offchain.api.rest.reads.cards import AgentCards
from agents_offchain.chain.addresses import Deployment
from agents_offchain.primitives.hexes import checksum


@dataclass(frozen=True)
class Reader:
    """One answer's view of the tables."""

    connection: AsyncConnection
    deployment: Deployment
    cards: AgentCards


@lru_cache(maxsize=8_192)
def address_text(address: bytes) -> str:
    """EIP-55 form."""
    return checksum(address)


def hash_text(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()


def id_text(value: int | None) -> str | None:
    return None if value is None else str(value)


def require_token(row: Any) -> tuple[str, int]:
    """(symbol, decimals) of a joined row; an amount without its decimals would mislead.

    Raises:
        IndexBehind: the indexer has not read the token yet.
    """
    if row.decimals is None:
        raise IndexBehind("The index does not know this token yet.", mend="Ask again in a moment.")
    return row.symbol, row.decimals
