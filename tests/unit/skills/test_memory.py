"""Conversations of many turns within a budget, and the local model for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.chat import Ask, Message
from agents_offchain.skills.llm.errors import AskCancelled, ContextTooLong
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.memory import Memory, count_tokens

pytestmark = pytest.mark.unit
TALK = (
    "My name is Ada and I live in Lisbon.",
    "Nice to meet you, Ada.",
    "My budget for this month is 40 dollars.",
    "I will keep that in mind.",
    "The report has to be ready on Friday.",
    "Friday it is.",
    "I like short answers.",
    "Short answers then.",
    "What can agents do here?",
    "They read documents and look at pictures.",
    "And who checks them?",
    "Three reporters check each result.",
)


def talk(minilm: MiniLm) -> Memory:
    memory = Memory(minilm)
    for number, text in enumerate(TALK):
        memory.add("assistant" if number % 2 else "user", text)
    return memory


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is my monthly budget?", "40 dollars"),
        ("Where do I live?", "Lisbon"),
        ("When does the report have to be ready?", "Friday"),
    ],
)
def test_context__of_twelve_turns_in_a_small_budget__holds_the_fact_that_is_asked_for(
    minilm: MiniLm, question: str, fact: str
) -> None:
    context = talk(minilm).context(question, 120)
    shown = "\n".join(message.content for message in context.messages)
    assert fact in shown
    assert sum(count_tokens(message.content) for message in context.messages) <= 120 + 20
    assert TALK[-1] == context.messages[-1].content
    assert sorted({*context.whole, *context.shortened, *context.dropped}) == list(range(1, 13))


def test_context__with_room_for_all__drops_nothing(minilm: MiniLm) -> None:
    memory = talk(minilm)
    assert memory.context("x", 2000).dropped == ()
    assert memory.context("x", 10).dropped
    memory.forget()
    assert memory.context("x", 10).messages == ()


def test_context__of_one_user__knows_nothing_of_another(minilm: MiniLm) -> None:
    ann, bob = talk(minilm), Memory(minilm)
    bob.add("user", "Where does Ada live?")
    assert "Lisbon" not in str(bob.context("Where does Ada live?", 2000))
    assert len(ann.turns) == 12


def test_local_model__asked_twice__says_the_same_in_the_form_asked_for(models_dir: Path) -> None:
    model = LocalModel(models_dir)
    schema = {
        "type": "object",
        "required": ["sum"],
        "additionalProperties": False,
        "properties": {"sum": {"enum": [1, 2]}},
    }
    ask = Ask([Message("user", "Say one or two.")], max_tokens=12, schema=schema)
    one = model.complete(ask)
    assert one == model.complete(ask)
    assert one.text.strip().startswith("{")
    assert one.usage.prompt_tokens > 0
    assert one.cost_usd_picos == 0
    with pytest.raises(AskCancelled):
        model.complete(ask, lambda _: False)
    with pytest.raises(ContextTooLong):
        model.complete(Ask([Message("user", "word " * 4000)], max_tokens=4))
