"""`aitbc language models`: the router's choice, explained."""

from __future__ import annotations

import os
from decimal import Decimal, InvalidOperation
from typing import get_args

from agents_offchain.cli.bootstrap.language import read_catalogue, read_experience
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import show_table
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.llm.catalogue import ModelEntry, Task
from agents_offchain.skills.llm.chat import PICOS_PER_USD, Ask, Message
from agents_offchain.skills.llm.forecast import Nobody
from agents_offchain.skills.llm.models_at_hand import GOOD_ENOUGH
from agents_offchain.skills.llm.router import Need, Router, build_posts

ANSWER_TOKENS = 256


class WishUnclear(Refused):
    """An option names nothing that exists."""


def run_models(
    settings: Settings, console: Console, task: str, characters: int, max_usd: str | None, *, is_private: bool
) -> int:
    """Exit code 0 also when none fits: that is an answer."""
    known: dict[str, Task] = {name: name for name in get_args(Task)}
    if task not in known:
        raise WishUnclear(f"There is no task {task[:40]!r}.", mend=f"Tasks: {', '.join(sorted(known))}.")
    catalogue, clock = read_catalogue(settings), SystemClock()
    entries = {entry.name: entry for entry in catalogue.models}
    need = Need(known[task], GOOD_ENOUGH, most_usd_picos=_picos(max_usd), is_private=is_private)
    ask = Ask([Message("user", "x" * characters)], max_tokens=ANSWER_TOKENS)
    router = Router(build_posts(catalogue.models, Nobody, clock), read_experience(settings))
    found = router.consider(need, ask)
    chosen = found[0].model if not found[0].against else None
    told = [{**one.as_dict(), "key": _key(entries[one.model])} for one in found]
    console.document({"task": task, "chosen": chosen, "least_quality": GOOD_ENOUGH, "considered": told})
    heads = ("model", "answers by", "good", "seconds", "USD at most", "key", "against")
    rows = [
        (
            one.model,
            entries[one.model].model or "this machine",
            f"{one.quality:.0%}",
            f"{one.seconds:.1f}",
            f"{one.cost_usd_picos / PICOS_PER_USD:.6f}",
            _key(entries[one.model]),
            one.against,
        )
        for one in found
    ]
    show_table(console, heads, rows, empty="There are no models.")
    console.line(
        f"{task}: {chosen} is asked."
        if chosen
        else f"{task}: none fits. Services that need one are declined, the others quote."
    )
    return 0


def read_usd(text: str | None) -> Decimal | None:
    """A sum of dollars from the command line.

    Raises:
        WishUnclear: it is none.
    """
    try:
        usd = None if text is None else Decimal(text)
    except InvalidOperation:
        usd = Decimal("nan")
    if usd is not None and not (usd.is_finite() and usd >= 0):
        raise WishUnclear(f"{str(text)[:40]!r} is no sum of dollars.", mend="Write it as 0.002.")
    return usd


def _picos(text: str | None) -> int | None:
    usd = read_usd(text)
    return None if usd is None else int(usd * PICOS_PER_USD)


def _key(entry: ModelEntry) -> str:
    """Whether its key is there; never the key."""
    if entry.key_env:
        return "set" if os.environ.get(entry.key_env) else f"{entry.key_env} is not set"
    if entry.key_file is not None:
        return "file" if entry.key_file.is_file() else "its file is missing"
    return "none needed"
