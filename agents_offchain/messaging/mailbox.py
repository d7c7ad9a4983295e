"""The port that every transport of messages offers, and what comes out of it.

Semantics: a *topic* is an append-only list of messages; a *group* reads each message of a topic, from the
first one on; inside a group each message goes to one *consumer* until that one acknowledges it. Delivery is
at least once and usually in order. `StreamMailbox` carries it over Valkey or Redis, `MemoryMailbox` inside
one process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Delivery:
    """A message handed to a consumer for the `deliveries`-th time; `position` orders the messages of one topic."""

    topic: str
    position: str
    message_id: str
    payload: bytes
    deliveries: int = 1


class Mailbox(Protocol):
    """One consumer's place in one group."""

    async def publish(self, topic: str, message_id: str, payload: bytes) -> bool:
        """Append a message; False when one with this id was appended before.

        Raises:
            BusUnavailable: it may or may not be in the topic; publish again with the same id.
        """
        ...

    async def receive(self, topic: str, *, limit: int = 64, wait_seconds: float = 0.0) -> list[Delivery]:
        """Messages not yet acknowledged: our own from before a crash, those of dead consumers, new ones.

        Waits up to `wait_seconds` for a new one when there is nothing.
        """
        ...

    async def touch(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        """Say that these are still worked on, so that nobody takes them over."""
        ...

    async def join(self, topic: str) -> None:
        """Take this group's place at the end of a topic; one that was there before keeps its place."""
        ...

    async def read_after(self, topic: str, position: str, *, limit: int = 1_000) -> list[Delivery]:
        """What was published behind a position ("0" for all that is kept), without taking it from anybody."""
        ...

    async def acknowledge(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        """Say that these were acted on, durably; they are not delivered to this group again."""
        ...

    async def close(self) -> None: ...
