"""What a service is told, from the words of the command line, and checked before anything is paid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.llm.settings import SETTINGS, read_settings

_FIELD = re.compile(r"(?P<name>[a-z][a-z0-9_]{0,39})\s*(?:\((?P<kind>[a-z]+)\))?\s*(?::\s*(?P<description>.*))?")


class WordsUnclear(Refused):
    """An option is not written as its help says."""


@dataclass(frozen=True)
class Told:
    """Options that language services have names for."""

    question: str | None = None
    sentences: int | None = None
    fields: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    into: str | None = None
    points: tuple[str, ...] = ()

    def words(self) -> Iterator[str]:
        """The same as settings, each NAME=VALUE with a value in JSON.

        Raises:
            WordsUnclear: a field or a label is not written as such.
        """
        told = {
            "question": self.question,
            "sentences": self.sentences,
            "fields": [_field(text) for text in self.fields] or None,
            "labels": dict(_label(text) for text in self.labels) or None,
            "language": self.into,
            "rubric": list(self.points) or None,
        }
        return (f"{name}={json.dumps(value)}" for name, value in told.items() if value is not None)


def require_wanted(listing: str | None, service: str | None) -> str:
    """What is hired: a listing's number or a service's name.

    Raises:
        WordsUnclear: neither or both were said.
    """
    if (listing is None) == (service is None):
        raise WordsUnclear("Say whom to hire, once.", mend="Name a LISTING, or say --service NAME.")
    return str(listing if listing is not None else service)


def require_settings(service: str, settings: dict[str, Any]) -> None:
    """See that a language service is told what it needs, so that no pay is locked for a job that will be declined.

    Raises:
        SkillSettingsInvalid: a setting is unknown, missing or out of range.
    """
    if service in SETTINGS:
        read_settings(SETTINGS[service], service, settings)


def _field(text: str) -> dict[str, str]:
    found = _FIELD.fullmatch(text.strip())
    if found is None:
        raise WordsUnclear(f"{text[:60]!r} is no field.", mend="Write it as 'total_due (amount): what has to be paid'.")
    return {"name": found["name"], "kind": found["kind"] or "text", "description": found["description"] or ""}


def _label(text: str) -> tuple[str, str]:
    name, colon, meaning = text.partition(":")
    if not colon or not meaning.strip():
        raise WordsUnclear(f"{text[:60]!r} is no label.", mend="Write it as 'invoice: asks for money'.")
    return name.strip(), meaning.strip()
