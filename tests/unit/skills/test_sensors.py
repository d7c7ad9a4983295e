"""Sensor logs: what is refused, how streams are fused, and how sure the track is."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.skills.multimodal.sensors.errors import (
    SensorLogMalformed,
    SensorLogRefused,
    SensorLogTooLarge,
    SensorTimeNotRising,
    SensorValueInvalid,
)
from agents_offchain.skills.multimodal.sensors.fuse import LOST_AFTER, MotionModel, fuse
from agents_offchain.skills.multimodal.sensors.intersection import intersect
from agents_offchain.skills.multimodal.sensors.streams import MAX_SAMPLES, Stream, read_log
from tests.evaluation.vision.trajectories import ACCELERATION_DENSITY, simulate

pytestmark = pytest.mark.unit


def log(**changes: Any) -> bytes:
    stream = {"name": "gps", "unit": "m", "samples": [[0, [0.0], 1.0], [1, [1.0], 1.0]], **changes}
    return json.dumps({"schema": "aitbc.sensors/1", "streams": [stream]}).encode()


def steady(name: str, times: list[float], speed: float = 2.0, variance: float = 0.01) -> Stream:
    at = np.array(times)
    return Stream(name, at, (at * speed)[:, None], np.full((len(times), 1, 1), variance))


def test_read_log__in_other_units_and_late__gives_metres_at_the_time_of_measurement() -> None:
    (stream,) = read_log(log(unit="cm", latency_seconds=0.5, samples=[[1, [250], 4.0], [2, [350], 4.0]]))

    assert stream.times_s.tolist() == [0.5, 1.5]
    assert stream.positions_m.ravel().tolist() == [2.5, 3.5]
    assert stream.covariances_m2.ravel() == pytest.approx([4e-4, 4e-4])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", SensorLogMalformed),
        (b"not json", SensorLogMalformed),
        (b"[" * 100_000, SensorLogMalformed),
        (b"{}", SensorLogMalformed),
        (b'{"schema":"aitbc.sensors/1","streams":[]}', SensorLogMalformed),
        (b" " * ((16 << 20) + 1), SensorLogTooLarge),
        (log(samples=[]), SensorLogMalformed),
        (log(samples=[[0, [], 1]]), SensorLogMalformed),
        (log(samples=[[0, [1, 2, 3, 4], 1]]), SensorLogMalformed),
        (log(samples=[[0, [1], 1], [1, [1, 2], 1]]), SensorLogMalformed),
        (log(samples=[[0, [1, 2], [[1, 0]]]]), SensorLogMalformed),
        (log(samples=[[0, [1.0], math.nan]]), SensorValueInvalid),
        (log(samples=[[0, [math.inf], 1.0]]), SensorValueInvalid),
        (log(samples=[[0, [1e300], 1.0]]), SensorValueInvalid),
        (log(samples=[[0, [True], 1.0]]), SensorValueInvalid),
        (log(samples=[[0, ["1"], 1.0]]), SensorValueInvalid),
        (log(samples=[[0, [1.0], 0.0]]), SensorValueInvalid),
        (log(samples=[[0, [1.0], -1.0]]), SensorValueInvalid),
        (log(samples=[[0, [1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]]]]), SensorValueInvalid),
        (log(samples=[[1, [1.0], 1.0], [0, [1.0], 1.0]]), SensorTimeNotRising),
        (log(samples=[[1, [1.0], 1.0], [1, [1.0], 1.0]]), SensorTimeNotRising),
        (log(latency_seconds=-1), SensorValueInvalid),
        (log(name=""), SensorLogMalformed),
        (log(unit="furlong"), SensorLogMalformed),
        (log(samples=[[t, [0], 1] for t in range(MAX_SAMPLES + 1)]), SensorLogTooLarge),
    ],
)
def test_read_log__what_is_no_log__is_refused_with_its_reason(data: bytes, error: type[SensorLogRefused]) -> None:
    with pytest.raises(error) as refusal:
        read_log(data)
    assert len(refusal.value.message) > 20


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_read_log__any_json_in_place_of_a_stream__is_refused(inner: Any) -> None:
    document = {"schema": "aitbc.sensors/1", "streams": [inner]}
    with pytest.raises(SensorLogRefused):
        read_log(json.dumps(document).encode())


def test_fuse__clean_sensors_of_a_random_walk__is_near_the_optimum_and_beats_each() -> None:
    run = simulate(0, has_outliers=False)

    track = fuse(run.streams, run.times_s, MotionModel(ACCELERATION_DENSITY))

    found = np.array([estimate.position_m for estimate in track.estimates])
    rmse = float(((found - run.truth_m) ** 2).sum(axis=1).mean() ** 0.5)
    optimum = float(np.mean([np.trace(estimate.position_covariance_m2) for estimate in track.estimates]) ** 0.5)
    assert rmse <= 1.2 * optimum
    assert track.restarts == 0
    assert all(0.7 < health.consistency < 1.3 for health in track.health)


def test_fuse__a_sensor_with_outliers__gates_them() -> None:
    run = simulate(1, has_outliers=True)

    track = fuse(run.streams, run.times_s, MotionModel(ACCELERATION_DENSITY))

    found = np.array([estimate.position_m for estimate in track.estimates])
    assert float(((found - run.truth_m) ** 2).sum(axis=1).mean() ** 0.5) < 0.5
    assert sum(health.gated for health in track.health) > 20


def test_fuse__a_wild_start__begins_again_from_what_agrees() -> None:
    times = [float(t) for t in range(40)]
    stream = steady("gps", times)
    stream.positions_m[0] = 100_000.0

    track = fuse([stream], np.array([20.0, 30.0]), MotionModel(0.1, max_speed=1.0))

    assert track.restarts == 1
    assert [float(estimate.position_m[0]) for estimate in track.estimates] == pytest.approx([40, 60], abs=0.5)


def test_fuse__fewer_wild_samples_than_a_lost_track_needs__stays() -> None:
    times = [float(t) for t in range(60)]
    stream = steady("gps", times)
    stream.positions_m[30 : 30 + LOST_AFTER - 1] += 5_000.0

    track = fuse([stream], np.array([55.0]), MotionModel(0.01))

    assert track.restarts == 0
    assert float(track.estimates[0].position_m[0]) == pytest.approx(110, abs=0.5)


def test_fuse__two_sensors_with_a_latency_taken_off__agree() -> None:
    fast = {"name": "fast", "samples": [[t / 10, [t / 5], 0.0001] for t in range(100)]}
    slow = {"name": "slow", "latency_seconds": 0.4, "samples": [[t / 10 + 0.4, [t / 5], 0.0001] for t in range(100)]}
    streams = read_log(json.dumps({"schema": "aitbc.sensors/1", "streams": [fast, slow]}).encode())

    track = fuse(streams, np.array([5.0]), MotionModel(0.1))

    assert float(track.estimates[0].position_m[0]) == pytest.approx(10.0, abs=0.01)
    assert [health.state for health in track.health] == ["fine", "fine"]


def test_fuse__a_sensor_that_claims_too_much__is_called_overconfident() -> None:
    chance = np.random.default_rng(3)
    times = [t / 10 for t in range(300)]
    honest = steady("honest", times, variance=0.01)
    honest.positions_m[:, 0] += chance.normal(0, 0.1, 300)
    boaster = steady("boaster", [t + 0.05 for t in times], variance=0.01)
    boaster.positions_m[:, 0] += chance.normal(0, 0.25, 300)

    track = fuse([honest, boaster], np.array([10.0]), MotionModel(0.01))

    assert [health.state for health in track.health] == ["fine", "overconfident"]


def test_fuse__times_before_the_first_measurement__gives_nothing_for_them() -> None:
    track = fuse([steady("gps", [5.0, 6.0])], np.array([1.0, 5.5]), MotionModel())

    assert [estimate.time_s for estimate in track.estimates] == [5.5]


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-0.95, 0.95))
def test_intersect__errors_of_any_correlation__is_never_surer_than_the_truth(
    first: float, second: float, correlation: float
) -> None:
    """The joined error is W1 e1 + W2 e2; its true covariance, whatever ties e1 to e2, is within the one reported."""
    one, other = np.diag([first, second]), np.diag([second, first])

    _, covariance = intersect((np.zeros(2), one), (np.zeros(2), other))

    weights = [intersect((mean, one), (np.zeros(2), other))[0] for mean in np.eye(2)]
    own = np.stack(weights, axis=1)
    rest = np.eye(2) - own
    tied = correlation * np.sqrt(one) @ np.sqrt(other)
    true = own @ one @ own.T + rest @ other @ rest.T + own @ tied @ rest.T + rest @ tied.T @ own.T
    assert np.linalg.eigvalsh(covariance - true)[0] >= -1e-6
    assert np.trace(covariance) <= min(np.trace(one), np.trace(other)) + 1e-6
