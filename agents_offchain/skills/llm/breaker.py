"""Leave a provider alone that keeps failing, and try it again with one question after a while."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents_offchain.primitives.clock import Clock

FAILURES_TO_OPEN = 3
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 20.0, 600.0


@dataclass(slots=True)
class Breaker:
    """Closed while all is well; open after three failures in a row; each failure after the rest doubles it."""

    clock: Clock
    _failures: int = 0
    _rest_seconds: float = FIRST_REST_SECONDS
    _open_until: float = field(default=0.0)

    @property
    def is_open(self) -> bool:
        """Whether it is to be left alone now."""
        return self.clock.now_seconds() < self._open_until

    def succeeded(self) -> None:
        self._failures, self._rest_seconds, self._open_until = 0, FIRST_REST_SECONDS, 0.0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self._open_until = self.clock.now_seconds() + self._rest_seconds
            self._rest_seconds = min(2 * self._rest_seconds, LONGEST_REST_SECONDS)


@dataclass(slots=True)
class RateLimit:
    """Requests and tokens within the last minute; 0 is no limit."""

    clock: Clock
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    _spent: list[tuple[float, int]] = field(default_factory=list)

    def has_room(self, tokens: int) -> bool:
        """Whether one more request of so many tokens fits."""
        since = self.clock.now_seconds() - 60
        self._spent = [entry for entry in self._spent if entry[0] > since]
        is_too_often = 0 < self.requests_per_minute <= len(self._spent)
        used = sum(entry[1] for entry in self._spent)
        return not is_too_often and not 0 < self.tokens_per_minute < used + tokens

    def note(self, tokens: int) -> None:
        self._spent.append((self.clock.now_seconds(), tokens))
