"""`aitbc watch`: the loop around the screen; one picture or one document where nobody watches."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console as Terminal
from rich.live import Live

from agents_offchain.cli.console import Console
from agents_offchain.cli.watch.screen import draw
from agents_offchain.cli.watch.snapshot import Snapshot, read_snapshot
from agents_offchain.primitives.errors import Refused, Retryable
from agents_offchain.primitives.settings import Settings

WIDTH, HEIGHT = 132, 32
"""Characters of a picture."""
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
 font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: system-ui, sans-serif; font-size: 18px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
"""rich's own frame without the fonts that it would load from elsewhere."""


class NoTerminal(Refused):
    """A screen needs a terminal."""


def run_watch(settings: Settings, console: Console, *, seconds: float, once: bool, svg: Path | None) -> int:
    """Exit code 0 when somebody quits; with `once` or a picture 0 when all is well, else 1.

    Raises:
        HomeEmpty: there is nothing to watch yet.
        NoTerminal: the screen is wanted where there is none.
    """
    if console.is_json or once or svg is not None:
        snapshot = asyncio.run(read_snapshot(settings))
        if svg is not None:
            svg.write_text(picture(snapshot))
            console.line(f"{svg} is written.")
        elif not console.is_json:
            Terminal(width=WIDTH, height=HEIGHT).print(draw(snapshot), height=HEIGHT)
        console.document(snapshot.as_dict())
        return 0 if snapshot.is_well else 1
    if not sys.stdout.isatty():
        raise NoTerminal("There is no terminal to draw on.", mend="Say --once, --json or --svg FILE.")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_follow(settings, seconds))
    return 0


def picture(snapshot: Snapshot) -> str:
    """The screen as an SVG that needs nothing from elsewhere."""
    terminal = Terminal(record=True, width=WIDTH, height=HEIGHT, file=io.StringIO(), force_terminal=True)
    terminal.print(draw(snapshot), height=HEIGHT)
    return terminal.export_svg(title="aitbc watch", code_format=SVG, unique_id="watch")


async def _follow(settings: Settings, seconds: float) -> None:
    snapshot = await read_snapshot(settings)
    stop = asyncio.Event()
    with _keys(stop), Live(draw(snapshot), screen=True, auto_refresh=False) as live:
        while not stop.is_set():
            live.update(draw(snapshot), refresh=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
            with contextlib.suppress(Retryable):  # the next look may be luckier
                snapshot = await read_snapshot(settings)


@contextlib.contextmanager
def _keys(stop: asyncio.Event) -> Iterator[None]:
    """`q` quits, without a line having to be ended."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def on_key() -> None:
        if sys.stdin.read(1) in ("q", "Q", "\x1b"):
            stop.set()

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, on_key)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
