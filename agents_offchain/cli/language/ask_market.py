"""`aitbc ask-market`: a question about the market is answered by look-ups at one block; the trace is kept."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from agents_offchain.cli.bootstrap.language import language_folder, language_host, read_catalogue
from agents_offchain.cli.console import Console
from agents_offchain.cli.language.market_facts import find_chain, find_search, read_facts
from agents_offchain.cli.operate.home import HomeEmpty, moment
from agents_offchain.primitives.canonical import parse_document
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.llm.chat import PICOS_PER_USD
from agents_offchain.skills.llm.enquiry.loop import Limits
from agents_offchain.skills.llm.enquiry.market import MarketFacts, market_tools
from agents_offchain.skills.llm.enquiry.rules import UNDERSTOOD, RulePlanner
from agents_offchain.skills.llm.enquiry.trace import RULES, SCHEMA, Enquiry, enquire, replay, write_trace
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.models_at_hand import GOOD_ENOUGH, ModelsAtHand
from agents_offchain.skills.llm.router import Need

FOLDER = "asked"
UNANSWERED = 1


@dataclass(frozen=True)
class AskedMarket:
    """What was said on the command line."""

    question: str
    shelf: str = "default"
    votes: int = 1
    steps: int = 6
    seconds: float = 60.0
    max_usd: Decimal | None = None


def run_ask_market(settings: Settings, console: Console, asked: AskedMarket) -> int:
    """Exit code 0 with an answer, 1 without one."""
    embedder = MiniLm.load(settings.models)
    facts = asyncio.run(read_facts(settings))
    chain, search = find_chain(settings, facts), asyncio.run(find_search(settings, asked.shelf, embedder))
    tools = market_tools(facts, chain.listing if chain is not None else None, search)
    limits, name = Limits(asked.steps, asked.seconds), f"{int(time.time())}-{secrets.token_hex(3)}"
    models = _models(settings, asked, name, embedder)
    recorder = models.for_task(Need("reason", least_quality=GOOD_ENOUGH, most_seconds=asked.seconds), "enquiry")
    found = enquire(asked.question, tools, recorder, RulePlanner(facts, embedder), limits, asked.votes)
    models.remember()
    pinned = {"chain_id": facts.chain_id, "block_number": facts.block_number, "block_time": facts.block_time}
    file = _keep(
        settings, name, write_trace(asked.question, found, tools, limits, pinned=pinned, exchanges=recorder.trace())
    )
    _show(console, found, facts, file, models.evidence())
    return 0 if found.answer else UNANSWERED


def run_replay(settings: Settings, console: Console, name: str) -> int:
    """Exit code 0 when the trace leads to the same answer by the same steps, 1 when not.

    Raises:
        HomeEmpty: there is no such trace.
        DocumentInvalid: the file is none.
    """
    file = language_folder(settings) / FOLDER / f"{Path(name).name}.json"
    if not file.is_file():
        raise HomeEmpty(f"There is no trace {name[:60]!r} here.", mend=f"They are in {file.parent}.")
    trace = parse_document(file.read_bytes(), SCHEMA)
    again = replay(trace).as_dict()
    is_same = json.loads(json.dumps(again)) == trace["outcome"]
    console.document({"trace": file.stem, "is_same": is_same, "answer": again["answer"]})
    console.line(again["answer"] or "No answer.")
    console.line(
        "The trace leads to the same answer." if is_same else "The trace leads somewhere else: this is not how it was."
    )
    return 0 if is_same else UNANSWERED


def _models(settings: Settings, asked: AskedMarket, name: str, embedder: MiniLm) -> ModelsAtHand:
    """The models of this home, with this question's own budget as a hard stop."""
    catalogue = read_catalogue(settings)
    if asked.max_usd is not None:
        budget = catalogue.budget.model_copy(update={"usd_per_job": min(asked.max_usd, catalogue.budget.usd_per_job)})
        catalogue = catalogue.model_copy(update={"budget": budget})
    host = language_host(settings, "client", catalogue)
    local = LocalModel(settings.models, server_url=settings.language_server_url)
    return ModelsAtHand.of(host, {"account": {"job": f"enquiry:{name}"}}, local, embedder)


def _keep(settings: Settings, name: str, trace: bytes) -> Path:
    """The trace on disk, whole or not at all."""
    folder = language_folder(settings) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft, file = folder / f"{name}.new", folder / f"{name}.json"
    draft.write_bytes(trace)
    draft.replace(file)
    return file


def _show(console: Console, found: Enquiry, facts: MarketFacts, file: Path, cost: dict[str, Any]) -> None:
    console.document(
        {
            **found.as_dict(),
            "block": facts.block_number,
            "cost_usd": format(Decimal(cost["cost_usd_picos"]) / PICOS_PER_USD, "f"),
            "trace": file.stem,
        }
    )
    console.line(found.answer or f"No answer. {found.runs[-1].ended}")
    for step in found.steps:
        if step.kind == "tool":
            given = ", ".join(f"{key}={value}" for key, value in step.arguments.items())
            console.line(f"  looked up  {step.name}({given})")
            if step.name == "confirm_listing":
                console.line(f"             {step.detail}")
        elif step.kind == "refused":
            console.line(f"  refused    {step.name}: {step.detail}")
    if found.planner == RULES and not found.answer:
        console.line(UNDERSTOOD)
    who = "rules, no model" if found.planner == RULES else f"a model; {found.agreeing} of {len(found.runs)} runs agree"
    console.line(f"Planned by {who}. All of it stands at block {facts.block_number} ({moment(facts.block_time)} UTC).")
    console.line(f"Trace {file.stem}: `aitbc ask-market --replay {file.stem}` runs it again from what was kept.")
