"""Denoising, contrast and straightening; colour profiles; videos and animations as frames."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageFont

from agents_offchain.skills.vision.enhance import denoise, raise_contrast, straighten, take_back, tilt_of
from agents_offchain.skills.vision.errors import ImageDamaged, ImageFormatUnsupported, ImageTooLarge, ImageTooManyPixels
from agents_offchain.skills.vision.image import decode_image
from agents_offchain.skills.vision.models import VisionModels
from agents_offchain.skills.vision.reading import read_mended_text
from agents_offchain.skills.vision.settings import DecodeLimits
from agents_offchain.skills.vision.video import is_video, sample_frames
from tests.unit.skills.hostile import corpus, video

pytestmark = pytest.mark.unit


def page(tilt: float = 0.0, *, is_faint: bool = False) -> np.ndarray:
    picture = Image.new("RGB", (640, 360), (120, 120, 120) if is_faint else (250, 250, 250))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=30)
    for number, line in enumerate(("The pay is locked", "before work begins", "and paid when done")):
        draw.text((120, 90 + 60 * number), line, fill=(95, 95, 95) if is_faint else (10, 10, 10), font=font)
    return np.array(picture.rotate(tilt, fillcolor=picture.getpixel((0, 0))), dtype=np.uint8)


@pytest.mark.parametrize("tilt", [-9.0, -4.0, 6.0])
def test_tilt_of__turned_lines__is_found_to_a_degree(tilt: float) -> None:
    assert tilt_of(page(tilt)) == pytest.approx(tilt, abs=1.0)


def test_tilt_of__level_lines_or_none__is_zero() -> None:
    assert tilt_of(page()) == 0
    assert tilt_of(np.full((50, 80, 3), 200, np.uint8)) == 0


def test_straighten__a_point__is_taken_back_to_where_it_was() -> None:
    level, back = straighten(page(6.0), 6.0)

    assert abs(tilt_of(level)) <= 1
    centre = (level.shape[1] / 2, level.shape[0] / 2)
    ((x, y),) = take_back((centre,), back, (640, 360))
    assert (x, y) == pytest.approx((320, 180), abs=1.0)


def test_read_mended_text__faint_noisy_tilted_lines__are_read_with_corners_inside(vision_models: VisionModels) -> None:
    pixels = page(7.0, is_faint=True)
    chance = np.random.default_rng(3)
    pixels[chance.random(pixels.shape[:2]) < 0.02] = 255

    lines = read_mended_text(vision_models.ocr, pixels, 0.5)

    assert [line.text for line in lines] == ["The pay is locked", "before work begins", "and paid when done"]
    assert all(0 <= x <= 640 and 0 <= y <= 360 for line in lines for x, y in line.corners_px)


def test_denoise__single_wrong_pixels__are_gone() -> None:
    pixels = np.full((20, 20, 3), 90, np.uint8)
    pixels[10, 10] = 255

    assert (denoise(pixels) == 90).all()


def test_raise_contrast__a_flat_picture__is_wider_in_lightness() -> None:
    flat = page(is_faint=True)

    assert raise_contrast(flat).std() > 1.3 * flat.std()


def test_decode_image__a_colour_profile__is_heeded_and_a_broken_one_left_aside() -> None:
    picture = Image.new("RGB", (8, 8), (200, 30, 30))
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    plain = decode_image(saved(picture)).pixels
    same = decode_image(saved(picture, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())).pixels

    assert np.abs(same.astype(int) - plain).max() <= 1
    assert (decode_image(saved(picture, linear.tobytes())).pixels == plain).all()
    assert (decode_image(saved(picture, b"\0" * 200)).pixels == plain).all()


def saved(picture: Image.Image, profile: bytes | None = None) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", icc_profile=profile)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["AVI", "MP4"])
def test_sample_frames__a_video__gives_evenly_spaced_frames_with_times(name: str) -> None:
    data = corpus()[name]
    frames = sample_frames(data, 4)

    assert is_video(data)
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.2, 0.5, 0.7])
    middles = [np.argwhere(frame.pixels[:, :, 0] > 128).mean(axis=0)[1] for frame in frames]
    assert middles == pytest.approx([10, 18, 30, 38], abs=2)


def test_sample_frames__an_animation__gives_its_frames() -> None:
    frames = sample_frames(corpus()["animation"], 8)

    assert [frame.time_s for frame in frames] == [0, 0.1, 0.2]
    assert not is_video(corpus()["animation"])


@pytest.mark.parametrize(
    ("data", "limits", "error"),
    [
        (corpus()["MP4"][:60], DecodeLimits(), ImageDamaged),
        (corpus()["MP4"], DecodeLimits(max_bytes=50), ImageTooLarge),
        (corpus()["AVI"], DecodeLimits(max_pixels=100), ImageTooManyPixels),
        (corpus()["animation"], DecodeLimits(max_pixels=100), ImageTooManyPixels),
        (b"no video at all", DecodeLimits(), ImageFormatUnsupported),
    ],
)
def test_sample_frames__what_cannot_be_sampled__is_refused(data: bytes, limits: DecodeLimits, error: type) -> None:
    with pytest.raises(error):
        sample_frames(data, 4, limits)


def test_sample_frames__one_frame_asked__is_the_first() -> None:
    assert [frame.time_s for frame in sample_frames(video(".avi", "MJPG", frames=3), 1)] == [0]
