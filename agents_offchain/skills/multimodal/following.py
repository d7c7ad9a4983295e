"""The sensors of a job: a log, a camera that watched a video, or both, to one track with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agents_offchain.skills.multimodal.plan import File, PartsRefused
from agents_offchain.skills.multimodal.sensors.camera import Sighting, camera_stream
from agents_offchain.skills.multimodal.sensors.fuse import MotionModel, fuse
from agents_offchain.skills.multimodal.sensors.kalman import Estimate
from agents_offchain.skills.multimodal.sensors.streams import Stream, read_log
from agents_offchain.skills.multimodal.settings import ObserveSettings

CAMERA = "camera of the video"


def follow(
    sensor_log: File | None,
    sightings: Sequence[Sighting],
    video_cid: str,
    settings: ObserveSettings,
    output: dict[str, Any],
) -> None:
    """Fuse what the sensors say and write the track into the output.

    Args:
        sightings: What the video showed; used when the settings describe the camera.
        video_cid: Name of the video; empty without one.

    Raises:
        PartsRefused: the camera saw nothing of its label and there is no log, or the log has other axes.
        SensorLogRefused: as `read_log`.
    """
    streams = list(read_log(sensor_log[1])) if sensor_log else []
    seen = camera_stream(CAMERA, sightings, settings.camera) if settings.camera else None
    if seen is not None:
        _require_two_axes(streams)
        streams.append(seen)
    if not streams:
        raise PartsRefused("The camera saw nothing of its label, and there is no sensor log.")
    _fuse(streams, " ".join(filter(None, (sensor_log[0] if sensor_log else "", video_cid))), settings, output)


def _require_two_axes(streams: Sequence[Stream]) -> None:
    if any(stream.axes != 2 for stream in streams):
        raise PartsRefused("A camera gives two axes; the sensor log has another number.", mend="Send x and y.")


def _fuse(streams: Sequence[Stream], source: str, settings: ObserveSettings, output: dict[str, Any]) -> None:
    first = min(float(stream.times_s[0]) for stream in streams)
    last = max(float(stream.times_s[-1]) for stream in streams)
    times = np.unique(np.linspace(first, last, settings.track_points))
    track = fuse(streams, times, MotionModel(settings.acceleration_density, settings.max_speed))
    output["track"] = {
        "unit": "m",
        "points": [_point(estimate) for estimate in track.estimates],
        "sensors": [health.as_dict() for health in track.health],
        "restarts": track.restarts,
    }
    ill = [health.name for health in track.health if health.state != "fine"]
    told = f"{len(streams)} sensors followed one thing for {last - first:.3f} s; not fine: {', '.join(ill) or 'none'}."
    output["statements"].append({"text": told, "step": "fuse-sensors", "source": source})


def _point(estimate: Estimate) -> dict[str, Any]:
    deviations = np.sqrt(np.diag(estimate.position_covariance_m2))
    return {
        "time_s": round(estimate.time_s, 6),
        "position": [round(float(value), 4) + 0.0 for value in estimate.position_m],
        "deviation": [round(float(value), 4) for value in deviations],
    }
