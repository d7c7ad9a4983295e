"""The typed programs that a question becomes. They are data: printed into the result, compared by reporters, run by
`execute`. A language model may propose one, as JSON of the same shape; it is validated like anything from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Relation: TypeAlias = Literal["left of", "right of", "above", "below", "near", "inside", "overlapping"]
Region: TypeAlias = Literal["left", "right", "top", "bottom", "middle"]
Superlative: TypeAlias = Literal["largest", "smallest", "leftmost", "rightmost", "topmost", "bottommost"]

RELATIONS: tuple[Relation, ...] = ("left of", "right of", "above", "below", "near", "inside", "overlapping")


@dataclass(frozen=True, slots=True)
class Things:
    """A set of objects: the classes that a noun covers, narrowed by what the question adds.

    Attributes:
        noun: As asked, for people.
        labels: Classes of the detector; ascending, never empty.
        colour: One of `colours.COLOURS`, or None.
        region: A part of the picture, or None.
        superlative: Keeps one object, or None.
        relation: With ``anchor``: only objects that stand so to at least one object of the anchor.
    """

    noun: str
    labels: tuple[str, ...]
    colour: str | None = None
    region: Region | None = None
    superlative: Superlative | None = None
    relation: Relation | None = None
    anchor: Things | None = None

    def as_dict(self) -> dict[str, Any]:
        given: dict[str, Any] = {"noun": self.noun, "labels": list(self.labels)}
        for name in ("colour", "region", "superlative", "relation"):
            if getattr(self, name) is not None:
                given[name] = getattr(self, name)
        if self.anchor is not None:
            given["anchor"] = self.anchor.as_dict()
        return given


@dataclass(frozen=True, slots=True)
class Count:
    """How many?"""

    things: Things

    def as_dict(self) -> dict[str, Any]:
        return {"do": "count", "things": self.things.as_dict()}


@dataclass(frozen=True, slots=True)
class Exist:
    """Are there at least (and at most) so many? ``at_most`` None is without end."""

    things: Things
    at_least: int = 1
    at_most: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"do": "exist", "at_least": self.at_least, "at_most": self.at_most, "things": self.things.as_dict()}


@dataclass(frozen=True, slots=True)
class CompareCounts:
    """Are there more of the first than of the second?"""

    more: Things
    fewer: Things

    def as_dict(self) -> dict[str, Any]:
        return {"do": "compare-counts", "more": self.more.as_dict(), "fewer": self.fewer.as_dict()}


@dataclass(frozen=True, slots=True)
class Relate:
    """Does an object of the first stand so to one of the second?"""

    subject: Things
    relation: Relation
    anchor: Things

    def as_dict(self) -> dict[str, Any]:
        return {
            "do": "relate",
            "subject": self.subject.as_dict(),
            "relation": self.relation,
            "anchor": self.anchor.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class NameColour:
    """What colour is it?"""

    things: Things

    def as_dict(self) -> dict[str, Any]:
        return {"do": "name-colour", "things": self.things.as_dict()}


@dataclass(frozen=True, slots=True)
class Locate:
    """Where is it?"""

    things: Things

    def as_dict(self) -> dict[str, Any]:
        return {"do": "locate", "things": self.things.as_dict()}


@dataclass(frozen=True, slots=True)
class Identify:
    """What stands so to the anchor?"""

    relation: Relation
    anchor: Things

    def as_dict(self) -> dict[str, Any]:
        return {"do": "identify", "relation": self.relation, "anchor": self.anchor.as_dict()}


@dataclass(frozen=True, slots=True)
class ReadText:
    """What is written (standing so to an object, if one is named)?"""

    relation: Relation | None = None
    anchor: Things | None = None

    def as_dict(self) -> dict[str, Any]:
        anchor = None if self.anchor is None else self.anchor.as_dict()
        return {"do": "read-text", "relation": self.relation, "anchor": anchor}


@dataclass(frozen=True, slots=True)
class FindText:
    """Does it say so? Compared without case and spacing."""

    text: str

    def as_dict(self) -> dict[str, Any]:
        return {"do": "find-text", "text": self.text}


Program: TypeAlias = Count | Exist | CompareCounts | Relate | NameColour | Locate | Identify | ReadText | FindText
