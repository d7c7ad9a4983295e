"""`citations/1`: every statement quotes the document exactly, and the quotation carries it.

The facts come from a worker process that read the document again (service `check-citations`); here they become named
checks. The wording of a statement is free, so that agents with different models can be judged alike; what is done again
is what is deterministic: reading, spans, retrieval and the rule of support.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents_offchain.primitives.canonical import DocumentInvalid
from agents_offchain.runtime.documents import RequestDocument
from oracle.checks.check import Check
from oracle.checks.documents import AnswerOutput, DocumentFacts, ResultDocument
from oracle.checks.reexecution import Job, identify, name_evidence

CHECKER = "citations/1"
SERVICE = "check-citations"
MOST_STATEMENTS = 8
"""An answer that quotes half the document answers nothing."""

Numbers = list[Annotated[int, Field(strict=True, ge=0)]]


class CitationFacts(BaseModel):
    """What the worker found."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    document: DocumentFacts
    statements: int
    wrong_spans: Numbers
    unsupported: Numbers
    is_near: bool
    is_answerable: bool
    is_label_right: bool = True


def question_for(request: RequestDocument, output: AnswerOutput) -> dict[str, Any]:
    """What the worker is asked: the client's request with the answer that is claimed."""
    return {**request.as_dict(), "claimed": output.model_dump()}


def read_facts(output: Any) -> CitationFacts:
    """The worker's answer, typed.

    Raises:
        DocumentInvalid: it is something else.
    """
    try:
        return CitationFacts.model_validate(output)
    except ValidationError as error:
        raise DocumentInvalid("The worker's facts about citations cannot be read.") from error


def judge(
    result: ResultDocument, output: AnswerOutput, job: Job, request: RequestDocument, facts: CitationFacts
) -> list[Check]:
    """Every check of a readable answer, in a fixed order."""
    return [
        *identify(result, job, request),
        _input(output, request, facts),
        Check("execution", True, "the document was read again"),
        _none("spans", facts.wrong_spans, "quoted exactly where it says"),
        _none("support", facts.unsupported, "carried by its quotations"),
        _near(output, facts),
        _abstention(output, facts),
        _wording(output),
        _label(output, request, facts),
        name_evidence(result, request),
    ]


def _input(output: AnswerOutput, request: RequestDocument, facts: CitationFacts) -> Check:
    is_document = output.document == facts.document
    is_question = output.question == str(request.settings.get("question", "")).strip()
    if is_document and is_question:
        return Check("input", True, "the document and the question are the client's")
    return Check("input", False, "another question" if is_document else "another document, or read by another reader")


def _none(name: str, failing: list[int], what: str) -> Check:
    if not failing:
        return Check(name, True, f"every statement is {what}")
    places = ", ".join(str(number + 1) for number in failing[:8])
    return Check(name, False, f"not {what}: statement {places}")


def _near(output: AnswerOutput, facts: CitationFacts) -> Check:
    is_near = facts.is_near or not output.statements
    return Check("near", is_near, "a citation is where the question leads" if is_near else "no citation is near it")


def _abstention(output: AnswerOutput, facts: CitationFacts) -> Check:
    """Saying that the document does not answer is right only when our own search finds nothing either."""
    if output.statements:
        return Check("abstention", True, "the question is answered")
    is_right = not facts.is_answerable
    return Check("abstention", is_right, "the document does not answer" if is_right else "the document answers it")


def _wording(output: AnswerOutput) -> Check:
    """The answer is its statements and nothing else."""
    is_whole = output.answer == " ".join(statement.text for statement in output.statements)
    is_marked = output.is_answered == bool(output.statements)
    is_short = len(output.statements) <= MOST_STATEMENTS
    is_right = is_whole and is_marked and is_short
    return Check("wording", is_right, "the answer is its statements" if is_right else "the answer says more or less")


def _label(output: AnswerOutput, request: RequestDocument, facts: CitationFacts) -> Check:
    is_asked = request.service == "classify"
    is_right = facts.is_label_right and (output.label is not None) == is_asked
    return Check("label", is_right, "the label fits" if is_right else "another label than our own")
