"""Make the example PDF from its Markdown: pages of Helvetica, one standard font each for text and headings.

Run: ``python tools/make_example_pdf.py``. The same text gives the same bytes; a test compares the file with what this
makes. Only what the example needs: headings, paragraphs, list items, characters of Windows-1252.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "documents"
NAME = "escrow-guide"
WIDTH_PT, HEIGHT_PT, MARGIN_PT = 595, 842, 64
BODY_PT, HEADING_PT, LEADING_PT = 11, 15, 15
CHARACTERS = 88
"""Of a line of body text; Helvetica is about half as wide as it is high."""


def make_pdf(markdown: str) -> bytes:
    """The PDF's bytes."""
    pages = list(_pages(_lines(markdown)))
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(pages):
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH_PT} {HEIGHT_PT}] /Contents {6 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
        )
        objects += [page.encode(), b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)]
    return _file(objects)


def _lines(markdown: str) -> Iterator[tuple[str, int]]:
    """Lines with their size in points; an empty line for a gap."""
    for block in re.split(r"\n\s*\n", markdown.strip()):
        heading = re.match(r"#+\s+(.*)\n?", block)
        if heading:
            yield heading.group(1), HEADING_PT
            block = block[heading.end() :]
        for item in re.split(r"\n(?=[-*] )", block) if block else ():
            yield from ((line, BODY_PT) for line in _wrapped(" ".join(item.split())))
        yield "", BODY_PT


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > CHARACTERS:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line


def _pages(lines: Iterator[tuple[str, int]]) -> Iterator[bytes]:
    top = HEIGHT_PT - MARGIN_PT
    drawn: list[bytes] = []
    height = top
    for text, size in lines:
        if height < MARGIN_PT + LEADING_PT:
            yield b"\n".join(drawn)
            drawn, height = [], top
        if text:
            font = "F2" if size == HEADING_PT else "F1"
            escaped = re.sub(rb"([()\\])", rb"\\\1", text.encode("cp1252"))
            drawn.append(f"BT /{font} {size} Tf {MARGIN_PT} {height} Td (".encode() + escaped + b") Tj ET")
        height -= LEADING_PT + (size - BODY_PT)
    if drawn:
        yield b"\n".join(drawn)


def _file(objects: list[bytes]) -> bytes:
    data, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


if __name__ == "__main__":
    made = make_pdf((FOLDER / f"{NAME}.md").read_text(encoding="utf-8"))
    (FOLDER / f"{NAME}.pdf").write_bytes(made)
    sys.stdout.write(f"{NAME}.pdf: {len(made):,} bytes\n")
