"""A Kalman filter for what moves smoothly: position and velocity per axis, pushed by white acceleration noise.

R. E. Kalman, "A New Approach to Linear Filtering and Prediction Problems", 1960; the model is Bar-Shalom, Li and
Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001, section 6.2.2; the smoother is Rauch, Tung
and Striebel, AIAA Journal 3(8), 1965. Covariances are updated in Joseph's form, which stays positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A Gaussian over position and velocity.

    Attributes:
        time_s: When it holds.
        mean: `(2 * axes,)` float64: positions in metres, then velocities in metres a second.
        covariance: `(2 * axes, 2 * axes)` float64, symmetric.
    """

    time_s: float
    mean: Floats
    covariance: Floats

    @property
    def axes(self) -> int:
        return len(self.mean) // 2

    @property
    def position_m(self) -> Floats:
        return self.mean[: self.axes]

    @property
    def position_covariance_m2(self) -> Floats:
        return self.covariance[: self.axes, : self.axes]


@dataclass(frozen=True, slots=True, eq=False)
class Innovation:
    """How a measurement differs from what was expected: the difference in metres and its covariance."""

    difference_m: Floats
    covariance_m2: Floats

    @property
    def distance(self) -> float:
        """Squared Mahalanobis distance; chi-square with as many degrees of freedom as axes when all is well."""
        return float(self.difference_m @ np.linalg.solve(self.covariance_m2, self.difference_m))


def begin(time_s: float, position_m: Floats, covariance_m2: Floats, max_speed: float) -> Estimate:
    """A first estimate: the measured position, and a velocity of zero with ``max_speed`` (m/s) as its deviation."""
    axes = len(position_m)
    covariance = np.zeros((2 * axes, 2 * axes))
    covariance[:axes, :axes] = covariance_m2
    covariance[axes:, axes:] = np.eye(axes) * max_speed**2
    return Estimate(time_s, np.concatenate([position_m, np.zeros(axes)]), covariance)


def motion(seconds: float, axes: int, acceleration_density: float) -> tuple[Floats, Floats]:
    """Transition and process noise over a time step.

    Args:
        seconds: At least 0.
        axes: 1 to 3.
        acceleration_density: Power spectral density of the acceleration, m²/s³, at least 0.

    Returns:
        Both `(2 * axes, 2 * axes)`.
    """
    identity = np.eye(axes)
    step = np.block([[identity, seconds * identity], [np.zeros((axes, axes)), identity]])
    noise = np.block(
        [
            [seconds**3 / 3 * identity, seconds**2 / 2 * identity],
            [seconds**2 / 2 * identity, seconds * identity],
        ]
    )
    return step, noise * acceleration_density


def predict(estimate: Estimate, time_s: float, acceleration_density: float) -> Estimate:
    """The estimate carried forward; the same one for the same time."""
    seconds = time_s - estimate.time_s
    if seconds == 0:
        return estimate
    step, noise = motion(seconds, estimate.axes, acceleration_density)
    return Estimate(time_s, step @ estimate.mean, step @ estimate.covariance @ step.T + noise)


def innovate(estimate: Estimate, position_m: Floats, covariance_m2: Floats) -> Innovation:
    """Compare a measurement with an estimate for the same time."""
    return Innovation(position_m - estimate.position_m, estimate.position_covariance_m2 + covariance_m2)


def update(estimate: Estimate, innovation: Innovation, covariance_m2: Floats) -> Estimate:
    """Take a measurement in; ``covariance_m2`` is the measurement's own."""
    axes = estimate.axes
    gain = np.linalg.solve(innovation.covariance_m2, estimate.covariance[:axes, :]).T
    keep = np.eye(2 * axes)
    keep[:, :axes] -= gain
    covariance = keep @ estimate.covariance @ keep.T + gain @ covariance_m2 @ gain.T
    return Estimate(estimate.time_s, estimate.mean + gain @ innovation.difference_m, (covariance + covariance.T) / 2)


def smooth(filtered: list[Estimate], acceleration_density: float) -> list[Estimate]:
    """Let later measurements correct earlier estimates (Rauch, Tung, Striebel).

    Args:
        filtered: Estimates in the order of time, each with all measurements up to its time.
    """
    if not filtered:
        return []
    smoothed = [filtered[-1]]
    for now in reversed(filtered[:-1]):
        later = smoothed[-1]
        step, noise = motion(later.time_s - now.time_s, now.axes, acceleration_density)
        expected = step @ now.covariance @ step.T + noise
        gain = np.linalg.solve(expected, step @ now.covariance).T
        covariance = now.covariance + gain @ (later.covariance - expected) @ gain.T
        mean = now.mean + gain @ (later.mean - step @ now.mean)
        smoothed.append(Estimate(now.time_s, mean, (covariance + covariance.T) / 2))
    return smoothed[::-1]
