"""`re-execution/1`: the same request is run again and the claimed result must agree within tolerances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents_offchain.runtime.documents import ReExecution, RequestDocument
from oracle.checks.check import Check
from oracle.checks.documents import FoundObject, FoundText, ImageOutput, ResultDocument
from oracle.checks.matching import is_one_to_one

CHECKER = "re-execution/1"
_ROUNDING = 1e-9
"""Decimal fractions are not exact in binary; a difference of exactly the tolerance still fits."""


@dataclass(frozen=True)
class Job:
    """What the chain says a result must be about; `escrow` is its EIP-55 address."""

    chain_id: int
    escrow: str
    job_id: int
    request_cid: str


@dataclass(frozen=True)
class Reexecution:
    """What running the request again gave: typed output, evidence, media types of artifacts by name."""

    output: ImageOutput
    evidence: Mapping[str, Any]
    media_types: Mapping[str, str]


def unreadable(detail: str) -> list[Check]:
    """The checks of a deliverable that nobody can read (rule R6)."""
    return [Check("readable", False, detail)]


def refused_input(result: ResultDocument, job: Job, request: RequestDocument) -> list[Check]:
    """The checks when the skill refuses the input: no honest result can exist."""
    return [*identify(result, job, request), Check("execution", False, "the skill refuses this input")]


def compare(
    result: ResultDocument, job: Job, request: RequestDocument, input_sha256: str, again: Reexecution
) -> list[Check]:
    """Every check of a readable result, in a fixed order.

    Args:
        input_sha256: Hex digest of the input's bytes as the reporter fetched them.
    """
    criteria, claimed = request.criteria, result.output
    identity = identify(result, job, request)
    if not isinstance(claimed, ImageOutput) or not isinstance(criteria, ReExecution):
        return [*identity, Check("execution", False, "the result is not what this service gives")]
    return [
        *identity,
        _input(claimed, input_sha256, again),
        Check("execution", True, "the request was run again"),
        *_objects(claimed.objects, again.output.objects, criteria),
        *_text(claimed.text, again.output.text, criteria),
        _evidence(result, again),
        _artifacts(result, again),
    ]


def identify(result: ResultDocument, job: Job, request: RequestDocument) -> list[Check]:
    """Is the result about this job and this request?"""
    reference = result.job
    is_job = (reference.chain_id, reference.escrow.lower(), reference.job_id) == (
        job.chain_id,
        job.escrow.lower(),
        str(job.job_id),
    )
    is_request = result.request_cid == job.request_cid and result.service == request.service
    return [
        Check("readable", True, "the result document can be read"),
        Check("job", is_job, "the result names this job" if is_job else "the result names another job"),
        Check(
            "request",
            is_request,
            "the result answers the request on chain" if is_request else "the result answers another request",
        ),
    ]


def _input(output: ImageOutput, input_sha256: str, again: Reexecution) -> Check:
    claimed, ours = output.image, again.output.image
    is_same = claimed.sha256 == input_sha256 and (claimed.width, claimed.height) == (ours.width, ours.height)
    return Check("input", is_same, "the input is the client's" if is_same else "the input is another one")


def _objects(claimed: list[FoundObject], ours: list[FoundObject], criteria: ReExecution) -> list[Check]:
    box_px, score = criteria.box_tolerance_px, criteria.score_tolerance
    is_counted = len(claimed) == len(ours)
    is_labelled = Counter(item.label for item in claimed) == Counter(item.label for item in ours)

    def boxes_fit(one: FoundObject, other: FoundObject) -> bool:
        return one.label == other.label and _is_near_all(one.box, other.box, box_px)

    def scores_fit(one: FoundObject, other: FoundObject) -> bool:
        return one.label == other.label and _is_near(one.score, other.score, score)

    def all_fits(one: FoundObject, other: FoundObject) -> bool:
        return boxes_fit(one, other) and scores_fit(one, other)

    return [
        Check("counts", is_counted, "as many objects" if is_counted else "another number of objects"),
        Check("labels", is_labelled, "the same labels" if is_labelled else "other labels"),
        _fit("boxes", is_labelled and is_one_to_one(claimed, ours, boxes_fit), f"boxes within {box_px:g} px"),
        _fit("scores", is_labelled and is_one_to_one(claimed, ours, scores_fit), f"scores within {score:g}"),
        _fit(
            "objects",
            is_labelled and is_one_to_one(claimed, ours, all_fits),
            "every object has its counterpart",
        ),
    ]


def _text(claimed: list[FoundText], ours: list[FoundText], criteria: ReExecution) -> list[Check]:
    box_px, score = criteria.box_tolerance_px, criteria.score_tolerance
    is_equal = Counter(line.text for line in claimed) == Counter(line.text for line in ours)

    def fits(one: FoundText, other: FoundText) -> bool:
        return (
            one.text == other.text
            and _is_near(one.score, other.score, score)
            and all(_is_near_all(a, b, box_px) for a, b in zip(one.box, other.box, strict=True))
        )

    is_placed = is_equal and is_one_to_one(claimed, ours, fits)
    return [
        Check("text", is_equal, "the same lines of text" if is_equal else "other lines of text"),
        _fit("text_boxes", is_placed, f"lines within {box_px:g} px"),
    ]


def _evidence(result: ResultDocument, again: Reexecution) -> Check:
    names = ("skill", "models", "seed", "input_sha256")
    is_same = all(result.evidence.get(name) == again.evidence.get(name) for name in names)
    return Check("evidence", is_same, "the same skill and models" if is_same else "another skill or other models")


def _artifacts(result: ResultDocument, again: Reexecution) -> Check:
    claimed = {name: reference.media_type for name, reference in result.artifacts.items()}
    is_same = claimed == dict(again.media_types)
    return Check("artifacts", is_same, "the files of the skill" if is_same else "other files than the skill makes")


def _fit(name: str, passed: bool, what: str) -> Check:
    return Check(name, passed, what if passed else f"not: {what}")


def _is_near(one: float, other: float, tolerance: float) -> bool:
    return abs(one - other) <= tolerance + _ROUNDING


def _is_near_all(one: tuple[float, ...], other: tuple[float, ...], tolerance: float) -> bool:
    return all(_is_near(a, b, tolerance) for a, b in zip(one, other, strict=True))
