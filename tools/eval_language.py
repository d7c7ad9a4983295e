"""Measure the language skills on the fixed sets of `evaluation/language`, each model on its own, with 95 % intervals.

Run: ``python tools/eval_language.py [--models NAME ...] [--items N] [--json FILE]``. Without names: what needs no
language model (`quotations`, with MiniLM). `--models local` adds the small local model; other names are entries of
the catalogue (AITBC_LANGUAGE, AITBC_LANGUAGE_MODEL). `--items` bounds the questions put to a model. Intervals are
Wilson's (E. B. Wilson, 1927). Figures of different models are never mixed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import statistics
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents_offchain.primitives.errors import AitbcError
from agents_offchain.skills.catalog import DESCRIPTIONS
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.knowledge.support import weigh_support
from agents_offchain.skills.llm.answer import answer_question
from agents_offchain.skills.llm.catalogue import Catalogue, ModelEntry, default_catalogue, load_catalogue
from agents_offchain.skills.llm.chat import Ask, Message, Provider
from agents_offchain.skills.llm.extract import extract_field, rank_labels
from agents_offchain.skills.llm.job_draft import draft_job
from agents_offchain.skills.llm.library import Library
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.memory import Memory
from agents_offchain.skills.llm.prompts.prompt import load_prompt, mark_off
from agents_offchain.skills.llm.remote import RemoteModel
from agents_offchain.skills.llm.replay import Recorder
from agents_offchain.skills.llm.structured import ask_for_json

ROOT = Path(__file__).resolve().parent.parent
SETS = ROOT / "evaluation" / "language"
Z = 1.96
DRAFTS = (
    ("Have someone read the text in these photos by tomorrow for at most 2 dollars", "inspect-image", "2", True),
    ("Read what is written on this photograph, 50 cents, within 2 hours", "inspect-image", "0.5", True),
    ("Sum up this report by Friday for 1 dollar", "summarise", "1", True),
    ("I need a short summary of this document within a day, at most $0.80", "summarise", "0.80", True),
    ("Take total and due date out of this invoice for 60 cents today", "extract-fields", "0.6", True),
    ("Sort this letter under one of my labels within an hour for 0.3 usd", "classify", "0.3", True),
    ("Find the objects in this picture", "inspect-image", None, False),
    ("Paint my house for 500 dollars by Monday", None, "500", True),
)
TALK = (
    "My name is Ada and I live in Lisbon.", "Nice to meet you, Ada.", "My budget for this month is 40 dollars.",
    "I will keep that in mind.", "The report has to be ready on Friday.", "Friday it is.", "I like short answers.",
    "Short answers then.", "My dog is called Bruno.", "A good name for a dog.", "The invoice number is 7731.", "Noted.",
)  # fmt: skip
RECALL = (
    ("What is my monthly budget?", "40 dollars"), ("Where do I live?", "Lisbon"), ("When is the report due?", "Friday"),
    ("How shall answers be?", "short"), ("What is my dog called?", "Bruno"), ("Which invoice number?", "7731"),
)  # fmt: skip
OFFERED = {
    name: DESCRIPTIONS[name]
    for name in ("inspect-image", "answer-from-documents", "summarise", "extract-fields", "classify")
}


@dataclass(frozen=True)
class Row:
    """One measurement: `right` of `count`, median and slowest seconds an item, dollars an item."""

    model: str
    task: str
    right: int
    count: int
    seconds: float
    slowest: float
    usd: float

    def line(self) -> str:
        low, high = wilson(self.right, self.count)
        share = f"{self.right}/{self.count} = {self.right / self.count:.2f} [{low:.2f}, {high:.2f}]"
        return (
            f"{self.model:<12} {self.task:<34} {share:<28} {self.seconds:7.2f} s {self.slowest:7.2f} s {self.usd:10.6f}"
        )


def wilson(right: int, count: int) -> tuple[float, float]:
    """95 % interval of a share."""
    share, square = right / count, Z * Z / count
    middle = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(middle - half, 0.0), min(middle + half, 1.0)


class Bench:
    """Runs tasks and collects rows."""

    def __init__(self, embedder: MiniLm) -> None:
        self.embedder = embedder
        self.rows: list[Row] = []
        self._libraries: dict[str, Library] = {}

    def library(self, text: str) -> Library:
        if text not in self._libraries:
            self._libraries[text] = Library(text.encode(), self.embedder)
        return self._libraries[text]

    def measure(
        self, model: str, task: str, checks: list[Callable[[], bool]], recorder: Recorder | None = None
    ) -> None:
        """Run every check once; one that ends in an error of ours counts as wrong."""
        right, seconds = 0, []
        for check in checks:
            began = time.perf_counter()
            with contextlib.suppress(AitbcError):
                right += check()
            seconds.append(time.perf_counter() - began)
        spent = sum(one.reply.cost_usd_picos for one in recorder.exchanges) / 10**12 if recorder else 0.0
        row = Row(model, task, right, len(checks), statistics.median(seconds), max(seconds), spent / len(checks))
        self.rows.append(row)
        print(row.line(), flush=True)


def load_set(name: str) -> dict[str, Any]:
    return tomllib.loads((SETS / f"{name}.toml").read_text(encoding="utf-8"))


def quotations(bench: Bench) -> None:
    """What needs no language model."""
    questions = load_set("questions")
    guide = Library((ROOT / questions["document"]).read_bytes(), bench.embedder)
    second_half = questions["items"][1::2]

    def found(question: str, gold: str) -> bool:
        said = answer_question(question, guide).statements
        return any(gold in statement.text for statement in said) if gold else not said

    def first(question: str, gold: str) -> bool:
        said = answer_question(question, guide).statements
        return bool(said) and gold in said[0].text

    answerable = [item for item in second_half if item[1]]
    bench.measure("quotations", "questions, 2nd half: answered", [lambda q=q, g=g: first(q, g) for q, g in answerable])
    bench.measure(
        "quotations", "questions, 2nd half: not in it", [lambda q=q: found(q, "") for q, g in second_half if not g]
    )
    recall = [
        lambda q=q, g=g: any(g in guide.read(guide.passages[n].span) for n in guide.find_passages(q))
        for q, g in answerable
    ]
    bench.measure("quotations", "recall of passages at 5", recall)
    support = load_set("support")["items"]
    carried = [item for item in support if weigh_support(item[0], item[1]).is_enough]
    bench.measure("quotations", "support rule: precision", [lambda t=t: t for _, _, t in carried])
    bench.measure(
        "quotations",
        "support rule: recall",
        [lambda s=s, q=q: weigh_support(s, q).is_enough for s, q, true in support if true],
    )
    labelled = load_set("classification")
    bench.measure(
        "quotations",
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
    bench.measure("quotations", "fields of short texts", [lambda item=item: field_is(*item) for item in fields])
    now = int(datetime(2026, 3, 4, 10, tzinfo=UTC).timestamp())

    def drafted(wish: str, service: str | None, budget: str | None, is_timed: bool) -> bool:
        got = draft_job(wish, OFFERED, bench.embedder, now=now, has_file=True)
        is_budget = str(got.budget) == budget if got.budget is not None else budget is None
        return got.service == service and is_budget and (got.due_at is not None) == is_timed

    bench.measure("quotations", "job drafts from a sentence", [lambda item=item: drafted(*item) for item in DRAFTS])
    bench.measure(
        "quotations", "12 turns kept in 120 tokens", [lambda q=q, f=f: _recalls(bench, q, f) for q, f in RECALL]
    )
    pairs = [("How large is the fee?", "What is the fee?"), ("What is the pass mark?", "Which mark is needed to pass?"),
             ("Who opens the keys?", "By whom are keys opened?"), ("Which folder must be backed up?",
             "What folder needs a backup?")]  # fmt: skip

    def same(one: str, other: str) -> bool:
        first_said, other_said = (answer_question(question, guide).statements for question in (one, other))
        return bool(first_said) and bool(other_said) and first_said[0].text == other_said[0].text

    bench.measure("quotations", "same answer to a paraphrase", [lambda a=a, b=b: same(a, b) for a, b in pairs])


def _recalls(bench: Bench, question: str, fact: str) -> bool:
    """Whether a twelve-turn conversation shows the fact within 120 tokens."""
    memory = Memory(bench.embedder)
    for number, text in enumerate(TALK):
        memory.add("assistant" if number % 2 else "user", text)
    return any(fact in message.content for message in memory.context(question, 120).messages)


def language_model(bench: Bench, entry: ModelEntry, provider: Provider, items: int) -> None:
    """One model: bare answers, drafts that may stand, labels, and orders in the text."""
    questions = load_set("questions")
    guide = Library((ROOT / questions["document"]).read_bytes(), bench.embedder)
    chosen = [item for item in questions["items"][1::2] if item[1]][:items]
    recorder = Recorder(provider)

    def bare(question: str, gold: str) -> bool:
        passages = [guide.read(guide.passages[n].span) for n in guide.find_passages(question)[:2]]
        values: dict[str, str | int] = {"passages": "\n".join(passages), "question": question}
        data = ask_for_json(recorder, load_prompt("answer"), values, max_repairs=0)
        sentence = next(c.text for c in guide.find_sentences(question, guide.find_passages(question)) if gold in c.text)
        return weigh_support(str(data["answer"]), sentence).is_enough

    bench.measure(
        entry.name, "answers that the gold carries", [lambda q=q, g=g: bare(q, g) for q, g in chosen], recorder
    )
    labelled = load_set("classification")
    schema = {"type": "object", "required": ["label"], "additionalProperties": False,
              "properties": {"label": {"enum": sorted(labelled["labels"])}}}  # fmt: skip
    recorder = Recorder(provider)

    def label(text: str, name: str) -> bool:
        told = "\n".join(f"{key}: {value}" for key, value in labelled["labels"].items())
        asked = f"Labels:\n{told}\n\nText:\n{mark_off(text)}\n\nWhich label fits the text?"
        reply = recorder.complete(Ask([Message("user", asked)], max_tokens=20, schema=schema))
        return bool(json.loads(reply.text)["label"] == name)

    texts = labelled["items"][:: max(len(labelled["items"]) // items, 1)][:items]
    bench.measure(entry.name, "classification, 4 labels", [lambda t=t, n=n: label(t, n) for t, n in texts], recorder)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the language skills.")
    parser.add_argument("--models", nargs="*", default=[], help="names of the catalogue, such as local")
    parser.add_argument("--items", type=int, default=4, help="questions put to a model")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    options = parser.parse_args(arguments)
    models_dir = Path(os.environ.get("AITBC_MODELS") or ROOT / "models")
    bench = Bench(MiniLm.load(models_dir))
    print(f"{'model':<12} {'task':<34} {'share right [95 %]':<28} {'median':>9} {'slowest':>9} {'USD each':>10}")
    quotations(bench)
    catalogue = _catalogue()
    for name in options.models:
        entry = next((one for one in catalogue.models if one.name == name), None)
        if entry is None:
            print(
                f"There is no model {name!r}; known: {', '.join(one.name for one in catalogue.models)}.",
                file=sys.stderr,
            )
            return 2
        language_model(
            bench, entry, LocalModel(models_dir) if entry.kind == "local" else RemoteModel(entry), options.items
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in bench.rows], indent=1))
    return 0


def _catalogue() -> Catalogue:
    file = os.environ.get("AITBC_LANGUAGE")
    return load_catalogue(Path(file)) if file else default_catalogue(os.environ.get("AITBC_LANGUAGE_MODEL", ""))


if __name__ == "__main__":
    sys.exit(main())
