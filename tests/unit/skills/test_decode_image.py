"""Pictures that nobody has checked: what is decoded, what is refused, and with which sentence."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from agents_offchain.primitives.errors import Refused
from agents_offchain.skills.vision.errors import (
    ImageDamaged,
    ImageEmpty,
    ImageFormatUnsupported,
    ImageRefused,
    ImageTooLarge,
    ImageTooManyPixels,
)
from agents_offchain.skills.vision.image import decode_image, sniff_media_type
from agents_offchain.skills.vision.settings import DecodeLimits

pytestmark = pytest.mark.unit


def encode(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def gradient(width: int = 64, height: int = 48) -> Image.Image:
    columns = np.linspace(0, 255, width, dtype=np.uint8)
    rows = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    plane = np.broadcast_to(columns, (height, width))
    return Image.fromarray(np.stack([plane, np.broadcast_to(rows, (height, width)), 255 - plane], axis=2))


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int, data: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG whose header announces a size, whatever the data holds."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(encode(gradient(), "JPEG"))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def zip_bomb_png() -> bytes:
    """A valid PNG of 30,000 x 30,000 pixels in about 2.6 MB."""
    packer = zlib.compressobj(9)
    row = packer.compress(bytes(1 + 3 * 30_000))
    rest = b"".join(packer.compress(bytes(1 + 3 * 30_000)) for _ in range(999))
    return png_claiming(30_000, 30_000, row + rest + packer.flush())


HOSTILE: dict[str, tuple[Callable[[], bytes], type[ImageRefused]]] = {
    "no bytes": (lambda: b"", ImageEmpty),
    "one byte": (lambda: b"\xff", ImageFormatUnsupported),
    "text": (lambda: b"hello, I am a picture", ImageFormatUnsupported),
    "pdf": (lambda: b"%PDF-1.7 " + bytes(100), ImageFormatUnsupported),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', ImageFormatUnsupported),
    "web page": (lambda: b"<!DOCTYPE html><script>alert(1)</script>", ImageFormatUnsupported),
    "zip": (lambda: b"PK\x03\x04" + bytes(60), ImageFormatUnsupported),
    "heic": (lambda: b"\0\0\0\x18ftypheic" + bytes(60), ImageFormatUnsupported),
    "tiff": (lambda: encode(gradient(), "TIFF"), ImageFormatUnsupported),
    "ico": (lambda: encode(gradient(), "ICO"), ImageFormatUnsupported),
    "eps in jpeg's clothes": (lambda: b"\xff\xd8\xff%!PS-Adobe-3.0 EPSF-3.0", ImageDamaged),
    "jpeg, only its start": (lambda: b"\xff\xd8\xff", ImageDamaged),
    "jpeg cut in the header": (lambda: encode(gradient(), "JPEG")[:100], ImageDamaged),
    "jpeg cut in the picture": (lambda: encode(gradient(640, 480), "JPEG")[:-2000], ImageDamaged),
    "png, only its start": (lambda: b"\x89PNG\r\n\x1a\n", ImageDamaged),
    "png cut": (lambda: encode(gradient(640, 480), "PNG")[:900], ImageDamaged),
    "png with noise for data": (lambda: png_claiming(64, 48, b"noise" * 50), ImageDamaged),
    "png of no width": (lambda: png_claiming(0, 10), ImageDamaged),
    "webp cut": (lambda: encode(gradient(640, 480), "WEBP")[:-800], ImageDamaged),
    "gif cut": (lambda: encode(gradient(640, 480).quantize(), "GIF")[:400], ImageDamaged),
    "bmp cut": (lambda: encode(gradient(), "BMP")[:-500], ImageDamaged),
    "png bomb": (zip_bomb_png, ImageTooManyPixels),
    "png header of a continent": (lambda: png_claiming(2**31 - 1, 2**31 - 1), ImageTooManyPixels),
    "png strip": (lambda: png_claiming(1_000_000, 1), ImageTooManyPixels),
    "jpeg header of a continent": (lambda: jpeg_claiming(65_500, 65_500), ImageTooManyPixels),
    "too many bytes": (lambda: b"\xff\xd8\xff" + bytes(DecodeLimits().max_bytes), ImageTooLarge),
    "text chunk bomb": (
        lambda: png_claiming(
            8, 8, extra=b"".join(png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(9 << 20))) for _ in range(9))
        ),
        ImageDamaged,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_decode_image__hostile_file__is_refused_with_a_sentence_and_a_mend(name: str) -> None:
    make, expected = HOSTILE[name]
    with pytest.raises(expected) as caught:
        decode_image(make())
    assert isinstance(caught.value, Refused)
    assert caught.value.message.endswith(".")
    assert caught.value.mend.endswith(".")
    assert "PIL" not in str(caught.value)


def test_decode_image__pdf__is_named_in_the_sentence() -> None:
    with pytest.raises(ImageFormatUnsupported, match="PDF"):
        decode_image(b"%PDF-1.7")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_decode_image__supported_format__is_rgb_of_its_size(form: str) -> None:
    data = encode(gradient(), form)
    decoded = decode_image(data)
    assert (decoded.width, decoded.height) == (64, 48)
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.shape == (48, 64, 3)
    assert decoded.media_type == sniff_media_type(data) == f"image/{form.lower()}"
    difference = np.abs(decoded.pixels.astype(int) - np.asarray(gradient()).astype(int))
    assert difference.mean() < 12


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_decode_image__one_pixel__is_decoded(form: str) -> None:
    decoded = decode_image(encode(Image.new("RGB", (1, 1), (250, 0, 0)), form))
    assert decoded.pixels.shape == (1, 1, 3)
    assert decoded.pixels[0, 0, 0] > 200


def test_decode_image__cmyk_jpeg__has_the_colours_a_person_sees() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixel = decode_image(encode(red, "JPEG", quality=95)).pixels[8, 8]
    assert pixel[0] > 200
    assert pixel[1] < 60


def test_decode_image__sixteen_bit_grey_png__is_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
    pixels = decode_image(encode(Image.fromarray(ramp), "PNG")).pixels
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[15, 15].tolist() == [255, 255, 255]
    assert 120 <= pixels[8, 0, 0] <= 136


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA"])
def test_decode_image__other_pixel_modes__become_rgb(mode: str) -> None:
    assert decode_image(encode(gradient().convert("L").convert(mode), "PNG")).pixels.shape == (48, 64, 3)


def test_decode_image__transparent_png__lies_on_white() -> None:
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    picture.putpixel((0, 0), (10, 20, 30, 255))
    pixels = decode_image(encode(picture, "PNG")).pixels
    assert pixels[0, 0].tolist() == [10, 20, 30]
    assert pixels[4, 4].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (0, -1)), (3, (-1, -1)), (4, (-1, 0)), (5, (0, 0)), (6, (0, -1)), (7, (-1, -1)), (8, (-1, 0))],
)
def test_decode_image__exif_orientation__is_upright(orientation: int, corner: tuple[int, int]) -> None:
    picture = Image.new("RGB", (40, 20), (255, 255, 255))
    picture.paste((200, 0, 0), (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_image(encode(picture, "JPEG", exif=exif, quality=95))
    assert (decoded.width, decoded.height) == ((20, 40) if orientation > 4 else (40, 20))
    assert decoded.pixels[corner][1] < 80


def test_decode_image__broken_exif__is_decoded_all_the_same() -> None:
    data = encode(gradient(), "JPEG")
    broken = b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(20)
    with_exif = data[:2] + b"\xff\xe1" + struct.pack(">H", len(broken) + 2) + broken + data[2:]
    assert decode_image(with_exif).width == 64


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_decode_image__animation__is_its_first_frame(form: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    data = encode(frames[0], form, save_all=True, append_images=frames[1:], duration=50)
    pixel = decode_image(data).pixels[16, 16]
    assert pixel[0] > 200
    assert pixel[1] < 60


def test_decode_image__limits_of_the_host__are_respected() -> None:
    data = encode(gradient(), "PNG")
    with pytest.raises(ImageTooManyPixels):
        decode_image(data, DecodeLimits(max_pixels=64 * 48 - 1))
    with pytest.raises(ImageTooManyPixels):
        decode_image(data, DecodeLimits(max_side_px=63))
    with pytest.raises(ImageTooLarge):
        decode_image(data, DecodeLimits(max_bytes=len(data) - 1))
    assert decode_image(data, DecodeLimits(max_pixels=64 * 48, max_side_px=64, max_bytes=len(data))).width == 64
