"""A real artifact server in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

READY_SECONDS = 30.0


class ServerProcess:
    """Start, kill and restart one server on one folder; `url` is where it answers."""

    def __init__(self, root: Path, port: int, *options: str, prelude: str = "") -> None:
        self.root = root
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._options = options
        self._prelude = prelude
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        arguments = ["--port", str(self.port), "--root", str(self.root), *self._options]
        code = f"{self._prelude}\nfrom agents_offchain.storage.artifacts.server import main\nraise SystemExit(main())"
        return [sys.executable, "-c", code, *arguments]

    def start(self) -> ServerProcess:
        log = (self.root.parent / f"server-{self.port}.log").open("ab")
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        log.close()
        self._wait_until_it_answers()
        return self

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        request = urllib.request.Request(f"{self.url}/api/v0/version", method="POST")
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended while starting"
            try:
                with urllib.request.urlopen(request, timeout=5):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the server did not answer in time")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Finds a TCP port of 127.0.0.1 that nothing listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture
def new_server(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., ServerProcess]]:
    """Makes servers that end with the test, not started yet; each on a folder and port of its own unless given them."""
    made: list[ServerProcess] = []

    def make(*options: str, root: Path | None = None, port: int | None = None, prelude: str = "") -> ServerProcess:
        folder = root or tmp_path / f"store-{len(made)}"
        made.append(ServerProcess(folder, port or free_port(), *options, prelude=prelude))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def start_server(new_server: Callable[..., ServerProcess]) -> Callable[..., ServerProcess]:
    """Makes and starts a server."""
    return lambda *options, **places: new_server(*options, **places).start()
