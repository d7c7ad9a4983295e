"""Daemons die, the chain changes its mind, agents lie or never come: the money goes where it belongs, once."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import psutil
import pytest
from eth_account import Account

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.node import Node
from agents_offchain.indexer.rebuild import verify
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.storage.database import Database
from tests.river.requester import ESCROW, PICTURE, Requester, request_document
from tests.river.stack import Stack, living, until

pytestmark = [pytest.mark.river, pytest.mark.timeout(300)]
WORKER = "agents_offchain.runtime.workers.child"
ONCE = ("JobCreated", "JobFunded", "JobSubmitted", "JobCompleted", "PaymentReleased")


def assert_paid_once(requester: Requester, job_id: int, agent_wallet: str, balance_before: int) -> None:
    names = requester.events(job_id)
    assert {name: names.count(name) for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert requester.balance(agent_wallet) - balance_before == requester.agent_share()


def assert_tables_equal_a_rebuild(stack: Stack) -> None:
    """What the indexer built live is what a fresh reading of the chain builds."""

    async def compare() -> Any:
        database, node = Database(f"sqlite+aiosqlite:///{stack.home / 'aitbc.db'}"), Node(stack.endpoints["rpc"])
        try:
            return await verify(database, node, load_deployment(stack.home / "deployment.json"))
        finally:
            await node.close()
            await database.close()

    verification = until(lambda: (result := asyncio.run(compare())).is_equal and result, 30)
    assert verification.is_equal


def workers_of(agent: psutil.Process) -> list[psutil.Process]:
    """Child processes that run a skill for the agent now."""
    return [child for child in agent.children(recursive=True) if WORKER in child.cmdline()]


def agent_of(stack: Stack) -> psutil.Process:
    return psutil.Process(int(stack.process_status("agent")["pid"]))


def outbox_statuses(stack: Stack, kind: str, job_id: int) -> list[str]:
    with sqlite3.connect(f"file:{stack.home / 'aitbc.db'}?mode=ro", uri=True) as database:
        query = "select status from outbox where kind = ? and intent_key like ?"
        return [row[0] for row in database.execute(query, (kind, f"{kind}:%:{job_id}:%"))]


def test_agent__when_killed_in_the_middle_of_the_skill__delivers_once_and_is_paid_once(stack: Stack) -> None:
    requester = Requester(stack)
    wallet = requester.listing()["wallet"]
    before = requester.balance(wallet)
    agent = agent_of(stack)
    job_id = requester.hire(requester.request(requester.listing(), PICTURE.read_bytes()))
    workers = until(lambda: workers_of(agent))
    agent.kill()
    until(lambda: not living(workers), 10)
    requester.await_status(job_id, "submitted")
    assert requester.stages(job_id).count("started") == 2
    requester.accept(job_id)
    requester.await_status(job_id, "completed")
    assert_paid_once(requester, job_id, wallet, before)


def test_watcher__when_killed_after_the_submission_was_sent__submits_once_and_is_paid_once(stack: Stack) -> None:
    requester = Requester(stack)
    wallet = requester.listing()["wallet"]
    before = requester.balance(wallet)
    agent = agent_of(stack)
    job_id = requester.hire(requester.request(requester.listing(), PICTURE.read_bytes()))
    until(lambda: workers_of(agent))
    requester.rpc("evm_setIntervalMining", 0)
    until(lambda: outbox_statuses(stack, "submit", job_id) == ["sent"])
    for process in ("agent", "indexer", "publisher"):
        stack.kill(process)
    requester.rpc("evm_setIntervalMining", 1)
    requester.await_status(job_id, "submitted")
    until(lambda: outbox_statuses(stack, "submit", job_id) == ["confirmed"])
    requester.accept(job_id)
    requester.await_status(job_id, "completed")
    assert_paid_once(requester, job_id, wallet, before)


def test_reorganisation__under_a_submitted_job__is_submitted_again_and_tables_equal_a_rebuild(stack: Stack) -> None:
    requester = Requester(stack)
    wallet = requester.listing()["wallet"]
    before = requester.balance(wallet)
    job_id = requester.hire(requester.request(requester.listing(), PICTURE.read_bytes()))
    submitted = requester.await_status(job_id, "submitted")
    block = next(event["block_number"] for event in submitted["events"] if event["name"] == "JobSubmitted")
    depth = int(requester.rpc("eth_blockNumber"), 16) - int(block) + 1
    requester.rpc("anvil_reorg", depth, [])
    assert "JobSubmitted" not in requester.events(job_id)
    again = requester.await_status(job_id, "submitted")
    until(lambda: requester.events(job_id).count("JobSubmitted") == 1)
    assert again["deliverable"] == submitted["deliverable"]
    requester.accept(job_id)
    requester.await_status(job_id, "completed")
    assert_paid_once(requester, job_id, wallet, before)
    assert_tables_equal_a_rebuild(stack)


def test_refund__when_one_agent_lies_another_never_comes_and_a_third_declines__each_client_has_the_money_back(
    stack: Stack,
) -> None:
    requester = Requester(stack)
    listing = requester.listing()
    good_request = requester.request(listing, PICTURE.read_bytes())
    liar = Account.create()
    requester.rpc("anvil_setBalance", liar.address, hex(10**18))
    lied_about = requester.hire(good_request, provider=liar.address)
    missed = requester.hire(good_request, provider=Account.create().address)
    no_picture = {"cid": requester.store(b"words"), "bytes": 5, "sha256": "0" * 64, "media_type": "image/jpeg"}
    declined = requester.hire(requester.store(canonical_json(request_document(listing, no_picture))))

    lie = canonical_json(
        {
            "schema": "aitbc.result/1",
            "service": "inspect-image",
            "job": {"chain_id": 31337, "escrow": requester.contracts["JobEscrow"], "job_id": str(lied_about)},
            "request_cid": good_request,
            "output": {"image": {"width": 1, "height": 1, "sha256": "0" * 64}, "objects": [], "text": []},
            "artifacts": {},
            "evidence": {},
        }
    )
    requester.store(lie)
    requester.send(requester.contracts["JobEscrow"], ESCROW.encode_call("submit", lied_about, sha256(lie), b""), liar)

    requester.await_status(declined, "rejected")
    judged = until(lambda: (job := requester.job(lied_about)) and job["verdict"] and job, 120)
    assert judged["verdict"]["score"] < int(requester.policy["passMark"])
    requester.pass_time(int(listing["work_seconds"]) + 60)
    requester.await_status(lied_about, "rejected")
    requester.await_status(missed, "rejected")
    assert requester.balance(requester.account.address) == 3 * int(listing["price"])
    assert requester.balance(liar.address) == 0
    assert_tables_equal_a_rebuild(stack)
