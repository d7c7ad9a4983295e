"""Make `walk.json`: three sensors follow one walker, each in its own way wrong. Run from the repository: it overwrites.

The truth is a random walk of the velocity; `gps` is slow and coarse, `radar` has outliers, `camera` is late by 0.2 s.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

SEED = 20261122
SECONDS, STEP = 30.0, 0.01
SENSORS = (("gps", 1.0, 2.0, 0.0, 0.0), ("radar", 4.0, 0.8, 0.0, 0.05), ("camera", 8.0, 0.5, 0.2, 0.0))
"""Name, samples a second, standard deviation in metres, latency in seconds, share of outliers."""


def main() -> None:
    chance = np.random.default_rng(SEED)
    count = int(SECONDS / STEP)
    clock = np.arange(count) * STEP
    acceleration = chance.normal(size=(count, 2)) * np.sqrt(0.2 / STEP)
    velocity = np.cumsum(acceleration * STEP, axis=0) + np.array([1.4, 0.3])
    path = np.cumsum(velocity * STEP, axis=0)
    streams = []
    for name, rate, deviation, latency, wild_share in SENSORS:
        times = np.arange(1.0 / rate, SECONDS - STEP, 1.0 / rate)
        seen = np.stack([np.interp(times, clock, path[:, axis]) for axis in (0, 1)], axis=1)
        seen += chance.normal(0, deviation, seen.shape)
        wild = chance.random(len(times)) < wild_share
        seen[wild] += chance.normal(0, 40, (int(wild.sum()), 2))
        samples = [
            [round(time + latency, 3), [round(x, 3), round(y, 3)], round(deviation**2, 4)]
            for time, (x, y) in zip(times.tolist(), seen.tolist(), strict=True)
        ]
        streams.append({"name": name, "unit": "m", "latency_seconds": latency, "samples": samples})
    log = {"schema": "aitbc.sensors/1", "streams": streams}
    Path(__file__).with_name("walk.json").write_text(json.dumps(log, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
