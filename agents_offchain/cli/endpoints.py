"""Where the parts of a home answer: the value, and the file that tells scripts and the next start."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from agents_offchain.cli.places import endpoints_file
from agents_offchain.primitives.settings import Settings

Part = Literal["rpc", "artifacts", "page"]
PORTED: tuple[Part, ...] = ("rpc", "artifacts", "page")


@dataclass(frozen=True)
class Endpoints:
    """URLs of a home's parts."""

    rpc: str
    artifacts: str
    page: str
    redis: str

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
