"""`form/1`: translations and verdicts by a rubric, as far as a rule can judge them; good ones pass, faults fall."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.documents import Citations, Form, RequestDocument, RequestInput, criteria_of, is_judged_so
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.sandbox import WorkerResult
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.library import Library
from agents_offchain.skills.llm.placed import check_verdicts, place_verdicts, share_fulfilled
from agents_offchain.skills.llm.preserved import check_translation
from agents_offchain.storage.artifacts.client import digest_to_cid
from oracle.checks.check import FLOOR, compute_score
from oracle.checks.documents import read_result
from oracle.errors import CheckImpossible
from oracle.examiner import Examiner, Submission
from oracle.reports.report import Report

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[3]
PAIRS = tomllib.loads((ROOT / "evaluation/language/translations.toml").read_text(encoding="utf-8"))["items"]
ESCROW = "0x880Cc1EAcc4d5B9615157c568F0D195a9c265B33"
PASS_MARK = 60


@pytest.fixture(scope="module")
def minilm() -> MiniLm:
    return MiniLm.load(ROOT / Settings().models)


def facts_of(data: bytes) -> dict[str, str]:
    return {"sha256": sha256(data).hex(), "text_sha256": sha256(data).hex(), "reader": "utf-8"}


class Store(dict[str, bytes]):
    async def get(self, cid: str, max_bytes: int) -> bytes:
        return self[cid]

    async def put(self, data: bytes) -> str:
        self[digest_to_cid(sha256(data))] = data
        return digest_to_cid(sha256(data))


async def examine(
    service: str, data: bytes, settings: dict[str, Any], output: dict[str, Any], check: Callable[[Any], dict[str, Any]]
) -> Report:
    """The report on a result, by the real facts."""
    store = Store()
    request = RequestDocument(
        service=service,
        listing_id=1,
        input=RequestInput(
            cid=await store.put(data), media_type="text/plain", bytes=len(data), sha256=sha256(data).hex()
        ),
        settings=settings,
        criteria=criteria_of(service),
    )
    request_cid = await store.put(canonical_json(request.as_dict()))
    result = canonical_json(
        {
            "schema": "aitbc.result/1",
            "service": service,
            "job": {"chain_id": 31337, "escrow": ESCROW, "job_id": "1"},
            "request_cid": request_cid,
            "output": {"document": facts_of(data), **output},
            "artifacts": {},
            "evidence": {"skill": f"{service}/1", "input_sha256": sha256(data).hex()},
        }
    )
    await store.put(result)

    async def run_skill(asked: str, told: Any, inputs: Any, limits: WorkerLimits) -> WorkerResult:
        assert asked == "check-form"
        return WorkerResult({"document": facts_of(data), **check(told["claimed"])}, {}, {})

    submission = Submission(31337, ESCROW, 1, f"ipfs://{request_cid}", sha256(result))
    return await Examiner(store, run_skill, WorkerLimits()).examine(submission, is_last_call=True)


async def translated(text: str, said: str, language: str, claimed_language: str = "") -> Report:
    def check(claimed: Any) -> dict[str, Any]:
        return check_translation(text, claimed["text"], language)

    return await examine(
        "translate",
        text.encode(),
        {"language": language},
        {"language": claimed_language or language, "text": said},
        check,
    )


@pytest.mark.parametrize(("language", "text", "good", "wrong_sense"), PAIRS)
async def test_translate__well_done__passes_and_a_wrong_sense_is_not_seen(
    language: str, text: str, good: str, wrong_sense: str
) -> None:
    report = await translated(text, good, language)
    assert report.score == 100, report.document["checks"]
    assert (await translated(text, wrong_sense, language)).score >= PASS_MARK, "the rule reads no sense, and says so"


def other_number(text: str, good: str) -> str:
    digit = next(place for place, sign in enumerate(good) if sign in "23456789")
    return good[:digit] + str(int(good[digit]) - 1) + good[digit + 1 :]


FAULTS: dict[str, tuple[Callable[[str, str], str], str]] = {
    "not translated": (lambda text, good: text, "language"),
    "half of it": (lambda text, good: good[: len(good) // 3], "length"),
    "another number": (other_number, "numbers"),
    "said thrice": (lambda text, good: f"{good} {good} {good}", "repetition"),
}


@pytest.mark.parametrize(("fault", "name"), FAULTS.values(), ids=list(FAULTS))
async def test_translate__with_a_fault__falls_below_the_pass_mark(fault: Callable[[str, str], str], name: str) -> None:
    for language, text, good, _ in PAIRS:
        report = await translated(text, fault(text, good), language)
        failed = {check["name"] for check in report.document["checks"] if not check["passed"]}
        assert name in failed, (language, report.document["checks"])
        assert report.score < PASS_MARK


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (("help@example.org", "evil@example.com"), "marks"),
        (("AB-17", "AB-71"), "marks"),
        ((" % ", " "), "units"),
    ],
)
async def test_translate__with_another_mark_or_unit__falls_below_the_pass_mark(
    change: tuple[str, str], name: str
) -> None:
    language, text, good, _ = PAIRS[0]
    report = await translated(text, good.replace(*change), language)
    assert name in {check["name"] for check in report.document["checks"] if not check["passed"]}
    assert report.score < PASS_MARK


async def test_translate__said_to_be_in_another_language_than_was_asked__is_told_so() -> None:
    language, text, good, _ = PAIRS[0]
    report = await translated(text, good, language, "Klingon")
    (told,) = [check for check in report.document["checks"] if check["name"] == "language"]
    assert (told["passed"], told["detail"]) == (False, "it is said to be in Klingon")


async def test_translate__into_a_language_that_nobody_can_tell__gets_no_verdict() -> None:
    with pytest.raises(CheckImpossible):
        await translated("The fee is 5 %.", "Opłata wynosi 5 % i jest pobierana przez rejestr od klienta.", "Polish")
    with pytest.raises(CheckImpossible):
        await translated("The fee is 5 %.", "Es sind 5 %.", "German")


TEXT = (
    "The invoice comes from Northwind. The total of 1,250.50 dollars is due on 2 April. "
    "A discount of 3 % is given for early payment. Questions are answered by telephone. "
    "The office is closed on Sunday. "
    "Goods are sent by train. Returns are free within a month. The warehouse is in Lyon."
)
RUBRIC = ["It names the sum that is due.", "It names a discount.", "It names a bank account."]
SAID = [
    {"fulfilled": True, "reason": "the sum", "quote": "The total of 1,250.50 dollars is due"},
    {"fulfilled": True, "reason": "the discount", "quote": "A discount of 3 % is given"},
    {"fulfilled": False, "reason": "none is named", "quote": ""},
]


async def judged(minilm: MiniLm, verdicts: list[dict[str, Any]], score: int | None = None) -> Report:
    library = Library(TEXT.encode(), minilm)
    output = {"verdicts": verdicts, "score": share_fulfilled(verdicts) if score is None else score}

    def check(claimed: Any) -> dict[str, Any]:
        return check_verdicts(RUBRIC, claimed, library)

    return await examine("judge", TEXT.encode(), {"rubric": RUBRIC}, output, check)


async def test_judge__with_quotations__passes_and_says_what_was_not_judged(minilm: MiniLm) -> None:
    report = await judged(minilm, place_verdicts(SAID, RUBRIC, Library(TEXT.encode(), minilm)))
    assert report.score == 100, report.document["checks"]
    assert "1 said not to be fulfilled were not judged" in str(report.document["checks"])


async def test_judge__with_a_fault__falls_below_the_pass_mark(minilm: MiniLm) -> None:
    placed = place_verdicts(SAID, RUBRIC, Library(TEXT.encode(), minilm))
    far = find_cited(minilm, "Returns are free within a month")
    changed = [
        ([{**placed[0], "citations": []}, *placed[1:]], None),
        ([{**placed[0], "citations": [{**placed[0]["citations"][0], "quote": "It is all fine."}]}, *placed[1:]], None),
        ([{**placed[0], "point": "Another point."}, *placed[1:]], None),
        (placed, 100),
        ([*placed[:2], {**placed[2], "fulfilled": True, "citations": far}], None),
    ]
    scores = [(await judged(minilm, verdicts, score)).score for verdicts, score in changed]
    assert all(FLOOR < score < PASS_MARK for score in scores[:4]), scores


def find_cited(minilm: MiniLm, words: str) -> list[dict[str, Any]]:
    library = Library(TEXT.encode(), minilm)
    return place_verdicts([{"fulfilled": True, "reason": "x", "quote": words}], ["x"], library)[0]["citations"]


async def test_judge__without_a_fulfilled_point__gets_no_verdict(minilm: MiniLm) -> None:
    nothing = [{"point": point, "fulfilled": False, "reason": "no", "citations": []} for point in RUBRIC]
    with pytest.raises(CheckImpossible):
        await judged(minilm, nothing)


def test_place_verdicts__given_a_quotation_that_is_not_in_the_text__does_not_count_it(minilm: MiniLm) -> None:
    library = Library(TEXT.encode(), minilm)
    invented = [{"fulfilled": True, "reason": "yes", "quote": "Pay to the account DE12 at once"}]
    placed = place_verdicts(invented, RUBRIC, library)
    assert [one["fulfilled"] for one in placed] == [False, False, False]
    assert "No quotation" in placed[0]["reason"]


def test_criteria__of_another_rule__do_not_fit_the_service() -> None:
    assert is_judged_so(criteria_of("translate"), "translate")
    assert not is_judged_so(Form(rule="placed-verdicts/1"), "translate")
    assert not is_judged_so(Citations(), "judge")


def test_read_result__of_a_translation__is_one() -> None:
    assert compute_score([]) == 100
    result = canonical_json(
        {
            "schema": "aitbc.result/1",
            "service": "translate",
            "job": {"chain_id": 1, "escrow": ESCROW, "job_id": "1"},
            "request_cid": "x",
            "output": {"document": facts_of(b"x"), "language": "German", "text": "Guten Tag"},
            "artifacts": {},
            "evidence": {},
        }
    )
    assert type(read_result(result).output).__name__ == "TranslationOutput"
