"""Where the parts of a home answer: the value, and the file that tells scripts and the next start."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from agents_offchain.cli.places import endpoints_file
from agents_offchain.primitives.errors import Retryable
from agents_offchain.primitives.settings import Settings


class EndpointsMissing(Retryable):
    """There is no telling where a home's parts answer."""


Part = Literal["rpc", "artifacts", "page", "language"]
PORTED: tuple[Part, ...] = ("rpc", "artifacts", "page")


@dataclass(frozen=True)
class Endpoints:
    """URLs of a home's parts; `language` is empty without a language server."""

    rpc: str
    artifacts: str
    page: str
    redis: str
    language: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def save_endpoints(settings: Settings, endpoints: Endpoints) -> None:
    """Write `<home>/endpoints.json`, whole or not at all."""
    draft = endpoints_file(settings).with_suffix(".new")
    draft.write_text(json.dumps(endpoints.as_dict(), indent=1))
    draft.replace(endpoints_file(settings))


def last_port(settings: Settings, part: Part) -> int | None:
    """The port of the last run, so that a wallet's network and a bookmark stay good."""
    try:
        return int(json.loads(endpoints_file(settings).read_text())[part].rsplit(":", 1)[1])
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None


def load_endpoints(settings: Settings) -> Endpoints:
    """Where the parts of a home that is up answer.

    Raises:
        EndpointsMissing: the home is still starting, or was never up.
    """
    try:
        document = json.loads(endpoints_file(settings).read_text())
        return Endpoints(
            **{part: str(document.get(part, "")) for part in ("rpc", "artifacts", "page", "redis", "language")}
        )
    except (OSError, ValueError, AttributeError) as error:
        raise EndpointsMissing(
            "The home does not say yet where its parts answer.", mend="Wait until `aitbc status` is fine."
        ) from error
