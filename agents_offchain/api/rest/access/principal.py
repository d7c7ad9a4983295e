"""Who calls, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agents_offchain.api.rest.errors import HttpRefused

REGISTER, MESSAGE, DECIDE = "agents:register", "messages:send", "decisions:write"
SCOPES = frozenset({REGISTER, MESSAGE, DECIDE})


class Unauthenticated(HttpRefused):
    """No proof of who calls, or one that is no good."""

    status: ClassVar[int] = 401


class Forbidden(HttpRefused):
    """Who calls may not do this."""

    status: ClassVar[int] = 403


@dataclass(frozen=True)
class Principal:
    """A caller. `name` is `wallet:0x...` or `key:<id>`; a service has no wallet (20 bytes)."""

    name: str
    scopes: frozenset[str]
    wallet: bytes | None = None

    def require(self, scope: str) -> None:
        """Raises Forbidden without this scope."""
        if scope not in self.scopes:
            raise Forbidden(f"This caller lacks the scope {scope!r}.", mend="Use a key or a token that has it.")
