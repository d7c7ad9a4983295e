"""From a submission to a report: fetch what was asked and delivered, do the work again, compare.

Absence is not badness. A store that does not answer is waited for; what no store has is waited for until
the last call, and only then a missing deliverable scores 0 (rule R6) while a missing request leaves the
reporter silent, since the agent cannot help it. Bytes that are there and cannot be read score 0 at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agents_offchain.primitives.canonical import MAX_DOCUMENT_BYTES, DocumentInvalid, sha256
from agents_offchain.runtime.documents import (
    Citations,
    Form,
    RequestDocument,
    is_judged_so,
    parse_request,
    request_cid_of,
)
from agents_offchain.runtime.workers.limits import SkillRefused, WorkerLimitExceeded, WorkerLimits
from agents_offchain.runtime.workers.port import SkillRunner
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.skills.catalog import PROGRAMS
from agents_offchain.storage.artifacts.client import digest_to_cid
from agents_offchain.storage.artifacts.errors import (
    ArtifactCorrupted,
    ArtifactMalformed,
    ArtifactNotFound,
    ArtifactTooLarge,
    CidInvalid,
)
from oracle.checks import citations, form, reexecution
from oracle.checks.check import Check
from oracle.checks.documents import (
    AnswerOutput,
    JudgementOutput,
    ResultDocument,
    SceneOutput,
    TranslationOutput,
    read_output,
    read_result,
)
from oracle.checks.reexecution import Job, Reexecution, compare, refused_input, unreadable
from oracle.errors import CheckImpossible, EvidenceUnavailable
from oracle.reports.report import Report, write_report

INPUT_BYTES = 64 << 20
RETRY_SECONDS = 2.0
_UNKNOWN_SKILL = "SkillUnknown"

Way = Callable[[ResultDocument, Job, RequestDocument, Mapping[str, bytes]], Awaitable[list[Check]]]
"""From a readable result and the client's inputs to its checks."""


class Artifacts(Protocol):
    """What the oracle needs of the artifact store."""

    async def get(self, cid: str, max_bytes: int) -> bytes: ...

    async def put(self, data: bytes) -> str: ...


@dataclass(frozen=True)
class Submission:
    """What is to be judged, as the chain has it; `escrow` is the EIP-55 address."""

    chain_id: int
    escrow: str
    job_id: int
    request_uri: str
    deliverable: bytes


