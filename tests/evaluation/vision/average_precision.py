"""Average precision of a detector: all-point interpolation, one truth matched once (Everingham et al., IJCV 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents_offchain.skills.vision.boxes import Box, intersection_over_union
from tests.evaluation.vision.scenes import PlacedObject


@dataclass(frozen=True, slots=True)
class Claim:
    """One detection: the scene it is in, its label, score and box in pixels."""

    scene: int
    label: str
    score: float
    box_px: Box


def average_precision(
    label: str, claims: Sequence[Claim], truth: Sequence[Sequence[PlacedObject]], min_iou: float = 0.5
) -> tuple[float, float, int]:
    """(average precision, recall at the lowest score, number of true objects) of one class.

    Args:
        truth: Objects by scene number.
    """
    wanted = [[item.box_px for item in scene if item.label == label] for scene in truth]
    total = sum(map(len, wanted))
    taken = [[False] * len(boxes) for boxes in wanted]
    hits = []
    for claim in sorted((claim for claim in claims if claim.label == label), key=lambda claim: -claim.score):
        ious = [intersection_over_union(claim.box_px, box) for box in wanted[claim.scene]]
        best = int(np.argmax(ious)) if ious else -1
        is_hit = best >= 0 and ious[best] >= min_iou and not taken[claim.scene][best]
        if is_hit:
            taken[claim.scene][best] = True
        hits.append(is_hit)
    if not total or not hits:
        return 0.0, 0.0, total
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    recall = found / total
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    area = float(np.sum(np.diff(np.concatenate([[0.0], recall])) * envelope))
    return area, float(recall[-1]), total
