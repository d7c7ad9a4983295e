"""A camera as one sensor: where a detector saw a thing in the frames of a video, as a stream of positions.

The camera looks straight at the plane that the thing moves in: so many metres a pixel, from a pixel that is the origin,
x to the right and y up. Where the thing stands is the middle of its box's lower edge. How sure that is comes from the
box: a detector's edges scatter by a share of the box's side, the more the less sure it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents_offchain.skills.multimodal.sensors.streams import Stream
from agents_offchain.skills.vision.detector import DetectedObject

EDGE_SCATTER = 0.05
"""Deviation of an edge as a share of the box's side, for a score of 1."""
LEAST_DEVIATION_PX = 1.0


@dataclass(frozen=True, slots=True)
class CameraView:
    """How a camera stands to the plane.

    Attributes:
        label: The detector's class that is followed.
        metres_per_pixel: Of the picture as it is.
        origin_px: The pixel (x, y) of the plane's origin.
        start_s: When the video begins, in the time of the sensor log.
    """

    label: str
    metres_per_pixel: float
    origin_px: tuple[float, float]
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was found in one frame; ``time_s`` from the beginning of the video."""

    time_s: float
    objects: Sequence[DetectedObject]


def camera_stream(name: str, sightings: Sequence[Sighting], view: CameraView) -> Stream | None:
    """The positions of the surest object of the label in each frame; None when it is in no frame.

    Args:
        name: Of the stream.
        sightings: In the order of time, times rising.
    """
    times, positions, covariances = [], [], []
    for sighting in sightings:
        seen = [item for item in sighting.objects if item.label == view.label]
        if not seen:
            continue
        surest = max(seen, key=lambda item: item.score)
        x0, y0, x1, y1 = surest.box_px
        x, y = (x0 + x1) / 2 - view.origin_px[0], view.origin_px[1] - y1
        deviations_px = [
            max(LEAST_DEVIATION_PX, EDGE_SCATTER * side / max(surest.score, 0.1)) for side in (x1 - x0, y1 - y0)
        ]
        times.append(view.start_s + sighting.time_s)
        positions.append([x * view.metres_per_pixel, y * view.metres_per_pixel])
        covariances.append(np.diag([(deviation * view.metres_per_pixel) ** 2 for deviation in deviations_px]))
    if not times:
        return None
    return Stream(name, np.array(times), np.array(positions), np.stack(covariances))
