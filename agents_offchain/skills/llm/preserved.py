"""What a translation has to keep: language, numbers, units, marks, names, length; what a reporter's worker checks.

In: a text, what is said to be its translation, the language. Out: facts that are the same on every machine. It asks no
model and reads no sense: a fluent text in the right language with every number, mark and unit in it passes, whatever it
means. How often that is right, on pairs and on faults, is printed by `make eval-language`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agents_offchain.skills.knowledge.words import split_words
from agents_offchain.skills.llm.languages import COMMON, guess_language
from agents_offchain.skills.llm.translate import cut_pieces, find_digits

RULE = "preserved-text/1"
PIECE_CHARACTERS = 400
"""Each piece of about so many characters has to be in the language, so that half a translation shows."""
LEAST_WORDS = 6
"""Below this nobody can tell a language by its common words."""
FEW_NAMES = 3
RUN_WORDS = 4
_MARKS = re.compile(
    r"https?://[^\s<>\")\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|0x[0-9a-fA-F]{6,}|\b[A-Za-z]+[-_]?\d+[A-Za-z\d-]*\b|\b[a-z]+_[a-z_]+\b"
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}(?= ?[a-z,.;:!?]|\s|$)")
_CALENDAR = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|english|german|french|spanish|italian",
    re.IGNORECASE,
)
_NUMBER = r"\d[\d.,]*\s?"
_UNITS: Mapping[str, str] = {
    "percent": rf"{_NUMBER}(?:%|percent|per cent|prozent|pour ?cent|por ciento|per cento)",
    "euro": rf"{_NUMBER}(?:€|eur\b|euros?\b)|€\s?\d",
    "dollar": rf"{_NUMBER}(?:\$|usd\b|dollars?\b|d[oó]lar(?:es)?\b|dollari?\b)|(?:\$|usd)\s?\d",
    "kilogram": rf"{_NUMBER}(?:kg\b|kilos?\b|kilogram\w*|chilogramm\w*)",
    "kilometre": rf"{_NUMBER}(?:km\b|kilom[eèé]t\w+|chilometr\w+)",
    "celsius": rf"{_NUMBER}(?:°\s?c\b|degrees? celsius|grad celsius)",
    "byte": rf"{_NUMBER}[kmgt]i?[bo]\b",
}
_MEASURE = {name: re.compile(form, re.IGNORECASE) for name, form in _UNITS.items()}


def check_translation(text: str, said: str, language: str) -> dict[str, Any]:
    """The facts about a claimed translation.

    Returns:
        ``can_tell``: false when the language is none that this rule knows, or the text is too short to tell; nothing
        else is to be concluded then. ``other_language``: what a piece is in instead, or empty. ``missing_numbers``,
        ``added_numbers``, ``missing_marks``, ``missing_units``: the first few. ``names_percent``: of the text's names
        that are there again, or None when too few can be seen. ``length_percent``; ``repeated_percent`` of runs of
        words beyond the text's own.
    """
    units = [name for name, form in _MEASURE.items() if form.search(text) and not form.search(said)]
    return {
        "can_tell": language in COMMON and len(split_words(said)) >= LEAST_WORDS and guess_language(said) is not None,
        "other_language": _other_language(said, language),
        "missing_numbers": sorted(find_digits(text) - find_digits(said))[:8],
        "added_numbers": sorted(find_digits(said) - find_digits(text))[:8],
        "missing_marks": sorted(set(_marks(text)) - set(_marks(said)))[:8],
        "missing_units": sorted(units),
        "names_percent": _names_percent(text, said),
        "length_percent": 100 * len(said) // max(len(text), 1),
        "repeated_percent": max(_repeated_percent(said) - _repeated_percent(text), 0),
        "rule": RULE,
    }


def _other_language(said: str, language: str) -> str:
    """The language of the first piece that is in another one; empty when none is."""
    pieces = cut_pieces(said, PIECE_CHARACTERS)
    for piece in pieces if len(pieces) > 1 else [said]:
        found = guess_language(piece) if len(split_words(piece)) >= LEAST_WORDS else None
        if found is not None and found != language:
            return found
    return ""


def _marks(text: str) -> list[str]:
    return [mark.rstrip(".,;:") for mark in _MARKS.findall(text)]


def _names_percent(text: str, said: str) -> int | None:
    """Names may change their ending or lose an accent, so four letters are enough; nouns of German are no names."""
    if guess_language(text) == "German":
        return None
    names = {name for name in _NAME.findall(text) if not _CALENDAR.fullmatch(name)}
    if len(names) < FEW_NAMES:
        return None
    words = {word[:4] for word in split_words(said)}
    return 100 * sum(name.lower()[:4] in words for name in names) // len(names)


def _repeated_percent(text: str) -> int:
    words = split_words(text)
    runs = [tuple(words[place : place + RUN_WORDS]) for place in range(len(words) - RUN_WORDS + 1)]
    return 100 * (len(runs) - len(set(runs))) // len(runs) if runs else 0
