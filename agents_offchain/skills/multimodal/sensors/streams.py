"""Reading a sensor log: typed, time-stamped streams of positions with their uncertainty, in SI units.

A log is JSON: {"schema": "aitbc.sensors/1", "streams": [{"name", "unit", "latency_seconds", "samples": [[time, [x, …],
variance], …]}]}. A sample's variance is one number for all axes or a full symmetric matrix, in the unit squared. Times
are when a sample arrived; its latency is taken off, so that a slow sensor does not drag the track behind.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.multimodal.sensors.errors import (
    SensorLogMalformed,
    SensorLogTooLarge,
    SensorTimeNotRising,
    SensorValueInvalid,
)

SCHEMA = "aitbc.sensors/1"
METRES_PER_UNIT: Mapping[str, float] = {"m": 1.0, "mm": 1e-3, "cm": 1e-2, "km": 1e3, "ft": 0.3048, "in": 0.0254}
MAX_BYTES = 16 << 20
MAX_STREAMS = 32
MAX_SAMPLES = 100_000
"""In all streams together."""
MAX_AXES = 3
MAX_MAGNITUDE = 1e9
"""Of a value in metres or a time in seconds; keeps double precision under a micrometre."""
MIN_VARIANCE = 1e-12
MAX_LATENCY_SECONDS = 3600.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """What one sensor said, in the order of time.

    Attributes:
        name: Unique within a log.
        times_s: `(n,)` float64, strictly rising, latency taken off.
        positions_m: `(n, axes)` float64.
        covariances_m2: `(n, axes, axes)` float64, symmetric, positive definite.
    """

    name: str
    times_s: Floats
    positions_m: Floats
    covariances_m2: Floats

    @property
    def axes(self) -> int:
        return int(self.positions_m.shape[1])


def read_log(data: bytes) -> tuple[Stream, ...]:
    """The streams of a log, in its order.

    Args:
        data: JSON of the schema above, UTF-8, at most 16 MiB.

    Raises:
        SensorLogTooLarge: too many bytes, streams or samples.
        SensorLogMalformed: not a log; the message names the place.
        SensorValueInvalid: a number that is not finite or out of range, or a variance that is none.
        SensorTimeNotRising: times of one stream do not rise.
    """
    if len(data) > MAX_BYTES:
        raise SensorLogTooLarge(f"The sensor log has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        log = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SensorLogMalformed("The sensor log is not JSON.", mend=f"Send a document of schema {SCHEMA}.") from error
    if not isinstance(log, dict) or log.get("schema") != SCHEMA:
        raise SensorLogMalformed(f"The document is not a sensor log of schema {SCHEMA}.")
    described = log.get("streams")
    if not isinstance(described, list) or not described:
        raise SensorLogMalformed("The sensor log has no streams.")
    if len(described) > MAX_STREAMS:
        raise SensorLogTooLarge(f"The sensor log has {len(described)} streams; at most {MAX_STREAMS} are read.")
    _require_few_samples(described)
    streams = tuple(_read_stream(stream, index) for index, stream in enumerate(described))
    if len({stream.name for stream in streams}) != len(streams):
        raise SensorLogMalformed("Two streams of the sensor log have the same name.")
    if len({stream.axes for stream in streams}) != 1:
        raise SensorLogMalformed("The streams of the sensor log have different numbers of axes.")
    return streams


def _require_few_samples(described: Sequence[Any]) -> None:
    total = sum(len(stream["samples"]) for stream in described if _has_samples(stream))
    if total > MAX_SAMPLES:
        raise SensorLogTooLarge(f"The sensor log has {total:,} samples; at most {MAX_SAMPLES:,} are read.")


def _has_samples(stream: Any) -> bool:
    return isinstance(stream, dict) and isinstance(stream.get("samples"), list)


def _read_stream(described: Any, index: int) -> Stream:
    if not _has_samples(described) or not described["samples"]:
        raise SensorLogMalformed(f"Stream {index} of the sensor log has no samples.")
    name = described.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 64 or not name.isprintable():
        raise SensorLogMalformed(f"Stream {index} needs a name of 1 to 64 printable characters.")
    unit = described.get("unit", "m")
    if unit not in METRES_PER_UNIT:
        raise SensorLogMalformed(
            f"Stream {name!r} is in a unit that is not known.", mend=f"Use one of: {', '.join(METRES_PER_UNIT)}."
        )
    latency = _number(described.get("latency_seconds", 0.0), name, "latency_seconds")
    if not 0 <= latency <= MAX_LATENCY_SECONDS:
        raise SensorValueInvalid(f"Stream {name!r}: a latency is from 0 to {MAX_LATENCY_SECONDS:g} seconds.")
    metres = METRES_PER_UNIT[unit]
    samples = [_read_sample(sample, name, metres) for sample in described["samples"]]
    axes = len(samples[0][1])
    if any(len(position) != axes for _, position, _ in samples):
        raise SensorLogMalformed(f"Stream {name!r} changes its number of axes.")
    times = np.array([time - latency for time, _, _ in samples])
    if np.any(np.diff(times) <= 0):
        first = int(np.argmax(np.diff(times) <= 0)) + 1
        raise SensorTimeNotRising(
            f"Stream {name!r}: sample {first} is not later than the one before.",
            mend="Sort the samples by time and drop repeated ones.",
        )
    return Stream(name, times, np.array([p for _, p, _ in samples]), np.stack([c for _, _, c in samples]))


def _read_sample(sample: Any, name: str, metres: float) -> tuple[float, list[float], Floats]:
    if not isinstance(sample, list) or len(sample) != 3 or not isinstance(sample[1], list):
        raise SensorLogMalformed(f"Stream {name!r}: a sample is [time, [x, …], variance].")
    if not 1 <= len(sample[1]) <= MAX_AXES:
        raise SensorLogMalformed(f"Stream {name!r}: a position has 1 to {MAX_AXES} axes.")
    position = [_number(value, name, "a position") * metres for value in sample[1]]
    return _number(sample[0], name, "a time"), position, _covariance(sample[2], len(position), name) * metres**2


def _covariance(described: Any, axes: int, name: str) -> Floats:
    if isinstance(described, list):
        rows = [[_number(value, name, "a variance") for value in row] for row in described if isinstance(row, list)]
        if len(rows) != axes or any(len(row) != axes for row in rows) or len(described) != axes:
            raise SensorLogMalformed(f"Stream {name!r}: a covariance is a {axes} by {axes} matrix.")
        matrix = np.array(rows)
    else:
        matrix = np.eye(axes) * _number(described, name, "a variance")
    is_symmetric = np.allclose(matrix, matrix.T, rtol=1e-9, atol=0)
    if not is_symmetric or np.linalg.eigvalsh(matrix)[0] < MIN_VARIANCE:
        raise SensorValueInvalid(f"Stream {name!r}: a variance must be symmetric and at least {MIN_VARIANCE:g}.")
    return matrix


def _number(value: Any, name: str, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SensorValueInvalid(f"Stream {name!r}: {what} is not a number.")
    if not math.isfinite(value) or abs(value) > MAX_MAGNITUDE:
        raise SensorValueInvalid(f"Stream {name!r}: {what} is not a finite number up to {MAX_MAGNITUDE:g}.")
    return float(value)
