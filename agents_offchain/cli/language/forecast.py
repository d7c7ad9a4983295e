"""`aitbc language forecast`: what a job would cost the models of this home, before anybody takes it."""

from __future__ import annotations

from pathlib import Path

from agents_offchain.cli.bootstrap.language import read_catalogue, read_experience
from agents_offchain.cli.console import Console
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.catalog import CHECKING, LANGUAGE, ROOMS
from agents_offchain.skills.llm.forecast import forecast_job


class ForecastRefused(Refused):
    """There is nothing to foresee, or these models cannot do it."""


def run_forecast(settings: Settings, console: Console, service: str, file: Path) -> int:
    """Exit code 0 when it can be done."""
    offered = sorted(name for name, room in ROOMS.items() if room == LANGUAGE and name not in CHECKING)
    if service not in offered:
        raise ForecastRefused(f"{service[:40]!r} is no language service.", mend=f"There are: {', '.join(offered)}.")
    try:
        size = file.stat().st_size
    except OSError as error:
        raise ForecastRefused(f"{file} cannot be read: {error.strerror}.", mend="Name another file.") from error
    found = forecast_job(service, size, read_catalogue(settings), read_experience(settings), SystemClock())
    if found.against:
        raise ForecastRefused(found.against, mend="Set AITBC_LANGUAGE_MODEL, or a file of models in AITBC_LANGUAGE.")
    console.document(
        {
            "service": service,
            "model": found.model or None,
            "calls": found.calls,
            "most_usd": found.most_usd,
            "most_usd_picos": str(found.most_usd_picos),
            "seconds": round(found.seconds, 1),
            "considered": [one.as_dict() for one in found.considered],
        }
    )
    if not found.model:
        console.line(f"{service} asks no model here: it quotes the document and costs nothing but time.")
        return 0
    console.line(
        f"{service} asks {found.model}, up to {found.calls} times with repairs: "
        f"at most {found.most_usd}, about {found.seconds:.0f} s."
    )
    return 0
