"""What waits inside a host: three lanes by weight, and inside a lane the senders in turn.

Of every 21 items 16 come from the urgent lane, 4 from the normal and 1 from the bulk lane, as far as each has any:
urgent work overtakes, bulk work always moves, and a sender with a thousand messages keeps no other one waiting.

Source: weighted round robin with deficits, M. Shreedhar and G. Varghese, IEEE/ACM ToN 4(3), 1996, at one unit an item.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from agents_offchain.messaging.post import Lane

Item = TypeVar("Item")
WEIGHTS = {Lane.URGENT: 16, Lane.NORMAL: 4, Lane.BULK: 1}
LANES = tuple(Lane)
_CREDITS = tuple(WEIGHTS[lane] for lane in LANES)


class FairQueue(Generic[Item]):
    """Items by lane and sender; `capacity` for each lane."""

    def __init__(self, capacity: int = 1_024) -> None:
        self._capacity = capacity
        self._senders: list[dict[str, deque[Item]]] = [{} for _ in LANES]
        self._turns: list[deque[str]] = [deque() for _ in LANES]
        self._counts = [0] * len(LANES)
        self._total = 0
        self._credit = list(_CREDITS)

    def __len__(self) -> int:
        return self._total

    def has_room(self, lane: Lane) -> bool:
        return self._counts[lane] < self._capacity

    def depths(self) -> dict[str, int]:
        """How much waits, by lane."""
        return {lane.name.lower(): self._counts[lane] for lane in LANES}

    def open_lanes(self) -> list[Lane]:
        """Those that take more."""
        return [lane for lane in LANES if self._counts[lane] < self._capacity]

    def put(self, lane: Lane, sender: str, item: Item) -> None:
        waiting = self._senders[lane].get(sender)
        if waiting is None:
            waiting = self._senders[lane][sender] = deque()
            self._turns[lane].append(sender)
        waiting.append(item)
        self._counts[lane] += 1
        self._total += 1

    def take(self) -> Item:
        """The next item. Raises IndexError when there is none."""
        lane = self._next_lane()
        turns = self._turns[lane]
        sender = turns.popleft()
        waiting = self._senders[lane][sender]
        item = waiting.popleft()
        if waiting:
            turns.append(sender)
        else:
            del self._senders[lane][sender]
        self._counts[lane] -= 1
        self._total -= 1
        return item

    def _next_lane(self) -> int:
        for _ in range(2):
            for lane, count in enumerate(self._counts):
                if count and self._credit[lane] > 0:
                    self._credit[lane] -= 1
                    return lane
            self._credit = list(_CREDITS)
        raise IndexError("nothing waits")
