"""Questions about the market: rules and models plan look-ups, evidence carries the answer, traces replay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from agents_offchain.primitives.canonical import parse_document
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.chat import Ask, Listener, Reply
from agents_offchain.skills.llm.enquiry.loop import Limits, ModelPlanner, agree, reason
from agents_offchain.skills.llm.enquiry.market import JobFact, MarketFacts, OfferFact, market_tools
from agents_offchain.skills.llm.enquiry.rules import RulePlanner, read_order
from agents_offchain.skills.llm.enquiry.tools import Toolbox, ToolRefused
from agents_offchain.skills.llm.enquiry.trace import RULES, SCHEMA, Enquiry, enquire, replay, write_trace
from agents_offchain.skills.llm.errors import NoModelFits
from agents_offchain.skills.llm.replay import Recorder, Replay

pytestmark = pytest.mark.unit
ONE = Decimal(1)
OFFERS = (
    OfferFact(1, 7, "inspect-image", Decimal("1.5"), 900, 70, 4),
    OfferFact(2, 8, "inspect-image", Decimal("1.2"), 3_600, 60, 14),
    OfferFact(3, 9, "summarise", Decimal("0.5"), 900, None, 0),
)
JOBS = {
    number: JobFact(number, status, agent, 2, ONE, paid, ONE - paid, 92, is_own)
    for number, status, agent, paid, is_own in (
        (1, "completed", 8, Decimal("0.95"), True),
        (2, "completed", 8, Decimal("0.95"), True),
        (3, "rejected", 8, Decimal(0), True),
        (4, "funded", 8, Decimal(0), True),
        (5, "completed", 8, Decimal("0.95"), False),
    )
}
FACTS = MarketFacts(31337, 120, 1_772_600_000, OFFERS, JOBS)
WHO = "Which agent reads the text in photos cheapest and how many jobs did it finish?"


def confirm(listing_id: int) -> str:
    return f"The chain at block 120: listing {listing_id} is open."


def search(query: str) -> str:
    return "terms.md, page 1: The fee is 5 %."


def ask(minilm: MiniLm, question: str, provider: Any = None, votes: int = 1) -> Enquiry:
    tools = market_tools(FACTS, confirm, search)
    return enquire(question, tools, provider, RulePlanner(FACTS, minilm), Limits(), votes)


@pytest.mark.parametrize(
    ("question", "holds", "looked_up"),
    [
        (WHO, ("Listing 2 of agent 8", "finished 2 jobs", "1 were rejected"),
         ["find_listings", "agent_record", "confirm_listing"]),
        ("What would 12 photos cost with the best one for reading text in photos?", ("Listing 1", "12 * 1.5 = 18"),
         ["find_listings", "calculate", "confirm_listing"]),
        ("Who sums up a document for under 40 cents?", ("0 open offers of summarise",), ["find_listings"]),
        ("How is job 3 doing?", ("Job 3 by agent 8 is rejected", "1 refunded"), ["job_status"]),
        ("What did agent 8 earn?", ("it earned 1.90",), ["agent_record"]),
        ("What does listing 3 cost?", ("summarise for 0.5",), ["listing_terms", "confirm_listing"]),
        ("How many agents are there on the market?", ("3 open offers by 3 agents", "3 of them"), ["market_counts"]),
        ("How large is the fee in my documents?", ("The fee is 5 %.",), ["search"]),
    ],
)  # fmt: skip
def test_enquire__by_rules__answers_with_what_was_looked_up(
    minilm: MiniLm, question: str, holds: tuple[str, ...], looked_up: list[str]
) -> None:
    found = ask(minilm, question)
    assert all(piece in found.answer for piece in holds), found.answer
    assert [step.name for step in found.steps if step.kind == "tool"] == looked_up
    assert found.planner == RULES


@pytest.mark.parametrize(
    "question",
    ["Will it rain in Lisbon?", "Who finished more jobs than agent 7?", "Which is the most expensive for photos?"],
)
def test_enquire__of_what_no_rule_knows__says_nothing(minilm: MiniLm, question: str) -> None:
    found = ask(minilm, question)
    assert (found.answer, found.steps) == ("", [])


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("the fastest for photos", "quickest"),
        ("who sums up a breakfast menu", None),
        ("the least dear", "cheapest"),
        ("a summary of a text about fasting", None),
        ("who reads a bestseller", None),
        ("who translates a trust deed", None),
        ("which agent can I trust with photos", "best"),
        ("the most trustworthy, and cheap", "best"),
    ],
)
def test_read_order__of_a_question__takes_words_and_no_part_of_them(question: str, order: str | None) -> None:
    assert read_order(question) == order


class Scripted:
    """Proposes these steps in every run."""

    name = "scripted"

    def __init__(self, *runs: list[Mapping[str, Any]]) -> None:
        self._left = [step for run in runs for step in run]
        self.asked: list[Ask] = []

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        self.asked.append(ask)
        if not self._left:
            raise NoModelFits("None fits.")
        return Reply(json.dumps(self._left.pop(0)), "scripted")


FIND = {"action": "tool", "tool": "find_listings", "arguments": {"service": "inspect-image", "order": "cheapest"}}
WRONG_ORDER = {"action": "tool", "tool": "confirm_listing", "arguments": {"listing_id": 2}}
SAYS = {"action": "answer", "answer": "Agent 8 offers inspect-image cheapest, for 1.2."}
LIES = {"action": "answer", "answer": "Agent 7 offers inspect-image cheapest, for 0.2."}


def test_enquire__by_a_model__keeps_only_an_answer_that_the_evidence_carries(minilm: MiniLm) -> None:
    found = ask(minilm, WHO, Scripted([WRONG_ORDER, FIND, LIES, SAYS]))
    assert (found.answer, found.planner) == (SAYS["answer"], "scripted")
    assert [step.kind for step in found.steps] == ["refused", "tool", "refused", "answer"]


def test_enquire__when_runs_of_a_model_disagree__plans_by_rules(minilm: MiniLm) -> None:
    other = {"action": "answer", "answer": "3600 seconds, 14 jobs finished."}
    found = ask(minilm, WHO, Scripted([FIND, SAYS], [FIND, other]), votes=2)
    assert found.planner == RULES
    assert len(found.runs) == 3
    agreed = ask(minilm, WHO, Scripted([FIND, SAYS], [FIND, other], [FIND, SAYS]), votes=3)
    assert (agreed.answer, agreed.agreeing) == (SAYS["answer"], 2)


def test_enquire__when_no_model_fits__plans_by_rules(minilm: MiniLm) -> None:
    assert ask(minilm, WHO, Scripted()).planner == RULES


@pytest.mark.parametrize("votes", [0, 1, 3])
def test_replay__of_a_trace__leads_to_the_same_and_of_a_changed_one_does_not(minilm: MiniLm, votes: int) -> None:
    recorder = Recorder(Scripted(*([[WRONG_ORDER, FIND, LIES, SAYS]] * votes)))
    tools = market_tools(FACTS, confirm, search)
    found = enquire(WHO, tools, recorder if votes else None, RulePlanner(FACTS, minilm), Limits(), votes)
    trace = parse_document(
        write_trace(WHO, found, tools, Limits(), pinned={"block_number": 120}, exchanges=recorder.trace()), SCHEMA
    )
    assert json.loads(json.dumps(replay(trace).as_dict())) == trace["outcome"]
    for step in trace["outcome"]["runs"][-1]["steps"]:
        step["detail"] = (
            step["detail"].replace("for 1.2 within", "for 9 within") if step["kind"] == "tool" else step["detail"]
        )
    assert replay(trace).as_dict() != trace["outcome"], "what was looked up no longer carries the answer"


def test_replay__of_a_run_that_ran_out_of_time__ends_at_the_same_step(minilm: MiniLm) -> None:
    recorder, tools, limits = Recorder(Scripted([FIND, LIES, SAYS])), market_tools(FACTS, confirm, search), Limits(6, 9)
    slow = iter((0.0, 0.1, 8.9, 9.0))
    found = enquire(
        WHO, tools, recorder, RulePlanner(FACTS, minilm), limits, 1, lambda run: lambda: 0.0 if run else next(slow)
    )
    assert (len(found.runs[0].steps), found.planner) == (2, RULES)
    told = write_trace(WHO, found, tools, limits, pinned={"block_number": 120}, exchanges=recorder.trace())
    trace = parse_document(told, SCHEMA)
    assert json.loads(json.dumps(replay(trace).as_dict())) == trace["outcome"]


def test_replay__of_a_question_that_was_asked_twice__gives_both_answers_in_their_order() -> None:
    recorder, question = Recorder(Scripted([FIND, SAYS])), Ask((), max_tokens=8)
    first, second = recorder.complete(question), recorder.complete(question)
    again = Replay(recorder.trace())
    assert [again.complete(question).text for _ in range(3)] == [first.text, second.text, second.text]


def test_reason__within_its_limits__ends_and_says_why() -> None:
    tools, round_and_round = market_tools(FACTS, None, None), [FIND] * 9
    done = reason("q", Toolbox("buyer", tools), ModelPlanner(Scripted(round_and_round)), Limits(steps=9))
    assert (len(done.steps), done.answer) == (4, "")
    ticks = iter(range(0, 900, 20))
    late = reason(
        "q", Toolbox("buyer", tools), ModelPlanner(Scripted(round_and_round)), Limits(9, 30.0), lambda: next(ticks)
    )
    assert "30 s" in late.ended


def test_toolbox__before_a_look_up__gives_nothing_to_calculate_or_confirm_with() -> None:
    toolbox = Toolbox("buyer", market_tools(FACTS, confirm, None))
    assert {"calculate", "confirm_listing", "search"}.isdisjoint(toolbox.given())
    with pytest.raises(ToolRefused):
        toolbox.call("calculate", {"expression": "1+1"})
    toolbox.call("listing_terms", {"listing_id": 1})
    assert {"calculate", "confirm_listing"} <= set(toolbox.given())


def test_model_planner__grammar__names_the_tools_that_are_given_and_turns_them_in_each_run(minilm: MiniLm) -> None:
    model = Scripted([FIND, SAYS], [FIND, SAYS])
    ask(minilm, WHO, model, votes=2)
    told = [ask.schema["properties"]["tool"]["enum"] for ask in model.asked if ask.schema]
    assert "calculate" not in told[0]
    assert "calculate" in told[1]
    assert (told[0][0], told[2][0]) == ("find_listings", "listing_terms")


def test_agree__of_answers_in_other_words__takes_those_that_carry_each_other() -> None:
    assert agree(["Agent 8 finished 2 jobs.", "agent 8 has finished 2 jobs", "Agent 7 finished 4 jobs."]) is not None
    assert agree(["", "", "a word"]) is None
