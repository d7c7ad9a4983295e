"""What a job says, what was seen before and what is known change what is looked for, and how sure one has to be.

In: words of the client (note, questions, captions, known facts) and a history of what earlier jobs saw. Out: for each
class that is spoken of, the score from which on it is there. Words are only looked up in the detector's vocabulary, so
nothing that a client writes can do more than move a threshold within its bounds. Same request, same thresholds: a
reporter follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents_offchain.skills.vision.detector import DetectedObject
from agents_offchain.skills.vision.reasoning.vocabulary import NOUNS, Nouns

LOOKED_FOR_FACTOR = 0.8
"""What is asked about is there from a lower score on: a miss costs the client more than a doubt."""
RULED_OUT_FACTOR = 1.5
"""What a known fact says is not there has to be seen the more surely."""
LEAST_SCORE, MOST_SCORE = 0.2, 0.9
USUAL_CONFIRMED = 0.5
PRIOR_SIGHTINGS = 4
"""A history counts as if so many sightings, half of them confirmed, had gone before: one sighting moves little."""
NEGATIONS = frozenset({"no", "not", "never", "without", "nobody"})
WORDS = re.compile(r"[a-z]+")
SENTENCE_ENDS = re.compile(r"[.!?;\n]")


@dataclass(frozen=True, slots=True)
class Seen:
    """What earlier jobs on such pictures saw of a class: how often it was reported, how often that was confirmed."""

    label: str
    sightings: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class Heed:
    """The score from which on a class is there, and why it is not the usual one."""

    label: str
    min_score: float
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {"label": self.label, "min_score": self.min_score, "reason": self.reason}


def heed(
    asked: Sequence[str], known: Sequence[str], history: Sequence[Seen], usual_score: float, nouns: Nouns = NOUNS
) -> tuple[Heed, ...]:
    """Thresholds of the classes that are spoken of, by label.

    Args:
        asked: The job's words: what they name is looked for.
        known: Facts about the place: a class in a sentence with "no", "not", "never" or "without" is ruled out, any
            other is expected.
        history: At most one entry a label.
        usual_score: From which on a class nobody speaks of is there.
        nouns: What the detector knows.
    """
    wanted, _ = _spoken_of(asked, nouns)
    expected, ruled_out = _spoken_of(known, nouns)
    before = {entry.label: entry for entry in history}
    thresholds = []
    for label in sorted(wanted | expected | ruled_out | set(before)):
        factor = 1.0
        reasons: list[str] = []
        if label in ruled_out:
            factor *= RULED_OUT_FACTOR
            reasons.append("a known fact rules it out")
        elif label in wanted | expected:
            factor *= LOOKED_FOR_FACTOR
            reasons.append("the job speaks of it")
        if label in before:
            factor *= _from_history(before[label])
            reasons.append("earlier jobs saw it")
        score = round(min(max(usual_score * factor, min(LEAST_SCORE, usual_score)), max(MOST_SCORE, usual_score)), 4)
        thresholds.append(Heed(label, score, "; ".join(reasons)))
    return tuple(thresholds)


def there(objects: Sequence[DetectedObject], thresholds: Sequence[Heed], usual_score: float) -> list[DetectedObject]:
    """The objects that reach their class's threshold."""
    least = _scores(thresholds)
    return [item for item in objects if item.score >= least.get(item.label, usual_score)]


def on_one_scale(
    objects: Sequence[DetectedObject], thresholds: Sequence[Heed], usual_score: float
) -> list[DetectedObject]:
    """The objects with scores so scaled that the usual threshold is right for all; at most 1, order kept by score."""
    least = _scores(thresholds)
    scaled = [
        DetectedObject(
            item.label, round(min(1.0, item.score * usual_score / least.get(item.label, usual_score)), 4), item.box_px
        )
        for item in objects
    ]
    return sorted(scaled, key=lambda item: (-item.score, item.box_px, item.label))


def _scores(thresholds: Sequence[Heed]) -> Mapping[str, float]:
    return {entry.label: entry.min_score for entry in thresholds}


def _from_history(entry: Seen) -> float:
    """From 1.5 for what was never confirmed to 0.5 for what always was, nearer to 1 the less was seen."""
    confirmed = (entry.confirmed + PRIOR_SIGHTINGS * USUAL_CONFIRMED) / (entry.sightings + PRIOR_SIGHTINGS)
    return 1.5 - confirmed


def _spoken_of(texts: Sequence[str], nouns: Nouns) -> tuple[set[str], set[str]]:
    """Labels in plain sentences, and labels in sentences with a negation."""
    plain: set[str] = set()
    negated: set[str] = set()
    for sentence in (part for text in texts for part in SENTENCE_ENDS.split(text.casefold())):
        words = WORDS.findall(sentence)
        (negated if NEGATIONS & set(words) else plain).update(_labels(words, nouns))
    return plain - negated, negated


def _labels(words: Sequence[str], nouns: Nouns) -> set[str]:
    longest = max(len(noun.split()) for noun in nouns)
    found: set[str] = set()
    for start in range(len(words)):
        for length in range(longest, 0, -1):
            labels = nouns.get(" ".join(words[start : start + length]))
            if labels is not None:
                found |= labels
                break
    return found
