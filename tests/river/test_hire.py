"""A hire from the command line: paid once for a request id, whatever is killed; the result is proven."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.river.requester import PICTURE
from tests.river.stack import Stack, command, environment, until

pytestmark = [pytest.mark.river, pytest.mark.timeout(400)]
HIRE = ("hire", "inspect-image", "--file", str(PICTURE), "--max-price", "1.50", "--request-id", "story-1")


def answer(stack: Stack, *words: str, code: int = 0) -> Any:
    done = stack.aitbc(*words, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout if code in (0, 1) else done.stderr)


def test_hire__killed_once_it_had_paid_and_run_again__pays_once_and_saves_what_the_chain_proves(
    stack: Stack, tmp_path: Path
) -> None:
    before = _spent(stack)
    _kill_once_it_says("job ", *HIRE, "--home", str(stack.home))
    receipt = answer(stack, *HIRE, "--out", str(tmp_path), "--accept")
    assert receipt["status"] == "completed"
    result = (tmp_path / "result.json").read_bytes()
    assert "0x" + hashlib.sha256(result).hexdigest() == receipt["deliverable"]
    assert len(receipt["files"]) == 2
    assert answer(stack, *HIRE, "--no-wait")["job_id"] == receipt["job_id"]
    paid = until(lambda: (spent := _spent(stack) - before) and spent)
    assert paid == 1
    differs = answer(stack, *HIRE, "--note", "another", code=2)
    assert differs["error"] == "RequestDiffers"
    _tells_the_story(stack, receipt)


def test_ask_for__killed_before_and_after_it_had_paid_and_said_again__pays_once(stack: Stack, tmp_path: Path) -> None:
    wish = ("ask-for", "Have someone read the text in this photo for at most 2 dollars", "--hire")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(PICTURE.read_bytes() + b"\0")
    before = len(answer(stack, "jobs")["jobs"])
    for written_down in ("listing ", "job "):
        _kill_once_it_says(written_down, *wish, "--file", str(photo), "--home", str(stack.home))
    done = stack.aitbc(*wish, "--file", str(photo), "--accept")
    assert (done.returncode, "is completed" in done.stdout) == (0, True), done.stderr
    made = until(lambda: (count := len(answer(stack, "jobs")["jobs"]) - before) and count)
    assert made == 1


def _kill_once_it_says(start: str, *words: str) -> None:
    """SIGKILL a command when a line of its begins so."""
    running = subprocess.Popen(command(*words), stdout=subprocess.PIPE, text=True, env=environment())
    assert running.stdout is not None
    assert any(line.strip().startswith(start) for line in running.stdout)
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()


def test_hire__of_what_nobody_offers_for_the_price__is_refused_before_anything_is_paid(stack: Stack) -> None:
    dear = answer(stack, "hire", "inspect-image", "--file", str(PICTURE), "--max-price", "0.10", code=2)
    assert "at most 0.1 was allowed" in dear["message"]
    assert answer(stack, "hire", "fly-to-the-moon", "--text", "please", code=2)["error"] == "ListingUnsuitable"
    assert answer(stack, "hire", "inspect-image", code=2)["error"] == "InputUnusable"


def _tells_the_story(stack: Stack, receipt: dict[str, Any]) -> None:
    story = answer(stack, "jobs", str(receipt["job_id"]))
    told = [line["event"] for line in story["story"] if line["event"]]
    assert told.index("JobFunded") < told.index("JobSubmitted") < told.index("PaymentReleased")
    assert story["paid"] == "1.425 tUSD"
    assert any(line["who"] == "agent" for line in story["story"])
    (fees,) = answer(stack, "withdraw")["withdrawn"]
    assert (fees["key"], fees["tx"]) == ("treasury", None)
    assert "policy" in fees["note"]


def _spent(stack: Stack) -> int:
    """Completed jobs that this home's client paid for."""
    return sum(job["spent"] != "0" for job in answer(stack, "jobs")["jobs"])
