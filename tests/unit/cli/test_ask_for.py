"""`aitbc ask-for` and `aitbc find`: a sentence against a market with three offers."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.cli.hire.command import STILL_WAITING, HireWishes
from agents_offchain.cli.hire.record import HireRecord, save_record
from agents_offchain.cli.language import wish as wish_module
from agents_offchain.cli.main import main
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.llm.models_at_hand import LESSONS
from agents_offchain.storage.database import Database
from agents_offchain.storage.lessons import LessonBook
from agents_offchain.storage.tables.read_model import agent_listings, agents, chain_heads, jobs
from tests.fakes.deployment import DEPLOYMENT, DOCUMENT

pytestmark = pytest.mark.unit
OFFERS = (
    (1, "inspect-image", 1_500_000, 900, 70),
    (2, "inspect-image", 1_000_000, 3_600, 60),
    (3, "summarise", 500_000, 900, None),
    (4, "summarise", 100_000, 900, None),
)
AGENT = {"agent_id": 2, "owner": b"\1" * 20, "wallet": b"\2" * 20, "uri": "", "created_at": 1, "updated_at": 1}


def job(number: int, status: str, provider: bytes = b"\2" * 20) -> dict[str, Any]:
    """A job of agent 2, by its wallet."""
    money = {"paid": 950_000, "refunded": 0, "fee_treasury": 50_000, "fee_reporters": 0}
    return {
        "job_id": number,
        "client": b"\5" * 20,
        "provider": provider,
        "evaluator": b"\6" * 20,
        "agent_id": 2,
        "listing_id": 2,
        "budget": 1_000_000,
        "status": status,
        "description": "",
        "expired_at": 9,
        "created_at": number,
        "created_tx": bytes(32),
        **money,
    }


@pytest.fixture
def home(database_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AITBC_MODELS", str(Path(Settings().models).resolve()))
    rows = [
        {
            "id": str(number),
            "listing_id": number,
            "agent_id": number,
            "service_type": service,
            "pricing_model": "fixed",
            "price": price,
            "policy_id": 1,
            "work_seconds": seconds,
            "criteria_hash": bytes(32),
            "uri": "",
            "is_available": number != 4,
            "is_closed": False,
            "reputation_score": reputation,
            "created_at": 1,
            "updated_at": 1,
        }
        for number, service, price, seconds, reputation in OFFERS
    ]

    async def fill() -> None:
        database = Database(f"sqlite+aiosqlite:///{database_file}")
        async with database.write() as connection:
            await connection.execute(agent_listings.insert(), rows)
            await connection.execute(chain_heads.insert(), {"chain_id": 31337, "block_number": 120, "block_time": 1})
            await connection.execute(agents.insert(), AGENT)
            await connection.execute(jobs.insert(), [job(1, "completed"), job(2, "rejected")])
            await connection.execute(jobs.insert(), job(3, "completed", provider=b"\x09" * 20))
        await database.close()

    asyncio.run(fill())
    return database_file.parent


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--json"])
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def test_ask_for__with_everything_said__is_a_draft_of_the_cheapest_offer(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = "Have someone read the text in these photos by tomorrow for at most 2 dollars"
    code, draft = run(capsys, "ask-for", wish, "--file", __file__, "--home", str(home))
    assert (code, draft["is_complete"], draft["service"], draft["most"]) == (0, True, "inspect-image", "2")
    assert draft["offer"]["listing_id"] == "2"
    code, draft = run(
        capsys, "ask-for", wish.replace("by tomorrow", "in 30 minutes"), "--file", __file__, "--home", str(home)
    )
    assert draft["offer"]["listing_id"] == "1", "the cheapest takes an hour"


@pytest.mark.parametrize(
    ("wish", "words", "asked"),
    [
        ("Sum up this report by tomorrow for 1 dollar", (), "Which file shall be worked on?"),
        ("Sum up this report by tomorrow", ("--file", __file__), "How much may it cost at most?"),
        ("Sum up this report by tomorrow for 10 cents", ("--file", __file__), "The cheapest summarise costs 0.5"),
        ("Sum up this report in 1 minute for 1 dollar", ("--file", __file__), "The quickest summarise takes 900 s"),
        ("Bake a cake by tomorrow for 5 dollars", ("--file", __file__), "What shall be done?"),
        (
            "Sum up this report by tomorrow for 1 dollar",
            ("--file", __file__, "--setting", "sentences=90"),
            "The setting sentences of summarise is wrong",
        ),
    ],
)
def test_ask_for__with_a_gap__asks_back(
    home: Path, capsys: pytest.CaptureFixture[str], wish: str, words: tuple[str, ...], asked: str
) -> None:
    code, draft = run(capsys, "ask-for", wish, *words, "--home", str(home))
    assert (code, draft["is_complete"]) == (1, False)
    assert asked in " ".join(draft["missing"])


def test_ask_for__after_a_wish_was_hired__understands_its_like(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("ask-for", "Boil this down for me for 1 dollar by tomorrow", "--file", __file__, "--home", str(home))
    before = run(capsys, *words)[1]
    teach(home)
    code, after = run(capsys, *words)
    assert before["is_complete"] is False
    assert (code, after["service"]) == (0, "summarise")


def test_ask_for__when_the_model_is_away__keeps_that_as_a_lesson_for_the_next_choice(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITBC_LANGUAGE_MODEL", "openai/away")
    monkeypatch.setenv("AITBC_LANGUAGE_API_BASE", "http://127.0.0.1:9/v1")
    words = ("ask-for", "Boil this down for me for 1 dollar by tomorrow", "--file", __file__, "--home", str(home))
    assert run(capsys, *words)[0] == 1
    lessons = LessonBook(home / "language" / LESSONS, SystemClock()).all()
    assert [(one.model, one.task, one.is_answered) for one in lessons] == [("main", "draft-job", False)]


def teach(home: Path, job_id: int = 1) -> LessonBook:
    """A wish was hired by a job of this home's market."""
    (home / "deployment.json").write_text(json.dumps(DOCUMENT))
    book = LessonBook(home / "language" / LESSONS, SystemClock())
    book.keep_wish("Boil the paper down", "summarise", DEPLOYMENT.job_key(job_id))
    return book


