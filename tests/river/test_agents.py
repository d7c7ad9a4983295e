"""A second agent joins a home: made, run, paid beside the first, drained, retired."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.river.requester import PICTURE, Requester
from tests.river.stack import Stack, command, environment, until

pytestmark = [pytest.mark.river, pytest.mark.timeout(400)]
NEW = ("agent", "new", "scout", "--service", "inspect-image", "--price", "1.20")


def answer(stack: Stack, *words: str, code: int = 0) -> Any:
    done = stack.aitbc(*words, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout if code in (0, 1) else done.stderr)


@contextmanager
def at_work(stack: Stack, name: str, duty: str = "agent") -> Iterator[subprocess.Popen[str]]:
    """`aitbc agent run NAME` in a process of its own, from ready to Ctrl-C."""
    words = command(duty, "run", name, "--home", str(stack.home), "--json")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment())
    assert process.stdout is not None
    try:
        assert any(json.loads(line)["event"] == "ready" for line in process.stdout)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.stdout.close()
        assert process.wait(60) == 0


def test_two_agents__of_one_home_on_one_chain__each_does_its_own_job_and_is_paid_until_one_retires(
    stack: Stack,
) -> None:
    made = answer(stack, *NEW)
    assert len(made["transactions"]) == 3
    requester = Requester(stack)
    listings = until(lambda: _two(requester))
    with at_work(stack, "scout") as runner:
        assert "already run by process" in answer(stack, "agent", "run", "scout", code=2)["message"]
        jobs = {_hire(requester, listing): listing for listing in listings}
        for job in jobs:
            requester.await_status(job, "submitted")
            assert requester.stages(job) == ["started", "stored", "delivering"]
        scouts = next(job for job, listing in jobs.items() if listing["price"] == "1200000")
        owed = answer(stack, "agent", "retire", "scout", code=2)
        assert owed["unsettled"] == [scouts], "pay that is not decided keeps an agent"
        late = _hire(requester, jobs[scouts])
        requester.await_status(late, "rejected")
        for job, listing in jobs.items():
            requester.accept(job)
            paid = requester.await_status(job, "completed")
            assert requester.balance(listing["wallet"]) >= int(listing["price"]) * 95 // 100
            assert paid["provider"].lower() == listing["wallet"].lower()
        retired = answer(stack, "agent", "retire", "scout")
        assert runner.wait(60) == 0, "who retires an agent also ends who runs it"
    assert retired["closed"] == [int(jobs[scouts]["listing_id"])]
    shown = answer(stack, "agent", "list", "--all")["agents"]
    assert [(row["name"], row["state"], row["jobs_done"]) for row in shown[1:]] == [("scout", "retired", 1)]


def _two(requester: Requester) -> list[dict[str, Any]]:
    found = requester.get("/api/v1/listings")["items"]
    return found if len(found) == 2 else []


def _hire(requester: Requester, listing: dict[str, Any]) -> int:
    return requester.hire(requester.request(listing, PICTURE.read_bytes()), listing["wallet"], listing)


@pytest.mark.skipif(os.environ.get("AITBC_TEST_SIZE") != "full", reason="at full size only")
def test_reporter__made_and_run_beside_the_others__works_under_its_own_name_without_a_seat(stack: Stack) -> None:
    made = answer(stack, "reporter", "new", "watcher")
    assert (made["has_seat"], made["reporters"], made["quorum"]) == (False, 3, 2)
    assert made["rules"] == "rules written"
    with at_work(stack, "watcher", "reporter"):
        until(lambda: stack.process_status("reporter.watcher")["is_well"])
        assert "already run by process" in answer(stack, "reporter", "run", "watcher", code=2)["message"]
        assert answer(stack, "keeper", "run", "keeper", code=2)["error"] == "AlreadyRunning"
    assert "reporter.watcher" not in {row["name"] for row in stack.status()["processes"]}
