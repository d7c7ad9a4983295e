"""What the numbers of a detector mean: from its outputs for one picture to boxes and scores.

Three ways to speak cover most exports:

    nanodet  six outputs: scores (cells, classes) at strides 8, 16, 32, then distances (cells, 4 x bins) at the same
    yolo     one output (4 + classes, candidates) or its transpose: centre x, centre y, width, height, class scores
    rows     one output (candidates, 6): x0 y0 x1 y1 score class, as models that suppress overlaps themselves give it

Boxes are in pixels of the model's square input, scores in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

STRIDES_PX = (8, 16, 32)

Floats: TypeAlias = NDArray[np.float32]
Candidates: TypeAlias = tuple[Floats, Floats]
"""Boxes `(n, 4)` x0 y0 x1 y1 and scores `(n, classes)` of the candidates that any class gives the least score."""


class NotThisHead(ValueError):
    """The outputs have another shape than this head gives; the text says which."""


Head: TypeAlias = Callable[[Sequence[Floats], int, int, float], Candidates]
"""Outputs for one picture, number of classes, the input's side in pixels, the least score."""


def nanodet(outputs: Sequence[Floats], classes: int, side_px: int, min_score: float) -> Candidates:
    """Distances to the sides are expectations over bins (Generalized Focal Loss, arXiv 2006.04388, section 3.2)."""
    cells = [(side_px // stride) ** 2 for stride in STRIDES_PX]
    shapes = [output.shape for output in outputs]
    bins = shapes[3][-1] // 4 if len(shapes) == 6 and shapes[3] else 0
    if bins < 2 or shapes != [(n, classes) for n in cells] + [(n, 4 * bins) for n in cells]:
        raise NotThisHead(f"six outputs of {cells} cells by {classes} and by 4 x bins are wanted, {shapes} came")
    kept = [np.flatnonzero((level >= min_score).any(axis=1)) for level in outputs[:3]]
    spread = np.concatenate([level[cells] for level, cells in zip(outputs[3:], kept, strict=True)]).reshape(-1, 4, bins)
    weights = np.exp(spread - spread.max(axis=2, keepdims=True))
    strides = np.repeat(np.array(STRIDES_PX, np.float32), [len(cells) for cells in kept])[:, None]
    reach = (weights @ np.arange(bins, dtype=np.float32)) / weights.sum(axis=2) * strides
    centres = np.concatenate([_centres(side_px, s)[cells] for s, cells in zip(STRIDES_PX, kept, strict=True)])
    boxes = np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], axis=1)
    return boxes, np.concatenate([level[cells] for level, cells in zip(outputs[:3], kept, strict=True)])


@cache
def _centres(side_px: int, stride: int) -> Floats:
    """`(cells, 2)` x and y, row by row."""
    side = side_px // stride
    rows, columns = np.divmod(np.arange(side * side), side)
    return np.asarray((np.stack([columns, rows], axis=1) + 0.5) * stride, np.float32)


def yolo(outputs: Sequence[Floats], classes: int, _side_px: int, min_score: float) -> Candidates:
    """The layout of exported YOLO models without a score of their own for "something is here"."""
    fields = 4 + classes
    if len(outputs) != 1 or outputs[0].ndim != 2 or fields not in outputs[0].shape:
        shapes = [output.shape for output in outputs]
        raise NotThisHead(f"one output of {fields} fields by candidates is wanted, {shapes} came")
    table = outputs[0].T if outputs[0].shape[0] == fields else outputs[0]
    table = table[table[:, 4:].max(axis=1, initial=0) >= min_score]
    half = table[:, 2:4] / 2
    return np.concatenate([table[:, :2] - half, table[:, :2] + half], axis=1), table[:, 4:]


def rows(outputs: Sequence[Floats], classes: int, _side_px: int, min_score: float) -> Candidates:
    """Finished boxes; rows of zeros fill up what the model did not need."""
    if len(outputs) != 1 or outputs[0].ndim != 2 or outputs[0].shape[1] != 6:
        raise NotThisHead(f"one output of rows of 6 is wanted, {[output.shape for output in outputs]} came")
    table = outputs[0][outputs[0][:, 4] >= min_score]
    labels = table[:, 5].round().astype(np.int64)
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise NotThisHead(f"class {labels.max()} is told, {classes} labels are listed")
    scores = np.zeros((len(table), classes), np.float32)
    scores[np.arange(len(table)), labels] = table[:, 4]
    return table[:, :4], scores


HEADS: Mapping[str, Head] = {"nanodet": nanodet, "yolo": yolo, "rows": rows}
