"""The list of steps as it is lived: a live list in a terminal, plain lines elsewhere, nothing for programs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents_offchain.cli.console import Console


@dataclass
class Step:
    """One line of the list; `notes` grow while it runs."""

    name: str
    title: str
    state: str = "waiting"
    began_at: float = 0.0
    ended_at: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        end = self.ended_at or time.monotonic()
        return end - self.began_at if self.began_at else 0.0


class Display(Protocol):
    """Where the list is shown."""

    def open(self, steps: list[Step]) -> None: ...

    def begin(self, step: Step) -> None: ...

    def note(self, step: Step, text: str) -> None: ...

    def end(self, step: Step) -> None: ...

    def close(self) -> None: ...


class StepList:
    """Runs steps in order and tells the display.

    Args:
        titles: Title by name, in the order of the story.
    """

    def __init__(self, titles: dict[str, str], display: Display) -> None:
        self._steps = {name: Step(name, title) for name, title in titles.items()}
        self._display = display
        self._current: Step | None = None

    def __enter__(self) -> StepList:
        self._display.open(list(self._steps.values()))
        return self

    def __exit__(self, *_: Any) -> None:
        self._display.close()

    @property
    def current(self) -> str:
        """The name of the step in hand, or of the last one."""
        return self._current.name if self._current else ""

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[Callable[[str], None]]:
        """Live one step; the value adds a note to it."""
        step = self._current = self._steps[name]
        step.state, step.began_at = "running", time.monotonic()
        self._display.begin(step)

        def note(text: str) -> None:
            step.notes.append(text)
            self._display.note(step, text)

        try:
            yield note
        except BaseException:
            step.state, step.ended_at = "failed", time.monotonic()
            self._display.end(step)
            raise
        step.state, step.ended_at = "done", time.monotonic()
        self._display.end(step)

    def timings(self) -> dict[str, float]:
        """Seconds by step name, of those that ran."""
        return {step.name: round(step.seconds, 2) for step in self._steps.values() if step.began_at}


class PlainDisplay:
    """One line for each beginning, note and end; good in a log."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._count = 0
        self._index: dict[str, int] = {}

    def open(self, steps: list[Step]) -> None:
        self._count = len(steps)
        self._index = {step.name: number for number, step in enumerate(steps, start=1)}

    def begin(self, step: Step) -> None:
        self._console.line(f"[{self._index[step.name]}/{self._count}] {step.title}")

    def note(self, step: Step, text: str) -> None:
        self._console.line(f"      {text}")

    def end(self, step: Step) -> None:
        word = "done" if step.state == "done" else "FAILED"
        self._console.line(f"      {word} in {step.seconds:.1f} s")

    def close(self) -> None: ...


class LiveDisplay:
    """The whole list, redrawn in place."""

    _MARKS = {"waiting": "[dim]·[/dim]", "done": "[green]✓[/green]", "failed": "[red]✗[/red]"}  # noqa: RUF012
    _NOTES = 3

    def __init__(self) -> None:
        from rich.live import Live

        self._steps: list[Step] = []
        self._live = Live(get_renderable=self._draw, refresh_per_second=8, transient=False)

    def open(self, steps: list[Step]) -> None:
        self._steps = steps
        self._live.start()

    def begin(self, step: Step) -> None: ...

    def note(self, step: Step, text: str) -> None: ...

    def end(self, step: Step) -> None:
        self._live.refresh()

    def close(self) -> None:
        self._live.refresh()
        self._live.stop()

    def _draw(self) -> Any:
        from rich.console import Group
        from rich.markup import escape
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        for step in self._steps:
            mark = Spinner("dots") if step.state == "running" else Text.from_markup(self._MARKS[step.state])
            lines = [escape(step.title)]
            shown = step.notes[-self._NOTES :] if step.state == "running" else step.notes[-1:]
            lines += [f"[dim]{escape(note)}[/dim]" for note in shown]
            seconds = f"{step.seconds:5.1f} s" if step.began_at else ""
            table.add_row(mark, Text.from_markup("\n".join(lines)), Text(seconds, style="dim"))
        return Group(table)


def choose_display(console: Console, *, is_terminal: bool) -> Display:
    """Live where somebody watches, plain where lines are kept."""
    return LiveDisplay() if is_terminal and not console.is_json else PlainDisplay(console)
