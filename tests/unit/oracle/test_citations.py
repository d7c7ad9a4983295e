"""`citations/1`: from a worker's facts to checks and a score."""

from __future__ import annotations

from typing import Any

import pytest

from agents_offchain.primitives.canonical import DocumentInvalid, canonical_json, sha256
from agents_offchain.runtime.documents import Citations, RequestDocument, RequestInput
from agents_offchain.runtime.workers.limits import SkillRefused, WorkerLimits
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.storage.artifacts.client import digest_to_cid
from oracle.checks.check import FLOOR, OF_CITATIONS, compute_score
from oracle.checks.citations import CHECKER, judge, question_for, read_facts
from oracle.checks.documents import AnswerOutput, ResultDocument, read_result
from oracle.checks.reexecution import Job
from oracle.errors import CheckImpossible
from oracle.examiner import Examiner, Submission

pytestmark = pytest.mark.unit
ESCROW = "0x880Cc1EAcc4d5B9615157c568F0D195a9c265B33"
DATA = b"The fee is 5 %."
DOCUMENT = {"sha256": sha256(DATA).hex(), "text_sha256": sha256(DATA).hex(), "reader": "utf-8"}
STATEMENT = {
    "text": "The fee is 5 %.",
    "citations": [{"start": 0, "end": 15, "page": 1, "quote": "The fee is 5 %."}],
}
FACTS: dict[str, Any] = {
    "document": DOCUMENT,
    "statements": 1,
    "wrong_spans": [],
    "unsupported": [],
    "is_near": True,
    "is_answerable": True,
}


def request(**change: Any) -> RequestDocument:
    cid = digest_to_cid(sha256(DATA))
    fields = {
        "service": "answer-from-documents",
        "listing_id": 1,
        "input": RequestInput(cid=cid, media_type="text/plain", bytes=len(DATA), sha256=sha256(DATA).hex()),
        "settings": {"question": "How large is the fee?"},
        "criteria": Citations(),
        **change,
    }
    return RequestDocument(**fields)


REQUEST = canonical_json(request().as_dict())
JOB = Job(31337, ESCROW, 1, digest_to_cid(sha256(REQUEST)))


def result_bytes(evidence: dict[str, Any] | None = None, **output: Any) -> bytes:
    answer = {
        "document": DOCUMENT,
        "question": "How large is the fee?",
        "is_answered": True,
        "answer": "The fee is 5 %.",
        "statements": [STATEMENT],
        **output,
    }
    return canonical_json(
        {
            "schema": "aitbc.result/1",
            "service": "answer-from-documents",
            "job": {"chain_id": 31337, "escrow": ESCROW, "job_id": "1"},
            "request_cid": JOB.request_cid,
            "output": answer,
            "artifacts": {},
            "evidence": evidence or {"skill": "answer-from-documents/1", "input_sha256": DOCUMENT["sha256"]},
        }
    )


def failing(facts: dict[str, Any] | None = None, evidence: dict[str, Any] | None = None, **output: Any) -> set[str]:
    result = read_result(result_bytes(evidence, **output))
    assert isinstance(result.output, AnswerOutput)
    checks = judge(result, result.output, JOB, request(), read_facts({**FACTS, **(facts or {})}))
    return {check.name for check in checks if not check.passed}


def test_judge__of_a_true_answer__passes_everything() -> None:
    assert failing() == set()


@pytest.mark.parametrize(
    ("facts", "output", "name"),
    [
        ({"wrong_spans": [0]}, {}, "spans"),
        ({"unsupported": [0]}, {}, "support"),
        ({"is_near": False}, {}, "near"),
        ({}, {"statements": [], "answer": "", "is_answered": False}, "abstention"),
        ({}, {"answer": "The fee is 5 %. Trust me."}, "wording"),
        ({}, {"is_answered": False}, "wording"),
        ({}, {"statements": [STATEMENT] * 9, "answer": " ".join(["The fee is 5 %."] * 9)}, "wording"),
    ],
)
def test_judge__given_one_fault_of_content__falls_below_a_pass_mark_of_60(
    facts: dict[str, Any], output: dict[str, Any], name: str
) -> None:
    assert failing(facts, **output) == {name}
    assert 100 - OF_CITATIONS[name] < 60


def test_judge__of_another_document_or_question__is_worth_the_floor() -> None:
    for output in ({"question": "Another?"}, {"document": {**DOCUMENT, "text_sha256": "0" * 64}}):
        result = read_result(result_bytes(**output))
        assert isinstance(result.output, AnswerOutput)
        checks = judge(result, result.output, JOB, request(), read_facts(FACTS))
        assert compute_score(checks) == FLOOR


def test_judge__when_nothing_answers__takes_an_abstention() -> None:
    nothing = {"statements": [], "answer": "", "is_answered": False}
    assert failing({"is_answerable": False, "is_near": False, "statements": 0}, **nothing) == set()


def test_judge__given_another_skill_in_the_evidence__costs_little() -> None:
    assert failing(evidence={"skill": "guess/1"}) == {"evidence"}


def test_read_facts__of_something_else__is_invalid() -> None:
    with pytest.raises(DocumentInvalid):
        read_facts({"statements": "many"})


class Store(dict[str, bytes]):
    async def get(self, cid: str, max_bytes: int) -> bytes:
        return self[cid]

    async def put(self, data: bytes) -> str:
        self[digest_to_cid(sha256(data))] = data
        return digest_to_cid(sha256(data))


async def examine(result: bytes, asked: RequestDocument, answer: Any) -> Any:
    store = Store()
    for data in (DATA, result):
        await store.put(data)
    request_cid = await store.put(canonical_json(asked.as_dict()))

    async def run_skill(service: str, request: Any, inputs: Any, limits: WorkerLimits) -> WorkerResult:
        assert service == "check-citations"
        assert request["claimed"]["statements"][0]["text"] == "The fee is 5 %."
        if isinstance(answer, Exception):
            raise answer
        return WorkerResult(answer, {}, {})

    submission = Submission(31337, ESCROW, 1, f"ipfs://{request_cid}", sha256(result))
    return await Examiner(store, run_skill, WorkerLimits()).examine(submission, is_last_call=True)


async def test_examine__of_an_answer__holds_it_against_the_document() -> None:
    report = await examine(result_bytes(), request(), FACTS)
    assert report.score == 100
    assert report.document["checker"] == CHECKER
    assert len(report.document["checks"]) == 12


async def test_examine__when_the_worker_refuses_the_document__is_worth_the_floor() -> None:
    report = await examine(result_bytes(), request(), SkillRefused("It is empty.", reason="DocumentEmpty"))
    assert report.score == FLOOR


async def test_examine__given_criteria_that_do_not_fit__gives_no_verdict() -> None:
    from agents_offchain.runtime.documents import ReExecution

    with pytest.raises(CheckImpossible):
        await examine(result_bytes(), request(criteria=ReExecution()), FACTS)


def test_question_for__hands_the_claim_to_the_worker() -> None:
    result = read_result(result_bytes())
    assert isinstance(result, ResultDocument)
    assert isinstance(result.output, AnswerOutput)
    asked = question_for(request(), result.output)
    assert asked["claimed"]["answer"] == "The fee is 5 %."
    assert asked["settings"] == {"question": "How large is the fee?"}