def test_ask_for__once_the_job_of_an_example_came_to_nothing__learns_from_it_no_more(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("ask-for", "Boil this down for me for 1 dollar by tomorrow", "--file", __file__, "--home", str(home))
    teach(home, job_id=2)
    assert run(capsys, *words)[0] == 1, "job 2 was rejected after the command that hired it had ended"
    assert LessonBook(home / "language" / LESSONS, SystemClock()).wishes() == []


def test_ask_for__once_a_person_rates_the_job_of_an_example__follows_the_rating(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("ask-for", "Boil this down for me for 1 dollar by tomorrow", "--file", __file__, "--home", str(home))
    teach(home)
    assert run(capsys, "language", "rate", "1", "0.2", "--home", str(home))[0] == 0
    assert run(capsys, *words)[0] == 1
    run(capsys, "language", "rate", "1", "0.9", "--home", str(home))
    assert run(capsys, *words)[0] == 0


def test_find__by_words__gives_offers_in_the_order_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def found(question: str) -> list[str]:
        return [one["listing_id"] for one in run(capsys, "find", question, "--home", str(home))[1]["offers"]]

    assert found("the cheapest that reads text in photographs") == ["2", "1"]
    assert found("the best for reading text in photographs") == ["1", "2"]
    assert found("the fastest for text in photographs under 2 dollars") == ["1", "2"]
    assert found("text in photographs for 1.20 dollars") == ["2"]
    assert found("sum up a document") == ["3"], "listing 4 is off the market"
    assert run(capsys, "find", "sum up a document for 10 cents", "--home", str(home))[0] == 1


def test_ask_market__of_a_home_without_a_node__answers_at_one_block_and_replays_its_trace(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "Which agent reads the text in photos cheapest and how many jobs did it finish?"
    code, told = run(capsys, "ask-market", question, "--home", str(home))
    assert (code, told["planner"], told["block"]) == (0, "rules", 120)
    assert "Listing 2 of agent 2 offers inspect-image for 1 within 3600 seconds" in told["answer"]
    assert "Agent 2 finished 1 jobs; 1 were rejected" in told["answer"], "what another wallet did does not count"
    code, again = run(capsys, "ask-market", "--replay", told["trace"], "--home", str(home))
    assert (code, again["is_same"], again["answer"]) == (0, True, told["answer"])
    file = home / "language" / "asked" / f"{told['trace']}.json"
    file.write_text(file.read_text().replace("inspect-image for 1 within", "inspect-image for 4 within", 1))
    assert run(capsys, "ask-market", "--replay", told["trace"], "--home", str(home))[0] == 1


def test_ask_market__of_what_rules_do_not_know__says_what_they_know(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "ask-market", "Will it rain in Lisbon?", "--home", str(home))[:1] == (1,)
    with pytest.raises(SystemExit) as ended:
        main(["ask-market", "--replay", "../../etc/passwd", "--home", str(home)])
    assert ended.value.code == 2
    with pytest.raises(SystemExit):
        main(["ask-market", "x", "--max-usd", "much", "--home", str(home)])


def test_ask_for__answered_turn_by_turn__refines_one_draft_that_outlives_the_command(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def go_on(*words: str) -> dict[str, Any]:
        told: dict[str, Any] = run(capsys, "ask-for", *words, "--home", str(home))[1]
        return told

    first = go_on("Sum up this report for me")
    assert first["missing"] == ["How much may it cost at most?", "Which file shall be worked on?"]
    assert go_on("--go-on", "At most 1 dollar, the report is here", "--file", __file__)["is_complete"]
    for word in ("I like it short", "My dog is called Bruno", "It is for the board", "They meet in Lisbon"):
        go_on("--go-on", word)
    later = go_on("--go-on", "Make it five sentences, and no more than 2 dollars, by tomorrow")
    assert (later["service"], later["most"], later["settings"]) == ("summarise", "2", {"sentences": 5})
    assert later["due_at"] is not None
    assert later["is_complete"]
    assert len({*later["turns"]["whole"], *later["turns"]["shortened"], *later["turns"]["dropped"]}) == 13
    told = run(capsys, "language", "talk", "What is my dog called?", "--home", str(home))[1]
    assert any("Bruno" in turn["text"] for turn in told["turns"])


def test_ask_for__of_one_user__knows_nothing_of_another_and_forgets_when_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--home", str(home))
    run(capsys, "ask-for", "Sum up this report for 1 dollar", "--user", "ann", *at)
    with pytest.raises(SystemExit) as ended:
        main(["ask-for", "--go-on", "yes", "--user", "bob", *at])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        main(["ask-for", "x", "--user", "../ann", *at])
    assert ended.value.code == 2
    assert run(capsys, "language", "talk", "--user", "ann", "--forget", *at)[1]["forgotten"] == 2
    with pytest.raises(SystemExit) as ended:
        main(["language", "talk", "--user", "ann", *at])
    assert ended.value.code == 2


def test_ask_for__with_a_bare_answer__takes_it_for_what_was_asked(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "ask-for", "Find out something in this document for 50 cents", "--home", str(home))
    said = ("--go-on", "I mean inspect-image", "--file", __file__)
    later = run(capsys, "ask-for", *said, "--home", str(home))[1]
    assert (later["service"], later["is_complete"]) == ("inspect-image", False), "none costs so little"
    assert run(capsys, "ask-for", "--go-on", "2 dollars then", "--home", str(home))[1]["is_complete"]


@pytest.mark.parametrize(("ending", "is_example"), [(0, True), (1, False)])
def test_ask_for__hired__teaches_by_how_the_job_ended_and_names_the_same_request_each_time(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    ending: int,
    is_example: bool,
) -> None:
    hired: list[Any] = []

    def hire(settings: Settings, wishes: Any, console: Any, on_paid: Any) -> int:
        hired.append(wishes)
        on_paid(DEPLOYMENT.job_key(1))
        return ending

    monkeypatch.setattr(wish_module, "run_hire", hire)
    run(capsys, "ask-for", "Sum up this report for 1 dollar", "--file", __file__, "--home", str(home))
    for _ in range(2):
        assert run(capsys, "ask-for", "--go-on", "yes", "--hire", "--home", str(home))[0] == ending
    assert len({wishes.request_id for wishes in hired}) == 1
    assert (hired[0].wanted, hired[0].file, hired[0].note) == ("3", Path(__file__), "Sum up this report for 1 dollar")
    known = LessonBook(home / "language" / LESSONS, SystemClock()).wishes()
    assert (known == [("Sum up this report for 1 dollar", "summarise")]) == is_example


class Hires:
    """What was hired, in order; `ending` is the exit code of the next."""

    def __init__(self) -> None:
        self.ending = STILL_WAITING
        self.wishes: list[HireWishes] = []

    def run(self, settings: Settings, wishes: HireWishes, console: Any, on_paid: Any) -> int:
        assert wishes.file is not None
        assert wishes.request_id is not None
        self.wishes.append(wishes)
        digest = hashlib.sha256(wishes.file.read_bytes()).hexdigest()
        record = HireRecord(
            wishes.request_id, "client", int(wishes.wanted), 500_000, digest, wishes.note, "cid", service="summarise"
        )
        save_record(settings, record)
        return self.ending


@pytest.fixture
def hires(monkeypatch: pytest.MonkeyPatch) -> Hires:
    """In place of real hires: each writes down what it stands for and ends as the test says."""
    fake = Hires()
    monkeypatch.setattr(wish_module, "run_hire", fake.run)
    return fake


def test_ask_for__said_again_while_its_hire_is_not_over__goes_on_with_it_whatever_is_offered_now(
    home: Path, capsys: pytest.CaptureFixture[str], hires: Hires
) -> None:
    words = ("ask-for", "Sum up this report in 4 sentences for 1 dollar", "--hire", "--file", __file__)
    for user in ("me", "ann"):
        run(capsys, *words, "--user", user, "--home", str(home))

    async def withdraw_offers() -> None:
        database = Database(f"sqlite+aiosqlite:///{home / 'aitbc.db'}")
        async with database.write() as connection:
            await connection.execute(agent_listings.update().values(is_available=False))
        await database.close()

    asyncio.run(withdraw_offers())
    hires.ending = 0
    assert run(capsys, *words, "--home", str(home))[0] == 0
    first, anns, again = hires.wishes
    assert again == first
    assert anns.request_id != first.request_id
    assert (again.wanted, again.settings) == ("3", ("sentences=4",))
    assert run(capsys, *words, "--home", str(home))[0] == 1, "the hire is over: a new wish, which nobody offers to do"


def test_ask_for__said_again_of_a_file_that_has_changed__is_another_hire(
    home: Path, capsys: pytest.CaptureFixture[str], hires: Hires, tmp_path: Path
) -> None:
    report = tmp_path / "report.txt"
    for text in ("It went well.", "It went badly."):
        report.write_text(text)
        run(capsys, "ask-for", "Sum up this report for 1 dollar", "--hire", "--file", str(report), "--home", str(home))
    assert len({wishes.request_id for wishes in hires.wishes}) == 2
