"""`aitbc language`: the router's choice, money to the token, forecasts, ratings; and what an agent makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.cli.bootstrap.language import LanguageDesk, language_folder, read_catalogue, read_experience
from agents_offchain.cli.main import main
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.documents import RequestDocument, criteria_of
from agents_offchain.skills.llm.catalogue import Budget
from agents_offchain.skills.llm.models_at_hand import ANSWERS, LESSONS, SPENDING, ceiling_of
from agents_offchain.storage.answers import AnswerBook
from agents_offchain.storage.lessons import Lesson, LessonBook
from agents_offchain.storage.spending import SpendingBook
from tests.fakes.deployment import DEPLOYMENT, DOCUMENT

pytestmark = pytest.mark.unit
CATALOGUE = """
[budget]
usd_per_job = "0.01"
usd_per_day = "0.02"
[prompts]
answer = [1, 2]
[[models]]
name = "local"
kind = "local"
is_private = true
context_tokens = 2048
[[models]]
name = "hosted"
model = "openai/sim"
key_env = "SIM_KEY"
input_usd_per_million = "1"
output_usd_per_million = "2"
default_quality = 0.9
"""
DEFAULTS = Settings()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "language.toml").write_text(CATALOGUE)
    monkeypatch.setenv("AITBC_LANGUAGE", str(tmp_path / "language.toml"))
    monkeypatch.setenv("AITBC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SIM_KEY", raising=False)
    return Settings()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--json"])
    printed = capsys.readouterr()
    return int(ended.value.code or 0), json.loads(printed.out) if printed.out else None, printed.err


def request(service: str, size: int = 400) -> RequestDocument:
    given = {"cid": "bafkreiaaaa", "media_type": "text/plain", "bytes": size, "sha256": "0" * 64}
    return RequestDocument.model_validate(
        {"service": service, "listing_id": 1, "input": given, "criteria": criteria_of(service)}
    )


def test_models__for_a_task__says_which_is_asked_and_what_stands_against_the_others(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told, _ = run(capsys, "language", "models", "--task", "translate")
    assert (code, told["chosen"]) == (0, "hosted")
    against = {one["model"]: one["against"] for one in told["considered"]}
    assert "are needed" in against["local"]
    assert next(one["key"] for one in told["considered"] if one["model"] == "hosted") == "SIM_KEY is not set"
    _, told, _ = run(capsys, "language", "models", "--task", "translate", "--private")
    assert told["chosen"] is None
    _, told, _ = run(capsys, "language", "models", "--task", "translate", "--max-usd", "0.0001")
    assert told["chosen"] is None
    for words in (("--task", "cook"), ("--max-usd", "cheap")):
        assert run(capsys, "language", "models", *words)[0] == 2


def test_spending__of_calls__is_exact_and_alerts_near_the_budget(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "language", "spending")[:2] == (0, {"calls": [], "total_usd": "0.000000000000", "alerts": []})
    book = SpendingBook(language_folder(settings) / SPENDING, SystemClock())
    ceiling = ceiling_of(read_catalogue(settings))
    for picos in (3_000_000_001, 5_000_000_000):
        book.settle(book.reserve("agent", "job-1", "hosted", picos, ceiling), picos, 100, 20)
    code, told, _ = run(capsys, "language", "spending")
    assert (code, told["total_usd"]) == (1, "0.008000000001")
    assert told["calls"][0] | {"day": ""} == {
        "day": "",
        "agent": "agent",
        "job": "job-1",
        "model": "hosted",
        "calls": 2,
        "not_settled": 0,
        "prompt_tokens": 200,
        "completion_tokens": 40,
        "usd": "0.008000000001",
        "usd_picos": "8000000001",
    }
    assert told["alerts"] == ["The job has used 0.008000 USD of 0.010000 USD."]


def test_forecast__of_a_job__says_the_most_it_costs_or_why_it_cannot_be_done(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam, " * 20)
    code, told, _ = run(capsys, "language", "forecast", "translate", "--file", str(letter))
    assert (code, told["model"], told["calls"]) == (0, "hosted", 3)
    assert int(told["most_usd_picos"]) > 3 * 2000 * 2_000_000, "three answers of the longest kind"
    assert run(capsys, "language", "forecast", "classify", "--file", str(letter))[1]["model"] is None
    letter.write_text("word " * 40_000)
    code, _, said = run(capsys, "language", "forecast", "judge", "--file", str(letter))
    assert (code, "No model of this agent fits judge" in said) == (2, True)
    assert run(capsys, "language", "forecast", "translate", "--file", str(letter))[1]["calls"] == 3 * 134, "in pieces"
    assert run(capsys, "language", "forecast", "inspect-image", "--file", str(letter))[0] == 2
    assert run(capsys, "language", "forecast", "translate", "--file", str(tmp_path / "none"))[0] == 2


def test_rate__of_a_job__is_learned_once_and_one_without_models_is_refused(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.home.mkdir(parents=True)
    settings.deployment_file.write_text(json.dumps(DOCUMENT))
    assert run(capsys, "language", "rate", "5", "1")[0] == 2
    book = LessonBook(language_folder(settings) / LESSONS, SystemClock())
    book.add(DEPLOYMENT.job_key(5), [Lesson("hosted", "answer", "answer/1", seconds=1.0)])
    assert run(capsys, "language", "rate", "5", "1")[0] == 0
    assert run(capsys, "language", "rate", "5", "0.5")[0] == 0
    assert read_experience(settings).prompts() == {"answer/1": (0.5, 1.0)}
    told = run(capsys, "language", "prompts")[1]["prompts"]
    (first,) = [one for one in told if (one["prompt"], one["version"]) == ("answer", 1)]
    assert (first["is_on_trial"], first["rated"], first["good"]) == (True, 1, 0.5)
    assert [one["is_on_trial"] for one in told if one["prompt"] in ("answer", "judge")] == [True, True, False, False]


def test_forget__drops_kept_answers_alone(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    AnswerBook(language_folder(settings) / ANSWERS, SystemClock()).keep("t", "k", "[]", 60)
    assert run(capsys, "language", "forget")[1] == {"forgotten": 1}
    assert run(capsys, "language", "forget")[1] == {"forgotten": 0}


async def test_desk__before_a_job_is_taken__objects_without_a_model_or_without_money(settings: Settings) -> None:
    desk = LanguageDesk(settings, read_catalogue(settings), "agent")
    said = await desk.objection(request("translate"), "job-1")
    assert said.startswith("translate may cost 0.01")
    assert said.endswith("USD at hosted, more than the budget has left.")
    rich = LanguageDesk(settings, read_catalogue(settings).model_copy(update={"budget": _rich()}), "agent")
    assert await rich.objection(request("translate"), "job-1") == ""
    assert "No model of this agent fits" in await rich.objection(request("judge", 10**6), "job-1")
    bare = LanguageDesk(settings, read_catalogue(DEFAULTS), "agent")
    assert "No model of this agent fits judge" in await bare.objection(request("judge"), "job-1")
    assert await bare.objection(request("answer-from-documents"), "job-1") == "", "it quotes without a model"
    assert await bare.objection(request("inspect-image"), "job-1") == ""


async def test_desk__when_a_job_ended__rates_what_was_asked_for_it(settings: Settings) -> None:
    desk = LanguageDesk(settings, read_catalogue(settings), "agent")
    await desk.ended("job-1", "JobCompleted")
    assert not language_folder(settings).exists(), "a home without language jobs keeps nothing"
    book = LessonBook(language_folder(settings) / LESSONS, SystemClock())
    book.add("job-1", [Lesson("hosted", "answer")])
    book.add("job-2", [Lesson("hosted", "answer")])
    await desk.ended("job-1", "JobCompleted")
    await desk.ended("job-1", "JobCompleted")
    await desk.ended("job-2", "JobRejected")
    await desk.ended("job-2", "JobExpired")
    assert [lesson.quality for lesson in book.all()] == [1.0, 0.0]


def test_desk__after_a_run_near_the_budget__has_a_worry_until_the_next_job(settings: Settings) -> None:
    desk = LanguageDesk(settings, read_catalogue(settings), "agent")
    desk.look("job-1")
    assert desk.alert == ""
    book = SpendingBook(language_folder(settings) / SPENDING, SystemClock())
    book.reserve("agent", "job-1", "hosted", 9_000_000_000, ceiling_of(desk.catalogue))
    desk.look("job-1")
    assert desk.alert == "The job has used 0.009000 USD of 0.010000 USD."
    desk.look("job-2")
    assert desk.alert == ""


def _rich() -> Budget:
    return Budget.model_validate({"usd_per_job": "1", "usd_per_day": "1"})
