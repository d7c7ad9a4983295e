"""`aitbc demo`: check the file, travel, print the receipt, leave nothing running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents_offchain.cli.command_log import quiet_logs
from agents_offchain.cli.console import Console
from agents_offchain.cli.demo.errors import DemoFailed
from agents_offchain.cli.demo.journey import TITLES, Journey
from agents_offchain.cli.demo.lodging import PREFIX, temporary_home
from agents_offchain.cli.demo.receipt import Receipt
from agents_offchain.cli.demo.story import DemoStory, document_story, picture_story, scene_story
from agents_offchain.cli.places import log_folder, settings_for
from agents_offchain.cli.stack import LocalStack, StackListener, StackWishes
from agents_offchain.cli.steps import StepList, choose_display
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.errors import StartFailed

LOG_LINES = 12
INTERRUPTED = 130
CONCERNED = {
    "fund": "signer",
    "upload": "api",
    "hire": "signer",
    "check": "reporter-1",
    "post": "publisher",
    "clock": "anvil",
    "settle": "publisher",
    "prove": "artifacts",
}
"""Whose log is shown when a step fails."""


@dataclass(frozen=True)
class DemoWishes:
    """What the caller asks for."""

    image: Path | None = None
    document: Path | None = None
    question: str | None = None
    is_about_language: bool = False
    sensors: Path | None = None
    is_about_scene: bool = False
    home: Path | None = None
    keeps_home: bool = False


def run_demo(wishes: DemoWishes, console: Console) -> int:
    """Exit code 0 after a paid job with everything shut down.

    Raises:
        Refused: the file cannot be used; nothing was started.
        DemoFailed: a step failed; its process's last lines are in the error.
    """
    defaults = settings_for(wishes.home)
    story = _story(wishes, defaults.upload_max_bytes)
    kept = settings_for(None).home / "demo"
    with _home(wishes, console) as home:
        settings = settings_for(home).model_copy(update={"profile": story.profile})
        quiet_logs(log_folder(settings) / "supervisor.log")
        try:
            receipt = asyncio.run(_travel(settings, story, kept, console))
        except asyncio.CancelledError:
            return INTERRUPTED
    console.document(receipt.as_dict())
    for line in receipt.lines():
        console.line(line)
    return 0


def _story(wishes: DemoWishes, max_bytes: int) -> DemoStory:
    if wishes.is_about_scene or wishes.sensors is not None:
        return scene_story(wishes.image, wishes.sensors, wishes.question, max_bytes)
    if wishes.is_about_language or wishes.document is not None or wishes.question is not None:
        return document_story(wishes.document, wishes.question, max_bytes)
    return picture_story(wishes.image, max_bytes)


@contextlib.contextmanager
def _home(wishes: DemoWishes, console: Console) -> Iterator[Path]:
    """The home to use; a temporary one is removed afterwards, unless it is to be kept."""
    if wishes.home is not None:
        yield wishes.home
        return
    if not wishes.keeps_home:
        with temporary_home() as folder:
            yield folder
        return
    kept = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        yield kept
    finally:
        console.line(f"The home is kept: aitbc up --home {kept}")


async def _travel(settings: Settings, story: DemoStory, folder: Path, console: Console) -> Receipt:
    """The journey with the stack stopped at its end, however it ends."""
    display = choose_display(console, is_terminal=sys.stdout.isatty() and "CI" not in os.environ)
    steps = StepList({**TITLES, **story.titles}, display)
    listener = StackListener(on_notice=console.line)
    stack = LocalStack(settings, StackWishes(), listener)
    journey = Journey(stack, steps, story, secrets.token_hex(4), folder)
    _stop_on_signals(asyncio.current_task())
    try:
        with steps:
            return await journey.travel()
    except AitbcError as error:
        raise _explain(error, steps.current, stack) from error
    finally:
        console.line("Stopping.")
        await stack.stop()


def _stop_on_signals(task: asyncio.Task[object] | None) -> None:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does: in order."""
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _explain(error: AitbcError, step: str, stack: LocalStack) -> AitbcError:
    """Say which step failed, with the last lines of the process concerned."""
    if step in ("", "start") or isinstance(error, StartFailed):
        return error
    process = stack.agent.daemon_name if step == "deliver" else CONCERNED[step]
    explained = DemoFailed(
        f"The step {TITLES[step]!r} failed: {error.message}",
        mend=error.mend or "Run it again with --keep and look into the logs of that home.",
        step=step,
        process=process,
        log_tail=stack.log_of(process).tail(LOG_LINES),
    )
    explained.exit_code = error.exit_code  # type: ignore[misc]
    return explained
