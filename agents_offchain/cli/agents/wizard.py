"""Words of a person, or flags, into a profile. Questions are asked only where somebody can answer them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from agents_offchain.primitives.errors import Refused
from agents_offchain.runtime.profiles.profile import Profile, load_profile
from agents_offchain.skills.catalog import ROOMS

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


class WishMissing(Refused):
    """A flag is needed where nobody can be asked."""


class WishWrong(Refused):
    """What was asked for cannot be an agent."""


@dataclass(frozen=True)
class Wishes:
    """What was said on the command line; None where nothing was."""

    name: str | None = None
    service: str | None = None
    price: str | None = None
    title: str | None = None
    description: str | None = None
    key: str | None = None
    work_seconds: int | None = None
    concurrency: int | None = None


Ask = Callable[[str, str], str]
"""(question, default) -> answer."""


def ask_terminal(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default or None))


def complete(wishes: Wishes, *, ask: Ask | None = None) -> tuple[str, Profile]:
    """Name and profile, with questions for what was not said.

    Args:
        ask: How to ask; None when nobody can be asked.

    Raises:
        WishMissing: something was not said and nobody can be asked.
        WishWrong: a value cannot be used; the message names it.
    """
    name = wishes.name or _answer(ask, "NAME", "Name of the agent (letters, digits, dashes)", "")
    if NAME.fullmatch(name) is None:
        raise WishWrong(f"{name[:60]!r} is no name for an agent.", mend="Use small letters, digits and dashes.")
    service = wishes.service or _answer(ask, "--service", f"What it does ({', '.join(ROOMS)})", next(iter(ROOMS)))
    if service not in ROOMS:
        raise WishWrong(f"No skill here does {service[:60]!r}.", mend=f"Known: {', '.join(ROOMS)}.")
    price = wishes.price or _answer(ask, "--price", "Price of one job, in whole tokens", "1.50")
    title, description = wishes.title or name.capitalize(), wishes.description or ""
    if ask is not None:
        title = wishes.title or ask("What people call it", title).strip()
        description = wishes.description or ask("One sentence about it", f"{title} does {service}.").strip()
    return name, _profile(wishes, name, service, price, title, description)


def can_ask() -> bool:
    """Whether somebody sits at the terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _answer(ask: Ask | None, flag: str, question: str, default: str) -> str:
    if ask is None:
        raise WishMissing(f"{flag} is missing.", mend="Say it, or run the command in a terminal to be asked.")
    return ask(question, default).strip()


def _profile(wishes: Wishes, name: str, service: str, price: str, title: str, description: str) -> Profile:
    offer: dict[str, Any] = {"type": service, "price": price}
    if wishes.work_seconds is not None:
        offer["work_seconds"] = wishes.work_seconds
    limits = {} if wishes.concurrency is None else {"concurrency": wishes.concurrency}
    document = {
        "agent": {"name": title, "description": description, "key": wishes.key or name},
        "services": [offer],
        "limits": limits,
    }
    try:
        return Profile.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        given = str(first["input"])[:60]
        raise WishWrong(f"{where} cannot be {given!r}: {first['msg']}.", mend="Say another.") from error


def take_file(path: Path, wishes: Wishes) -> tuple[str, Profile]:
    """A profile that somebody has written; its name is the command's, else the file's, and `--key` names another key.

    Raises:
        SettingsInvalid: the file is absent or wrong; the message names the field.
        WishWrong: it is no name for an agent.
    """
    name = wishes.name or path.stem
    if NAME.fullmatch(name) is None:
        raise WishWrong(f"{name[:60]!r} is no name for an agent.", mend="Use small letters, digits and dashes.")
    profile = load_profile(path)
    if wishes.key is None:
        return name, profile
    document = profile.model_dump()
    document["agent"]["key"] = wishes.key
    try:
        return name, Profile.model_validate(document)
    except ValidationError as error:
        raise WishWrong(
            f"{wishes.key[:60]!r} is no name for a key.", mend="Use small letters, digits, dashes."
        ) from error
