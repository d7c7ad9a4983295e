"""Real processes under a real supervisor: what is left when something dies, and what comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from agents_offchain.runtime.supervisor.leftovers import end_leftovers
from agents_offchain.runtime.supervisor.state_file import ProcessState, StateFile

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 20.0


class Household:
    """The test's supervisor process and its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._output = (folder / "output").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.cli.household", str(folder)], stdout=self._output, text=True
        )
        until(lambda: "up\n" in self.said())

    def said(self) -> str:
        return (self.folder / "output").read_text()

    def state(self, name: str) -> ProcessState:
        state = StateFile(self.folder / "run").read()
        assert state is not None
        return next(process for process in state.processes if process.name == name)

    def pids(self) -> list[int]:
        state = StateFile(self.folder / "run").read()
        assert state is not None
        return [process.pid for process in state.processes] + [int((self.folder / "grandchild").read_text())]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        self._output.close()


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """No such process, or only its entry in the table that its parent has yet to read."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    home = Household(tmp_path)
    yield home
    home.close()


def test_stop__when_told_to__leaves_no_process_even_one_that_ignores_it(household: Household) -> None:
    pids = household.pids()
    assert len(pids) == 4
    household.process.terminate()
    assert household.process.wait(PATIENCE_SECONDS) == 0
    until(lambda: all(is_gone(pid) for pid in pids))


def test_kill__when_the_supervisor_is_killed__its_processes_go_too(household: Household) -> None:
    pids = household.pids()[:3]
    household.process.kill()
    until(lambda: all(is_gone(pid) for pid in pids))


def test_end_leftovers__given_one_that_outlived_its_supervisor__ends_it_with_its_children(tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as orphan:
        process = psutil.Process(orphan.pid)
        until(lambda: bool(process.children()))
        child = process.children()[0].pid
        record = ProcessState(
            "agent", "ready", pid=orphan.pid, created_at=process.create_time(), argv=(sys.executable,)
        )
        assert end_leftovers([record]) == ["agent"]
        orphan.wait(PATIENCE_SECONDS)
        until(lambda: is_gone(child))


def test_restart__when_a_process_is_killed__comes_back_under_a_new_pid(household: Household) -> None:
    before = household.state("second").pid
    os.kill(before, signal.SIGKILL)
    until(lambda: household.state("second").restarts == 1 and household.state("second").state == "ready")
    assert household.state("second").pid != before
    assert household.state("first").restarts == 0


def test_restart__when_the_parent_is_killed__its_children_do_not_live_on(household: Household) -> None:
    grandchild = int((household.folder / "grandchild").read_text())
    os.kill(household.state("parent").pid, signal.SIGKILL)
    until(lambda: is_gone(grandchild))


def test_restart__when_it_keeps_failing__is_given_up_while_the_others_stay(household: Household) -> None:
    (household.folder / "end-second").write_text("1")
    until(lambda: household.state("second").state == "failed")
    assert household.state("second").restarts == 3
    assert household.state("first").state == "ready"
    log = (household.folder / "logs" / "second.log").read_text()
    assert log.count("hello from second") == 4


def test_restart__when_a_process_says_that_it_is_useless__is_not_tried(household: Household) -> None:
    (household.folder / "end-second").write_text("4")
    until(lambda: household.state("second").state == "failed")
    assert household.state("second").restarts == 0


def test_start__given_a_second_supervisor__is_refused(household: Household) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "tests.integration.cli.household", str(household.folder)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert second.returncode != 0
    assert f"process {household.process.pid}" in second.stderr
