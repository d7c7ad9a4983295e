"""The text of a document, with what is needed to point into it: text, pages, digests.

A place is a span of characters of `SourceText.text`. For plain text and Markdown that is the file, decoded; for HTML
and PDF it is what the reader named in `reader` makes of it, so a place holds for one version of one reader, and the
digest of the whole text says whether two parties mean the same.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents_offchain.skills.knowledge.errors import DocumentEmpty, DocumentRefused, DocumentTooLarge
from agents_offchain.skills.knowledge.html_text import read_html
from agents_offchain.skills.knowledge.pdf_text import read_pdf

PDF, HTML, MARKDOWN, PLAIN = "application/pdf", "text/html", "text/markdown", "text/plain"
MAX_BYTES = 20 << 20
MAX_CHARACTERS = 4_000_000
_HTML_STARTS = (b"<!doctype html", b"<html")
_MEND = "Send UTF-8 text, Markdown, HTML or a PDF with text in it."


@dataclass(frozen=True, slots=True)
class SourceText:
    """A document's text.

    Attributes:
        page_starts: Where each page begins, ascending, the first at 0; one page for formats without pages.
        sha256: Hex digest of the file's bytes.
        text_sha256: Hex digest of the text in UTF-8.
        reader: Name and version of what made the text.
    """

    text: str
    media_type: str
    page_starts: tuple[int, ...]
    sha256: str
    text_sha256: str
    reader: str

    def page_at(self, place: int) -> int:
        """The page, from 1, that a character stands on."""
        return bisect.bisect_right(self.page_starts, place)


def sniff_document(data: bytes) -> str | None:
    """Media type by content: PDF, HTML or plain text (Markdown is plain text); None for anything else."""
    if b"%PDF-" in data[:1024]:
        return PDF
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not _is_readable(text):
        return None
    return HTML if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower().startswith(_HTML_STARTS) else PLAIN


def read_source(data: bytes) -> SourceText:
    """The text of a document, whatever its name says it is.

    Raises:
        DocumentRefused: not a document that can be read; subclasses say why.
    """
    if not data:
        raise DocumentEmpty("The document is empty.", mend=_MEND)
    if len(data) > MAX_BYTES:
        raise DocumentTooLarge(f"The document has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    media_type = sniff_document(data)
    if media_type is None:
        raise DocumentRefused("The file is neither text nor a PDF.", mend=_MEND)
    pages, reader = _READERS[media_type](data)
    return _joined(pages, reader, media_type, data)


def _joined(pages: list[str], reader: str, media_type: str, data: bytes) -> SourceText:
    starts, place = [], 0
    for page in pages:
        starts.append(place)
        place += len(page) + 1
    text = "\n".join(pages)
    if not text.strip():
        raise DocumentEmpty(
            "There is no text in the document.", mend="A scan has pictures of text: have `inspect-image` read it first."
        )
    if len(text) > MAX_CHARACTERS:
        raise DocumentTooLarge(f"The document has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read.")
    return SourceText(
        text=text,
        media_type=media_type,
        page_starts=tuple(starts),
        sha256=hashlib.sha256(data).hexdigest(),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        reader=reader,
    )


def _read_plain(data: bytes) -> tuple[list[str], str]:
    return [data.decode("utf-8")], "utf-8"


def _read_html(data: bytes) -> tuple[list[str], str]:
    return [read_html(data.decode("utf-8"))], "html/1"


_READERS: Mapping[str, Callable[[bytes], tuple[list[str], str]]] = {
    PLAIN: _read_plain,
    HTML: _read_html,
    PDF: read_pdf,
}


def _is_readable(text: str) -> bool:
    return all(letter.isprintable() or letter in "\r\n\t\f\ufeff\u200b\u200c\u200d\u00ad" for letter in text[:4096])
