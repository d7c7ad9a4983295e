"""Models as data, the router, the breaker, the purse and the cache; models here are plain functions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agents_offchain.primitives.clock import ManualClock
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.answer_cache import AnswerCache
from agents_offchain.skills.llm.breaker import Breaker, RateLimit
from agents_offchain.skills.llm.catalogue import Catalogue, ModelEntry, default_catalogue, load_catalogue
from agents_offchain.skills.llm.chat import Ask, Listener, Message, Reply, Usage
from agents_offchain.skills.llm.errors import (
    BudgetExceeded,
    LanguageSettingsInvalid,
    NoModelFits,
    ProviderUnavailable,
)
from agents_offchain.skills.llm.experience import Experience
from agents_offchain.skills.llm.metered import Metered, forecast
from agents_offchain.skills.llm.prompts.experiment import choose_version
from agents_offchain.skills.llm.router import Need, Router, build_posts
from agents_offchain.storage.answers import AnswerBook
from agents_offchain.storage.lessons import Lesson, LessonBook
from agents_offchain.storage.spending import Ceiling, SpendingBook, SpendingStopped

pytestmark = pytest.mark.unit
ASK = Ask([Message("user", "How much is the fee?")], max_tokens=10)


class Model:
    """A model that is a function."""

    def __init__(self, name: str, answer: Callable[[], str] = lambda: "ok") -> None:
        self.name = name
        self.calls = 0
        self._answer = answer

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        self.calls += 1
        return Reply(self._answer(), self.name, Usage(10, 2), cost_usd_picos=10 * 150_000 + 2 * 600_000)


def fail() -> str:
    raise ProviderUnavailable("down")


def entry(name: str = "m", usd: str = "0.15", quality: float = 0.8, **more: object) -> ModelEntry:
    fields = {"model": f"openai/{name}", "input_usd_per_million": usd, "output_usd_per_million": usd}
    return ModelEntry.model_validate({"name": name, "default_quality": quality, **fields, **more})


def router(clock: ManualClock, *models: tuple[ModelEntry, Model]) -> Router:
    table = {one.name: model for one, model in models}
    return Router(build_posts([one for one, _ in models], lambda one: table[one.name], clock), Experience())


def test_route__among_those_that_fit__takes_the_cheapest_good_answer(manual_clock: ManualClock) -> None:
    cheap, good, dear = Model("cheap"), Model("good"), Model("dear")
    found = router(
        manual_clock,
        (entry("cheap", "0.01", 0.3), cheap),
        (entry("good", "0.20", 0.9), good),
        (entry("dear", "9.00", 0.95), dear),
    )
    assert found.complete(Need("answer", least_quality=0.6), ASK).model == "good"
    told = {one["model"]: one["against"] for one in found.explanations[0]["considered"]}
    assert told["good"] == ""
    assert "60% are needed" in told["cheap"]


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        (Need("answer", is_private=True), "may not leave this machine"),
        (Need("answer", most_seconds=0.1), "s are left"),
        (Need("answer", most_usd_picos=1), "costs more"),
        (Need("answer", least_quality=0.99), "are needed"),
    ],
)
def test_route__when_none_fits__says_why(manual_clock: ManualClock, need: Need, reason: str) -> None:
    with pytest.raises(NoModelFits, match=reason):
        router(manual_clock, (entry(), Model("m"))).complete(need, ASK)


def test_route__of_a_question_too_long_for_one__takes_the_other(manual_clock: ManualClock) -> None:
    small, large = entry("small", "0", context_tokens=256), entry("large", "1")
    found = router(manual_clock, (small, Model("small")), (large, Model("large")))
    assert found.complete(Need("answer"), Ask([Message("user", "x" * 3000)])).model == "large"


def test_route__after_three_failures__leaves_it_alone_and_comes_back(manual_clock: ManualClock) -> None:
    answers = [fail, fail, fail, lambda: "ok"]
    first, second = Model("first", lambda: answers.pop(0)()), Model("second")
    found = router(manual_clock, (entry("first", "0.01"), first), (entry("second", "5"), second))
    for _ in range(4):
        assert found.complete(Need("answer"), ASK).model == "second"
    assert first.calls == 3
    manual_clock.advance(21)
    assert found.complete(Need("answer"), ASK).model == "first"


def test_route__when_the_first_is_late__takes_the_second_that_answers(manual_clock: ManualClock) -> None:
    release = threading.Event()
    late = Model("late", lambda: str(release.wait(20)))
    found = router(
        manual_clock, (entry("late", "0.01", expected_seconds=0.02), late), (entry("quick", "5"), Model("quick"))
    )
    try:
        assert found.complete(Need("answer"), ASK).model == "quick"
        assert found.explanations[0]["chosen"] == "quick"
    finally:
        release.set()


def test_route__with_experience__prefers_what_proved_better(manual_clock: ManualClock) -> None:
    found = router(manual_clock, (entry("a", "0.10"), Model("a")), (entry("b", "0.11"), Model("b")))
    assert found.consider(Need("extract"), ASK)[0].model == "a"
    for _ in range(10):
        found.experience.rated("a", "extract", 0.2)
        found.experience.rated("b", "extract", 1.0)
    assert found.consider(Need("extract"), ASK)[0].model == "b"
    assert found.consider(Need("answer"), ASK)[0].model == "a", "one task teaches nothing about another"
    again = Experience(found.experience.state())
    assert again.state() == found.experience.state()


def test_route__overhead__stays_under_five_milliseconds(manual_clock: ManualClock) -> None:
    found = router(manual_clock, *((entry(f"m{n}", str(n + 1)), Model(f"m{n}")) for n in range(8)))
    seconds = []
    for _ in range(200):
        began = time.perf_counter()
        found.consider(Need("answer"), ASK)
        seconds.append(time.perf_counter() - began)
    assert sorted(seconds)[100] < 0.005


def test_rate_limit__within_a_minute__has_no_room(manual_clock: ManualClock) -> None:
    limit = RateLimit(manual_clock, requests_per_minute=2, tokens_per_minute=100)
    assert limit.has_room(100)
    limit.note(60)
    assert not limit.has_room(50)
    limit.note(1)
    assert not limit.has_room(1)
    manual_clock.advance(61)
    assert limit.has_room(100)


def test_breaker__that_fails_again__rests_longer(manual_clock: ManualClock) -> None:
    breaker = Breaker(manual_clock)
    for _ in range(4):
        breaker.failed()
    manual_clock.advance(30)
    assert breaker.is_open
    breaker.succeeded()
    assert not breaker.is_open


@pytest.mark.parametrize(
    "text",
    [
        "models = []",
        '[[models]]\nname = "a"\nmodel = "gpt"',
        '[[models]]\nname = "a"\nmodel = "x/y"\nkey = "sk-1"',
        '[[models]]\nname = "a"\nmodel = "x/y"\nkey_env = "A"\nkey_file = "b"',
        '[[models]]\nname = "a"\nmodel = "x/y"\ninput_usd_per_million = "0.0000001"',
        '[[models]]\nname = "a"\nmodel = "x/y"\n[[models]]\nname = "a"\nmodel = "x/z"',
        "models =",
    ],
)
def test_load_catalogue__given_a_fault__is_refused_with_its_field(tmp_path: Path, text: str) -> None:
    (tmp_path / "language.toml").write_text(text)
    with pytest.raises(LanguageSettingsInvalid):
        load_catalogue(tmp_path / "language.toml")


def test_example_catalogue__of_the_product__is_one() -> None:
    example = Path(__file__).resolve().parents[3] / "examples" / "language.toml"
    assert {one.name for one in load_catalogue(example).models} >= {"local", "hosted"}


def test_default_catalogue__given_one_line__adds_the_model() -> None:
    assert [one.name for one in default_catalogue().models] == ["local"]
    hosted = default_catalogue("openai/gpt-4o-mini")
    assert hosted.key_names == ("OPENAI_API_KEY",)
    assert not hosted.models[1].is_private
    assert default_catalogue("ollama/llama3.2").models[1].is_private
    with pytest.raises(LanguageSettingsInvalid):
        default_catalogue("gpt")
    assert isinstance(hosted, Catalogue)


CEILING = Ceiling(job_picos=5_000_000, day_picos=12_000_000)


def purse(
    tmp_path: Path, clock: ManualClock, job: str = "j", cache: AnswerCache | None = None
) -> tuple[Metered, Model]:
    model = Model("m")
    book = SpendingBook(tmp_path / "spending.db", clock)
    return Metered(entry("m", "0.15"), model, book, CEILING, "agent", job, "tenant", cache), model


def test_metered__of_calls__counts_exactly_and_stops_before_the_ceiling(
    tmp_path: Path, manual_clock: ManualClock
) -> None:
    metered, model = purse(tmp_path, manual_clock)
    assert forecast(metered.entry, ASK) == (20 // 3 + 16) * 150_000 + 10 * 150_000
    metered.complete(ASK)
    assert metered.book.totals("agent", "j").job_picos == 2_700_000
    with pytest.raises(BudgetExceeded, match="job's budget"):
        metered.complete(ASK)
    assert model.calls == 1
    assert metered.book.alerts("agent", "j", Ceiling(3_000_000, 10**9)) == [
        "The job has used 0.000003 USD of 0.000003 USD."
    ]


def test_metered__on_the_next_day__has_a_new_budget(tmp_path: Path, manual_clock: ManualClock) -> None:
    for job in "abc":
        purse(tmp_path, manual_clock, job)[0].complete(ASK)
    with pytest.raises(BudgetExceeded, match="day's budget"):
        purse(tmp_path, manual_clock, "d")[0].complete(ASK)
    manual_clock.advance(86_400)
    purse(tmp_path, manual_clock, "e")[0].complete(ASK)


def test_spending__of_a_worker_that_died__stays_reserved(tmp_path: Path, manual_clock: ManualClock) -> None:
    book = SpendingBook(tmp_path / "spending.db", manual_clock)
    line = book.reserve("agent", "j", "m", 4_000_000, CEILING)
    again = SpendingBook(tmp_path / "spending.db", manual_clock)
    with pytest.raises(SpendingStopped):
        again.reserve("agent", "j", "m", 4_000_000, CEILING)
    again.settle(line, 1, 1, 1)
    again.settle(line, 999, 1, 1)
    assert again.totals("agent", "j").job_picos == 1


def test_metered__when_the_model_fails__costs_nothing(tmp_path: Path, manual_clock: ManualClock) -> None:
    metered, _ = purse(tmp_path, manual_clock)
    broken = Metered(metered.entry, Model("m", fail), metered.book, CEILING, "agent", "j", "t")
    with pytest.raises(ProviderUnavailable):
        broken.complete(ASK)
    assert metered.book.totals("agent", "j").job_picos == 0


def asked(text: str, *before: Message) -> Ask:
    return Ask([*before, Message("user", f"Passages: the fee is 5 %.\n{text}")], max_tokens=10, meaning=text)


def test_cache__of_one_tenant_and_model__is_not_another_s_and_expires(
    manual_clock: ManualClock, minilm: MiniLm
) -> None:
    cache = AnswerCache(AnswerBook(None, manual_clock), keep_seconds=60, embedder=minilm)
    question = asked("How much is the fee?")
    cache.keep("ann", "m", question, Reply("5 %", "m", cost_usd_picos=7))
    kept = cache.find("ann", "m", question)
    assert kept is not None
    assert (kept.text, kept.cost_usd_picos, kept.is_kept) == ("5 %", 0, True)
    assert cache.find("bob", "m", question) is None
    assert cache.find("ann", "n", question) is None
    assert cache.find("ann", "m", asked("how much is the fee")) is not None
    for other in ("How much is not the fee?", "How long is the fee?", "How much is the fee of 2 jobs?", "Who pays?"):
        assert cache.find("ann", "m", asked(other)) is None, other
    assert cache.find("ann", "m", asked("how much is the fee", Message("system", "x"))) is None
    unmarked = Ask(asked("how much is the fee").messages, max_tokens=10)
    assert cache.find("ann", "m", unmarked) is None, "without a marked question only the same words count"
    manual_clock.advance(61)
    assert cache.find("ann", "m", question) is None


def test_cache__of_an_answer_cut_or_of_another_form__keeps_nothing(manual_clock: ManualClock) -> None:
    book = AnswerBook(None, manual_clock)
    cache = AnswerCache(book, 60)
    cache.keep("ann", "m", ASK, Reply("cut", "m", finish="length"))
    formed = Ask(ASK.messages, schema={"type": "object", "required": ["answer"]})
    cache.keep("ann", "m", formed, Reply("{}", "m"))
    assert book.count("ann") == 0
    cache.keep("ann", "m", formed, Reply('{"answer": 1}', "m"))
    assert book.count("ann") == 1
    assert (book.forget("ann"), book.count("ann")) == (1, 0)


def test_answer_book__that_is_broken__is_begun_anew(tmp_path: Path, manual_clock: ManualClock) -> None:
    (tmp_path / "answers.db").write_bytes(b"this is no database, and long enough to be looked at" * 40)
    cache = AnswerCache(AnswerBook(tmp_path / "answers.db", manual_clock), 60)
    assert cache.find("ann", "m", ASK) is None
    cache.keep("ann", "m", ASK, Reply("5 %", "m"))
    again = AnswerCache(AnswerBook(tmp_path / "answers.db", manual_clock), 60)
    assert again.find("ann", "m", ASK) is not None, "another worker's answer"


def test_metered__given_a_kept_answer__asks_nobody(tmp_path: Path, manual_clock: ManualClock) -> None:
    metered, model = purse(tmp_path, manual_clock, cache=AnswerCache(AnswerBook(None, manual_clock), 60))
    pieces: list[str] = []
    metered.complete(ASK)
    metered.complete(ASK, lambda piece: not pieces.append(piece))
    assert (model.calls, pieces) == (1, ["ok"])
    assert metered.book.totals("agent", "j").job_picos == 2_700_000


def test_route__when_the_money_for_one_is_gone__takes_another_and_learns_nothing(
    tmp_path: Path, manual_clock: ManualClock
) -> None:
    metered, model = purse(tmp_path, manual_clock)
    poor = Metered(metered.entry, model, metered.book, Ceiling(1, 1), "agent", "j", "t")
    table = {"m": poor, "free": Model("free")}
    entries = [entry("m", "0.15"), entry("free", "9.00")]
    found = Router(build_posts(entries, lambda one: table[one.name], manual_clock), Experience())
    assert found.complete(Need("answer"), ASK).model == "free"
    assert model.calls == 0
    assert [lesson.model for lesson in found.experience.fresh] == ["free"]


def test_lessons__of_earlier_runs__make_the_same_experience(tmp_path: Path, manual_clock: ManualClock) -> None:
    book = LessonBook(tmp_path / "lessons.db", manual_clock)
    book.add("job-1", [Lesson("a", "answer", "answer/1", seconds=2.0), Lesson("b", "answer", is_answered=False)])
    book.add("job-2", [Lesson("b", "answer", "answer/2", seconds=1.0)])
    assert book.rate("job-1", "oracle", 1.0)
    assert book.rate("job-1", "oracle", 0.0), "a newer word of one source replaces the older"
    assert book.rate("job-2", "oracle", 1.0)
    assert not book.rate("job-3", "oracle", 1.0)
    experience = Experience.of_lessons(book.all())
    assert experience.of("a", "answer").quality(0.5) == pytest.approx(2 / 5)
    assert experience.of("b", "answer").quality(0.5) == pytest.approx(3 / 5)
    assert (experience.of("b", "answer").asked, experience.of("b", "answer").succeeded) == (2, 1)
    assert experience.prompts() == {"answer/1": (0.0, 1.0), "answer/2": (1.0, 1.0)}


def test_choose_version__until_outcomes_tell_them_apart__splits_jobs_and_then_settles() -> None:
    jobs = [f"job-{number}" for number in range(200)]
    drawn = [choose_version("answer", (1, 2), job, {}) for job in jobs]
    assert 60 < drawn.count(1) < 140
    assert drawn == [choose_version("answer", (2, 1), job, {}) for job in jobs], "a job keeps its version"
    told = {"answer/1": (5.0, 40.0), "answer/2": (36.0, 40.0)}
    assert {choose_version("answer", (1, 2), job, told) for job in jobs} == {2}
    assert choose_version("answer", (), "job", told) is None
