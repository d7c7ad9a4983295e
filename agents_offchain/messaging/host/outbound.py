"""What leaves a host: frames collected by receiver and lane, sent in bundles, as many as wait, in one round trip.

While one round trip is under way the next one collects, so load makes bundles larger instead of making more of them.
An entry is acknowledged one round trip after the one that carried its answers: never the other way round.
Acknowledgements ride with what is sent next; when nothing is for `LINGER_SECONDS`, they go alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from agents_offchain.messaging.errors import BusUnavailable, SessionInvalid
from agents_offchain.messaging.metrics import DeliveryMetrics
from agents_offchain.messaging.post import Entry, Lane, Parcel, Post
from agents_offchain.messaging.protocols.bundle import MAX_BUNDLE_BYTES, pack
from agents_offchain.messaging.protocols.message import Frame
from agents_offchain.messaging.protocols.session import SessionBook
from agents_offchain.messaging.routing.directory import View
from agents_offchain.primitives.clock import Clock

log = structlog.get_logger(__name__)
MOST_WAITING_FRAMES = 20_000
MOST_FRAMES_AT_ONCE = 1_024
FRAMES_IN_PARCEL = 32
"""Half of what may travel: the receiver works on the first parcel while we still write the second."""
LINGER_SECONDS = 0.01
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0

Undeliverable = Callable[[str, Frame, str], None]
"""(host, frame, reason)"""


class Outbound:
    """See the module."""

    def __init__(
        self,
        post: Post,
        book: SessionBook,
        view: View,
        clock: Clock,
        metrics: DeliveryMetrics,
        on_undeliverable: Undeliverable,
    ) -> None:
        self._post = post
        self._book = book
        self._view = view
        self._clock = clock
        self._metrics = metrics
        self._on_undeliverable = on_undeliverable
        self._waiting: deque[tuple[str, Lane, Frame]] = deque()
        self._acknowledged: list[Entry] = []
        self._answered: list[Entry] = []
        self._last_ticket = self._taken = 0
        self._watchers: list[tuple[int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_due = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def __len__(self) -> int:
        """Frames that wait to be sent."""
        return len(self._waiting)

    def send(self, host: str, lane: Lane, frame: Frame) -> int:
        """Have a frame sent to a host; a ticket for `taken`."""
        self._waiting.append((host, lane, frame))
        self._last_ticket += 1
        if len(self._waiting) >= MOST_WAITING_FRAMES:
            self._room.clear()
        self._is_idle.clear()
        self._news.set()
        return self._last_ticket

    async def taken(self, ticket: int) -> None:
        """Wait until the server holds what was sent under this ticket."""
        if ticket > self._taken:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watchers.append((ticket, future))
            await future

    def acknowledge(self, entry: Entry) -> None:
        """Everything in this entry was acted on, and the answers were handed to `send` before."""
        self._answered.append(entry)
        self._is_idle.clear()
        self._linger()

    async def room(self) -> None:
        """Wait until there is room: back-pressure for whoever sends faster than the server takes."""
        if not self._room.is_set():
            await self._room.wait()

    async def idle(self) -> None:
        """Wait until everything was sent and acknowledged."""
        await self._is_idle.wait()

    async def run(self) -> None:
        """Send for ever; what the server did not take is sent again, and receivers know repetitions by their ids."""
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(0)  # let everything that is ready now join this round trip
            while self._waiting or (self._is_due and self._has_done()):
                await self._round_trip()
            self._is_due = False
            if self._has_done():
                self._linger()
            else:
                self._is_idle.set()

    def _has_done(self) -> bool:
        return bool(self._answered or self._acknowledged)

    def _linger(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._let_go)

    def _let_go(self) -> None:
        self._timer, self._is_due = None, True
        self._news.set()

    async def _round_trip(self) -> None:
        frames = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_FRAMES_AT_ONCE))]
        answered = [] if self._waiting else self._answered
        if answered:
            self._answered = []
        done, self._acknowledged = self._acknowledged, []
        parcels = list(self._parcels(frames))
        await self._until_taken(parcels, done)
        self._acknowledged += answered
        self._taken += len(frames)
        if self._watchers:
            self._tell_watchers()
        self._metrics.count("bundles_sent", len(parcels))
        self._metrics.count("sent", len(frames))
        self._metrics.count("acknowledged", len(done))
        if len(self._waiting) < MOST_WAITING_FRAMES // 2:
            self._room.set()

    def _tell_watchers(self) -> None:
        for ticket, future in self._watchers:
            if ticket <= self._taken and not future.done():
                future.set_result(None)
        self._watchers = [(ticket, future) for ticket, future in self._watchers if not future.done()]

    async def _until_taken(self, parcels: list[Parcel], done: list[Entry]) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._post.exchange(parcels, done)
                return
            except BusUnavailable as error:
                self._metrics.count("bus_failures")
                log.warning("messages_wait", reason=error.message, bundles=len(parcels))
                await self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _parcels(self, frames: Iterable[tuple[str, Lane, Frame]]) -> Iterable[Parcel]:
        grouped: dict[tuple[str, Lane], list[Frame]] = {}
        for host, lane, frame in frames:
            grouped.setdefault((host, lane), []).append(frame)
        for (host, lane), group in grouped.items():
            session = self._view.session_of(host)
            for chunk in _chunks(group):
                try:
                    if session is None:
                        raise SessionInvalid(f"The host {host} is unknown.")
                    data = pack(self._book, session, chunk)
                except SessionInvalid as error:
                    for frame in chunk:
                        self._on_undeliverable(host, frame, error.message)
                    continue
                yield Parcel(host, lane, data)


def _chunks(frames: list[Frame]) -> Iterable[list[Frame]]:
    """Parts that fit into one bundle each."""
    chunk: list[Frame] = []
    size = 0
    for frame in frames:
        more = frame.size + 16
        if chunk and (len(chunk) == FRAMES_IN_PARCEL or size + more > MAX_BUNDLE_BYTES - 4_096):
            yield chunk
            chunk, size = [], 0
        chunk.append(frame)
        size += more
    if chunk:
        yield chunk
