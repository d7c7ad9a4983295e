"""Check an answer's citations against the document itself; what a reporter's worker runs.

In: the document's bytes, the question, the claimed output. Out: what holds and what does not, as plain facts that are
the same on every machine. It asks no model: spans are compared character by character, support by the rule of
`knowledge.support`, nearness by doing the retrieval again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents_offchain.skills.knowledge.support import RULE, weigh_support
from agents_offchain.skills.llm.answer import answer_question
from agents_offchain.skills.llm.library import Candidate, Library

PASSAGES_NEAR, SENTENCES_NEAR = 8, 8
"""A citation is near the question when it holds one of this many best sentences of this many best passages; more than
an answer looks at, so that rounding on another machine decides nothing."""


def check_citations(question: str, claimed: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """The facts about a claimed answer.

    Args:
        question: Empty for a summary, fields or a label, which are about the whole document.
        claimed: The output of `answer-from-documents`, of the right form; its content is not trusted.

    Returns:
        ``document`` as read here; numbers of ``statements``; ``wrong_spans`` and ``unsupported`` as numbers of
        statements; ``is_near`` whether some citation lies where the question leads; ``is_answerable`` whether the
        document answers by our own search; ``rule``.
    """
    statements: Sequence[Mapping[str, Any]] = claimed["statements"]
    near = library.find_sentences(question, library.find_passages(question, PASSAGES_NEAR))[:SENTENCES_NEAR]
    is_answerable = bool(answer_question(question, library).statements) if question else bool(statements)
    return {
        "document": library.facts(),
        "statements": len(statements),
        "wrong_spans": [number for number, entry in enumerate(statements) if not _is_placed(entry, library)],
        "unsupported": [number for number, entry in enumerate(statements) if not _is_supported(entry)],
        "is_near": not question or any(_holds_one(cited, near) for entry in statements for cited in entry["citations"]),
        "is_answerable": is_answerable,
        "rule": RULE,
    }


def _is_placed(statement: Mapping[str, Any], library: Library) -> bool:
    """Every citation's characters stand exactly where it says, on that page."""
    source = library.source
    return bool(statement["citations"]) and all(
        0 <= cited["start"] < cited["end"] <= len(source.text)
        and source.text[cited["start"] : cited["end"]] == cited["quote"]
        and source.page_at(cited["start"]) == cited["page"]
        for cited in statement["citations"]
    )


def _is_supported(statement: Mapping[str, Any]) -> bool:
    quotation = " ".join(str(cited["quote"]) for cited in statement["citations"])
    return weigh_support(str(statement["text"]), quotation).is_enough


def _holds_one(cited: Mapping[str, Any], near: Sequence[Candidate]) -> bool:
    return any(cited["start"] <= one.span.start and one.span.end <= cited["end"] for one in near)
