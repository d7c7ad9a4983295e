"""A corpus of small valid files of every kind that the vision skills read, and seeded ways to break them.

`python -m tests.unit.skills.hostile SECONDS` breaks them at random for so long, prints what was tried, and fails at the
first error that is not the product's own (`make fuzz-vision`).
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.multimodal.sensors.streams import read_log
from agents_offchain.skills.vision.image import decode_image
from agents_offchain.skills.vision.settings import DecodeLimits
from agents_offchain.skills.vision.video import sample_frames

LIMITS = DecodeLimits(max_bytes=1 << 20, max_pixels=1_000_000, max_side_px=5_000)
MOST_GROWTH_MIB = 1024
"""A megapixel is decoded in a few copies; FFmpeg may decode one frame of the size that a video announces before it can
be asked for that size. A bomb that got through would take gigabytes."""


def corpus() -> dict[str, bytes]:
    """Valid files by name; the same bytes on every run of one version of the libraries."""
    pixels = np.random.default_rng(7).integers(0, 256, size=(24, 32, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    files = {form: _saved(picture, form) for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP")}
    files["PNG16"] = _saved(Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 257), "PNG")
    files["CMYK"] = _saved(picture.convert("CMYK"), "JPEG")
    files["alpha"] = _saved(picture.convert("RGBA"), "PNG")
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", save_all=True, append_images=[picture.rotate(90), picture.rotate(180)], duration=100)
    files["animation"] = buffer.getvalue()
    files["AVI"] = video(".avi", "MJPG")
    files["MP4"] = video(".mp4", "mp4v")
    samples = [[float(t), [t * 1.0, 2.0], 0.25] for t in range(6)]
    files["log"] = json.dumps({"schema": "aitbc.sensors/1", "streams": [{"name": "gps", "samples": samples}]}).encode()
    return files


def video(suffix: str, codec: str, frames: int = 8, size: tuple[int, int] = (64, 48)) -> bytes:
    """A square that walks to the right, ten frames a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"walk{suffix}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10.0, size)
        for number in range(frames):
            frame = np.full((size[1], size[0], 3), 30, np.uint8)
            cv2.rectangle(frame, (4 + 4 * number, 16), (16 + 4 * number, 28), (0, 0, 255), -1)
            writer.write(frame)
        writer.release()
        return path.read_bytes()


def bombs() -> dict[str, bytes]:
    """Small files that announce or unfold to far too much, and things that are not what they say."""
    return {
        "png of 30,000 by 30,000": png_header(30_000, 30_000),
        "png of the largest size": png_header(2**31 - 1, 2**31 - 1),
        "png of no size": png_header(0, 0),
        "gif of 65,535 by 65,535": b"GIF89a\xff\xff\xff\xff\x00\x00\x00;",
        "gif cut inside the place of a frame": b"GIF89a\x02\x00\x02\x00\x00\x00\x00," + bytes(7),
        "bmp of a negative height": b"BM"
        + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 9, -(2**31), 1, 24, 0, 0, 0, 0, 0, 0),
        "avi without a frame": b"RIFF\x24\x00\x00\x00AVI LIST",
        "mp4 without a frame": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41",
        "log with time running backwards": _log("[[1, [0, 0], 1], [0.5, [0, 0], 1]]"),
        "log with nan": _log("[[1, [NaN, 0], 1]]"),
        "log with infinity": _log("[[Infinity, [0, 0], 1]]"),
        "log with a negative variance": _log("[[1, [0, 0], -1]]"),
        "log of ten thousand brackets": b'{"streams": ' + b"[" * 10_000,
    }


def unfolding_png() -> bytes:
    """Sixty megabytes of zeros in a file of sixty kilobytes, of which the header asks for three."""
    return png_header(5_000, 200, zlib.compress(bytes(60 << 20)))


def png_header(width: int, height: int, data: bytes = b"x") -> bytes:
    """A PNG with that size in its header and that data."""
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + data, b"IEND")
    body = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def broken(data: bytes, chance: np.random.Generator) -> bytes:
    """One of: cut short, bytes changed, a part repeated, a part left out, a number made huge."""
    bent = bytearray(data)
    place = int(chance.integers(len(bent)))
    match int(chance.integers(5)):
        case 0:
            del bent[place:]
        case 1:
            for _ in range(int(chance.integers(1, 9))):
                bent[int(chance.integers(len(bent)))] = int(chance.integers(256))
        case 2:
            bent[place:place] = bent[place : place + 64] * int(chance.integers(1, 20))
        case 3:
            del bent[place : place + int(chance.integers(1, 33))]
        case _:
            bent[place : place + 4] = b"\xff\xff\xff\x7f"
    return bytes(bent)


def read_any(name: str, data: bytes) -> None:
    """What the skills do first with a file of that kind.

    Raises:
        Refused: as the skills do; anything else is a fault.
    """
    readers: dict[str, Callable[[bytes], object]] = {
        "log": read_log,
        "AVI": lambda given: sample_frames(given, 4, LIMITS),
        "MP4": lambda given: sample_frames(given, 4, LIMITS),
        "animation": lambda given: sample_frames(given, 4, LIMITS),
    }
    kind = name.split(" ")[0].upper() if name.split(" ")[0] in {"avi", "mp4", "gif"} else name.split(" ")[0]
    readers.get(kind, lambda given: decode_image(given, LIMITS))(data)


def refused(name: str, data: bytes) -> bool:
    """True when it was refused, False when it was read; everything else is raised."""
    try:
        read_any(name, data)
    except Refused:
        return True
    return False


def trials(rounds: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Every file of the corpus, broken so many times."""
    files = corpus()
    for number in range(rounds):
        for name, data in files.items():
            yield name, broken(data, np.random.default_rng((seed, number, len(name), len(data))))


def _saved(picture: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


def _log(samples: str) -> bytes:
    return f'{{"schema": "aitbc.sensors/1", "streams": [{{"name": "gps", "samples": {samples}}}]}}'.encode()


def main(seconds: float) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tried = read = 0
    until = time.monotonic() + seconds
    for name, data in trials(10**9, seed=time.time_ns() % 2**32):
        if time.monotonic() > until:
            break
        tried += 1
        try:
            read += not refused(name, data)
        except BaseException:
            Path(".build").mkdir(exist_ok=True)
            Path(".build/fuzz-vision.bin").write_bytes(data)
            sys.stdout.write(f"after {tried:,} files: {name}, kept as .build/fuzz-vision.bin\n")
            raise
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sys.stdout.write(
        f"{tried:,} broken files: {tried - read:,} refused, {read:,} still read; memory grew {grown:.0f} MiB\n"
    )
    return 0 if grown < MOST_GROWTH_MIB else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0))
