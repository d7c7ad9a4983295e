"""The audit log: one changed byte, a missing, moved or added line, and a cut end are seen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.errors import AuditBroken
from agents_offchain.chain.signer.audit import (
    EMPTY,
    HEAD_FILE,
    LOG_FILE,
    AuditLog,
    Head,
    parse_head,
    read_lines,
    verify,
)
from agents_offchain.primitives.clock import ManualClock

pytestmark = pytest.mark.unit
LINES = 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    audit = AuditLog(tmp_path, ManualClock())
    for number in range(LINES):
        audit.append("signed", key="agent", nonce=number, what="Größe")
    return tmp_path


def test_append__then_verify__is_whole_and_its_head_is_the_files(folder: Path) -> None:
    check = verify(folder)
    assert check.is_whole
    assert (check.lines, check.head.count) == (LINES, LINES)
    assert (folder / LOG_FILE).stat().st_mode & 0o777 == 0o600
    assert verify(folder, expected=parse_head(str(check.head))).is_whole
    assert [line["nonce"] for line in read_lines(folder, last=2)] == [4, 5]


def test_verify__given_no_log__is_whole_and_empty(tmp_path: Path) -> None:
    assert verify(tmp_path).head == EMPTY
    assert verify(tmp_path).is_whole


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_verify__given_any_changed_bit__says_which_line(folder: Path, place: int, bit: int) -> None:
    log = folder / LOG_FILE
    good = log.read_bytes()
    changed = bytearray(good)
    changed[place % len(good)] ^= 1 << bit
    log.write_bytes(changed)
    check = verify(folder)
    log.write_bytes(good)
    assert not check.is_whole
    assert check.trouble


def _forge(lines: list[bytes]) -> list[bytes]:
    body = orjson.loads(lines[2])
    body["nonce"] = 99
    return [*lines[:2], orjson.dumps(body) + b"\n", *lines[3:]]


TAMPERED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "first line removed": lambda lines: lines[1:],
    "middle line removed": lambda lines: lines[:2] + lines[3:],
    "last line removed": lambda lines: lines[:-1],
    "two lines removed at the end": lambda lines: lines[:-2],
    "everything removed": lambda lines: [],
    "two lines changed places": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "line repeated": lambda lines: [*lines[:3], lines[2], *lines[3:]],
    "last line repeated": lambda lines: [*lines, lines[-1]],
    "line forged": _forge,
    "line blanked": lambda lines: [*lines[:2], b"\n", *lines[3:]],
    "half a line at the end": lambda lines: [*lines, lines[-1][:20]],
    "last line end removed": lambda lines: [*lines[:-1], lines[-1][:-1]],
    "nonsense appended": lambda lines: [*lines, b"\xff\xfe\n"],
    "deep nonsense appended": lambda lines: [*lines, b"[" * 5000 + b"\n"],
    "list appended": lambda lines: [*lines, b"[1]\n"],
}


@pytest.mark.parametrize("case", TAMPERED)
def test_verify__given_a_tampered_log__is_not_whole(folder: Path, case: str) -> None:
    log = folder / LOG_FILE
    log.write_bytes(b"".join(TAMPERED[case](log.read_bytes().splitlines(keepends=True))))
    check = verify(folder)
    assert not check.is_whole
    assert check.trouble.endswith(".")


@pytest.mark.parametrize("text", ["", "x", "3", "99999999999999999999 " + "a" * 64 + "\n"])
def test_verify__given_a_tampered_head_file__is_not_whole(folder: Path, text: str) -> None:
    (folder / HEAD_FILE).write_text(text)
    assert not verify(folder).is_whole
    (folder / HEAD_FILE).unlink()
    assert verify(folder).trouble == "The head file is gone."


def test_verify__given_a_history_written_anew__needs_a_head_kept_elsewhere(folder: Path) -> None:
    kept = verify(folder).head
    for name in (LOG_FILE, HEAD_FILE):
        (folder / name).unlink()
    other = AuditLog(folder, ManualClock())
    for number in range(LINES + 2):
        other.append("signed", key="agent", nonce=number)
    assert verify(folder).is_whole, "the honest limit of a log that its writer can rewrite"
    assert not verify(folder, expected=kept).is_whole
    assert "another one" in verify(folder, expected=kept).trouble


def test_verify__given_a_head_that_lags_after_a_power_cut__is_whole(folder: Path) -> None:
    behind = (folder / HEAD_FILE).read_bytes()
    AuditLog(folder, ManualClock()).append("signed", key="agent")
    (folder / HEAD_FILE).write_bytes(behind)
    assert verify(folder).is_whole
    AuditLog(folder, ManualClock()).append("signed", key="agent")
    assert verify(folder).lines == LINES + 2


def test_append__after_half_a_line_was_left__drops_it_and_goes_on(folder: Path) -> None:
    with (folder / LOG_FILE).open("ab") as log:
        log.write(b'{"n": 7, "half')
    AuditLog(folder, ManualClock()).append("signed", key="agent")
    assert verify(folder).is_whole
    assert verify(folder).lines == LINES + 1


@pytest.mark.parametrize("case", ["last line removed", "everything removed", "last line end removed"])
def test_append__to_a_shortened_log__is_refused(folder: Path, case: str) -> None:
    log = folder / LOG_FILE
    log.write_bytes(b"".join(TAMPERED[case](log.read_bytes().splitlines(keepends=True))))
    with pytest.raises(AuditBroken, match="were written"):
        AuditLog(folder, ManualClock()).append("signed", key="agent")
    assert not verify(folder).is_whole, "appending has not covered it up"


def test_append__by_two_logs_in_turn__is_one_chain(folder: Path) -> None:
    logs = [AuditLog(folder, ManualClock()), AuditLog(folder, ManualClock())]
    for number in range(10):
        logs[number % 2].append("signed", key="agent", nonce=number)
    assert verify(folder).lines == LINES + 10
    assert verify(folder).is_whole


def test_append__by_many_processes_at_once__is_one_chain(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agents_offchain.chain.signer.audit import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]))\n"
        "for number in range(20): log.append('frozen', number=number)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    check = verify(folder)
    assert (check.lines, check.trouble) == (LINES + 60, "")


@pytest.mark.parametrize("text", ["", "12", "x:" + "a" * 64, "12:ab"])
def test_parse_head__given_something_else__says_so(text: str) -> None:
    with pytest.raises(AuditBroken):
        parse_head(text)
    assert parse_head(f" 3:{'AB' * 32}\n") == Head(3, "ab" * 32)
