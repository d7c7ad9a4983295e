"""Which language a text is in, by its commonest words; enough to see that an answer is in the wrong one."""

from __future__ import annotations

from collections.abc import Mapping

from agents_offchain.skills.knowledge.words import split_words
from agents_offchain.skills.llm.errors import AnswerMalformed

_WORDS = {
    "English": "the of and to in is that it for was with as are this not be by",
    "German": "der die das und nicht ein eine zu den mit von auf für im dem wird",
    "French": "le la les et est une un des pour dans que pas sur avec du au ce",
    "Spanish": "el la los las y es una un de para que en por con del no se",
    "Italian": "il lo la gli e è una un di per che in con del non si alla",
}
COMMON: Mapping[str, frozenset[str]] = {name: frozenset(words.split()) for name, words in _WORDS.items()}
LEAST_SHARE = 0.08
"""Of a text's words; running text has about three times as many."""


def guess_language(text: str) -> str | None:
    """The language with the most common words; None when there are too few of any."""
    words = split_words(text)
    if not words:
        return None
    shares = {name: sum(word in common for word in words) / len(words) for name, common in COMMON.items()}
    best = max(sorted(shares), key=lambda name: shares[name])
    return best if shares[best] >= LEAST_SHARE else None


def require_language(text: str, language: str) -> None:
    """See that a text is in a language; one that cannot be told is let through.

    Raises:
        AnswerMalformed: it is in another one.
    """
    found = guess_language(text)
    if found is not None and language in COMMON and found != language:
        raise AnswerMalformed(f"The answer is in {found}, not in {language}.", mend="Configure a larger model.")
