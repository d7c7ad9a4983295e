"""A program that somebody else wrote, as data, read strictly.

It comes from a language model, or stands in the result of an agent that is being checked.

In: JSON-like data that nobody has checked, in the shape of a program's `as_dict`. Out: a program that the grammar could
have made, or a refusal. Whoever wrote it chooses among our programs over our classes; they bring no code and no words
that the question does not have: `require_grounded`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args

from agents_offchain.skills.vision.reasoning.colours import ALIASES, COLOURS
from agents_offchain.skills.vision.reasoning.parse import MAX_ANCHORS, NotUnderstood
from agents_offchain.skills.vision.reasoning.program import (
    RELATIONS,
    CompareCounts,
    Count,
    Exist,
    FindText,
    Identify,
    Locate,
    NameColour,
    Program,
    ReadText,
    Region,
    Relate,
    Relation,
    Superlative,
    Things,
)
from agents_offchain.skills.vision.reasoning.vocabulary import NARROWER_THAN_A_CLASS, Nouns

MAX_NUMBER = 999
MAX_TEXT_CHARACTERS = 100
CHOICES: Mapping[str, tuple[str, ...]] = {
    "relation": RELATIONS,
    "region": get_args(Region),
    "superlative": get_args(Superlative),
    "colour": COLOURS,
}


def read_program(data: Any, nouns: Nouns) -> Program:
    """The program in some data.

    Args:
        nouns: What the detector knows; labels are taken from it, not from the data.

    Raises:
        NotUnderstood: it is none of our programs; the text says where.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("do"), str):
        raise NotUnderstood("The proposal is no program.")
    kind = READERS.get(data["do"])
    if kind is None:
        raise NotUnderstood(f"The proposal wants to do {data['do'][:40]!r}, which is not known.")
    names, build = kind
    _require_only(data, ("do", *names))
    return build(_Fields(data, nouns))


def require_grounded(program: Program, question: str, nouns: Nouns) -> None:
    """Every class, colour and text of a program has to be a word of the question.

    Raises:
        NotUnderstood: the program is about something that was not asked.
    """
    asked = " ".join(re.findall(r"[a-z0-9]+", question.casefold()))
    for word in _words_of(program):
        plain = " ".join(re.findall(r"[a-z0-9]+", word.casefold()))
        same = {plain, *(alias for alias, name in ALIASES.items() if name == plain)}
        same |= {noun for noun in nouns if plain in nouns and nouns[noun] == nouns[plain]}
        if not plain or not any(f" {form} " in f" {asked} " for form in same):
            raise NotUnderstood(f"The proposal is about {word[:40]!r}, which the question does not name.")


class _Fields:
    """The fields of one program, each read by its kind."""

    def __init__(self, data: Mapping[str, Any], nouns: Nouns) -> None:
        self.data, self.nouns = data, nouns

    def things(self, name: str) -> Things:
        return _things(self.data.get(name), self.nouns, MAX_ANCHORS)

    def relation(self) -> Relation:
        relation: Relation | None = _choice(self.data, "relation")
        if relation is None:
            raise NotUnderstood("The proposal names no relation.")
        return relation

    def number(self, name: str, default: int | None) -> int | None:
        value = self.data.get(name, default)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER
        ):
            raise NotUnderstood(f"The proposal's {name} is not a number from 0 to {MAX_NUMBER}.")
        return value


def _things(data: Any, nouns: Nouns, anchors_left: int) -> Things:
    if not isinstance(data, Mapping):
        raise NotUnderstood("The proposal names no things.")
    _require_only(data, tuple(field.name for field in fields(Things)))
    noun = data.get("noun")
    noun = noun.strip().casefold() if isinstance(noun, str) else ""
    if noun in NARROWER_THAN_A_CLASS or noun not in nouns:
        raise NotUnderstood(f"{noun[:40]!r} is nothing that the detector knows.")
    relation, anchor = _choice(data, "relation"), data.get("anchor")
    if (relation is None) != (anchor is None) or (anchor is not None and not anchors_left):
        raise NotUnderstood(f"The proposal's places do not hang together, or are more than {MAX_ANCHORS}.")
    stands_to = None if anchor is None else _things(anchor, nouns, anchors_left - 1)
    colour, region, superlative = (_choice(data, name) for name in ("colour", "region", "superlative"))
    return Things(noun, tuple(sorted(nouns[noun])), colour, region, superlative, relation, stands_to)


def _choice(data: Mapping[str, Any], name: str) -> Any:
    value = data.get(name)
    if value is not None and value not in CHOICES[name]:
        raise NotUnderstood(f"The proposal's {name} is {str(value)[:40]!r}, which is not known.")
    return value


def _require_only(data: Mapping[str, Any], names: tuple[str, ...]) -> None:
    unknown = sorted(str(name)[:40] for name in data if name not in names)
    if unknown:
        raise NotUnderstood(f"The proposal has a field {unknown[0]!r}, which is not known.")


def _exist(given: _Fields) -> Program:
    least, most = given.number("at_least", 1), given.number("at_most", None)
    if least is None or (most is not None and most < least):
        raise NotUnderstood("The proposal's numbers fit nothing.")
    return Exist(given.things("things"), least, most)


def _read_text(given: _Fields) -> Program:
    named = [given.data.get(name) is not None for name in ("relation", "anchor")]
    if any(named) != all(named):
        raise NotUnderstood("The proposal names a relation or an anchor alone.")
    return ReadText(given.relation(), given.things("anchor")) if all(named) else ReadText()


def _find_text(given: _Fields) -> Program:
    text = given.data.get("text")
    if not isinstance(text, str) or not 1 <= len(text.strip()) <= MAX_TEXT_CHARACTERS:
        raise NotUnderstood("The proposal names no text to look for.")
    return FindText(text.strip())


READERS: Mapping[str, tuple[tuple[str, ...], Callable[[_Fields], Program]]] = {
    "count": (("things",), lambda given: Count(given.things("things"))),
    "exist": (("at_least", "at_most", "things"), _exist),
    "compare-counts": (("more", "fewer"), lambda given: CompareCounts(given.things("more"), given.things("fewer"))),
    "relate": (
        ("subject", "relation", "anchor"),
        lambda given: Relate(given.things("subject"), given.relation(), given.things("anchor")),
    ),
    "name-colour": (("things",), lambda given: NameColour(given.things("things"))),
    "locate": (("things",), lambda given: Locate(given.things("things"))),
    "identify": (("relation", "anchor"), lambda given: Identify(given.relation(), given.things("anchor"))),
    "read-text": (("relation", "anchor"), _read_text),
    "find-text": (("text",), _find_text),
}
"""By what a program does: its fields, and how they are read."""


def _words_of(program: Program) -> Iterator[str]:
    match program:
        case FindText(text):
            yield text
        case CompareCounts(more, fewer):
            yield from _words_of_things(more)
            yield from _words_of_things(fewer)
        case Relate(subject, _, anchor):
            yield from _words_of_things(subject)
            yield from _words_of_things(anchor)
        case Identify(_, anchor):
            yield from _words_of_things(anchor)
        case ReadText(_, anchor):
            if anchor is not None:
                yield from _words_of_things(anchor)
        case Count(things) | Exist(things) | NameColour(things) | Locate(things):
            yield from _words_of_things(things)


def _words_of_things(things: Things) -> Iterator[str]:
    yield things.noun
    if things.colour is not None:
        yield things.colour
    if things.anchor is not None:
        yield from _words_of_things(things.anchor)
