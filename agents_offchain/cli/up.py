"""`aitbc up`: bring a home up, say where it answers, stay until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time

from agents_offchain.cli.command_log import quiet_logs
from agents_offchain.cli.console import Console
from agents_offchain.cli.places import log_folder
from agents_offchain.cli.stack import LocalStack, StackListener, StackWishes
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.state_file import ProcessState

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_up(settings: Settings, wishes: StackWishes, console: Console) -> int:
    """Exit code 0 once it was stopped on request."""
    quiet_logs(log_folder(settings) / "supervisor.log")
    return asyncio.run(_stay_up(settings, wishes, console))


async def _stay_up(settings: Settings, wishes: StackWishes, console: Console) -> int:
    stop = asyncio.Event()
    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    reporter = _Reporter(console)
    listener = StackListener(on_change=reporter.on_change, on_notice=reporter.on_notice)
    stack = LocalStack(settings, wishes, listener)
    console.line(f"Starting the market in {settings.home}")
    if await _start_unless_stopped(stack, stop):
        reporter.is_up = True
        _say_ready(stack, console, reporter.seconds())
        await stop.wait()
    reporter.is_stopping = True
    console.line("Stopping.")
    await stack.stop()
    console.line("Stopped; nothing is left running.")
    console.event("stopped")
    return 0


async def _start_unless_stopped(stack: LocalStack, stop: asyncio.Event) -> bool:
    """True once the stack is up; False when somebody asked to stop before."""
    starting = asyncio.create_task(stack.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        stopping.cancel()
        starting.result()
        return True
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    return False


def _say_ready(stack: LocalStack, console: Console, seconds: float) -> None:
    where = stack.endpoints
    console.line(f"The market is up ({seconds:.1f} s).")
    console.line(f"  page   {where.page}")
    console.line(f"  chain  {where.rpc}  (chain 31337, test money only)")
    console.line("Ctrl-C or `aitbc down` stops it; `aitbc status` and `aitbc logs` tell more.")
    console.event("ready", pid=os.getpid(), seconds=round(seconds, 2), home=str(stack.settings.home), **where.as_dict())


class _Reporter:
    """Turns changes of processes into lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self.is_up = False
        self.is_stopping = False

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def on_notice(self, text: str) -> None:
        self._console.line(text)
        self._console.event("notice", text=text)

    def on_change(self, state: ProcessState) -> None:
        self._console.event(
            "process",
            name=state.name,
            state=state.state,
            pid=state.pid,
            detail=state.detail,
            seconds=round(self.seconds(), 2),
        )
        if self.is_stopping:
            return
        if state.state in ("ready", "done"):
            again = " again" if self.is_up else ""
            self._console.line(f"  {state.name:<12} ready{again}  {self.seconds():5.1f} s")
        elif state.state == "backoff":
            self._console.line(f"  {state.name:<12} {state.detail}")
        elif state.state == "failed" and self.is_up:
            self._console.line(f"  {state.name:<12} {state.detail}; given up. `aitbc logs {state.name}` tells why.")
