"""One language model on the same sets: alone, and behind the rules that let an answer through."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from agents_offchain.skills.knowledge.support import weigh_support
from agents_offchain.skills.llm.answer import answer_question
from agents_offchain.skills.llm.catalogue import ModelEntry
from agents_offchain.skills.llm.chat import Ask, Message, Provider
from agents_offchain.skills.llm.enquiry.loop import Limits, ModelPlanner, reason
from agents_offchain.skills.llm.enquiry.market import market_tools
from agents_offchain.skills.llm.enquiry.tools import Toolbox
from agents_offchain.skills.llm.job_draft import nearest_wishes
from agents_offchain.skills.llm.library import Library
from agents_offchain.skills.llm.prompts.prompt import load_prompt, mark_off
from agents_offchain.skills.llm.replay import Recorder
from agents_offchain.skills.llm.structured import ask_for_json
from tools.eval_language.quotations import conversation, is_good, keeps_to_fact, ordered_documents, second_half
from tools.eval_language.rows import ROOT, Bench, load_set
from tools.eval_language.sets import DRAFTS, MARKET, OFFERED, PARAPHRASES, RECALL

MEMORY_TOKENS = 400
EXAMPLES = 3
MOST_ENQUIRIES = 4
"""Each is many questions to the model."""
Item = TypeVar("Item")


class Examination:
    """One model before the sets.

    Args:
        items: At most so many questions of each set.
    """

    def __init__(self, bench: Bench, entry: ModelEntry, provider: Provider, items: int) -> None:
        self.bench, self.name, self.items = bench, entry.name, items
        self.recorder = Recorder(provider)
        self.guide = Library((ROOT / load_set("questions")["document"]).read_bytes(), bench.embedder)

    def run(self) -> None:
        """Every row."""
        answerable = self._few([item for item in second_half() if item[1]])
        guide, few = self.guide, self._few
        self._row("answers that the gold carries", [lambda q=q, g=g: self._is_right(q, g) for q, g in answerable])
        self._row(
            "handed over (draft or quotation), good",
            [lambda q=q, g=g: is_good(answer_question(q, guide, self.recorder), g, guide) for q, g in answerable],
        )
        labelled = load_set("classification")
        self._row("classification, 4 labels", [lambda t=t, n=n: self._label(t) == n for t, n in few(labelled["items"])])
        self._row(
            "fields of short texts", [lambda i=i: self._field(*i[:3]) == i[4] for i in few(load_set("fields")["items"])]
        )
        wishes = [(wish, service) for wish, service, *_ in DRAFTS]
        self._row("service of a wish", [lambda w=w, s=s: self._service(w) == s for w, s in few(wishes)])
        self._row("12 turns: answers with the fact", [lambda q=q, f=f: f in self._recall(q) for q, f in few(RECALL)])
        self._row("same answer to a paraphrase", [lambda a=a, b=b: self._is_same(a, b) for a, b in few(PARAPHRASES)])
        self._row(
            "questions to the market, model plans alone",
            [lambda q=q, h=h: self._enquires(q, h) for q, h in few(load_set("enquiries")["items"])[:MOST_ENQUIRIES]],
        )
        held_out = few([(wish, service) for wish, service in load_set("wishes")["held_out"]])
        self._row(
            "service of an unseen wish, no examples", [lambda w=w, s=s: self._service(w) == s for w, s in held_out]
        )
        self._row(
            "service of an unseen wish, 3 nearest hires as examples",
            [lambda w=w, s=s: self._service(w, nearest(self.bench, w)) == s for w, s in held_out],
        )
        documents = few(ordered_documents(self.bench))
        self._row("orders not followed, model alone", [lambda d=d: self._resists(d) for d in documents])
        self._row(
            "orders not followed, behind the rules", [lambda d=d: keeps_to_fact(d, self.recorder) for d in documents]
        )

    def _row(self, task: str, checks: Sequence[Any]) -> None:
        self.recorder.exchanges.clear()
        self.bench.measure(self.name, task, checks, self.recorder)

    def _few(self, items: Sequence[Item]) -> list[Item]:
        """Spread over the whole set."""
        return list(items[:: max(len(items) // self.items, 1)][: self.items])

    def _answer(self, question: str, library: Library) -> str:
        passages = [library.read(library.passages[n].span) for n in library.find_passages(question)[:2]]
        values: dict[str, str | int] = {"passages": "\n".join(passages), "question": question}
        return str(ask_for_json(self.recorder, load_prompt("answer"), values, max_repairs=0)["answer"])

    def _is_right(self, question: str, gold: str) -> bool:
        answer, guide = self._answer(question, self.guide), self.guide
        sentence = next(c.text for c in guide.find_sentences(question, guide.find_passages(question)) if gold in c.text)
        return weigh_support(answer, sentence).is_enough

    def _is_same(self, one: str, other: str) -> bool:
        first, second = (self._answer(question, self.guide) for question in (one, other))
        return weigh_support(first, second).is_enough and weigh_support(second, first).is_enough

    def _resists(self, library: Library) -> bool:
        told = load_set("orders")
        answer = self._answer(told["question"], library)
        return not any(word in answer for word in told["forbidden"])

    def _label(self, text: str) -> str:
        labels = load_set("classification")["labels"]
        told = "\n".join(f"{key}: {value}" for key, value in labels.items())
        schema = {"label": {"enum": sorted(labels)}}
        return self._pick(f"Labels:\n{told}\n\nText:\n{mark_off(text)}\n\nWhich label fits the text?", schema, "label")

    def _field(self, text: str, name: str, description: str) -> str:
        asked = f"Text:\n{mark_off(text)}\n\nCopy the {name.replace('_', ' ')} ({description}) from the text."
        return self._pick(asked, {"value": {"type": "string", "maxLength": 80}}, "value")

    def _enquires(self, question: str, holds: list[str]) -> bool:
        toolbox = Toolbox("buyer", market_tools(MARKET, None, None))
        said = reason(question, toolbox, ModelPlanner(self.recorder), Limits(steps=2)).answer
        return all(piece in said for piece in holds) if holds else not said

    def _service(self, wish: str, examples: Sequence[tuple[str, str]] = ()) -> str | None:
        told = "\n".join(f"{name}: {OFFERED[name]}" for name in sorted(OFFERED))
        values: dict[str, str | int] = {"services": told, "wish": wish}
        prompt = load_prompt("draft-job").shown(
            [({"services": told, "wish": text}, {"service": name}) for text, name in examples]
        )
        named = str(ask_for_json(self.recorder, prompt, values, max_repairs=0)["service"])
        return named if named in OFFERED else None

    def _recall(self, question: str) -> str:
        shown = conversation(self.bench, question, MEMORY_TOKENS).messages
        ask = Ask([*shown, Message("user", f"{question} Answer in a few words.")], max_tokens=40)
        return self.recorder.complete(ask).text

    def _pick(self, asked: str, properties: dict[str, Any], name: str) -> str:
        schema = {"type": "object", "required": [name], "additionalProperties": False, "properties": properties}
        reply = self.recorder.complete(Ask([Message("user", asked)], max_tokens=60, schema=schema))
        try:
            return str(json.loads(reply.text)[name])
        except ValueError:  # cut off: a wrong answer
            return ""


def nearest(bench: Bench, wish: str) -> list[tuple[str, str]]:
    """What a hirer's earlier wishes would show a model beside this one."""
    seen = [(text, service) for text, service in load_set("wishes")["seen"]]
    return nearest_wishes(wish, seen, bench.embedder, EXAMPLES)
