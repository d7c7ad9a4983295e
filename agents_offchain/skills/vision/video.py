"""A video as sampled frames.

In: bytes that nobody has checked. Out: at most so many frames, evenly spaced, as RGB with their times. MP4, MOV, WebM,
Matroska and AVI are decoded by OpenCV's FFmpeg, for which the bytes are put into a temporary file; animated GIF, WebP
and PNG by Pillow. It opens only what the first bytes show, and checks the size of a frame before it is kept.
"""

from __future__ import annotations

import io
import os
import tempfile
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agents_offchain.skills.vision.containers import sniff_video
from agents_offchain.skills.vision.errors import (
    DECODER_ERRORS,
    ImageDamaged,
    ImageFormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
)
from agents_offchain.skills.vision.image import DEFAULT_LIMITS
from agents_offchain.skills.vision.settings import DecodeLimits

SUPPORTED = "MP4, MOV, WebM, MKV, AVI, or an animated GIF, WebP or PNG"
MAX_DECODED_FRAMES = 20_000
"""Frames are decoded one after another up to the last that is sampled; a longer video is refused."""
QUIET = "-8"
USUAL_FRAME_SECONDS = 0.1
"""For an animation that does not say how long a frame stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """`pixels` `(height, width, 3)` uint8 RGB; ``time_s`` from the beginning."""

    time_s: float
    pixels: NDArray[np.uint8]


def is_video(data: bytes) -> bool:
    """By the first bytes alone; an animated picture is none."""
    return sniff_video(data) is not None


def sample_frames(data: bytes, count: int, limits: DecodeLimits = DEFAULT_LIMITS) -> list[Frame]:
    """Evenly spaced frames, the first included, in the order of time.

    Args:
        data: The file's bytes.
        count: At most so many, 1 or more.
        limits: Bounds on the bytes, and on the pixels and sides of one frame.

    Raises:
        ImageTooLarge, ImageTooManyPixels: over the limits.
        ImageFormatUnsupported: not a video or an animation.
        ImageDamaged: no frame can be decoded.
    """
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(
            f"The video has {len(data):,} bytes; at most {limits.max_bytes:,} are read.", mend="Send a shorter part."
        )
    frames = _from_video(data, count, limits) if is_video(data) else _from_animation(data, count, limits)
    if not frames:
        raise ImageDamaged("No frame of the video can be decoded.", mend=f"Save it again as {SUPPORTED}.")
    return frames


def _from_video(data: bytes, count: int, limits: DecodeLimits) -> list[Frame]:
    with tempfile.NamedTemporaryFile(prefix="aitbc-video-") as file:
        file.write(data)
        file.flush()
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", QUIET)  # read when a video is opened; it writes to stderr
        capture = cv2.VideoCapture(file.name, cv2.CAP_FFMPEG)
        try:
            return _sampled(capture, count, limits)
        except cv2.error as error:
            raise ImageDamaged("The video is damaged: it is cut short or malformed.") from error
        finally:
            capture.release()


def _sampled(capture: cv2.VideoCapture, count: int, limits: DecodeLimits) -> list[Frame]:
    width, height = (int(capture.get(what)) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    _require_size(width, height, limits)
    announced = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if announced > MAX_DECODED_FRAMES:
        raise ImageTooLarge(
            f"The video has {announced:,} frames; at most {MAX_DECODED_FRAMES:,} are decoded.",
            mend="Send a shorter part.",
        )
    rate = capture.get(cv2.CAP_PROP_FPS)
    seconds = 1 / rate if 0.01 <= rate <= 1000 else USUAL_FRAME_SECONDS
    wanted = _spread(max(announced, 1), count)
    frames = []
    for number in range(wanted[-1] + 1):
        if not capture.grab():
            break
        if number in wanted:
            is_there, picture = capture.retrieve()
            if is_there and picture is not None and picture.ndim == 3:
                _require_size(picture.shape[1], picture.shape[0], limits)
                frames.append(Frame(round(number * seconds, 6), np.ascontiguousarray(picture[:, :, ::-1], np.uint8)))
    return frames


def _from_animation(data: bytes, count: int, limits: DecodeLimits) -> list[Frame]:
    is_known = data[:6] in {b"GIF87a", b"GIF89a"} or data[:4] == b"RIFF" or data.startswith(b"\x89PNG\r\n\x1a\n")
    if not is_known:
        raise ImageFormatUnsupported("The file is not a video.", mend=f"Convert it to {SUPPORTED}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("GIF", "WEBP", "PNG")) as animation:
                _require_size(*animation.size, limits)
                return _frames_of(animation, count)
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels("A frame announces far more pixels than can be decoded.") from error
    except DECODER_ERRORS as error:
        raise ImageDamaged("The animation is damaged: it is cut short or malformed.") from error


def _frames_of(animation: Image.Image, count: int) -> list[Frame]:
    total = min(int(getattr(animation, "n_frames", 1)), MAX_DECODED_FRAMES)
    wanted, frames, at = _spread(total, count), [], 0.0
    for number in range(wanted[-1] + 1):
        animation.seek(number)
        if number in wanted:
            frames.append(Frame(round(at, 6), np.array(animation.convert("RGB"), dtype=np.uint8)))
        shown_ms = animation.info.get("duration", 0)
        at += shown_ms / 1000 if isinstance(shown_ms, int | float) and shown_ms > 0 else USUAL_FRAME_SECONDS
    return frames


def _spread(total: int, count: int) -> list[int]:
    return sorted({round(place) for place in np.linspace(0, total - 1, min(total, count))})


def _require_size(width: int, height: int, limits: DecodeLimits) -> None:
    if width * height > limits.max_pixels or max(width, height) > limits.max_side_px:
        raise ImageTooManyPixels(
            f"A frame is {width:,} by {height:,} pixels; at most {limits.max_pixels:,} are decoded.",
            mend="Scale the video down.",
        )
