"""Which language a text is in, by its commonest words; enough to see that an answer is in the wrong one."""

from __future__ import annotations

from collections.abc import Mapping

from agents_offchain.skills.knowledge.words import split_words
from agents_offchain.skills.llm.errors import AnswerMalformed

_WORDS = {
    "English": "the of and to in is that it for was with as are this not be by from on at or has have will which they "
    "before after if all an every about when who there been its into only you your do",
    "German": "der die das und nicht ein eine zu den mit von auf für im dem wird ist es sie an des bei als auch sich "
    "ich hat aus wenn oder bis zum zur nach vom werden wir sind über einer einen durch nur noch jede er ihr",
    "French": "le la les et est une un des pour dans que pas sur avec du au ce il elle qui sont de en se ne plus par "
    "ou cette après aux été être ils leur nous vous chaque jour sans ses",
    "Spanish": "el la los las y es una un de para que en por con del no se al su lo como más o pero entre antes está "
    "son fue sus este esta hay todo durante cada desde muy sin",
    "Italian": "il lo la gli e è una un di per che in con del non si alla della nel nella al dei delle sono ha da le i "
    "più come anche ogni su questo questa dal sarà prima dopo senza",
}
COMMON: Mapping[str, frozenset[str]] = {name: frozenset(words.split()) for name, words in _WORDS.items()}
LEAST_SHARE = 0.12
"""Of a text's words, numbers apart; running text has about three times as many."""


def guess_language(text: str) -> str | None:
    """The language with the most common words; None when there are too few of any."""
    words = [word for word in split_words(text) if word[0].isalpha()]
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
