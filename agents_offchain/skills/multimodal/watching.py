"""The video of a job: what its sampled frames show, and when."""

from __future__ import annotations

from collections import Counter
from typing import Any

from agents_offchain.skills.multimodal.context import Heed, there
from agents_offchain.skills.multimodal.models import SceneModels
from agents_offchain.skills.multimodal.plan import File
from agents_offchain.skills.multimodal.sensors.camera import Sighting
from agents_offchain.skills.multimodal.settings import ObserveSettings
from agents_offchain.skills.vision.inspect_image import describe_object
from agents_offchain.skills.vision.settings import DecodeLimits
from agents_offchain.skills.vision.tiling import best_guesses, detect_mirrored
from agents_offchain.skills.vision.video import sample_frames


def watch(
    video: File,
    settings: ObserveSettings,
    thresholds: tuple[Heed, ...],
    models: SceneModels,
    limits: DecodeLimits,
    output: dict[str, Any],
) -> list[Sighting]:
    """Look at frames of the video and write what they show into the output.

    Returns:
        What was seen, by time; for the camera as a sensor.

    Raises:
        ImageRefused: as `sample_frames`.
        InferenceFailed: the model could not be run.
    """
    cid, data = video
    least = min([settings.min_object_score, *(entry.min_score for entry in thresholds)])
    sightings = []
    for frame in sample_frames(data, settings.video_frames, limits):
        guesses = best_guesses(detect_mirrored(models.vision.detector, frame.pixels, least))
        sightings.append(Sighting(frame.time_s, tuple(there(guesses, thresholds, settings.min_object_score))))
    output["video"] = [
        {"time_s": sighting.time_s, "objects": [describe_object(item) for item in sighting.objects]}
        for sighting in sightings
    ]
    frames = Counter(label for sighting in sightings for label in {item.label for item in sighting.objects})
    shown = ", ".join(f"{label} in {count}" for label, count in sorted(frames.items())) or "nothing it knows"
    told = f"Of {len(sightings)} frames of the video the detector saw: {shown}."
    output["statements"].append({"text": told, "step": "watch-video", "source": cid})
    return sightings
