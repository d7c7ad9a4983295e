"""From a question in English to a program: a small grammar read left to right, nothing guessed.

Every word of the question must be used, or be one of a short list of words that change nothing. What is left over is an
error that names it: an answer to half a question is a wrong answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from agents_offchain.skills.vision.reasoning.colours import ALIASES, COLOURS
from agents_offchain.skills.vision.reasoning.program import (
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
from agents_offchain.skills.vision.reasoning.vocabulary import NARROWER_THAN_A_CLASS, NOUNS, Nouns

MAX_QUESTION_CHARACTERS = 300
MAX_ANCHORS = 3

RELATION_WORDS: tuple[tuple[tuple[str, ...], Relation], ...] = (
    (("to", "the", "left", "of"), "left of"),
    (("to", "the", "right", "of"), "right of"),
    (("on", "the", "left", "of"), "left of"),
    (("on", "the", "right", "of"), "right of"),
    (("left", "of"), "left of"),
    (("right", "of"), "right of"),
    (("on", "top", "of"), "above"),
    (("above",), "above"),
    (("over",), "above"),
    (("below",), "below"),
    (("under",), "below"),
    (("beneath",), "below"),
    (("next", "to"), "near"),
    (("close", "to"), "near"),
    (("beside",), "near"),
    (("near",), "near"),
    (("inside",), "inside"),
    (("overlapping",), "overlapping"),
)


def _ways_to_say(name: str) -> tuple[tuple[str, ...], ...]:
    return (
        ("on", "the", name, "side"),
        ("on", "the", name),
        ("at", "the", name),
        ("in", "the", name, "half"),
        ("in", "the", name),
    )


REGION_NAMES: tuple[tuple[Region, tuple[str, ...]], ...] = (
    ("left", ("left",)),
    ("right", ("right",)),
    ("top", ("top", "upper")),
    ("bottom", ("bottom", "lower")),
    ("middle", ("middle", "centre", "center")),
)
REGION_WORDS: tuple[tuple[tuple[str, ...], Region], ...] = tuple(
    (words, region) for region, names in REGION_NAMES for name in names for words in _ways_to_say(name)
)
SUPERLATIVES: dict[str, Superlative] = {
    "largest": "largest",
    "biggest": "largest",
    "smallest": "smallest",
    "leftmost": "leftmost",
    "rightmost": "rightmost",
    "topmost": "topmost",
    "highest": "topmost",
    "bottommost": "bottommost",
    "lowest": "bottommost",
}
NUMBERS = {
    word: number
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}
ARTICLES = frozenset({"a", "an", "the", "any", "some", "this", "that", "these", "those", "all"})
POSTURES = frozenset(
    {"are", "is", "stand", "stands", "standing", "sit", "sits", "sitting", "lie", "lies", "lying", "located"}
)
PICTURES = ("picture", "image", "photo", "photograph", "scene")
WITHOUT_MEANING: tuple[tuple[str, ...], ...] = (
    *(
        (*verb, word, article, name)
        for verb in ((), ("are",), ("is",))
        for word in ("in", "of", "on")
        for article in ("the", "this")
        for name in PICTURES
    ),
    ("can", "you", "see"),
    ("do", "you", "see"),
    ("can", "be", "seen"),
    ("are", "visible"),
    ("is", "visible"),
    ("are", "there"),
    ("is", "there"),
    ("visible",),
    ("there",),
    ("please",),
)


class NotUnderstood(Exception):
    """The question is outside the grammar; the text says which part, for the person who asked."""


def parse_question(question: str, nouns: Nouns = NOUNS) -> Program:
    """Read one question.

    Args:
        question: English, at most 300 characters. Text to look for stands in double quotes.
        nouns: What the detector knows; see `nouns_of`.

    Raises:
        NotUnderstood: a part of the question is not known.
    """
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise NotUnderstood(f"The question has {len(question)} characters; at most {MAX_QUESTION_CHARACTERS} are read.")
    quoted = re.search(r"[\"“”]([^\"“”]{1,100})[\"“”]", question)
    if quoted is not None:
        return _parse_quoted(question, quoted.group(1))
    words = _Words(re.findall(r"[a-z0-9]+", question.lower().replace("'s", " is")), nouns)
    for opening, rest in OPENINGS:
        if words.take(*opening):
            program = rest(words)
            words.skip_fillers()
            if words.left:
                raise NotUnderstood(f"The words {' '.join(words.left)!r} are not understood here.")
            return program
    raise NotUnderstood("The question does not begin like one that is understood.")


class _Words:
    """The words that are still to be read."""

    def __init__(self, words: Sequence[str], nouns: Nouns) -> None:
        self.left = list(words)
        self.nouns = nouns

    def take(self, *words: str) -> bool:
        if tuple(self.left[: len(words)]) != words:
            return False
        del self.left[: len(words)]
        return True

    def take_one(self, words: frozenset[str]) -> str | None:
        return self.left.pop(0) if self.left and self.left[0] in words else None

    def noun_words(self, start: int = 0) -> int:
        """How many of the words from there on are one noun; 0 when they are none."""
        words = self.left[start:]
        longest = max(len(noun.split()) for noun in self.nouns)
        return next((n for n in range(min(longest, len(words)), 0, -1) if " ".join(words[:n]) in self.nouns), 0)

    def skip_fillers(self) -> None:
        while any(self.take(*filler) for filler in WITHOUT_MEANING):
            pass


def _parse_quoted(question: str, text: str) -> Program:
    asked = " ".join(re.findall(r"[a-z]+", re.sub(r"[\"“”][^\"“”]*[\"“”]", " ", question.lower())))
    if re.fullmatch(
        r"(does (it|the (sign|text|picture|image|photo)) (say|read|contain|show)( the (words?|text))?"
        r"|(is|are) (there )?(the )?(words?|text)( (written|visible|there))?( in the (picture|image|photo))?"
        r"|can you (read|see)( the (words?|text))?)",
        asked,
    ):
        return FindText(text)
    raise NotUnderstood("Words in quotes are looked for by questions like: does it say “open”?")


def _things(words: _Words, anchors_left: int = MAX_ANCHORS) -> Things:
    """A noun phrase: articles, a superlative, a colour, a noun, then a place or a relation to another."""
    words.skip_fillers()
    while words.take_one(ARTICLES):
        pass
    superlative = SUPERLATIVES.get(words.left[0]) if words.left else None
    if superlative is not None:
        words.left.pop(0)
    colour = None
    if words.left and ALIASES.get(words.left[0], words.left[0]) in COLOURS and words.noun_words(1):
        colour = words.left.pop(0)
        colour = ALIASES.get(colour, colour)
    count = words.noun_words()
    if not count:
        named = words.left[0] if words.left else ""
        raise NotUnderstood(
            f"{named!r} is nothing that the detector knows." if named else "The question ends too early."
        )
    noun = " ".join(words.left[:count])
    if noun in NARROWER_THAN_A_CLASS:
        raise NotUnderstood(
            f"{noun!r} says more than the detector can see; it knows persons, cats and dogs of any kind."
        )
    del words.left[:count]
    region, relation, anchor = _place(words, anchors_left)
    return Things(noun, tuple(sorted(words.nouns[noun])), colour, region, superlative, relation, anchor)


def _place(words: _Words, anchors_left: int) -> tuple[Region | None, Relation | None, Things | None]:
    words.skip_fillers()
    before = list(words.left)
    for filler in (("that",), ("which",), ("who",)):
        words.take(*filler)
    words.take_one(POSTURES)
    relation = _relation(words)
    if relation is not None:
        if not anchors_left:
            raise NotUnderstood(f"More than {MAX_ANCHORS} places in one question are not followed.")
        return None, relation, _things(words, anchors_left - 1)
    for region_words, region in REGION_WORDS:
        if words.take(*region_words):
            return region, None, None
    if words.left:
        words.left = before
    return None, None, None


def _relation(words: _Words) -> Relation | None:
    return next((relation for phrase, relation in RELATION_WORDS if words.take(*phrase)), None)


def _number(words: _Words) -> int:
    word = words.left.pop(0) if words.left else ""
    if word in NUMBERS:
        return NUMBERS[word]
    if word.isdecimal() and len(word) <= 3:
        return int(word)
    raise NotUnderstood(f"{word!r} is not a number from zero to ten, nor digits.")


def _count(words: _Words) -> Program:
    return Count(_things(words))


def _exist(words: _Words) -> Program:
    words.skip_fillers()
    if words.take("more", "than"):
        return Exist(at_least=_number(words) + 1, things=_things(words))
    if words.take("at", "least"):
        return Exist(at_least=_number(words), things=_things(words))
    if words.take("fewer", "than") or words.take("less", "than"):
        return Exist(at_least=0, at_most=_number(words) - 1, things=_things(words))
    if words.take("exactly") or words.take("only") or words.take("just"):
        number = 1 if words.take_one(ARTICLES) else _number(words)
        return Exist(at_least=number, at_most=number, things=_things(words))
    if words.take("no"):
        return Exist(at_least=0, at_most=0, things=_things(words))
    if words.take("more"):
        more = _things(words)
        if not words.take("than"):
            raise NotUnderstood("More than what?")
        return CompareCounts(more, _things(words))
    if words.left and words.left[0] in NUMBERS:
        return Exist(at_least=_number(words), things=_things(words))
    return Exist(_things(words))


def _relate(words: _Words) -> Program:
    """After "is the": one thing, its place, another; or a thing and a part of the picture."""
    subject = _things(words)
    if subject.relation is not None and subject.anchor is not None:
        bare = Things(subject.noun, subject.labels, subject.colour, subject.region, subject.superlative)
        return Relate(bare, subject.relation, subject.anchor)
    if subject.region is not None:
        return Exist(subject)
    adjective = words.left.pop(0) if words.left else ""
    colour = ALIASES.get(adjective, adjective)
    if colour in COLOURS:
        return Exist(Things(subject.noun, subject.labels, colour, subject.region, subject.superlative))
    raise NotUnderstood(f"It is not understood what is asked about the {subject.noun}.")


def _colour(words: _Words) -> Program:
    return NameColour(_things(words))


def _locate(words: _Words) -> Program:
    return Locate(_things(words))


def _identify(words: _Words) -> Program:
    relation = _relation(words)
    if relation is None:
        raise NotUnderstood("What is asked about is named by its place: what is left of the cup?")
    return Identify(relation, _things(words))


def _read(words: _Words) -> Program:
    words.skip_fillers()
    relation = _relation(words)
    if relation is None and words.take_one(frozenset({"on", "in"})):
        relation = "overlapping"
    return ReadText() if relation is None else ReadText(relation, _things(words))


def _say(words: _Words) -> Program:
    """After "what does": "the sign say", "the text read", "it say"."""
    for bare in (("it",), ("the", "sign"), ("the", "text"), ("the", "caption"), ("the", "picture"), ("the", "image")):
        if words.take(*bare):
            program = ReadText()
            break
    else:
        program = ReadText("overlapping", _things(words))
    if not (words.take("say") or words.take("read")):
        raise NotUnderstood("What does it … say?")
    return program


OPENINGS: tuple[tuple[tuple[str, ...], Callable[[_Words], Program]], ...] = (
    (("how", "many"), _count),
    (("count", "the"), _count),
    (("is", "there"), _exist),
    (("are", "there"), _exist),
    (("do", "you", "see"), _exist),
    (("can", "you", "see"), _exist),
    (("is",), _relate),
    (("are",), _relate),
    (("what", "colour", "is"), _colour),
    (("what", "color", "is"), _colour),
    (("what", "colour", "are"), _colour),
    (("what", "color", "are"), _colour),
    (("where", "is"), _locate),
    (("where", "are"), _locate),
    (("what", "does"), _say),
    (("what", "is", "written"), _read),
    (("what", "text", "is"), _read),
    (("what", "words", "are"), _read),
    (("read", "the", "text"), _read),
    (("what", "is"), _identify),
    (("what", "are"), _identify),
)
"""Tried in this order; a longer opening stands before the shorter one that it begins with."""
