"""Several providers of one chain: which to ask now, and which have failed lately.

The first one named is asked as long as it serves. One that fails, limits our rate, lags or lies is set aside for a
while, longer each time in a row, and the next is asked. When all are aside, the one that comes back soonest is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)
ASIDE_SECONDS = 5.0
LONGEST_ASIDE_SECONDS = 300.0


@dataclass
class Provider:
    """One URL and how it has served; times are of a clock that never jumps."""

    url: str
    failures: int = 0
    back_at: float = 0.0
    is_checked: bool = False


@dataclass
class Providers:
    """The providers of a node.

    Args:
        urls: Of JSON-RPC endpoints, separated by commas; the first is preferred.
    """

    urls: str
    monotonic: Callable[[], float] = time.monotonic
    all: list[Provider] = field(init=False)

    def __post_init__(self) -> None:
        self.all = [Provider(url.strip()) for url in self.urls.split(",") if url.strip()] or [Provider("")]

    @property
    def has_others(self) -> bool:
        return len(self.all) > 1

    def current(self) -> Provider:
        """Whom to ask now."""
        now = self.monotonic()
        serving = [provider for provider in self.all if provider.back_at <= now]
        return serving[0] if serving else min(self.all, key=lambda provider: provider.back_at)

    def has_served(self, provider: Provider) -> None:
        provider.failures = 0

    def set_aside(self, provider: Provider, reason: str) -> None:
        """Ask the others first for a while."""
        provider.failures += 1
        pause = min(ASIDE_SECONDS * 2.0 ** (provider.failures - 1), LONGEST_ASIDE_SECONDS)
        provider.back_at = self.monotonic() + pause
        if self.has_others:
            log.warning("provider_set_aside", provider=self.name_of(provider), seconds=pause, reason=reason)

    def name_of(self, provider: Provider) -> str:
        """For logs: a URL often carries a key, so its place and host alone."""
        host = provider.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        return f"{self.all.index(provider) + 1} of {len(self.all)} ({host})"
