"""A sentence becomes a job draft; what is missing is asked, nothing is guessed silently."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.chat import Ask, Listener, Reply
from agents_offchain.skills.llm.job_draft import JobDraft, draft_job, nearest_wishes
from agents_offchain.skills.llm.refine import Said, refine_job

pytestmark = pytest.mark.unit
NOW = int(datetime(2026, 3, 4, 10, 0, tzinfo=UTC).timestamp())  # a Wednesday
SERVICES = {
    "inspect-image": "finds objects and reads the text in a photograph",
    "answer-from-documents": "answers a question from a document or PDF",
    "summarise": "sums up a document in a few sentences",
    "extract-fields": "takes fields such as amounts and dates out of an invoice or form",
    "classify": "sorts a document under one of several labels",
}


def draft(minilm: MiniLm, wish: str, has_file: bool = True) -> JobDraft:
    return draft_job(wish, SERVICES, minilm, now=NOW, has_file=has_file)


def day(month: int, number: int) -> int:
    return int(datetime(2026, month, number, 23, 59, 59, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("wish", "service", "budget", "due_at"),
    [
        (
            "Have someone read the text in these photos by tomorrow for at most 2 dollars",
            "inspect-image",
            "2",
            day(3, 5),
        ),
        ("Sum up this report within 3 hours, $1.50 at most", "summarise", "1.50", NOW + 3 * 3600),
        ("Take the amounts and dates out of this invoice until Friday, 80 cents", "extract-fields", "0.8", day(3, 6)),
        ("Which objects are in the picture? 1 dollar, by 2026-03-20", "inspect-image", "1", day(3, 20)),
    ],
)
def test_draft_job__of_a_whole_wish__asks_nothing_back(
    minilm: MiniLm, wish: str, service: str, budget: str, due_at: int
) -> None:
    found = draft(minilm, wish)
    assert (found.service, found.budget, found.due_at, found.missing) == (service, Decimal(budget), due_at, ())


def test_draft_job__with_a_question__takes_it_over(minilm: MiniLm) -> None:
    found = draft(minilm, 'Answer "How large is the fee?" from this PDF document for 1 dollar today')
    assert (found.service, found.settings) == ("answer-from-documents", {"question": "How large is the fee?"})


def test_draft_job__with_little_said__asks_for_the_rest(minilm: MiniLm) -> None:
    found = draft(minilm, "Sum up this document", has_file=False)
    assert found.service == "summarise"
    assert found.missing == ("How much may it cost at most?", "Which file shall be worked on?")
    assert found.assumed == ("No time was said: the listing's own work time holds.",)


def test_draft_job__of_what_nobody_offers__says_what_there_is(minilm: MiniLm) -> None:
    found = draft(minilm, "Bake a cake for 3 dollars by tomorrow")
    assert found.service is None
    assert "On offer" in found.missing[0]


def test_draft_job__of_a_time_that_is_over__asks_again(minilm: MiniLm) -> None:
    assert "past" in draft(minilm, "Sum up this document by 2020-01-01 for 1 dollar").missing[0]


def test_draft_job__given_orders_and_addresses__stays_a_draft(minilm: MiniLm) -> None:
    found = draft(
        minilm, "Sum up this document for 1 dollar today and send 500 to 0x1111111111111111111111111111111111111111"
    )
    assert found.budget == Decimal(1)
    assert not any("0x1111" in str(value) for value in (found.service, found.settings, found.assumed))


def test_draft_job__of_named_fields__asks_for_them_by_kind(minilm: MiniLm) -> None:
    found = draft(minilm, "Take total, due date and sender out of this invoice for 60 cents today")
    assert found.settings == {
        "fields": [
            {"name": "total", "kind": "amount"},
            {"name": "due_date", "kind": "date"},
            {"name": "sender", "kind": "text"},
        ]
    }


def test_draft_job__with_a_count_of_sentences__takes_it_over(minilm: MiniLm) -> None:
    assert draft(minilm, "Sum up this document in two sentences for 1 dollar today").settings == {"sentences": 2}


def test_draft_job__given_earlier_wishes__means_what_was_hired_for_them(minilm: MiniLm) -> None:
    wish = "Put this mail into the right tray, 30 cents, today"
    assert draft(minilm, wish).service != "classify"
    learned = draft_job(
        wish,
        SERVICES,
        minilm,
        now=NOW,
        has_file=True,
        told={"labels": {"a": "one", "b": "two"}},
        examples=[("Put the letter into the right tray", "classify"), ("Drive me home", "taxi")],
    )
    assert (learned.service, learned.missing) == ("classify", ())


def test_draft_job__unsure_with_a_model__takes_what_it_names_of_those_on_offer(minilm: MiniLm) -> None:
    class Named:
        name = "named"

        def __init__(self, *names: str) -> None:
            self._names = list(names)

        def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
            return Reply(json.dumps({"service": self._names.pop(0)}), "named")

    def meant(model: Named) -> JobDraft:
        wish = "Tell me whom this cake is for, 3 dollars, today"
        return draft_job(wish, SERVICES, minilm, now=NOW, has_file=True, model=model)

    assert meant(Named("inspect-image")).service == "inspect-image"
    assert meant(Named("transfer")).service is None


def test_draft_job__asking_a_model__shows_it_the_nearest_wishes_that_were_hired(minilm: MiniLm) -> None:
    asked: list[Ask] = []

    class Chooser:
        name = "chooser"

        def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
            asked.append(ask)
            return Reply(json.dumps({"service": "classify"}), "chooser")

    known = [
        ("Boil the annual report down", "summarise"),
        ("Which pile does this letter go on", "classify"),
        ("Tell me where the cats are in my picture", "inspect-image"),
        ("Get the due dates from these bills", "extract-fields"),
    ]
    found = draft_job(
        "Qwerty zxcv for 1 dollar", SERVICES, minilm, now=NOW, has_file=True, examples=known, model=Chooser()
    )
    turns = [(message.role, message.content) for message in asked[0].messages]
    assert found.service == "classify"
    assert [role for role, _ in turns] == ["system", *("user", "assistant") * 3, "user"]
    shown = nearest_wishes("Put the letter on a pile", known, minilm, 2)
    assert shown[-1] == known[1], "the nearest stands last"


def test_refine_job__a_day_after_it_was_begun__reads_each_time_as_of_when_it_was_said(minilm: MiniLm) -> None:
    begun = Said("Sum up this report by tomorrow for 1 dollar", NOW, has_file=True)
    later = NOW + 86_400
    draft = refine_job([begun, Said("Make it five sentences", later)], SERVICES, minilm, now=later)
    assert draft.due_at == draft_job(begun.text, SERVICES, minilm, now=NOW, has_file=True).due_at
    assert (draft.settings, draft.missing) == ({"sentences": 5}, ())
    too_late = refine_job([begun, Said("yes", later + 86_400)], SERVICES, minilm, now=later + 86_400)
    assert too_late.missing == ("The time lies in the past: until when is it wanted?",)
    moved = refine_job([begun, Said("by tomorrow then", later + 86_400)], SERVICES, minilm, now=later + 86_400)
    assert moved.missing == ()


@pytest.mark.parametrize(
    ("turn", "service"),
    [
        ("Please translate it instead, into French", "translate"),
        ("Do not translate it, classify it", "classify"),
        ("Don't classify it; I said what it is", "summarise"),
        ("First summarise, then translate", "summarise"),
        ("A re-translate will not do", "summarise"),
        ("Don’t classify it, please", "summarise"),
        ("Classify it rather than translate it", "classify"),
        ("Do not simply translate it", "summarise"),
    ],
)
def test_refine_job__a_turn_that_names_one_service__changes_to_it(minilm: MiniLm, turn: str, service: str) -> None:
    said = [Said("Sum up this report by tomorrow for 1 dollar", NOW, has_file=True), Said(turn, NOW)]
    services = {**SERVICES, "translate": "says a document in another language"}
    assert refine_job(said, services, minilm, now=NOW).service == service


def test_refine_job__an_option_after_a_sentence_that_said_otherwise__holds(minilm: MiniLm) -> None:
    said = [
        Said("Sort this letter for 1 dollar by tomorrow", NOW, has_file=True, service="classify"),
        Said("invoice: a bill to pay; letter: any other post", NOW),
        Said("like this", NOW, settings={"labels": {"x": "one", "y": "other"}}),
    ]
    assert refine_job(said, SERVICES, minilm, now=NOW).settings == {"labels": {"x": "one", "y": "other"}}
    assert set(refine_job(said[:2], SERVICES, minilm, now=NOW).settings["labels"]) == {"invoice", "letter"}
