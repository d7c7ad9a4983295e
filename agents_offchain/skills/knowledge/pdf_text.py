"""The text of a PDF, page by page. Untrusted: read in a worker process with limits, never in a daemon."""

from __future__ import annotations

import io
import re
from importlib.metadata import version

from agents_offchain.skills.knowledge.errors import DocumentDamaged, DocumentLocked, DocumentTooLarge

MAX_PAGES = 500
_SPACES = re.compile(r"[ \t\u00a0]+")
_SURROGATES = re.compile("[\ud800-\udfff\x00]")


def read_pdf(data: bytes) -> tuple[list[str], str]:
    """Pages of text, and what read them.

    Raises:
        DocumentLocked: it needs a password.
        DocumentTooLarge: more than 500 pages.
        DocumentDamaged: it cannot be read.
    """
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentLocked("The PDF is encrypted.", mend="Save it without a password.")
        if len(reader.pages) > MAX_PAGES:
            raise DocumentTooLarge(f"The PDF has {len(reader.pages)} pages; at most {MAX_PAGES} are read.")
        pages = [_tidy(page.extract_text() or "") for page in reader.pages]
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError) as error:
        raise DocumentDamaged(
            "The PDF is cut short or damaged.", mend="Open it, save it again, and send the new file."
        ) from error
    return pages, f"pypdf/{version('pypdf')}"


def _tidy(page: str) -> str:
    """One space between words, and nothing that UTF-8 cannot carry."""
    lines = (_SPACES.sub(" ", _SURROGATES.sub(" ", line)).strip() for line in page.splitlines())
    return "\n".join(lines)
