"""What needs no language model: search, quotation, rules, and the small embedding model."""

from __future__ import annotations

from typing import Any

from agents_offchain.primitives.clock import SystemClock
from agents_offchain.skills.knowledge.instructions import speaks_to_machine
from agents_offchain.skills.knowledge.support import weigh_support
from agents_offchain.skills.llm.answer import Answered, answer_question
from agents_offchain.skills.llm.answer_cache import AnswerCache
from agents_offchain.skills.llm.chat import Ask, Message, Provider, Reply
from agents_offchain.skills.llm.enquiry.loop import Limits
from agents_offchain.skills.llm.enquiry.market import market_tools
from agents_offchain.skills.llm.enquiry.rules import RulePlanner
from agents_offchain.skills.llm.enquiry.trace import enquire
from agents_offchain.skills.llm.extract import extract_field, rank_labels
from agents_offchain.skills.llm.job_draft import draft_job, rank_services
from agents_offchain.skills.llm.library import Library
from agents_offchain.skills.llm.memory import Context, Memory
from agents_offchain.skills.llm.preserved import check_translation
from agents_offchain.storage.answers import AnswerBook
from tools.eval_language.rows import ROOT, Bench, load_set
from tools.eval_language.sets import DRAFTS, MARKET, NOW, OFFERED, PARAPHRASES, RECALL, TALK

NAME = "quotations"
MOST_STATEMENTS, MOST_CHARACTERS = 2, 400
"""Point 4 of `evaluation/language/rubric.md`."""


def measure_quotations(bench: Bench) -> None:
    """Every row of it."""
    guide = Library((ROOT / load_set("questions")["document"]).read_bytes(), bench.embedder)
    _answers(bench, guide)
    _consistency(bench, guide)
    _extracts(bench)
    _wishes(bench)
    bench.measure(
        NAME, "turns kept: facts of 12 turns in 120 tokens", [lambda q=q, f=f: recalls(bench, q, f) for q, f in RECALL]
    )
    _orders(bench)
    _enquiries(bench)
    _forms(bench)
    _kept_by_meaning(bench)


def second_half() -> list[tuple[str, str]]:
    """Questions with a piece of the sentence that answers; empty where the document does not."""
    return [(question, gold) for question, gold in load_set("questions")["items"][1::2]]


def is_good(found: Answered, gold: str, library: Library) -> bool:
    """All points of the written rubric, `evaluation/language/rubric.md`, by rule."""
    said = found.statements
    if not gold or not said:
        return not gold and not said
    quotes = [library.quote(cited.span) for statement in said for cited in statement.cited]
    source = library.source.text
    return (
        gold in library.read(said[0].cited[0].span)
        and all(weigh_support(one.text, " ".join(cited.text for cited in one.cited)).is_enough for one in said)
        and all(source[quote["start"] : quote["end"]] == quote["quote"] for quote in quotes)
        and len(said) <= MOST_STATEMENTS
        and sum(len(one.text) for one in said) <= MOST_CHARACTERS
        and not any(speaks_to_machine(one.text) for one in said)
    )


def conversation(bench: Bench, question: str, most_tokens: int) -> Context:
    """What is shown of the twelve turns for a question."""
    memory = Memory(bench.embedder)
    for number, text in enumerate(TALK):
        memory.add("assistant" if number % 2 else "user", text)
    return memory.context(question, most_tokens)


def recalls(bench: Bench, question: str, fact: str) -> bool:
    """Whether a twelve-turn conversation shows the fact within 120 tokens."""
    return any(fact in message.content for message in conversation(bench, question, 120).messages)


def keeps_to_fact(library: Library, provider: Provider | None = None) -> bool:
    """Whether the answer from a document with an order is the fact, without a forbidden word."""
    told = load_set("orders")
    found = answer_question(told["question"], library, provider)
    text = " ".join(statement.text for statement in found.statements)
    return "5 %" in text and not any(word in text for word in told["forbidden"])


def ordered_documents(bench: Bench) -> list[Library]:
    """One document for each order."""
    told = load_set("orders")
    return [bench.library(f"# Terms\n\n{told['fact']} The payee is named.\n\n{order}\n") for order in told["items"]]


def _answers(bench: Bench, guide: Library) -> None:
    answerable = [item for item in second_half() if item[1]]

    def first(question: str, gold: str) -> bool:
        said = answer_question(question, guide).statements
        return bool(said) and gold in said[0].text

    def is_recalled(question: str, gold: str) -> bool:
        return any(gold in guide.read(guide.passages[n].span) for n in guide.find_passages(question))

    bench.measure(NAME, "questions, 2nd half: answered", [lambda q=q, g=g: first(q, g) for q, g in answerable])
    bench.measure(
        NAME,
        "questions, 2nd half: not in it",
        [lambda q=q: not answer_question(q, guide).statements for q, g in second_half() if not g],
    )
    bench.measure(NAME, "recall of passages at 5", [lambda q=q, g=g: is_recalled(q, g) for q, g in answerable])
    bench.measure(
        NAME,
        "judged good by the written rubric, by rule",
        [lambda q=q, g=g: is_good(answer_question(q, guide), g, guide) for q, g in second_half()],
    )
    support = load_set("support")["items"]
    carried = [item for item in support if weigh_support(item[0], item[1]).is_enough]
    bench.measure(NAME, "support rule: precision", [lambda t=t: t for _, _, t in carried])
    bench.measure(
        NAME,
        "support rule: recall",
        [lambda s=s, q=q: weigh_support(s, q).is_enough for s, q, true in support if true],
    )


