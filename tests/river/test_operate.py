"""The operator's commands on a home that has earned: after its demo, and while it is up again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from agents_offchain.chain.errors import SignerPaused, SignerRefused
from agents_offchain.chain.proxies.job_escrow import submit_calldata
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.requests import SignTransaction
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.coordination.decision.rules.outcome import Outcome, Status
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.decisions import decisions
from tests.river.stack import Stack, run_aitbc, until

pytestmark = [pytest.mark.river, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A home in which one job was hired, done and paid, up again."""
    home = tmp_path_factory.mktemp("operate") / "home"
    done = run_aitbc("demo", "--home", str(home), "--json")
    assert done.returncode == 0, done.stderr
    running = Stack(home)
    yield running
    assert running.stop() == 0


def answer(stack: Stack, *words: str, code: int = 0) -> Any:
    done = stack.aitbc(*words, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def request(stack: Stack, to: str, nonce: int = 9) -> SignTransaction:
    fields = {
        "chainId": 31337,
        "nonce": nonce,
        "to": to,
        "value": 0,
        "data": "0x" + submit_calldata(1, b"\1" * 32).hex(),
        "gas": 200_000,
        "maxFeePerGas": 10**9,
        "maxPriorityFeePerGas": 10**9,
    }
    return SignTransaction("agent", fields)


def test_jobs_and_audit__after_a_demo__tell_what_was_earned_and_signed(stack: Stack) -> None:
    found = answer(stack, "jobs")
    (job,) = [job for job in found["jobs"] if job["status"] == "completed"]
    assert (job["earned"], job["spent"], job["symbol"]) == ("1.425", "1.5", "tUSD")
    assert answer(stack, "audit", "verify")["is_whole"]
    signed = [line for line in answer(stack, "audit", "show", "-n", "1000")["lines"] if line["event"] == "signed"]
    titles = {line["what"] for line in signed}
    assert {"deploy MarketDeployer", "JobEscrow.hire", "JobEscrow.submit", "ResultOracle.settle"} <= titles
    assert answer(stack, "dead", "list")["letters"] == []
    assert answer(stack, "approvals", "list")["approvals"] == []


async def test_signer__of_a_running_home__signs_what_the_policy_lists_until_it_is_frozen(stack: Stack) -> None:
    escrow = json.loads((stack.home / "deployment.json").read_text())["contracts"]["JobEscrow"]
    signer = SignerClient(Settings(home=stack.home).signer_socket)
    good, bad = request(stack, escrow), request(stack, "0x" + "99" * 20)
    assert await signer.sign_transaction("agent", good.fields)
    with pytest.raises(SignerRefused, match="may not call"):
        await signer.sign_transaction("agent", bad.fields)
    answer(stack, "keys", "freeze", "agent", "--reason", "a test")
    with pytest.raises(SignerPaused, match="a test"):
        await signer.sign_transaction("agent", good.fields)
    answer(stack, "keys", "thaw", "agent")
    assert await signer.sign_transaction("agent", good.fields)
    stack.kill("signer")
    until(lambda: stack.process_status("signer")["state"] == "ready")
    assert await signer.sign_transaction("agent", good.fields)
    assert answer(stack, "audit", "verify")["is_whole"]


async def test_decisions__of_a_running_home__are_anchored_on_chain_and_compared_with_it(stack: Stack) -> None:
    proposal, database = b"\x05" * 32, Database(Settings(home=stack.home).database())
    history = DecisionHistory(database, "story")
    await history.open(proposal, {"question": "which?"})
    await history.close(proposal, Outcome(Status.DECIDED, frozenset({"this"}), {"this": 2}, "The most weight."))
    (anchored,) = answer(stack, "decisions", "anchor")["anchored"]
    (checked,) = answer(stack, "decisions", "verify", "0x" + proposal.hex())["decisions"]
    assert (checked["standing"], checked["root"]) == ("anchored", anchored["root"])
    assert answer(stack, "decisions", "anchor")["anchored"] == []
    async with database.write() as connection:
        await connection.execute(update(decisions).values(outcome={"leaders": ["that"], "tally": {"that": 2}}))
    (checked,) = answer(stack, "decisions", "verify", code=1)["decisions"]
    assert (checked["standing"], "outcome" in checked["reason"]) == ("altered", True)
    async with database.write() as connection:
        await connection.execute(delete(decisions))
    await database.close()


def test_index__damaged_and_rebuilt_under_running_daemons__equals_the_chain_again(stack: Stack) -> None:
    assert answer(stack, "index", "verify")["is_equal"]
    damage(stack.home / "aitbc.db")
    found = answer(stack, "index", "verify", code=1)
    assert [table["table"] for table in found["tables"] if not table["is_equal"]] == ["jobs"]
    head = answer(stack, "index", "rebuild")["block"]
    checked = answer(stack, "index", "verify")
    assert checked["is_equal"]
    assert checked["block"] >= head
    until(lambda: stack.status()["state"] == "up")


def damage(file: Path) -> None:
    database = sqlite3.connect(file, timeout=30)
    with database:
        database.execute("UPDATE jobs SET status = 'rejected'")
    database.close()
