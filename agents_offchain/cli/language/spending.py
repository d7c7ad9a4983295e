"""`aitbc language spending`: what models cost, to the token, and which budgets are nearly used."""

from __future__ import annotations

from datetime import UTC, datetime

from agents_offchain.cli.bootstrap.language import language_folder, read_catalogue
from agents_offchain.cli.console import Console
from agents_offchain.cli.operate.home import show_table
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.skills.llm.chat import PICOS_PER_USD
from agents_offchain.skills.llm.models_at_hand import SPENDING, ceiling_of
from agents_offchain.storage.spending import DAY_SECONDS, SpendingBook, Spent

ALERTED = 1


def run_spending(settings: Settings, console: Console, days: int) -> int:
    """Exit code 1 when a budget of today is nearly used."""
    file, ceiling = language_folder(settings) / SPENDING, ceiling_of(read_catalogue(settings))
    book = SpendingBook(file, SystemClock()) if file.exists() else None
    spent = book.spent(book.today - days + 1) if book is not None else []
    today = [(one.agent, one.job) for one in spent if book is not None and one.day == book.today]
    alerts = [said for agent, job in today for said in book.alerts(agent, job, ceiling)] if book is not None else []
    alerts = list(dict.fromkeys(alerts))
    total = sum(one.picos for one in spent)
    console.document({"calls": [_told(one) for one in spent], "total_usd": _usd(total), "alerts": alerts})
    rows = [
        (
            _day(one.day),
            one.agent,
            one.job[-12:],
            one.model,
            one.calls,
            one.prompt_tokens,
            one.completion_tokens,
            _usd(one.picos),
            one.open_calls or "",
        )
        for one in spent
    ]
    heads = ("day (UTC)", "agent", "job", "model", "calls", "tokens in", "tokens out", "USD", "not settled")
    show_table(console, heads, rows, empty="No model was asked.")
    if spent:
        console.line(f"total {_usd(total)} USD")
    for said in alerts:
        console.line(f"alert: {said}")
    return ALERTED if alerts else 0


def _told(one: Spent) -> dict[str, object]:
    return {
        "day": _day(one.day),
        "agent": one.agent,
        "job": one.job,
        "model": one.model,
        "calls": one.calls,
        "not_settled": one.open_calls,
        "prompt_tokens": one.prompt_tokens,
        "completion_tokens": one.completion_tokens,
        "usd": _usd(one.picos),
        "usd_picos": str(one.picos),
    }


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY_SECONDS, UTC).strftime("%Y-%m-%d")


def _usd(picos: int) -> str:
    """Exact: twelve decimals hold every pico-dollar."""
    return f"{picos // PICOS_PER_USD}.{picos % PICOS_PER_USD:012d}"
