"""Names of agents: ERC-8004 registration files, read lazily, small, and never believed.

Only `data:` URIs and IPFS are read. A web address is not fetched: a stranger's URL is no reason for this server
to call anybody.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from agents_offchain.api.rest.deps import ArtifactStore
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError

MAX_CARD_BYTES = 64 << 10
MAX_NAME, MAX_DESCRIPTION = 80, 1_000
KEPT_CARDS = 2_048
RETRY_SECONDS = 30.0
FETCH_SECONDS = 1.5


@dataclass(frozen=True)
class AgentCard:
    """What an agent says of itself; empty where it says nothing readable."""

    name: str = ""
    description: str = ""


NO_CARD = AgentCard()


class AgentCards:
    """Cards by URI, the newest few thousand kept.

    Both kinds of URI name their content, so a card that was read never changes; one that could not be
    read is tried again after half a minute.
    """

    def __init__(self, artifacts: ArtifactStore, clock: Clock) -> None:
        self._artifacts = artifacts
        self._clock = clock
        self._cards: OrderedDict[str, tuple[AgentCard, float | None]] = OrderedDict()

    async def read(self, uris: Iterable[str]) -> dict[str, AgentCard]:
        """Cards of several URIs at once; never raises."""
        wanted = list(dict.fromkeys(uris))
        cards = await asyncio.gather(*(self._card(uri) for uri in wanted))
        return dict(zip(wanted, cards, strict=True))

    async def _card(self, uri: str) -> AgentCard:
        kept = self._cards.get(uri)
        if kept is not None and (kept[1] is None or kept[1] > self._clock.now_seconds()):
            self._cards.move_to_end(uri)
            return kept[0]
        data = await self._fetch(uri)
        again_at = None if data is not None else self._clock.now_seconds() + RETRY_SECONDS
        card = parse_card(data) if data is not None else NO_CARD
        self._cards[uri] = (card, again_at)
        while len(self._cards) > KEPT_CARDS:
            self._cards.popitem(last=False)
        return card

    async def _fetch(self, uri: str) -> bytes | None:
        if not uri.startswith("ipfs://"):
            return decode_data_uri(uri)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await self._artifacts.get(uri.removeprefix("ipfs://"), MAX_CARD_BYTES)
        except (AitbcError, TimeoutError):
            return None


def decode_data_uri(uri: str) -> bytes:
    """Bytes of a `data:` URI of at most 64 KiB; none for anything else."""
    head, comma, body = uri.partition(",")
    if not comma or not head.lower().startswith("data:") or len(uri) > 2 * MAX_CARD_BYTES:
        return b""
    try:
        data = base64.b64decode(body) if head.lower().endswith(";base64") else unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        return b""
    return data if len(data) <= MAX_CARD_BYTES else b""


def parse_card(data: bytes) -> AgentCard:
    """Name and description of a registration file, as plain short text."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return NO_CARD
    if not isinstance(document, dict):
        return NO_CARD
    return AgentCard(
        plain_text(document.get("name"), MAX_NAME), plain_text(document.get("description"), MAX_DESCRIPTION)
    )


def plain_text(value: Any, length: int) -> str:
    """A string without control characters and direction marks, cut to `length`."""
    if not isinstance(value, str):
        return ""
    kept = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * length])
    return " ".join(kept.split())[:length]
