"""How quick the language parts are, each beside a bare reference: ``python -m tools.bench_language [--write]``.

Retrieval over 100,000 generated passages with the real embedder, the router's own time, a kept answer, one
classification in a worker process, and accounting against a plain sum. MISSED stands beside every goal that is not
reached, and the machine's load beside all of it: with more than one busy process a core the figures are of the load.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agents_offchain.cli.bootstrap.skill_host import host_skills
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.skills.embedding.embedder import DIMENSIONS, MiniLm
from agents_offchain.skills.knowledge.index import HybridIndex
from agents_offchain.skills.llm.answer_cache import AnswerCache
from agents_offchain.skills.llm.catalogue import ModelEntry
from agents_offchain.skills.llm.chat import Ask, Listener, Message, Reply, Usage
from agents_offchain.skills.llm.experience import Experience
from agents_offchain.skills.llm.metered import Metered
from agents_offchain.skills.llm.router import Need, Router, build_posts
from agents_offchain.storage.answers import AnswerBook
from agents_offchain.storage.spending import Ceiling, SpendingBook

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "language.md"
BEGIN, END = "<!-- table: begin, written by `make bench-language WRITE=1` -->", "<!-- table: end -->"
PASSAGES, WORDS_EACH, VOCABULARY = 100_000, 60, 20_000
QUERIES, ROUTED, KEPT, CALLS, RUNS = 200, 2_000, 1_000, 500, 5
MODELS = 8
SEED = 7


@dataclass(frozen=True)
class Figure:
    """One row: what, its value, the goal it stands beside, the bare reference."""

    name: str
    value: float
    unit: str
    goal: float
    reference: str

    def row(self) -> str:
        verdict = "met" if self.value <= self.goal else "MISSED"
        measured, goal = f"{self.value:,.2f} {self.unit}".strip(), f"{self.goal:g} {self.unit}".strip()
        return f"| {self.name} | {measured} | {goal} | {verdict} | {self.reference} |"


def percentile(seconds: Sequence[float], share: float) -> float:
    """Of milliseconds; the nearest measured value."""
    return 1000 * sorted(seconds)[min(int(share * len(seconds)), len(seconds) - 1)]


def timed(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Seconds of each call."""
    seconds = []
    for call in calls:
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return seconds


def retrieval(embedder: MiniLm) -> Figure:
    """Search by word and meaning; the reference is the bare product of the same matrix with the same vectors."""
    rng = np.random.default_rng(SEED)
    vocabulary = np.array([f"word{number}" for number in range(VOCABULARY)])
    drawn = np.minimum(rng.zipf(1.3, size=(PASSAGES, WORDS_EACH)) - 1, VOCABULARY - 1)
    texts = [" ".join(vocabulary[row]) for row in drawn]
    vectors = _unit(rng.standard_normal((PASSAGES, DIMENSIONS), dtype=np.float32))
    index = HybridIndex(texts, vectors, embedder)
    questions = [" ".join(vocabulary[np.minimum(rng.zipf(1.3, size=8) - 1, VOCABULARY - 1)]) for _ in range(QUERIES)]
    index.search(questions[0], 5)
    before = time.process_time()
    found = timed([lambda q=q: index.search(q, 5) for q in questions])  # type: ignore[misc]
    cpu = 1000 * (time.process_time() - before) / QUERIES
    asked = embedder.embed(questions)
    bare = timed([lambda v=v: vectors @ v for v in asked])  # type: ignore[misc]
    embedding = timed([lambda q=q: embedder.embed([q]) for q in questions])  # type: ignore[misc]
    reference = (
        f"p50 {percentile(found, 0.5):.1f} ms, {cpu:.1f} ms of CPU each; bare product p95 "
        f"{percentile(bare, 0.95):.1f} ms, embedding the question p95 {percentile(embedding, 0.95):.1f} ms"
    )
    return Figure(f"retrieval over {PASSAGES:,} passages, p95", percentile(found, 0.95), "ms", 50, reference)


class Instant:
    """A model that answers at once."""

    name = "instant"

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        return Reply("ok", "instant", Usage(10, 2), cost_usd_picos=2_700_000)


def _entries() -> list[ModelEntry]:
    return [
        ModelEntry.model_validate(
            {"name": f"m{number}", "model": "openai/m", "input_usd_per_million": "0.15", "default_quality": 0.8}
        )
        for number in range(MODELS)
    ]


def routing() -> Figure:
    """From question to answer with eight models that answer at once; the reference is one such model alone."""
    ask = Ask([Message("user", "How much is the fee? " * 100)], max_tokens=100)
    router = Router(build_posts(_entries(), lambda entry: Instant(), SystemClock()), Experience())
    found = timed([lambda: router.complete(Need("answer"), ask)] * ROUTED)
    bare = timed([lambda: Instant().complete(ask)] * ROUTED)
    reference = f"p50 {percentile(found, 0.5):.2f} ms; the model alone p99 {percentile(bare, 0.99):.3f} ms"
    return Figure(f"router, {MODELS} models, p99", percentile(found, 0.99), "ms", 5, reference)


