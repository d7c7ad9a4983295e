"""Words as retrieval and checking see them: folded, stemmed a little, with numbers in one spelling.

Everything here is exact and the same on every machine, so that two reporters count alike.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|%")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP = _listed(
    """a an the of to in on at by for from with as and or but if then than so that this these those it its is are was
    were be been being am do does did have has had will would shall should can could may might must there here which who
    whom whose what when where why how i you he she we they them him her us my your his our their me into onto over
    under about also any all each every some such only just very more most other own same s t up out per via vs"""
)
NEGATIONS = _listed(
    """no not never none nobody nothing neither nor cannot without isn't aren't wasn't weren't don't doesn't didn't
    won't can't couldn't shouldn't wouldn't mustn't hasn't haven't hadn't"""
)
_TO_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty"""
_ROUND = {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100"}
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_TO_TWENTY.split())} | _ROUND | {"thousand": "1000"}


def split_words(text: str) -> list[str]:
    """Folded words in order: lower case, compatibility forms joined, numbers without thousands marks."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return [_plain_number(token) if token[0].isdigit() else token for token in _TOKEN.findall(folded)]


def stem(word: str) -> str:
    """The word without the commonest English endings; other languages pass with little change."""
    if len(word) <= 3 or not word.isalpha():
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + instead
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")):
            word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order; number words as digits."""
    words = (_NUMBER_WORDS.get(word, word) for word in split_words(text))
    return [stem(word) for word in words if word not in STOP and word not in NEGATIONS]


def find_numbers(text: str) -> set[str]:
    """Every number in the text, digits or word, in one spelling (`1,000.50` and `1000.5` are the same)."""
    return {number for word in split_words(text) if (number := _NUMBER_WORDS.get(word, word))[0].isdigit()}


def has_negation(text: str) -> bool:
    """True when a word says no."""
    return any(word in NEGATIONS for word in split_words(text))


def _plain_number(token: str) -> str:
    """`1,000.50` as `1000.5`; what is no single number, such as a version, stays as it is."""
    plain = token.replace(",", "") if _THOUSANDS.fullmatch(token) else token
    if plain.count(".") > 1 or "," in plain:
        return plain
    return format(Decimal(plain).normalize(), "f")
