"""`form/1`: what of a translation, or of verdicts by a rubric, can be checked without reading their sense.

The facts come from a worker process (service `check-form`); here they become named checks. Where the rule cannot tell
(a language that it does not know, a text too short, no point said to be fulfilled) the reporter gives no verdict.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents_offchain.primitives.canonical import DocumentInvalid
from agents_offchain.runtime.documents import RequestDocument
from oracle.checks.check import Check
from oracle.checks.documents import DocumentFacts, JudgementOutput, ResultDocument, TranslationOutput
from oracle.checks.reexecution import Job, identify, name_evidence
from oracle.errors import CheckImpossible

CHECKER = "form/1"
SERVICE = "check-form"
LEAST_LENGTH_PERCENT, MOST_LENGTH_PERCENT = 55, 190
"""Of the text's length; between the five languages good pairs of whole texts lie well inside."""
LEAST_NAMES_PERCENT = 50
MOST_REPEATED_PERCENT = 25

Numbers = list[Annotated[int, Field(strict=True, ge=0)]]
Words = list[str]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    document: DocumentFacts
    can_tell: bool


class TranslationFacts(_Facts):
    """What the worker found of a translation."""

    other_language: str
    missing_numbers: Words
    added_numbers: Words
    missing_marks: Words
    missing_units: Words
    names_percent: int | None
    length_percent: int
    repeated_percent: int


class JudgementFacts(_Facts):
    """What the worker found of verdicts."""

    is_rubric: bool
    wrong_spans: Numbers
    unplaced: Numbers
    far: Numbers
    is_score: bool
    not_judged: Numbers


FormOutput = TranslationOutput | JudgementOutput


def question_for(request: RequestDocument, output: FormOutput) -> dict[str, Any]:
    """What the worker is asked: the client's request with what is claimed."""
    return {**request.as_dict(), "claimed": output.model_dump()}


def judge(result: ResultDocument, output: FormOutput, job: Job, request: RequestDocument, facts: Any) -> list[Check]:
    """Every check of a readable result, in a fixed order.

    Raises:
        DocumentInvalid: the worker's facts are something else.
        CheckImpossible: the rule cannot tell.
    """
    read: _Facts
    try:
        if isinstance(output, TranslationOutput):
            read = TranslationFacts.model_validate(facts)
            checks = _of_translation(output, request, read)
        else:
            read = JudgementFacts.model_validate(facts)
            checks = _of_verdicts(read)
    except ValidationError as error:
        raise DocumentInvalid("The worker's facts about a form cannot be read.") from error
    if not read.can_tell:
        raise CheckImpossible(f"The rule for {request.service} cannot tell whether this result is right.")
    is_document = output.document == read.document
    detail = "the document is the client's" if is_document else "another document, or read by another reader"
    return [
        *identify(result, job, request),
        Check("input", is_document, detail),
        Check("execution", True, "the document was read again"),
        *checks,
        name_evidence(result, request),
    ]


def _of_translation(output: TranslationOutput, request: RequestDocument, facts: TranslationFacts) -> list[Check]:
    asked, other = str(request.settings.get("language", "")), facts.other_language
    is_asked = output.language == asked and not other
    found = f"a part is in {other[:30]}" if other else f"it is said to be in {output.language[:30]}"
    is_long = LEAST_LENGTH_PERCENT <= facts.length_percent <= MOST_LENGTH_PERCENT
    is_named = facts.names_percent is None or facts.names_percent >= LEAST_NAMES_PERCENT
    names = (
        "too few names to tell" if facts.names_percent is None else f"{facts.names_percent} % of the names are there"
    )
    return [
        Check("language", is_asked, f"it is in {asked[:30]}" if is_asked else found),
        _none("numbers", [*facts.missing_numbers, *facts.added_numbers], "the numbers are the text's"),
        _none("marks", facts.missing_marks, "addresses and codes are kept"),
        _none("units", facts.missing_units, "units are kept"),
        Check("names", is_named, names),
        Check("length", is_long, f"{facts.length_percent} % of the text's length"),
        Check(
            "repetition", facts.repeated_percent <= MOST_REPEATED_PERCENT, f"{facts.repeated_percent} % is said again"
        ),
    ]


def _of_verdicts(facts: JudgementFacts) -> list[Check]:
    left = f"; {len(facts.not_judged)} said not to be fulfilled were not judged" if facts.not_judged else ""
    return [
        Check("rubric", facts.is_rubric, "the points are the client's" if facts.is_rubric else "other points"),
        _none("spans", [*facts.wrong_spans, *facts.unplaced], f"fulfilled points are quoted where they say{left}"),
        _none("near", facts.far, "each quotation is near its point"),
        Check("score", facts.is_score, "the score is the share" if facts.is_score else "another score than the share"),
    ]


def _none(name: str, failing: list[str] | list[int], what: str) -> Check:
    shown = ", ".join(str(one)[:40] for one in failing[:8])
    return Check(name, not failing, what if not failing else f"not so: {shown}")
