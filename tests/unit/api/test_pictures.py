"""What the outside of a picture tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.api.rest.errors import HttpRefused, PictureDamaged, PictureRefused
from agents_offchain.api.rest.pictures import Picture, probe_picture
from tests.unit.api.pictures import bmp, gif, jpeg, png, webp

pytestmark = pytest.mark.unit
MAX_PIXELS = 1_000_000


@pytest.mark.parametrize(
    ("data", "picture"),
    [
        (png(2, 3), Picture("image/png", 2, 3)),
        (jpeg(3, 4), Picture("image/jpeg", 3, 4)),
        (gif(5, 6), Picture("image/gif", 5, 6)),
        (bmp(7, -8), Picture("image/bmp", 7, 8)),
        (webp(9, 10), Picture("image/webp", 9, 10)),
    ],
)
def test_probe__of_each_kind__tells_type_and_size(data: bytes, picture: Picture) -> None:
    assert probe_picture(data, MAX_PIXELS) == picture


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", PictureDamaged),
        (b"hello", PictureRefused),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureRefused),
        (b"%PDF-1.7", PictureRefused),
        (png()[:-12], PictureDamaged),
        (jpeg()[:-2], PictureDamaged),
        (b"\xff\xd8\xff", PictureDamaged),
        (b"\x89PNG\r\n\x1a\n", PictureDamaged),
        (b"GIF89a", PictureDamaged),
        (b"BM" + bytes(8), PictureDamaged),
        (b"RIFF\xff\xff\xff\x7fWEBPVP8X", PictureDamaged),
        (png(0, 5), PictureDamaged),
        (png(50_000, 50_000), PictureDamaged),
        (jpeg(65_535, 65_535), PictureDamaged),
    ],
)
def test_probe__of_what_cannot_be_inspected__refuses_with_a_mend(data: bytes, error: type[HttpRefused]) -> None:
    with pytest.raises(error) as caught:
        probe_picture(data, MAX_PIXELS)
    assert caught.value.mend


@given(
    st.sampled_from(
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM\0\0\0\0\0\0\0\0", b"RIFF\0\0\0\0WEBP", b""]
    ),
    st.binary(max_size=200),
)
def test_probe__of_any_bytes__answers_or_refuses_and_never_fails(magic: bytes, rest: bytes) -> None:
    try:
        picture = probe_picture(magic + rest, MAX_PIXELS)
    except HttpRefused:
        return
    assert 0 < picture.width_px * picture.height_px <= MAX_PIXELS
