"""Which kind of video a file is, by its first bytes alone; nothing is decoded here and nothing heavy imported."""

from __future__ import annotations

MP4, MOV, MATROSKA, AVI = "video/mp4", "video/quicktime", "video/x-matroska", "video/x-msvideo"
ISO_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash", b"MSNV")
KINDS = "MP4, MOV, WebM, MKV or AVI"


def sniff_video(data: bytes) -> str | None:
    """Media type of a video; None for anything else. WebM is a kind of Matroska and told as that."""
    if data[4:8] == b"ftyp":
        if data[8:12] in ISO_BRANDS:
            return MP4
        return MOV if data[8:12] == b"qt  " else None
    if data[:4] == b"\x1aE\xdf\xa3":
        return MATROSKA
    return AVI if data[:4] == b"RIFF" and data[8:12] == b"AVI " else None
