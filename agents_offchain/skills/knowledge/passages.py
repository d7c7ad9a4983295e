"""Cut a text by its structure: headings, paragraphs, list items, sentences; every piece knows its exact place.

Passages are what is searched, sentences are what is cited. A passage never crosses a heading and holds whole sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

PASSAGE_CHARACTERS = 700
"""A passage is closed before it grows past this; one sentence longer than it is a passage of its own."""
SENTENCE_CHARACTERS = 1_000
HEADING_CHARACTERS = 90
HEADING_WORDS = 10

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])\s+")
_TABLE = re.compile(r"^\s*\|.*\|\s*$")
_RULE = re.compile(r"^[\s|:=_*-]*$")
_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)")
_SHORT_FORMS = "e.g i.e etc vs dr mr mrs ms prof no fig sec approx cf al st inc ltd"
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split())
_FINAL = (".", "!", "?", ":", ";", ",")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end`, the end not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A searchable piece of one document.

    Attributes:
        heading: The headings above it, outermost first, joined by ` > `; empty without one.
        sentences: Its sentences in order; together they lie inside `span`.
    """

    span: Span
    heading: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together: a heading with its level, or a paragraph, item or row (level 0)."""

    start: int
    end: int
    level: int
    title: str = ""


def cut_passages(text: str) -> tuple[Passage, ...]:
    """The passages of a text, in order; none for a text without words."""
    passages: list[Passage] = []
    heading: list[tuple[int, str]] = []
    pending: list[Span] = []

    def close() -> None:
        if pending:
            name = " > ".join(title for _, title in heading)
            passages.append(Passage(Span(pending[0].start, pending[-1].end), name, tuple(pending)))
            pending.clear()

    for block in _blocks(text):
        if block.level:
            close()
            heading = [entry for entry in heading if entry[0] < block.level] + [(block.level, block.title)]
            continue
        for sentence in _sentences(text, block.start, block.end):
            if pending and sentence.end - pending[0].start > PASSAGE_CHARACTERS:
                close()
            pending.append(sentence)
    close()
    return tuple(passages)


def clean(text: str) -> str:
    """A span's text for reading: one space for every run of white space, without Markdown marks."""
    return re.sub(r"\s+", " ", text.replace("**", "").replace("`", "")).strip(" |")


def _blocks(text: str) -> Iterator[_Block]:
    lines = list(_lines(text))
    widest = max((end - start for start, end in lines), default=0)
    opened: list[tuple[int, int]] = []
    for index, (start, end) in enumerate(lines):
        line = text[start:end]
        after = text[slice(*lines[index + 1])] if index + 1 < len(lines) else ""
        is_fresh = not opened or text[: opened[-1][1]].rstrip().endswith((".", "!", "?"))
        title = _title(line, after, is_fresh=is_fresh)
        if not line.strip() or _RULE.match(line) or title is not None:
            yield from _closed(opened)
            if title is not None:
                yield _Block(start, end, *title)
            continue
        if opened and (_ITEM.match(line) or _TABLE.match(line)):
            yield from _closed(opened)
        opened.append((start, end))
        if _TABLE.match(line) or (line.rstrip().endswith((".", "!", "?", ":")) and end - start < 0.7 * widest):
            yield from _closed(opened)
    yield from _closed(opened)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    for line in text.splitlines(keepends=True):
        yield place, place + len(line.rstrip("\r\n\f\v\x1c\x1d\x1e\x85\u2028\u2029"))
        place += len(line)


def _closed(opened: list[tuple[int, int]]) -> Iterator[_Block]:
    if opened:
        yield _Block(opened[0][0], opened[-1][1], 0)
        opened.clear()


def _title(line: str, after: str, *, is_fresh: bool) -> tuple[int, str] | None:
    """Level and words of a heading: marked by `#`, or a short line without a final mark that stands before text."""
    marked = _HEADING.match(line)
    if marked:
        return len(line) - len(line.lstrip("#")), clean(marked.group(1))
    words = line.split()
    is_short = 0 < len(words) <= HEADING_WORDS and len(line) <= HEADING_CHARACTERS
    is_plain = not line.rstrip().endswith(_FINAL) and not _ITEM.match(line) and "|" not in line
    if is_fresh and is_short and is_plain and line[:1].isupper() and after.strip() and len(after) > len(line):
        return 2, clean(line)
    return None


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    first = start
    for match in _END.finditer(text, start, end):
        if _ends_sentence(text, match.start(), match.end(), end) or match.end() - first > SENTENCE_CHARACTERS:
            yield from _trimmed(text, first, match.end())
            first = match.end()
    yield from _trimmed(text, first, end)


def _ends_sentence(text: str, mark: int, after: int, end: int) -> bool:
    word = text[max(mark - 12, 0) : mark].split()[-1:] or [""]
    is_initial = len(word[0]) == 1 and word[0].isalpha()
    if text[mark] == "." and (is_initial or word[0].casefold().strip("(") in _ABBREVIATIONS):
        return False
    following = text[after:end].lstrip()[:1]
    return not following or not following.islower()


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without outer white space and item marks; cut where it is too long; none without a word."""
    item = _ITEM.match(text, start, end) if start == 0 or text[start - 1] in "\r\n\f" else None
    start = item.end() if item else start
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > SENTENCE_CHARACTERS:
        cut = text.rfind(" ", start, start + SENTENCE_CHARACTERS)
        cut = cut if cut > start else start + SENTENCE_CHARACTERS
        yield Span(start, cut)
        start = cut
    if any(letter.isalnum() for letter in text[start:end]):
        yield Span(start, end)
