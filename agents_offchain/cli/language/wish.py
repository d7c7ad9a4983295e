"""`aitbc ask-for` and `aitbc find`: sentences become a job draft, or a question to the market.

A draft hires nobody. It says what was understood, what was taken for granted and what is missing; `--hire` goes on as
`aitbc hire` would, with the draft's words, once nothing is missing.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.cli.bootstrap.language import language_folder, language_host
from agents_offchain.cli.console import Console
from agents_offchain.cli.hire.command import ENDED_OTHERWISE, HireWishes, run_hire
from agents_offchain.cli.hire.record import load_record, read_details
from agents_offchain.cli.hire.told import require_settings
from agents_offchain.cli.language.market_facts import read_offers
from agents_offchain.cli.language.talk import Talk, Talks
from agents_offchain.cli.operate.home import home_database, moment, show_table
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.embedding.embedder import Embedder, MiniLm
from agents_offchain.skills.errors import SkillSettingsInvalid
from agents_offchain.skills.llm.enquiry.market import OfferFact, describe_services, sorted_offers
from agents_offchain.skills.llm.enquiry.rules import read_order
from agents_offchain.skills.llm.job_draft import JobDraft, rank_services, read_budget
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.memory import Context
from agents_offchain.skills.llm.models_at_hand import GOOD_ENOUGH, LESSONS, ModelsAtHand
from agents_offchain.skills.llm.refine import refine_job
from agents_offchain.skills.llm.router import Need
from agents_offchain.storage.lessons import LessonBook
from agents_offchain.storage.tables.read_model import jobs

MISSING = 1
FAILED = ("rejected", "expired")
"""How a job ends that paid nobody."""
MOST_SHOWN = 20


@dataclass(frozen=True)
class WishWords:
    """What was said on the command line; `service` corrects what would be understood."""

    wish: str
    file: Path | None = None
    service: str | None = None
    settings: tuple[str, ...] = ()
    hires: bool = False
    accepts: bool = False
    goes_on: bool = False
    user: str = "me"


def run_ask_for(settings: Settings, console: Console, said: WishWords) -> int:
    """Exit code 0 for a draft without gaps (or the hire's), 1 when something is asked back."""
    offers = asyncio.run(read_offers(settings))
    book = LessonBook(language_folder(settings) / LESSONS, SystemClock())
    asyncio.run(drop_failed_wishes(settings, book))
    embedder = MiniLm.load(settings.models)
    talks = Talks(settings, said.user)
    talk = talks.hear(said.wish, said.file, said.service, _told(settings, said), goes_on=said.goes_on)
    context = talk.context(embedder)
    # A hire that was begun stands, whatever has become of offers, examples and deadlines since.
    begun = load_record(settings, talk.request_id)
    hired = begun.service if begun is not None else ""
    draft = _drafted(settings, talk, context, offers, embedder, book.wishes(), hired)
    chosen, gaps = choose_offer(draft, offers, now=int(time.time()))
    missing = [*draft.missing, *gaps]
    missing += [] if missing else unsaid(draft)
    missing = missing if begun is None else []
    talks.answer(talk, missing)
    _show(console, draft, chosen, missing, context)
    standing = begun or chosen
    if missing or standing is None:
        return MISSING
    if not said.hires:
        so_far = "Nobody is hired yet" if begun is None else "The hire was begun"
        console.line(f"{so_far}: `aitbc ask-for --go-on 'yes' --hire` goes on.")
        return 0
    words = tuple(f"{name}={json.dumps(value)}" for name, value in draft.settings.items())
    cap = None if draft.budget is None else format(draft.budget, "f")
    wishes = HireWishes(
        str(standing.listing_id), talk.file, settings=words, note=talk.wish, max_price=cap, accepts=said.accepts,
        request_id=talk.request_id,
    )  # fmt: skip

    def keep_wish(job: str) -> None:
        if draft.service is not None:
            book.keep_wish(talk.wish, draft.service, job)

    code = run_hire(settings, wishes, console, keep_wish)
    if code == ENDED_OTHERWISE:
        book.drop_wish(talk.wish)
    if code in (0, ENDED_OTHERWISE):
        talks.end(talk)
    return code


async def drop_failed_wishes(settings: Settings, book: LessonBook) -> None:
    """Take out the wishes whose job came to nothing since, as the home's tables know."""
    hired = book.wish_jobs()
    if not hired or not settings.deployment_file.exists():
        return
    deployment = load_deployment(settings.deployment_file)
    numbers = [int(job.rpartition(":")[2]) for _, job in hired]
    query = select(jobs.c.generation, jobs.c.job_id).where(jobs.c.status.in_(FAILED), jobs.c.job_id.in_(numbers))
    async with home_database(settings) as database, database.read() as connection:
        rows = (await connection.execute(query)).all()
    failed = {deployment.of_generation(int(row.generation)).job_key(int(row.job_id)) for row in rows}
    for wish, job in hired:
        if job in failed:
            book.drop_wish(wish)


def run_find(settings: Settings, console: Console, question: str) -> int:
    """Exit code 0 with offers, 1 without one."""
    offers = asyncio.run(read_offers(settings))
    found = find_offers(question, offers, MiniLm.load(settings.models))
    console.document({"question": question, "offers": [_offer(one) for one in found]})
    rows = [
        (one.listing_id, one.service, format(one.price, "f"), one.work_seconds, one.reputation, one.agent_id)
        for one in found
    ]
    heads = ("listing", "service", "price", "seconds", "reputation", "agent")
    show_table(console, heads, rows, empty="Nothing on offer fits.")
    return 0 if found else 1


def find_offers(question: str, offers: Sequence[OfferFact], embedder: Embedder) -> list[OfferFact]:
    """Offers of the service that a question means, within its price, in the order it asks for; at most `MOST_SHOWN`."""
    if not offers:
        return []
    service = rank_services(question, describe_services(offers), embedder)[0][0]
    return sorted_offers(offers, service, read_order(question) or "cheapest", read_budget(question))[:MOST_SHOWN]


def choose_offer(draft: JobDraft, offers: Sequence[OfferFact], *, now: int) -> tuple[OfferFact | None, list[str]]:
    """The cheapest listing that the draft can be hired by, and what stands in the way when there is none."""
    if draft.service is None:
        return None, []
    of_service = [offer for offer in offers if offer.service == draft.service]
    if not of_service:
        return None, [f"Nobody offers {draft.service} now: what else would help?"]
    if draft.budget is not None and of_service[0].price > draft.budget:
        return None, [f"The cheapest {draft.service} costs {of_service[0].price:f}: may it cost that much?"]
    in_time = [
        offer
        for offer in of_service
        if (draft.due_at is None or now + offer.work_seconds <= draft.due_at)
        and (draft.budget is None or offer.price <= draft.budget)
    ]
    if not in_time:
        soonest = min(offer.work_seconds for offer in of_service)
        return None, [f"The quickest {draft.service} takes {soonest} s: may it take that long?"]
    return in_time[0], []


def unsaid(draft: JobDraft) -> list[str]:
    """What is wrong with the draft's settings, as the service itself would say it."""
    try:
        require_settings(draft.service or "", dict(draft.settings))
    except SkillSettingsInvalid as error:
        return [f"{error.message} {error.mend}"]
    return []


def _told(settings: Settings, said: WishWords) -> dict[str, Any]:
    return dict(read_details((), said.settings, settings.artifact_max_bytes).settings)


def _drafted(
    settings: Settings,
    talk: Talk,
    context: Context,
    offers: Sequence[OfferFact],
    embedder: Embedder,
    examples: Sequence[tuple[str, str]],
    hired: str,
) -> JobDraft:
    """The draft after all turns; `hired` is the service that was hired for it before, if one was."""
    said = talk.said()
    if hired:
        said[-1] = replace(said[-1], service=hired)
    shown = "\n".join(message.content for message in context.messages)
    models = _models(settings, talk.wish, embedder)
    draft = refine_job(
        said,
        describe_services(offers),
        embedder,
        now=int(time.time()),
        examples=examples,
        model=models.for_task(Need("draft-job", least_quality=GOOD_ENOUGH), "draft-job"),
        context=shown if len(talk.turns) > 1 else "",
    )
    models.remember()
    return draft


def _models(settings: Settings, wish: str, embedder: Embedder) -> ModelsAtHand:
    """The models of this home, which ask within the client's budget."""
    local = LocalModel(settings.models, server_url=settings.language_server_url)
    return ModelsAtHand.of(language_host(settings, "client"), {"note": wish}, local, embedder)


def _offer(offer: OfferFact) -> dict[str, Any]:
    return {
        "listing_id": str(offer.listing_id),
        "agent_id": str(offer.agent_id),
        "service": offer.service,
        "price": format(offer.price, "f"),
        "work_seconds": offer.work_seconds,
        "reputation": offer.reputation,
    }


def _show(
    console: Console, draft: JobDraft, chosen: OfferFact | None, missing: Sequence[str], context: Context
) -> None:
    console.document(
        {
            "service": draft.service,
            "settings": dict(draft.settings),
            "most": None if draft.budget is None else format(draft.budget, "f"),
            "due_at": draft.due_at,
            "offer": None if chosen is None else _offer(chosen),
            "assumed": list(draft.assumed),
            "missing": list(missing),
            "is_complete": not missing,
            "turns": {
                "whole": list(context.whole),
                "shortened": list(context.shortened),
                "dropped": list(context.dropped),
            },
        }
    )
    rows = [
        ("service", draft.service or "?"),
        *((f"  {name}", value) for name, value in draft.settings.items()),
        ("at most", "?" if draft.budget is None else format(draft.budget, "f")),
        ("until", f"{moment(draft.due_at)} UTC" if draft.due_at else "the listing's own time"),
    ]
    if chosen is not None:
        rows.append(("offer", f"listing {chosen.listing_id} at {chosen.price:f}, within {chosen.work_seconds} s"))
    show_table(console, ("draft", ""), rows, empty="")
    for sentence in draft.assumed:
        console.line(f"assumed: {sentence}")
    for sentence in missing:
        console.line(f"missing: {sentence}")
    if missing:
        console.line("Answer with `aitbc ask-for --go-on '...'`; the draft is kept.")
    if context.dropped:
        console.line(f"Rules read every turn; a model would not be shown turns {', '.join(map(str, context.dropped))}.")
