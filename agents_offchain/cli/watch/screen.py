"""A snapshot as a picture of text: pure, so that screen, SVG and test draw the same."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agents_offchain.cli.status import ProcessStatus
from agents_offchain.cli.watch.snapshot import Snapshot
from agents_offchain.primitives.units import format_tokens

BARS = "▁▂▃▄▅▆▇█"
GOOD, BAD, DIM, WARM = "green", "bold red", "dim", "yellow"
STATUS_STYLES = {
    "completed": GOOD,
    "submitted": "cyan",
    "funded": WARM,
    "rejected": BAD,
    "expired": BAD,
    "running": GOOD,
    "ready": GOOD,
    "draining": WARM,
    "drained": WARM,
    "stopped": DIM,
}
BORDER = "bright_black"


def draw(snapshot: Snapshot) -> Layout:
    """The whole screen."""
    layout = Layout()
    layout.split_column(
        Layout(_head(snapshot), size=3), Layout(name="middle", ratio=3), Layout(_jobs(snapshot), ratio=3)
    )
    layout["middle"].split_row(Layout(_processes(snapshot), ratio=3), Layout(name="right", ratio=2))
    layout["right"].split_column(Layout(_agents(snapshot), ratio=3), Layout(_earnings(snapshot), size=7))
    return layout


def bars(amounts: tuple[int, ...]) -> str:
    """Amounts as a row of eight-step bars; the highest is a full one, nothing is a low line."""
    most = max(amounts, default=0)
    if not most:
        return BARS[0] * len(amounts)
    return "".join(BARS[min(amount * len(BARS) // most, len(BARS) - 1)] for amount in amounts)


def money(amount: int) -> str:
    """Token units as people write them."""
    return format_tokens(amount)


def age(seconds: int) -> str:
    """A span in the two largest units that people read at a glance."""
    for size, name, small, less in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s")):
        if seconds >= size:
            return f"{seconds // size}{name} {seconds % size // small:02d}{less}"
    return f"{seconds}s"


def _head(snapshot: Snapshot) -> Panel:
    status, text = snapshot.status, Text()
    text.append(" AITBC ", style="bold reverse")
    if status is None:
        text.append("  The market is not running; `aitbc up` starts it.", style=WARM)
    else:
        where = status.supervisor.endpoints.get("page") or status.supervisor.endpoints.get("rpc", "")
        text.append(f"  {where}", style="bold")
        block = f"block {status.head.number}" if status.head is not None else "the node does not answer"
        text.append(f"   {block}   up {age(int(snapshot.at - status.supervisor.started_at))}   ", style=DIM)
        text.append(*(("● all is well", GOOD) if snapshot.is_well else (f"● {_trouble(snapshot)}", BAD)))
    text.append(time.strftime("   %H:%M:%S", time.localtime(snapshot.at)), style=DIM)
    text.append("   q quits", style=DIM)
    return Panel(text, border_style=BORDER)


def _trouble(snapshot: Snapshot) -> str:
    assert snapshot.status is not None
    unwell = [process.name for process in snapshot.status.processes if not process.is_well]
    if unwell:
        return f"not well: {', '.join(unwell)}"
    if snapshot.dead_letters:
        return f"{snapshot.dead_letters} dead letters (aitbc dead list)"
    return "the chain does not answer"


def _processes(snapshot: Snapshot) -> Panel:
    table = Table(expand=True, box=None, padding=(0, 1), header_style=DIM)
    table.add_column("process", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for head in ("block", "backlog", "beat", "memory", "again"):
        table.add_column(head, justify="right", no_wrap=True)
    processes: list[ProcessStatus] = [] if snapshot.status is None else snapshot.status.processes
    for process in processes:
        beat, memory = process.heartbeat_age_seconds, process.memory_mib
        table.add_row(
            _plain(process.name),
            _word(process.state, is_well=process.is_well),
            _cell(process.block),
            _cell(process.backlog),
            "" if beat is None else f"{beat:.1f} s",
            "" if memory is None else f"{memory} MiB",
            str(process.restarts) if process.restarts else "",
        )
        if not process.is_well and process.detail:
            table.add_row("", Text(f"  {process.detail}"[:70], style=BAD))
    return Panel(table, title="processes", title_align="left", border_style=BORDER)


def _agents(snapshot: Snapshot) -> Panel:
    table = Table(expand=True, box=None, padding=(0, 1), header_style=DIM)
    table.add_column("agent", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for head in ("in hand", "jobs", "earned"):
        table.add_column(head, justify="right", no_wrap=True)
    for agent in snapshot.agents:
        table.add_row(
            _plain(agent.name),
            _word(agent.state),
            str(agent.left.in_hand),
            str(agent.jobs_done),
            money(agent.earned),
        )
    waits = f"{snapshot.sending} transactions on their way"
    if snapshot.approvals:
        waits += f", {snapshot.approvals} wait for your yes (aitbc approvals list)"
    return Panel(Group(table, Text(waits, style=DIM)), title="agents", title_align="left", border_style=BORDER)


def _earnings(snapshot: Snapshot) -> Panel:
    last_day = sum(snapshot.earned_by_hour)
    lines: list[RenderableType] = [
        Text(f"{money(snapshot.earned)} in all, {money(last_day)} in 24 hours", style="bold"),
        Text(bars(snapshot.earned_by_hour), style=GOOD),
        Text("24 hours ago          now", style=DIM),
    ]
    return Panel(Group(*lines), title="earned by this home", title_align="left", border_style=BORDER)


def _jobs(snapshot: Snapshot) -> Panel:
    table = Table(expand=True, box=None, padding=(0, 1), header_style=DIM)
    table.add_column("job", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("as", no_wrap=True)
    table.add_column("service", no_wrap=True)
    table.add_column("pay", justify="right", no_wrap=True)
    table.add_column("earned", justify="right", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("last word", ratio=1, no_wrap=True, overflow="ellipsis")
    for job in snapshot.jobs:
        table.add_row(
            job.job_id,
            _word(job.status),
            _plain(job.role),
            _plain(job.service),
            job.budget,
            "" if job.earned == "0" else job.earned,
            age(job.seconds),
            Text(_plain(job.last_word).plain, style=DIM),
        )
    counts = ", ".join(f"{count} {status}" for status, count in sorted(snapshot.jobs_by_status.items()))
    title = f"jobs of this home: {counts}" if counts else "jobs of this home: none yet"
    return Panel(table, title=title, title_align="left", border_style=BORDER)


def _word(state: str, *, is_well: bool = True) -> Text:
    return Text(state, style=STATUS_STYLES.get(state, "") if is_well else BAD)


def _plain(text: str) -> Text:
    """Words of strangers without control characters or markup."""
    return Text("".join(character if character.isprintable() else "·" for character in text))


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