def _consistency(bench: Bench, guide: Library) -> None:
    def same(one: str, other: str) -> bool:
        said = [answer_question(question, guide).statements for question in (one, other)]
        return all(said) and said[0][0].text == said[1][0].text

    def is_logical(question: str, follows: str, contradicts: str) -> bool:
        quotation = " ".join(one.text for one in answer_question(question, guide).statements)
        return weigh_support(follows, quotation).is_enough and not weigh_support(contradicts, quotation).is_enough

    bench.measure(NAME, "same answer to a paraphrase", [lambda a=a, b=b: same(a, b) for a, b in PARAPHRASES])
    bench.measure(
        NAME,
        "logical: what follows, not its contrary",
        [lambda item=item: is_logical(*item) for item in load_set("logic")["items"]],
    )


def _extracts(bench: Bench) -> None:
    labelled = load_set("classification")
    bench.measure(
        NAME,
        "classification, 4 labels",
        [
            lambda t=t, n=n: rank_labels(bench.library(t), bench.embedder, labelled["labels"])[0][0] == n
            for t, n in labelled["items"]
        ],
    )

    def field_is(text: str, name: str, description: str, kind: Any, value: str) -> bool:
        got = extract_field(bench.library(text), name, description, kind)
        return got is not None and got[0] == value

    fields = load_set("fields")["items"]
    bench.measure(NAME, "fields of short texts", [lambda item=item: field_is(*item) for item in fields])


def _wishes(bench: Bench) -> None:
    def drafted(wish: str, service: str | None, budget: str | None, is_timed: bool) -> bool:
        got = draft_job(wish, OFFERED, bench.embedder, now=NOW, has_file=True)
        is_budget = str(got.budget) == budget if got.budget is not None else budget is None
        return got.service == service and is_budget and (got.due_at is not None) == is_timed

    bench.measure(NAME, "job drafts from a sentence", [lambda item=item: drafted(*item) for item in DRAFTS])
    wishes = load_set("wishes")
    learned = [(text, service) for text, service in wishes["seen"]]
    for name, examples in (("before", []), ("after 20 hires", learned)):
        bench.measure(
            NAME,
            f"service of an unseen wish, {name}",
            [
                lambda t=t, s=s, e=examples: rank_services(t, OFFERED, bench.embedder, e)[0][0] == s
                for t, s in wishes["held_out"]
            ],
        )


def _orders(bench: Bench) -> None:
    documents = ordered_documents(bench)
    bench.measure(NAME, "orders in documents not followed", [lambda d=d: keeps_to_fact(d) for d in documents])


def _enquiries(bench: Bench) -> None:
    """Questions to a small market, planned by rules: the answer holds every fact that it has to."""

    def is_answered(question: str, holds: list[str]) -> bool:
        tools = market_tools(MARKET, None, None)
        said = enquire(question, tools, None, RulePlanner(MARKET, bench.embedder), Limits(), 0).answer
        return all(piece in said for piece in holds) if holds else not said

    items = load_set("enquiries")["items"]
    bench.measure(NAME, "questions to the market, by rules", [lambda q=q, h=h: is_answered(q, h) for q, h in items])


def _forms(bench: Bench) -> None:
    """The reporters' rule on translations: good ones pass, faults fall, a wrong sense is not seen."""

    def passes(text: str, said: str, language: str) -> bool:
        facts = check_translation(text, said, language)
        kept = not (facts["missing_numbers"] or facts["missing_marks"] or facts["missing_units"])
        return bool(facts["can_tell"] and not facts["other_language"] and kept and facts["length_percent"] >= 55)

    pairs = load_set("translations")["items"]
    bench.measure(
        NAME, "form/1: good translations pass", [lambda t=t, g=g, n=n: passes(t, g, n) for n, t, g, _ in pairs]
    )
    faults = [(n, t, bad) for n, t, g, _ in pairs for bad in (t, g[: len(g) // 3], g.replace("2", "7"))]
    bench.measure(NAME, "form/1: faults are found", [lambda t=t, b=b, n=n: not passes(t, b, n) for n, t, b in faults])
    bench.measure(
        NAME, "form/1: a wrong sense is found", [lambda t=t, w=w, n=n: not passes(t, w, n) for n, t, _, w in pairs]
    )


def _kept_by_meaning(bench: Bench) -> None:
    """Of the pairs whose second question gets the first one's kept answer: how many may."""
    shared = []
    items = load_set("meanings")["items"]
    for one, other, may_share in items:
        cache = AnswerCache(AnswerBook(None, SystemClock()), 60, bench.embedder)
        cache.keep("t", "m", _asked(one), Reply("kept", "m"))
        if cache.find("t", "m", _asked(other)) is not None:
            shared.append(may_share)
    wanted = [may_share for *_, may_share in items if may_share]
    if shared:
        bench.measure(NAME, "kept answers by meaning: precision", [lambda m=m: m for m in shared])
    bench.measure(NAME, "kept answers by meaning: recall", [lambda n=n: n < sum(shared) for n in range(len(wanted))])


def _asked(question: str) -> Ask:
    return Ask([Message("user", f"Passages: ...\n{question}")], meaning=question)
