"""The post's twin inside one process; `MemoryExchange` plays the server and outlives its hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents_offchain.messaging.errors import BusUnavailable
from agents_offchain.messaging.post import Entry, Lane, Parcel


@dataclass
class _Pending:
    consumer: str
    deliveries: int


@dataclass
class _LaneState:
    data: dict[int, bytes] = field(default_factory=dict)
    next_position: int = 0
    next_read: int = 0
    pending: dict[int, _Pending] = field(default_factory=dict)


class MemoryExchange:
    """Inboxes as dicts; a test switches it off and wipes it."""

    def __init__(self) -> None:
        self.lanes: dict[tuple[str, Lane], _LaneState] = {}
        self.is_down = False
        self.news = asyncio.Event()

    def lane(self, inbox: str, lane: Lane) -> _LaneState:
        return self.lanes.setdefault((inbox, lane), _LaneState())

    def open_entries(self, inbox: str) -> int:
        return sum(len(self.lane(inbox, lane).data) for lane in Lane)


class MemoryPost:
    """A `Post` on a `MemoryExchange`."""

    def __init__(self, server: MemoryExchange, inbox: str, consumer: str) -> None:
        self._server = server
        self._inbox = inbox
        self._consumer = consumer
        self._has_read = False

    async def exchange(self, parcels: Sequence[Parcel], done: Sequence[Entry]) -> None:
        self._require_up()
        for parcel in parcels:
            lane = self._server.lane(parcel.inbox, parcel.lane)
            lane.data[lane.next_position] = parcel.data
            lane.next_position += 1
        for entry in done:
            lane = self._server.lane(self._inbox, entry.lane)
            lane.pending.pop(int(entry.position), None)
            lane.data.pop(int(entry.position), None)
        if parcels:
            self._server.news.set()
        await asyncio.sleep(0)

    async def receive(self, lanes: Sequence[Lane], *, limit: int, wait_seconds: float) -> list[Entry]:
        self._require_up()
        found = [] if self._has_read else self._own()
        self._has_read = True
        found = found or self._new(lanes, limit)
        if not found and wait_seconds > 0:
            self._server.news.clear()
            try:
                async with asyncio.timeout(wait_seconds):
                    await self._server.news.wait()
            except TimeoutError:
                return []
            self._require_up()
            found = self._new(lanes, limit)
        return found

    async def backlog(self, inbox: str) -> int:
        self._require_up()
        return self._server.open_entries(inbox)

    async def close(self) -> None:
        """Nothing is held."""

    def _require_up(self) -> None:
        if self._server.is_down:
            raise BusUnavailable("The message server is switched off.")

    def _own(self) -> list[Entry]:
        return [
            self._hand_over(lane, position, pending.deliveries + 1)
            for lane in Lane
            for position, pending in sorted(self._server.lane(self._inbox, lane).pending.items())
            if pending.consumer == self._consumer
        ]

    def _new(self, lanes: Sequence[Lane], limit: int) -> list[Entry]:
        found: list[Entry] = []
        for lane in lanes:
            state = self._server.lane(self._inbox, lane)
            last = min(state.next_position, state.next_read + limit)
            found += [self._hand_over(lane, position, 1) for position in range(state.next_read, last)]
            state.next_read = last
        return found

    def _hand_over(self, lane: Lane, position: int, deliveries: int) -> Entry:
        state = self._server.lane(self._inbox, lane)
        state.pending[position] = _Pending(self._consumer, deliveries)
        return Entry(lane, str(position), state.data[position], deliveries)
