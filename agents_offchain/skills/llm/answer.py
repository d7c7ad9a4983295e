"""The skill ``answer-from-documents``: an answer whose every statement quotes the place that says it.

Retrieval finds the sentences; a model, when one is used, drafts a sentence from them; the rule of `knowledge.support`
decides whether the draft may stand. A draft that it does not carry is replaced by the quotation itself. When no
sentence is near the question the answer is that the document does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.skills.knowledge.support import weigh_support
from agents_offchain.skills.llm.chat import Provider
from agents_offchain.skills.llm.library import Candidate, Library
from agents_offchain.skills.llm.prompts.prompt import Prompt, load_prompt
from agents_offchain.skills.llm.structured import ask_for_json

SKILL = "answer-from-documents/1"
PROMPT = "answer"
LEAST_SCORE = 0.36
"""A best sentence below this does not answer; chosen with the question set in view, see `docs/language.md`."""
NEXT_SHARE = 0.90
"""A second sentence is quoted when it scores at least this share of the first."""
PASSAGES_SHOWN = 3
SENTENCES_CITED = 2


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer.

    Attributes:
        origin: ``quotation`` or ``draft`` (a model's sentence that its citations carry).
    """

    text: str
    cited: tuple[Candidate, ...]
    origin: str = "quotation"


@dataclass(frozen=True, slots=True)
class Answered:
    """What was found: passages looked at (best first), statements (none when the document does not say)."""

    passages: tuple[int, ...]
    statements: tuple[Statement, ...]


def answer_question(
    question: str, library: Library, provider: Provider | None = None, prompt: Prompt | None = None
) -> Answered:
    """Answer from one document.

    Args:
        provider: Drafts the wording; None quotes.
        prompt: What it is asked; None is the newest `answer`.
    """
    passages = library.find_passages(question)
    ranked = library.find_sentences(question, passages)
    if not ranked or ranked[0].score < LEAST_SCORE:
        return Answered(tuple(passages), ())
    drafted = None
    if provider is not None:
        drafted = _draft(question, library, passages, ranked, provider, prompt or load_prompt(PROMPT))
    return Answered(tuple(passages), drafted or _quote(ranked))


def describe_answer(question: str, library: Library, found: Answered) -> dict[str, Any]:
    """The skill's output."""
    statements = [
        {
            "text": statement.text,
            "origin": statement.origin,
            "citations": [library.quote(candidate.span) for candidate in statement.cited],
        }
        for statement in found.statements
    ]
    return {
        "document": library.facts(),
        "question": question,
        "is_answered": bool(statements),
        "answer": " ".join(statement.text for statement in found.statements),
        "statements": statements,
    }


def _quote(ranked: Sequence[Candidate]) -> tuple[Statement, ...]:
    best = ranked[0]
    kept = [best, *(other for other in ranked[1:SENTENCES_CITED] if other.score >= NEXT_SHARE * best.score)]
    return tuple(Statement(candidate.text, (candidate,)) for candidate in kept)


def _draft(
    question: str,
    library: Library,
    passages: Sequence[int],
    ranked: Sequence[Candidate],
    provider: Provider,
    prompt: Prompt,
) -> tuple[Statement, ...] | None:
    """A model's sentence with the quotation that carries it; None when there is none."""
    shown = list(passages[:PASSAGES_SHOWN])
    numbered = [f"[{place}] {library.read(library.passages[number].span)}" for place, number in enumerate(shown, 1)]
    try:
        data = ask_for_json(provider, prompt, {"passages": "\n".join(numbered), "question": question})
    except (Refused, Retryable):  # no model fits, all of them failed, or the money is gone: a quotation is at hand
        return None
    text = " ".join(str(data["answer"]).split())
    near = [candidate for candidate in ranked if candidate.score >= LEAST_SCORE and candidate.passage in shown]
    for candidate in near:
        if _carries(text, candidate, near[0]):
            return (Statement(text, (candidate,), origin="draft"),)
    return None


def _carries(text: str, candidate: Candidate, best: Candidate) -> bool:
    """The quotation supports the draft, and is about as near to the question as the best one."""
    return weigh_support(text, candidate.text).is_enough and candidate.score >= NEXT_SHARE * best.score