class Examiner:
    """Judges submissions by re-execution.

    Args:
        limits: Of one run of a skill; more than an agent's, so that what an agent can do can be checked.
    """

    def __init__(self, artifacts: Artifacts, run_skill: SkillRunner, limits: WorkerLimits) -> None:
        self._artifacts = artifacts
        self._run_skill = run_skill
        self._limits = limits

    async def examine(self, submission: Submission, *, is_last_call: bool) -> Report:
        """The report on a submission, the same for every honest reporter.

        Args:
            is_last_call: Nothing more is waited for that no store has.

        Raises:
            EvidenceUnavailable: something is missing and may still come.
            CheckImpossible: the request is such that nobody can check the result here.
            StoreUnavailable, WorkerDied: our own machine's trouble; try again.
        """
        request_cid = _request_cid(submission)
        job = Job(submission.chain_id, submission.escrow, submission.job_id, request_cid)
        checker, checks = await self._check(submission, job, is_last_call=is_last_call)
        return write_report(job, submission.deliverable, checks, checker)

    async def store(self, report: Report) -> str:
        """Keep a report where anybody can read it; its CID."""
        return await self._artifacts.put(report.data)

    async def _check(self, submission: Submission, job: Job, *, is_last_call: bool) -> tuple[str, list[Check]]:
        """The checker's name and its checks; what nobody can read is told apart by no checker."""
        try:
            data = await self._fetch(digest_to_cid(submission.deliverable), MAX_DOCUMENT_BYTES)
        except EvidenceUnavailable as error:
            if not is_last_call or isinstance(error.__cause__, ArtifactCorrupted):
                raise
            return reexecution.CHECKER, unreadable("no store has the deliverable")
        except (ArtifactTooLarge, ArtifactMalformed):
            return reexecution.CHECKER, unreadable("the deliverable is no document")
        try:
            result = read_result(data)
        except DocumentInvalid:
            return reexecution.CHECKER, unreadable("the deliverable is no result document")
        request = await self._request(job.request_cid, is_last_call=is_last_call)
        return await self._compare(result, job, request, is_last_call=is_last_call)

    async def _compare(
        self, result: ResultDocument, job: Job, request: RequestDocument, *, is_last_call: bool
    ) -> tuple[str, list[Check]]:
        if not is_judged_so(request.criteria, request.service):
            raise CheckImpossible(f"{request.service} cannot be judged by {request.criteria.kind}.")
        checker, run = self._way(request)
        inputs: dict[str, bytes] = {}
        for file in request.files:
            data = await self._clients(file.cid, INPUT_BYTES, is_last_call=is_last_call)
            if len(data) != file.bytes or sha256(data).hex() != file.sha256:
                raise CheckImpossible("The input is not what the request says it is.")
            inputs[file.cid] = data
        try:
            return checker, await run(result, job, request, inputs)
        except SkillRefused as error:
            if error.fields.get("reason") == _UNKNOWN_SKILL:
                raise CheckImpossible(f"This reporter cannot run {request.service}.") from error
            return checker, refused_input(result, job, request)
        except WorkerLimitExceeded as error:
            raise CheckImpossible(f"The work cannot be repeated here: {error.message}") from error

    def _way(self, request: RequestDocument) -> tuple[str, Way]:
        """The checker of a request's criteria, and how it goes about it."""
        if isinstance(request.criteria, Citations):
            return citations.CHECKER, self._check_citations
        if isinstance(request.criteria, Form):
            return form.CHECKER, self._check_form
        return reexecution.CHECKER, self._do_again

    async def _do_again(
        self, result: ResultDocument, job: Job, request: RequestDocument, inputs: Mapping[str, bytes]
    ) -> list[Check]:
        """The same work once more, compared with what is claimed."""
        asked = request.as_dict()
        if isinstance(result.output, SceneOutput):
            asked[PROGRAMS] = result.output.proposed_programs
        again = await self._run_skill(request.service, asked, inputs, self._limits)
        return compare(result, job, request, request.input.sha256, _reexecution(again))

    async def _check_citations(
        self, result: ResultDocument, job: Job, request: RequestDocument, inputs: Mapping[str, bytes]
    ) -> list[Check]:
        """What is claimed, held against the document."""
        output = result.output
        if not isinstance(output, AnswerOutput):
            return [*reexecution.identify(result, job, request), Check("execution", False, "the result is no answer")]
        asked = citations.question_for(request, output)
        found = await self._run_skill(citations.SERVICE, asked, inputs, self._limits)
        return citations.judge(result, output, job, request, citations.read_facts(found.output))

    async def _check_form(
        self, result: ResultDocument, job: Job, request: RequestDocument, inputs: Mapping[str, bytes]
    ) -> list[Check]:
        """What is claimed, held against the text as far as a rule can."""
        output = result.output
        wanted = TranslationOutput if request.service == "translate" else JudgementOutput
        if not isinstance(output, wanted):
            return [
                *reexecution.identify(result, job, request),
                Check("execution", False, "not what the service gives"),
            ]
        found = await self._run_skill(form.SERVICE, form.question_for(request, output), inputs, self._limits)
        return form.judge(result, output, job, request, found.output)

    async def _request(self, cid: str, *, is_last_call: bool) -> RequestDocument:
        data = await self._clients(cid, MAX_DOCUMENT_BYTES, is_last_call=is_last_call)
        try:
            return parse_request(data)
        except DocumentInvalid as error:
            raise CheckImpossible(f"The request cannot be read: {error.message}") from error

    async def _clients(self, cid: str, max_bytes: int, *, is_last_call: bool) -> bytes:
        """Something the client has to provide; its absence is not held against the agent."""
        try:
            return await self._fetch(cid, max_bytes)
        except EvidenceUnavailable as error:
            if not is_last_call:
                raise
            raise CheckImpossible(f"What the client provided cannot be fetched: {cid}.") from error
        except (ArtifactTooLarge, ArtifactMalformed, CidInvalid) as error:
            raise CheckImpossible(f"What the client provided cannot be read: {error.message}") from error

    async def _fetch(self, cid: str, max_bytes: int) -> bytes:
        try:
            return await self._artifacts.get(cid, max_bytes)
        except (ArtifactNotFound, ArtifactCorrupted) as error:
            raise EvidenceUnavailable(f"{cid} is not to be had now.", retry_after_seconds=RETRY_SECONDS) from error


def _request_cid(submission: Submission) -> str:
    try:
        return request_cid_of(submission.request_uri)
    except DocumentInvalid as error:
        raise CheckImpossible("The job names no request document.") from error


def _reexecution(again: WorkerResult) -> Reexecution:
    media_types = {name: media_type for name, (media_type, _) in again.artifacts.items()}
    return Reexecution(output=read_output(again.output), evidence=again.evidence, media_types=media_types)
