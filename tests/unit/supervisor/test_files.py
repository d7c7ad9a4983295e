"""Lock, state file and logs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents_offchain.runtime.supervisor.errors import AlreadyRunning
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.leftovers import find_leftovers, is_alive
from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.runtime.supervisor.state_file import ProcessState, StateFile, SupervisorState

pytestmark = pytest.mark.unit


def test_acquire__given_the_lock_is_held__says_who_holds_it_and_where_the_page_is(tmp_path: Path) -> None:
    held = HomeLock(tmp_path)
    held.acquire()
    held.describe({"pid": 4711, "page": "http://127.0.0.1:8600"})
    with pytest.raises(AlreadyRunning, match=r"process 4711.*http://127\.0\.0\.1:8600"):
        HomeLock(tmp_path).acquire()
    assert HomeLock(tmp_path).holder() == {"pid": 4711, "page": "http://127.0.0.1:8600"}


def test_acquire__when_the_holder_let_go__succeeds(tmp_path: Path) -> None:
    first, second = HomeLock(tmp_path), HomeLock(tmp_path)
    first.acquire()
    first.release()
    assert second.holder() is None
    second.acquire()
    assert (second.holder() or {})["pid"] == os.getpid()


def test_daemon_lock__given_the_same_daemon_twice__refuses_the_second_and_says_the_mend(tmp_path: Path) -> None:
    first, second = (DaemonLock(tmp_path, "agent.scout", "The agent Scout (key scout)") for _ in range(2))
    first.acquire()
    with pytest.raises(AlreadyRunning, match=rf"The agent Scout \(key scout\) is already run by process {os.getpid()}"):
        second.acquire()
    with pytest.raises(AlreadyRunning) as refused:
        second.require_free()
    assert "aitbc agent new" in refused.value.mend
    first.release()
    second.require_free()
    second.acquire()


def test_daemon_lock__given_two_daemons_of_a_home__lets_both_run(tmp_path: Path) -> None:
    first, second = DaemonLock(tmp_path, "agent", "one"), DaemonLock(tmp_path, "agent.scout", "the other")
    first.acquire()
    second.acquire()
    assert first.is_held
    assert second.is_held


def test_daemon_lock__when_its_holder_is_killed__is_free_at_once(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib, signal; from agents_offchain.runtime.supervisor.process_lock import DaemonLock;"
        "DaemonLock(pathlib.Path(sys.argv[1]), 'agent', 'x').acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    lock = DaemonLock(tmp_path, "agent", "x")
    assert lock.holder() is None
    lock.acquire()


def test_read__given_what_was_written__gives_it_back(tmp_path: Path) -> None:
    process = ProcessState("agent", "ready", pid=7, created_at=1.5, argv=("/bin/x", "y"), since=2.0, restarts=1)
    state = SupervisorState(9, 1.0, (process,), {"page": "http://127.0.0.1:1"})
    StateFile(tmp_path).write(state)
    assert StateFile(tmp_path).read() == state


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_read__given_a_damaged_file__is_none(tmp_path: Path, content: str) -> None:
    file = StateFile(tmp_path)
    file.path.write_text(content)
    assert file.read() is None


def test_tail__given_more_lines_than_asked__gives_the_last_in_order(tmp_path: Path) -> None:
    (tmp_path / "agent.log").write_text("".join(f"line {number}\n" for number in range(10)))
    assert LogFile(tmp_path, "agent").tail(2) == ["line 8", "line 9"]
    assert LogFile(tmp_path, "nobody").tail(2) == []


def test_rotate_if_large__given_a_file_over_the_cap__keeps_one_older_generation(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "agent", cap_bytes=100)
    descriptor = log.open_for_append()
    os.write(descriptor, b"x" * 101)
    assert log.rotate_if_large()
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert log.path.read_bytes() == b"after\n"
    assert log.path.with_suffix(".log.1").stat().st_size == 101
    assert log.path.stat().st_mode & 0o077 == 0


def test_find_leftovers__given_a_pid_that_belongs_to_somebody_else_now__leaves_it_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        record = ProcessState("agent", "ready", pid=other.pid, created_at=1.0, argv=(sys.executable, "x"))
        assert find_leftovers([record]) == []
        assert not is_alive(record)
        other.communicate(b"\n")
