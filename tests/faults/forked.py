"""Processes of the product forked from one that has imported everything: real ones, real deaths, cheap starts."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    [
        "tests.faults.mortal",
        "agents_offchain.cli.bootstrap.agent",
        "agents_offchain.cli.bootstrap.indexer",
        "agents_offchain.cli.bootstrap.oracle",
        "agents_offchain.cli.bootstrap.artifacts",
        "agents_offchain.cli.bootstrap.signer",
        "agents_offchain.cli.bootstrap.cashier",
        "uvloop",
    ]
)


class Forked:
    """A started process with the few verbs of `subprocess.Popen` that the suite needs."""

    def __init__(self, argv: list[str], environment: dict[str, str], log: Path) -> None:
        self._process = _FORKING.Process(target=_become, args=(argv, environment, log), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code; minus the signal's number when a signal ended it."""
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode


def _become(argv: list[str], environment: dict[str, str], log: Path) -> None:
    from tests.faults import mortal

    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    sys.argv = ["serve", *argv]
    os._exit(mortal.main())
