"""`re-execution/1`: the same request is run again and the claimed result must agree within tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents_offchain.runtime.documents import ReExecution, RequestDocument
from oracle.checks.check import Check
from oracle.checks.documents import ImageOutput, ResultDocument, SceneOutput
from oracle.checks.findings import compare_objects, compare_text, is_same_image
from oracle.checks.scene import compare_scenes

CHECKER = "re-execution/1"


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

    output: ImageOutput | SceneOutput
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
    criteria, claimed, ours = request.criteria, result.output, again.output
    identity = identify(result, job, request)
    if not isinstance(criteria, ReExecution):
        return [*identity, Check("execution", False, "the result is not what this service gives")]
    if isinstance(claimed, ImageOutput) and isinstance(ours, ImageOutput):
        is_input = claimed.image.sha256 == input_sha256 and is_same_image(claimed.image, ours.image)
        content = [
            *compare_objects(claimed.objects, ours.objects, criteria),
            *compare_text(claimed.text, ours.text, criteria),
        ]
    elif isinstance(claimed, SceneOutput) and isinstance(ours, SceneOutput):
        is_input = result.evidence.get("inputs_sha256") == again.evidence.get("inputs_sha256")
        content = compare_scenes(claimed, ours, criteria)
    else:
        return [*identity, Check("execution", False, "the result is not what this service gives")]
    return [
        *identity,
        Check("input", is_input, "the input is the client's" if is_input else "the input is another one"),
        Check("execution", True, "the request was run again"),
        *content,
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


def name_evidence(result: ResultDocument, request: RequestDocument) -> Check:
    """Does the result name the skill and the input, where nothing is computed again by the agent's own models?"""
    evidence = result.evidence
    is_right = evidence.get("skill") == f"{request.service}/1" and evidence.get("input_sha256") == request.input.sha256
    return Check("evidence", is_right, "the skill and its input are named" if is_right else "another skill or input")


def _evidence(result: ResultDocument, again: Reexecution) -> Check:
    names = ("skill", "preprocessing", "models", "seed", "input_sha256", "inputs_sha256")
    is_same = all(result.evidence.get(name) == again.evidence.get(name) for name in names)
    return Check("evidence", is_same, "the same skill and models" if is_same else "another skill or other models")


def _artifacts(result: ResultDocument, again: Reexecution) -> Check:
    claimed = {name: reference.media_type for name, reference in result.artifacts.items()}
    is_same = claimed == dict(again.media_types)
    return Check("artifacts", is_same, "the files of the skill" if is_same else "other files than the skill makes")
