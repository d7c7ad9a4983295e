"""Answers by what was asked, apart for each tenant and model: first by the exact question, then by its meaning.

Meaning is compared for the one piece of a prompt that is a question (`Ask.meaning`) and only among asks that are equal
in everything else: instructions, data, schema, numbers, the asking word, and whether it says no. The words that carry
meaning have to come in the same order; one question may have more of them than the other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents_offchain.primitives.canonical import canonical_json
from agents_offchain.skills.knowledge.words import content_stems, find_numbers, has_negation, split_words
from agents_offchain.skills.llm.chat import Ask, Reply, Usage
from agents_offchain.skills.llm.errors import ContentRefused
from agents_offchain.skills.llm.replay import ask_key
from agents_offchain.skills.llm.structured import Advice, read_json
from agents_offchain.storage.answers import AnswerBook, AnswersUnreadable

if TYPE_CHECKING:  # every daemon loads this module, few of them vectors
    from agents_offchain.skills.embedding.embedder import Embedder

SAME_MEANING = 0.93
"""Questions at least this near (cosine) may share an answer; `make eval-language` prints how often that is right."""
_ASKING = frozenset({"who", "whom", "whose", "what", "when", "where", "why", "how", "which", "many", "much", "long"})


@dataclass(slots=True)
class AnswerCache:
    """Kept answers of one machine.

    Args:
        keep_seconds: How long an answer is good; 0 keeps none.
        embedder: For the search by meaning; None is exact only.
    """

    book: AnswerBook
    keep_seconds: float
    embedder: Embedder | None = None

    def find(self, tenant: str, model: str, ask: Ask) -> Reply | None:
        """A kept answer that has not expired; it costs nothing."""
        try:
            exact = self.book.find(tenant, _key(model, ask))
            return _read(exact) if exact is not None else self._find_alike(tenant, model, ask)
        except AnswersUnreadable:
            return None

    def keep(self, tenant: str, model: str, ask: Ask, reply: Reply) -> None:
        """Keep an answer that is whole and of the form that was asked for."""
        if self.keep_seconds <= 0 or not _is_good(ask, reply):
            return
        frame = _frame(model, ask)
        vector = self._vector(ask.meaning).tobytes() if frame and self.embedder is not None else b""
        try:
            self.book.keep(tenant, _key(model, ask), _write(ask, reply), self.keep_seconds, frame, vector)
        except AnswersUnreadable:
            return

    def _find_alike(self, tenant: str, model: str, ask: Ask) -> Reply | None:
        frame = _frame(model, ask) if self.embedder is not None else ""
        kept = self.book.alike(tenant, frame) if frame else []
        if not kept:
            return None
        import numpy as np  # only who compares meanings loads it

        vectors = np.stack([np.frombuffer(one.vector, dtype=np.float32) for one in kept])
        nearness = vectors @ self._vector(ask.meaning)
        for place in np.argsort(-nearness, kind="stable"):
            if float(nearness[place]) < SAME_MEANING:
                break
            if _says_the_same(ask.meaning, json.loads(kept[place].reply)[-1]):
                return _read(kept[place].reply)
        return None

    def _vector(self, text: str) -> Any:
        assert self.embedder is not None
        return self.embedder.embed([text])[0]


def _key(model: str, ask: Ask) -> str:
    return hashlib.sha256(f"{model}\n{ask_key(ask)}".encode()).hexdigest()


def _frame(model: str, ask: Ask) -> str:
    """Digest of everything but the wording of the question; empty when nothing may be compared by meaning."""
    last = ask.messages[-1].content
    if not ask.meaning or last.count(ask.meaning) != 1:
        return ""
    words = split_words(ask.meaning)
    told = {
        "model": model,
        "ask": {**ask.as_dict(), "messages": [message.as_dict() for message in ask.messages[:-1]]},
        "around": last.split(ask.meaning),
        "numbers": sorted(find_numbers(ask.meaning)),
        "says_no": has_negation(ask.meaning),
        "asks": [word for word in words if word in _ASKING],
    }
    return hashlib.sha256(canonical_json(told)).hexdigest()


def _is_good(ask: Ask, reply: Reply) -> bool:
    if reply.finish != "stop":
        return False
    try:
        if ask.schema is not None:
            read_json(reply, ask.schema)
    except (Advice, ContentRefused):
        return False
    return True


def _says_the_same(one: str, other: str) -> bool:
    """Whether the content words of the shorter question stand in the longer one, in the same order."""
    shorter, longer = sorted((content_stems(one), content_stems(other)), key=len)
    rest = iter(longer)
    return bool(shorter) and all(word in rest for word in shorter)


def _write(ask: Ask, reply: Reply) -> str:
    usage = reply.usage
    return json.dumps([reply.text, reply.model, usage.prompt_tokens, usage.completion_tokens, ask.meaning])


def _read(text: str) -> Reply:
    said, model, prompt_tokens, completion_tokens, _ = json.loads(text)
    return Reply(said, model, Usage(prompt_tokens, completion_tokens), "stop", 0, is_kept=True)
