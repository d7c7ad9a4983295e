"""Translate a text of any length, in pieces that a model reads at once; each is checked for language and numbers."""

from __future__ import annotations

import re
from collections import Counter

from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.errors import AnswerMalformed
from agents_offchain.skills.llm.languages import require_language
from agents_offchain.skills.llm.prompts.prompt import Prompt
from agents_offchain.skills.llm.structured import ask_for_json

PIECE_CHARACTERS = 3_000
"""A piece is closed before it grows past this; a longer paragraph is cut at a sentence, else at a space."""
_PARAGRAPH = re.compile(r"(?<=\n)\n+")
_CUT = re.compile(r"[.!?]\s|\s")
_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?:[ \u00a0\u202f.,']\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*")
"""`40,000`, `40.000` and `40 000` are one number."""


def translate(text: str, language: str, provider: Provider, prompt: Prompt) -> str:
    """A text in another language, paragraph by paragraph.

    Raises:
        AnswerMalformed: a piece is in another language, or lacks a number of the text.
        AitbcError: what the provider says.
    """
    done = []
    for piece in cut_pieces(text):
        said = str(ask_for_json(provider, prompt, {"language": language, "text": piece})["text"])
        require_language(said, language)
        require_numbers(piece, said)
        done.append(said)
    return "\n".join(done)


def cut_pieces(text: str, most: int = PIECE_CHARACTERS) -> list[str]:
    """The text in pieces of whole paragraphs where they fit; joined they are the text but for white space."""
    pieces: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        while len(paragraph) > most:
            ends = [match.end() for match in _CUT.finditer(paragraph, most // 2, most)]
            cut = ends[-1] if ends else most
            pieces.append(paragraph[:cut])
            paragraph = paragraph[cut:]
        if pieces and len(pieces[-1]) + len(paragraph) < most:
            pieces[-1] = f"{pieces[-1]}\n{paragraph}"
        else:
            pieces.append(paragraph)
    return [piece for piece in pieces if piece.strip()]


def require_numbers(text: str, translated: str) -> None:
    """See that every number written in digits is there again; `1,250.50` and `1.250,50` are the same digits.

    Raises:
        AnswerMalformed: one is missing.
    """
    missing = sorted(set(find_digits(text)) - set(find_digits(translated)))
    if missing:
        raise AnswerMalformed(
            f"The translation lacks the number {missing[0]}.", mend="Try again, or configure a larger model."
        )


def find_digits(text: str) -> Counter[str]:
    """Every number written in digits, without its separators, and how often."""
    return Counter(re.sub(r"\D", "", number) for number in _NUMBER.findall(text))
