"""The pictures of a job, searched by words: each is looked at once, then every text ranks them all.

A text that matches no picture is said to be shown by none. A picture that cannot be looked at is left out with its
reason, so that it does not cost the search of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from agents_offchain.skills.multimodal.album import Leaf, Sight, leaf_of, rank, see
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import SEARCHING, Parts, PartsRefused, named
from agents_offchain.skills.multimodal.settings import ObserveSettings
from agents_offchain.skills.multimodal.space import Agreement, Phrases
from agents_offchain.skills.vision.errors import ImageRefused
from agents_offchain.skills.vision.fingerprint import in_words
from agents_offchain.skills.vision.inspect_image import describe_line, describe_object
from agents_offchain.skills.vision.reasoning.parse import MAX_QUESTION_CHARACTERS
from agents_offchain.skills.vision.settings import DecodeLimits, InspectSettings

WORDS, WORD_CHARACTERS = 5, 80
"""So many of the phrases that say most about where a picture lies are told of each, cut to so many characters."""
MATCHES_FROM = 3.0
"""A text matches a picture when it is so many standard deviations nearer to it than to the reference names: more than
makes one picture agree with a text, as one of several is near by chance. Chosen on two sets of captions; what it gives
on a third is measured by `make eval-vision`."""


def texts_of(parts: Parts, settings: ObserveSettings, note: str) -> tuple[str, ...]:
    """What is looked for: the captions, or the job's note where there is none.

    Raises:
        PartsRefused: questions, no words at all, or a note that is too long for one text.
    """
    if settings.questions:
        raise PartsRefused(
            f"Questions are answered about one picture; this job has {len(parts.pictures)}.",
            mend="Send one picture with the questions, or say as captions what to look for.",
        )
    if settings.captions:
        return settings.captions
    if not 1 <= len(note.strip()) <= MAX_QUESTION_CHARACTERS:
        raise PartsRefused(
            f"The job has {len(parts.pictures)} pictures and does not say in 1 to {MAX_QUESTION_CHARACTERS} characters "
            "what to look for.",
            mend="Say it as captions, as lines of a text file, or as the note.",
        )
    return (note.strip(),)


def search(
    parts: Parts,
    texts: Sequence[str],
    settings: ObserveSettings,
    models: SceneModels,
    limits: DecodeLimits,
    output: dict[str, Any],
) -> None:
    """Look at every picture and write what each shows, and each text's ranking, into the output.

    Raises:
        ImageRefused: no picture can be looked at; the first one's reason.
        InferenceFailed: a model could not be run.
    """
    looks = InspectSettings(settings.min_object_score, settings.min_text_score)
    refused = dict(parts.strangers)
    leaves: list[Leaf] = []
    shown: list[dict[str, Any]] = []
    for name, data in parts.pictures:
        try:
            sight = see(data, models, limits, looks, is_mended=settings.enhance)
        except ImageRefused as refusal:
            refused[name] = refusal
            continue
        leaves.append(leaf_of(name, sight, models))
        shown.append(_described(parts, leaves[-1], sight))
    left_out = [name for name in parts.names if name in refused]
    if not leaves:
        raise named(left_out[0], refused[left_out[0]], parts.names)
    ranked = rank(leaves, models, texts)
    output["pictures"] = shown
    output["left_out"] = [{**_numbered(parts, name), "reason": refused[name].message} for name in left_out]
    output["found"] = [
        {"text": text, "ranking": [_ranked(parts, *near) for near in ranking]}
        for text, ranking in zip(texts, ranked, strict=True)
    ]
    output["statements"].extend(_told(output))


def _numbered(parts: Parts, name: str) -> dict[str, Any]:
    return {"picture": name, "number": parts.names.index(name) + 1}


def _described(parts: Parts, leaf: Leaf, sight: Sight) -> dict[str, Any]:
    return {
        **_numbered(parts, leaf.name),
        "image": {"width": sight.picture.width, "height": sight.picture.height, "sha256": sight.picture.sha256},
        "words": weightiest(sight.phrases),
        "objects": [describe_object(item) for item in sight.objects],
        "text": [describe_line(line) for line in sight.lines],
        "fingerprint": in_words(leaf.fingerprint),
    }


def weightiest(phrases: Phrases) -> list[dict[str, Any]]:
    """What most decides where a picture lies, each name once with its share of all weights, the largest first."""
    weights: defaultdict[str, float] = defaultdict(float)
    for phrase, weight in phrases:
        weights[phrase[:WORD_CHARACTERS]] += weight
    total = sum(weights.values())
    largest = sorted(weights.items(), key=lambda named: (-named[1], named[0]))[:WORDS]
    return [{"name": name, "score": round(weight / total, 4)} for name, weight in largest]


def _ranked(parts: Parts, leaf: Leaf, near: Agreement) -> dict[str, Any]:
    return {
        **_numbered(parts, leaf.name),
        "similarity": near.similarity,
        "nearness": near.nearness,
        "matches": near.nearness >= MATCHES_FROM,
    }


def _told(output: dict[str, Any]) -> list[dict[str, Any]]:
    told = [
        (f"File {entry['number']} was left out. {entry['reason']}", entry["picture"]) for entry in output["left_out"]
    ]
    for found in output["found"]:
        shown_by = [entry for entry in found["ranking"] if entry["matches"]]
        looked_at = shown_by or found["ranking"]
        listed = ", ".join(f"file {entry['number']} ({entry['nearness']:.2f})" for entry in looked_at)
        verdict = "is shown by" if shown_by else f"is shown by none, a match is {MATCHES_FROM:g} near or more:"
        told.append((f"“{found['text']}” {verdict} {listed}.", " ".join(entry["picture"] for entry in looked_at)))
    return [{"text": text, "step": SEARCHING[0], "source": source} for text, source in told]
