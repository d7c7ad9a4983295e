"""The port between hosts: durable inboxes with three lanes, and batches in both directions.

An *inbox* belongs to a host, which is one process; a process that comes back under the same name finds what it had not
acknowledged. Nothing unacknowledged is ever dropped. Lanes are read side by side, so that what
is urgent need not wait behind what is bulk. `StreamPost` carries it over Valkey or Redis, `MemoryPost` in a process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class Lane(IntEnum):
    """Priorities 7 to 9, 3 to 6 and 0 to 2."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


def lane_of(priority: int) -> Lane:
    """The lane of a priority from 0 to 9."""
    return Lane.URGENT if priority >= 7 else Lane.NORMAL if priority >= 3 else Lane.BULK


@dataclass(frozen=True, slots=True)
class Parcel:
    """Bytes for an inbox."""

    inbox: str
    lane: Lane
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """Bytes from an inbox; `deliveries` counts how often somebody was handed them, this time included."""

    lane: Lane
    position: str
    data: bytes
    deliveries: int = 1


class Post(Protocol):
    """One consumer's place at one inbox, and the way to all others."""

    async def exchange(self, parcels: Sequence[Parcel], done: Sequence[Entry]) -> None:
        """Append parcels, in order, and acknowledge entries of ours; one round trip where the server allows it.

        Acknowledge only entries whose answers were appended by an earlier call: nothing promises that an
        acknowledgement comes after a parcel of the same call.

        Raises:
            BusUnavailable: some of it may have been done; do all of it again.
        """
        ...

    async def receive(self, lanes: Sequence[Lane], *, limit: int, wait_seconds: float) -> list[Entry]:
        """New entries of these lanes; at the first call also our own from before a crash.

        Raises:
            BusUnavailable: try again.
        """
        ...

    async def backlog(self, inbox: str) -> int:
        """Entries that wait in an inbox or are worked on."""
        ...

    async def close(self) -> None: ...
