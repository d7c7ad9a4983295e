"""Several streams to one track: measurements in the order of time through one gated filter, then smoothed.

The gate is the chi-square test of each measurement against what was expected. A start that was itself an outlier would
gate everything after it: when a sensor's measurements agree with each other but not with the track, the track begins
again from them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.multimodal.sensors.health import GATE, Health, judge
from agents_offchain.skills.multimodal.sensors.kalman import (
    Estimate,
    begin,
    innovate,
    predict,
    smooth,
    update,
)
from agents_offchain.skills.multimodal.sensors.streams import Stream

Floats = NDArray[np.float64]

LOST_AFTER = 8
"""So many measurements in a row that the gate refused, from whichever sensor: the track is lost, not they."""


@dataclass(frozen=True, slots=True)
class MotionModel:
    """What is assumed of the thing that moves.

    Attributes:
        acceleration_density: Power spectral density of its acceleration, m²/s³.
        max_speed: Deviation of its unknown first velocity, m/s per axis.
    """

    acceleration_density: float = 1.0
    max_speed: float = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class FusedTrack:
    """One smoothed estimate for every time that was asked for, and the sensors' health.

    Attributes:
        estimates: In the order of time.
        restarts: How often the track was lost and begun again.
    """

    estimates: tuple[Estimate, ...]
    health: tuple[Health, ...]
    restarts: int


@dataclass(frozen=True, slots=True, eq=False)
class _Measurement:
    time_s: float
    sensor: int
    sample: int
    position_m: Floats
    covariance_m2: Floats


@dataclass(slots=True, eq=False)
class _Segment:
    """The track from one beginning to the next: filtered estimates, which of them were asked for, how many it took."""

    filtered: list[Estimate]
    is_asked: list[bool]
    taken: int = 1

    def add(self, estimate: Estimate, *, is_asked: bool) -> None:
        self.filtered.append(estimate)
        self.is_asked.append(is_asked)


def fuse(streams: Sequence[Stream], times_s: Floats, model: MotionModel) -> FusedTrack:
    """Fuse streams of the same thing.

    Args:
        streams: At least one; all with the same axes.
        times_s: `(n,)` float64, rising: when the track is wanted. Times before the first measurement give nothing.
        model: How the thing moves.
    """
    distances = [np.full(len(stream.times_s), np.inf) for stream in streams]
    segments: list[_Segment] = []
    refused_in_a_row = 0
    for step in heapq.merge(_in_order(streams), times_s, key=_time_of):
        if not isinstance(step, _Measurement):
            if segments:
                expected = predict(segments[-1].filtered[-1], float(step), model.acceleration_density)
                segments[-1].add(expected, is_asked=True)
            continue
        if not segments:
            segments.append(_begin(step, model))
            distances[step.sensor][step.sample] = 0.0
            continue
        expected = predict(segments[-1].filtered[-1], step.time_s, model.acceleration_density)
        innovation = innovate(expected, step.position_m, step.covariance_m2)
        distances[step.sensor][step.sample] = innovation.distance
        if innovation.distance <= GATE[expected.axes]:
            segments[-1].add(update(expected, innovation, step.covariance_m2), is_asked=False)
            segments[-1].taken += 1
            refused_in_a_row = 0
            continue
        refused_in_a_row += 1
        if refused_in_a_row >= LOST_AFTER:
            segments.append(_begin(step, model))
            distances[step.sensor][step.sample] = 0.0
            refused_in_a_row = 0
    return FusedTrack(
        tuple(_asked(segments, model)),
        tuple(judge(stream, found) for stream, found in zip(streams, distances, strict=True)),
        max(0, len(segments) - 1),
    )


def _asked(segments: Sequence[_Segment], model: MotionModel) -> Iterator[Estimate]:
    """A segment that took no more than the outlier it began with tells nothing, unless it is the only one."""
    for segment in segments:
        if segment.taken == 1 and len(segments) > 1:
            continue
        smoothed = smooth(segment.filtered, model.acceleration_density)
        yield from (estimate for estimate, is_asked in zip(smoothed, segment.is_asked, strict=True) if is_asked)


def _begin(measurement: _Measurement, model: MotionModel) -> _Segment:
    first = begin(measurement.time_s, measurement.position_m, measurement.covariance_m2, model.max_speed)
    return _Segment([first], [False])


def _time_of(step: _Measurement | np.float64) -> float:
    return step.time_s if isinstance(step, _Measurement) else float(step)


def _in_order(streams: Sequence[Stream]) -> Iterator[_Measurement]:
    """All measurements by time; at the same time in the order of the streams."""
    return heapq.merge(
        *(_measurements(stream, index) for index, stream in enumerate(streams)),
        key=lambda item: (item.time_s, item.sensor),
    )


def _measurements(stream: Stream, sensor: int) -> Iterator[_Measurement]:
    for sample, time in enumerate(stream.times_s):
        yield _Measurement(float(time), sensor, sample, stream.positions_m[sample], stream.covariances_m2[sample])
