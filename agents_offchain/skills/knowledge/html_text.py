"""The text of an HTML page: headings as Markdown headings, blocks as paragraphs, nothing that is not shown."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_HIDDEN = frozenset({"script", "style", "template", "noscript", "head", "svg", "iframe", "object"})
_BLOCK_NAMES = """address article aside blockquote br dd div dl dt figcaption footer form h1 h2 h3 h4 h5 h6 header hr li
    main nav ol p pre section table tr ul"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_SPACES = re.compile(r"\s+")


def read_html(markup: str) -> str:
    """What a reader would see, as plain text."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects blocks; text inside hidden elements, and elements hidden by attribute, is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[str] = []
        self._words: list[str] = []
        self._mark = ""
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden:
            if tag == self._hidden[0]:
                self._hidden.append(tag)
            return
        if tag in _HIDDEN or (_is_hidden(dict(attrs)) and tag not in ("br", "hr", "img", "input", "meta", "link")):
            self._hidden.append(tag)
            return
        if tag in _BLOCKS:
            self._end_block()
            self._mark = _HEADINGS.get(tag, "-" if tag == "li" else "")
        elif tag in ("td", "th"):
            self._words.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[0]:
                self._hidden.pop()
            return
        if tag in _BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)

    def text(self) -> str:
        self._end_block()
        return "\n\n".join(self._blocks)

    def _end_block(self) -> None:
        text = _SPACES.sub(" ", "".join(self._words)).strip(" |")
        self._words = []
        if text:
            self._blocks.append(f"{self._mark} {text}".strip())
        self._mark = ""


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style or "visibility:hidden" in style
