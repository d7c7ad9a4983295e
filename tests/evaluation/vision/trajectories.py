"""Generated motion and what imperfect sensors say of it, with the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents_offchain.skills.multimodal.sensors.streams import Stream

Floats = NDArray[np.float64]

SENSORS = (("gps", 1.0, 2.0), ("radar", 5.0, 1.0), ("camera", 10.0, 0.7))
"""Name, samples a second, standard deviation in metres per axis."""
ACCELERATION_DENSITY = 0.5
STEP_SECONDS = 0.01
SPAN_SECONDS = 60.0
OUTLIER_SHARE = 0.05
OUTLIER_METRES = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """``truth_m`` `(n, 2)` at ``times_s`` `(n,)`, and the streams of three sensors."""

    streams: tuple[Stream, ...]
    times_s: Floats
    truth_m: Floats


def simulate(number: int, *, has_outliers: bool, seed: int = 20261122) -> Run:
    """Run ``number`` of a seed: white acceleration noise, Poisson-like sampling, Gaussian errors."""
    chance = np.random.default_rng((seed, number, int(has_outliers)))
    count = int(SPAN_SECONDS / STEP_SECONDS)
    acceleration = chance.normal(size=(count, 2)) * np.sqrt(ACCELERATION_DENSITY / STEP_SECONDS)
    velocity = np.cumsum(acceleration * STEP_SECONDS, axis=0) + chance.normal(0, 3, size=2)
    path = np.cumsum(velocity * STEP_SECONDS, axis=0)
    clock = np.arange(count) * STEP_SECONDS
    streams = tuple(
        _sense(chance, name, rate, deviation, clock, path, has_outliers) for name, rate, deviation in SENSORS
    )
    times = np.arange(3.0, SPAN_SECONDS - 3.0, 0.1)
    return Run(streams, times, _at(times, clock, path))


def _sense(
    chance: np.random.Generator,
    name: str,
    rate: float,
    deviation: float,
    clock: Floats,
    path: Floats,
    has_outliers: bool,
) -> Stream:
    times = np.unique(chance.uniform(0, clock[-1], int(SPAN_SECONDS * rate)))
    seen = _at(times, clock, path) + chance.normal(0, deviation, size=(len(times), 2))
    if has_outliers:
        wild = chance.random(len(times)) < OUTLIER_SHARE
        seen[wild] += chance.normal(0, OUTLIER_METRES, size=(int(wild.sum()), 2))
    return Stream(name, times, seen, np.tile(np.eye(2) * deviation**2, (len(times), 1, 1)))


def _at(times: Floats, clock: Floats, path: Floats) -> Floats:
    return np.stack([np.interp(times, clock, path[:, axis]) for axis in range(path.shape[1])], axis=1)
