"""A whole market as `aitbc up` runs it, in a process of its own, for tests that tell stories."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

READY_SECONDS = 90.0
STOP_SECONDS = 60.0


class StackFailed(AssertionError):
    """The market did not come up; what it said is in the message."""


class Stack:
    """One home that `aitbc up` keeps running.

    Attributes:
        home: Its folder.
        endpoints: URLs by part: `page`, `rpc`, `artifacts`, `redis`.
        process: The supervisor.
    """

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self._options = options
        self.endpoints: dict[str, str] = {}
        self.seconds_to_ready = 0.0
        self.events: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        """Bring the home up, or up again; returns once it is ready.

        Raises:
            StackFailed: it ended, or was not ready in time.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._errors = self.home.parent / f"{self.home.name}.stderr"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                command("up", "--home", str(self.home), "--json", *self._options),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment(),
            )
        began = time.monotonic()
        self.events = list(self._events_until_ready())
        self.seconds_to_ready = time.monotonic() - began
        ready = self.events[-1]
        self.endpoints = {part: ready[part] for part in ("page", "rpc", "artifacts", "redis")}

    def _events_until_ready(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        deadline = time.monotonic() + READY_SECONDS
        assert self.process.stdout is not None
        for line in self.process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "ready":
                return events
            if time.monotonic() > deadline:
                break
        self.process.kill()
        self.process.wait()
        raise StackFailed(f"The market did not come up: {self._errors.read_text()} {events[-5:]}")

    def aitbc(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another `aitbc` command on this home."""
        return run_aitbc(*words, "--home", str(self.home))

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.aitbc("status", "--json").stdout))

    def process_status(self, name: str) -> dict[str, Any]:
        return next(dict(row) for row in self.status()["processes"] if row["name"] == name)

    def kill(self, name: str) -> int:
        """SIGKILL one process; its pid."""
        pid = int(self.process_status(name)["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything below it, now."""
        try:
            supervisor = psutil.Process(self.process.pid)
            return [supervisor, *supervisor.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> int:
        """Ask it to stop, and see that nothing of it is left; the exit code."""
        family = self.family()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()
        until(lambda: not living(family), 10)
        return code


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "agents_offchain.cli.main", *words]


def run_aitbc(*words: str) -> subprocess.CompletedProcess[str]:
    """A finished `aitbc` command with what it said."""
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=180, env=environment())


def environment() -> dict[str, str]:
    """The test's environment without settings that would lead to another home."""
    kept = ("AITBC_MODELS", "AITBC_ANVIL")
    return {name: value for name, value in os.environ.items() if not name.startswith("AITBC_") or name in kept}


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that only waits to be collected does not."""
    return [process for process in processes if process.is_running() and _status(process) != psutil.STATUS_ZOMBIE]


def until(fact: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for a fact; its value."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)
    return found


def _status(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return str(psutil.STATUS_ZOMBIE)
