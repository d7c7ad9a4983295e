"""Texts beside pictures: finding a photograph by its caption, telling right captions from wrong, knowing copies."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import MAX_PICTURES
from agents_offchain.skills.multimodal.searching import MATCHES_FROM
from agents_offchain.skills.multimodal.space import AGREES_FROM, Agreement, Texts, phrases_of, place
from agents_offchain.skills.vision.detector import detect_objects
from agents_offchain.skills.vision.fingerprint import fingerprint, is_same_picture
from agents_offchain.skills.vision.image import SMALL_SIDE_PX, shrink, thumbnail_of
from agents_offchain.skills.vision.ocr import read_text
from agents_offchain.skills.vision.tiling import best_guesses
from tests.evaluation.vision.photographs import SURE, Photograph
from tests.evaluation.vision.rows import HELD_OUT_SEED, Row, bootstrap_ratio, share

DRAWS = 20
SETS = ("captions that the weights were chosen on", "captions written after", "captions written last")


def search_rows(models: SceneModels, photographs: Sequence[Photograph]) -> list[Row]:
    """R@1 and R@3 by set of captions, agreement, copies."""
    assert models.embedder is not None
    pictures = np.stack([_place(models, photograph) for photograph in photographs])
    rows = []
    for number, name in enumerate(SETS):
        texts = [photograph.captions[number] for photograph in photographs]
        near = models.embedder.embed(texts) @ pictures.T
        ranks = [int((line > line[index]).sum()) for index, line in enumerate(near)]
        rows.append(share(f"text to image R@1, {name}", sum(rank < 1 for rank in ranks), len(ranks), "captions"))
        hits = sum(rank < 3 for rank in ranks)
        target = 0.85 if number == len(SETS) - 1 else None
        rows.append(share(f"text to image R@3, {name}", hits, len(ranks), "captions", target, floor=0.75))
        agreement, found = _agreement(models, pictures, texts, name)
        rows.extend([*agreement, *_searches(found)])
    return [*rows, *_copies(photographs)]


def _place(models: SceneModels, photograph: Photograph) -> NDArray[np.float32]:
    assert models.embedder is not None
    size = (photograph.pixels.shape[1], photograph.pixels.shape[0])
    small = shrink(photograph.pixels, SMALL_SIDE_PX)
    objects = best_guesses(detect_objects(models.vision.detector, small, SURE, size))
    lines = read_text(models.vision.ocr, photograph.pixels, 0.6)
    return place(models.embedder, phrases_of(thumbnail_of(small), models.classifier, objects, lines))


def _agreement(
    models: SceneModels, pictures: NDArray[np.float32], texts: Sequence[str], name: str
) -> tuple[list[Row], list[list[Agreement]]]:
    assert models.embedder is not None
    asked = Texts.of(models.embedder, models.classifier.names, texts)
    found = [asked.beside(picture) for picture in pictures]
    right = [found[index][index].agrees for index in range(len(texts))]
    wrong = [found[i][j].agrees for i in range(len(texts)) for j in range(len(texts)) if i != j]
    accuracy = (np.mean(right) + 1 - np.mean(wrong)) / 2
    rows = [
        share(f"  own caption agrees (from {AGREES_FROM:g})", sum(right), len(right), "captions"),
        share("  another's caption does not", len(wrong) - sum(wrong), len(wrong), "pairs"),
        Row(f"  agreement, mean of both, {name}", f"{accuracy:.3f}", f"{len(texts)} photographs", "goal 0.85"),
    ]
    return rows, found


def _searches(found: Sequence[Sequence[Agreement]]) -> list[Row]:
    """What a job with `MAX_PICTURES` gets: its photograph first where it is among them, "none" where it is not.

    Args:
        found: By picture, then by text.
    """
    rng = np.random.default_rng(HELD_OUT_SEED)
    counts = np.zeros((len(found), 3), np.int64)
    for text in range(len(found)):
        others = [picture for picture in range(len(found)) if picture != text]
        for _ in range(DRAWS):
            drawn = rng.choice(others, MAX_PICTURES, replace=False)
            nearest = max((text, *drawn[1:]), key=lambda picture: found[picture][text].similarity)
            is_told = found[text][text].nearness >= MATCHES_FROM
            is_none = all(found[picture][text].nearness < MATCHES_FROM for picture in drawn)
            counts[text] += (nearest == text, nearest == text and is_told, is_none)
    names = (
        f"  its own is the first of {MAX_PICTURES} pictures",
        f"  and is told to match (from {MATCHES_FROM:g})",
        f"  none of {MAX_PICTURES} others is told to match",
    )
    return [_by_caption(name, counts[:, place].tolist()) for place, name in enumerate(names)]


def _by_caption(name: str, hits: Sequence[int]) -> Row:
    """Searches for one caption are alike, so that the interval is over captions."""
    low, high = bootstrap_ratio([(count, DRAWS) for count in hits])
    value = f"{sum(hits) / (DRAWS * len(hits)):.3f} [{low:.3f}, {high:.3f}]"
    return Row(name, value, f"{len(hits)} captions, {DRAWS} searches each")


def _copies(photographs: Sequence[Photograph]) -> list[Row]:
    found = [fingerprint(photograph.pixels) for photograph in photographs]
    copies = [
        (index, fingerprint(copy)) for index, photograph in enumerate(photographs) for copy in _bend(photograph.pixels)
    ]
    known = sum(is_same_picture(found[index], copy) for index, copy in copies)
    pairs = [(i, j) for i in range(len(found)) for j in range(i)]
    apart = sum(not is_same_picture(found[i], found[j]) for i, j in pairs)
    return [
        share(
            "copies known by their fingerprint",
            known,
            len(copies),
            "copies (half size, JPEG 30, brighter, 3 % cut off)",
        ),
        share("different photographs told apart", apart, len(pairs), "pairs"),
    ]


def _bend(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    picture = Image.fromarray(pixels)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=30)
    width, height = picture.size
    cut = (round(width * 0.03), round(height * 0.03), width, height)
    bent = (
        picture.resize((max(1, width // 2), max(1, height // 2))),
        Image.open(buffer).convert("RGB"),
        picture.point(lambda value: min(255, round(value * 1.2))),
        picture.crop(cut),
    )
    return [np.array(copy, dtype=np.uint8) for copy in bent]