def kept_answers(folder: Path) -> Figure:
    """A question asked before, among many; the reference is a bare look-up in the same file."""
    cache = AnswerCache(AnswerBook(folder / "answers.db", SystemClock()), 3600)
    asks = [Ask([Message("user", f"Question {number}? " + "x" * 2000)]) for number in range(KEPT)]
    for ask in asks:
        cache.keep("tenant", "m", ask, Reply("an answer", "m"))
    found = timed([lambda a=a: cache.find("tenant", "m", a) for a in asks])  # type: ignore[misc]
    plain = sqlite3.connect(folder / "answers.db")
    keys = [row[0] for row in plain.execute("SELECT key FROM answers")]
    query = "SELECT reply FROM answers WHERE tenant = 'tenant' AND key = ?"
    bare = timed([lambda k=k: plain.execute(query, (k,)).fetchone() for k in keys])  # type: ignore[misc]
    reference = f"p50 {percentile(found, 0.5):.2f} ms; bare SQLite p99 {percentile(bare, 0.99):.2f} ms"
    return Figure(f"kept answer among {KEPT:,}, p99", percentile(found, 0.99), "ms", 2, reference)


class Counted:
    """A model whose every call counts other tokens."""

    name = "counted"

    def __init__(self, entry: ModelEntry, usages: list[Usage]) -> None:
        self._entry, self._usages = entry, iter(usages)

    def complete(self, ask: Ask, on_text: Listener | None = None) -> Reply:
        usage = next(self._usages)
        return Reply("ok", "m", usage, cost_usd_picos=self._entry.cost_usd_picos(usage))


def accounting(folder: Path) -> Figure:
    """Calls of random size through the purse; the reference is the sum of their tokens."""
    rng = np.random.default_rng(SEED)
    usages = [Usage(int(sent), int(came)) for sent, came in rng.integers(1, 5_000, size=(CALLS, 2))]
    entry = _entries()[0]
    book = SpendingBook(folder / "spending.db", SystemClock())
    purse = Metered(entry, Counted(entry, usages), book, Ceiling(10**15, 10**15), "agent", "job", "tenant")
    seconds = timed([lambda: purse.complete(Ask([Message("user", "x")]))] * CALLS)
    (spent,) = book.spent(0)
    tokens = (sum(usage.prompt_tokens for usage in usages), sum(usage.completion_tokens for usage in usages))
    off = abs(spent.prompt_tokens - tokens[0]) + abs(spent.completion_tokens - tokens[1])
    off += abs(spent.picos - tokens[0] * entry.picos_per_input_token - tokens[1] * entry.picos_per_output_token)
    reference = f"{sum(tokens):,} tokens summed by hand; a call's two writes p50 {percentile(seconds, 0.5):.1f} ms"
    return Figure(f"accounting of {CALLS} calls, tokens and pico-dollars off", off, "", 0, reference)


async def classification(folder: Path, models: Path) -> Figure:
    """One `classify` in a fresh worker process, models loaded; the reference is the same in this process."""
    letter = b"Dear Sir or Madam, please pay the amount of 120 euros for the repair until the end of the month."
    labels = {"invoice": "asks for money to be paid", "complaint": "says what went wrong and is unhappy"}
    run = host_skills(Settings(home=folder, models=models), "bench", 1)
    request = {"input": {"cid": "c"}, "settings": {"labels": labels}}
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        await run("classify", request, {"c": letter}, WorkerLimits())
        seconds.append(time.perf_counter() - began)
    return Figure(
        "classification in a worker process, slowest of 5",
        max(seconds),
        "s",
        5,
        f"median {sorted(seconds)[RUNS // 2]:.2f} s",
    )


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Time the language parts beside bare references.")
    parser.add_argument("--write", action="store_true", help="put the table into docs/language.md")
    options = parser.parse_args(arguments)
    models = Path(os.environ.get("AITBC_MODELS") or ROOT / "models")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="aitbc-bench-") as folder:
        figures = [
            retrieval(MiniLm.load(models)),
            routing(),
            kept_answers(Path(folder)),
            accounting(Path(folder)),
            asyncio.run(classification(Path(folder), models)),
        ]
    lines = ["| what | measured | goal | | beside it |", "|---|---|---|---|---|", *(figure.row() for figure in figures)]
    told = f"{os.cpu_count()} cores, {platform.machine()}, load average {load:.1f} at the start"
    shown = "\n".join(
        [*lines, "", f"{told}." if load <= os.cpu_count() else f"{told}: busy, so the times are of the load, too."]
    )
    print(shown)
    if options.write:
        before, _, rest = REPORT.read_text().partition(BEGIN)
        REPORT.write_text(f"{before}{BEGIN}\n{shown}\n{END}{rest.partition(END)[2]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
