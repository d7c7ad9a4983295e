"""The master's part: split, delegate, lose two workers, catch a liar, agree, and write the decision on chain.

`python -m examples.coordination.story [--document file] [--json]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.sender import Sender
from agents_offchain.cli.bootstrap.message_host import message_host
from agents_offchain.cli.places import installation_root
from agents_offchain.coordination.decision.agreement.certificate import Certificate, require_certificate
from agents_offchain.coordination.decision.agreement.council import Council, Question, ledger_domain
from agents_offchain.coordination.decision.agreement.wire import certificate_from_dict
from agents_offchain.coordination.patterns.tasks import JobResult, Task, TaskResult, Terms, delegate
from agents_offchain.messaging.host.agent import Agent
from agents_offchain.messaging.host.settings import HostSettings
from agents_offchain.primitives.canonical import sha256
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.storage.outbox import CONFIRMED, FAILED, Intent, Outbox
from examples.coordination.house import KEEPER, MASTER, WORKERS, House
from examples.coordination.job import AGREE, CAPABILITY, COUNT, count, merge, split, value_of

PARTS = 12
LIAR = "worker-5"
VICTIMS = ("worker-2", "worker-4")
WANTED_SECONDS, LONGEST_SECONDS = 60.0, 180.0
"""What the story may take on a quiet machine, and when it is given up."""
LEDGER = load_abi("DecisionLedger")


@dataclass
class Told:
    """What happened, for people and as JSON."""

    is_json: bool
    began: float = field(default_factory=time.monotonic)
    facts: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str, **facts: Any) -> None:
        self.facts |= facts
        if not self.is_json:
            sys.stdout.write(f"{time.monotonic() - self.began:5.1f} s  {text}\n")
            sys.stdout.flush()


async def tell(document: str, told: Told) -> None:
    """The whole story; raises AssertionError when it ends otherwise."""
    truth = merge([count(document)])
    async with House() as house:
        told.say("A chain, a message server and a signer are up; five agents join.")
        for name in WORKERS:
            await house.start_worker(name, *(["--lies"] if name == LIAR else []), "--slowly")
        master = Agent(MASTER, key=MASTER)
        place = HostSettings(MASTER, refresh_seconds=0.1, lease_seconds=3.0)
        async with message_host(house.redis, place, house.deployment, house.signer, master) as host:
            while len(host.view.offering(CAPABILITY)) < len(WORKERS):
                await asyncio.sleep(0.05)
            job = await _work(house, master, document, told)
            answer = merge(job.values())
            assert job.is_complete, "a part of the job was not done"
            assert answer == truth, "the answer is not right"
            told.say(
                f"The answer is right: {answer['words']:,} words, most used {answer['top'][0][0]!r}.", answer=answer
            )
            liars = sorted(agent.partition("@")[0] for agent in job.dissenters())
            assert liars == [LIAR], liars
            told.say(f"{LIAR} was outvoted in what it said and is named.", liars=liars)
            for name in VICTIMS:
                await house.start_worker(name)
            while len(host.view.offering(CAPABILITY)) < len(WORKERS):
                await asyncio.sleep(0.05)
            told.say("The two that died are back with their sessions; the five agree on the answer.")
            certificate = await _agree(house, master, document)
    assert certificate.value == value_of(truth)


async def _work(house: House, master: Agent, document: str, told: Told) -> JobResult:
    """Split and delegate; two workers are killed once work is under way."""
    tasks = [Task(f"part-{number}", CAPABILITY, COUNT, part) for number, part in enumerate(split(document, PARTS))]
    first_done = asyncio.Event()

    def on_progress(_result: TaskResult) -> None:
        first_done.set()

    terms = Terms(
        deadline_seconds=40.0, attempt_seconds=4.0, opinions=2, most_opinions=4, policy="round-robin", at_once=4
    )
    told.say(f"The master splits the document into {len(tasks)} parts; two agents do each, on their own.")
    working = asyncio.ensure_future(delegate(master, tasks, terms, on_progress=on_progress))
    await asyncio.wait({working, asyncio.ensure_future(first_done.wait())}, return_when=asyncio.FIRST_COMPLETED)
    for name in VICTIMS:
        await house.kill(name)
    told.say(f"{' and '.join(VICTIMS)} are killed at work.", killed=list(VICTIMS))
    job = await working
    told.say(f"{job.count_reassigned()} attempts were lost with them and given to others.", lost=job.count_reassigned())
    return job


async def _agree(house: House, master: Agent, document: str) -> Certificate:
    """The five agree although one lies, and the ledger takes their certificate."""
    members = tuple(sorted(house.addresses[name] for name in WORKERS))
    council = Council(members)
    question = Question(council, sha256(document.encode()), ledger_domain(DEVNET_CHAIN_ID, house.ledger))
    wanted = {
        "document": document,
        "proposal": encode_hex(question.proposal),
        "members": [encode_hex(member) for member in members],
        "ledger": encode_hex(house.ledger),
        "chain_id": DEVNET_CHAIN_ID,
    }
    asking = [
        asyncio.ensure_future(master.ask(name, AGREE, wanted, deadline_seconds=40.0, retry_seconds=3.0))
        for name in WORKERS
        if name != LIAR
    ]
    lying = asyncio.ensure_future(master.ask(LIAR, AGREE, wanted, deadline_seconds=40.0))
    answers = await asyncio.gather(*asking)
    lying.cancel()
    await asyncio.gather(lying, return_exceptions=True)
    certificate = certificate_from_dict(answers[0]["certificate"], question)
    require_certificate(certificate)
    assert {answer["value"] for answer in answers} == {encode_hex(certificate.value)}
    await _certify(house, certificate)
    return certificate


async def _certify(house: House, certificate: Certificate) -> None:
    """One transaction through outbox and sender; the ledger checks every signature again."""
    sender = Sender(house.node, house.database, house.signer, KEEPER, DEVNET_CHAIN_ID, [LEDGER], confirmations=0)
    await sender.setup()
    outbox = Outbox(house.database, sender.lane)
    name = f"certify:{certificate.digest.hex()}"
    intent = Intent(name, "certify", house.ledger, LEDGER.encode_call("certify", certificate.for_ledger()))
    async with house.database.write() as connection:
        await outbox.plan(connection, intent)
    while True:
        await sender.step()
        item = await outbox.status(name)
        assert item is not None
        assert item.status != FAILED, item.error
        if item.status == CONFIRMED:
            break
        await asyncio.sleep(0.05)
    council_id = certificate.question.council.council_id
    at = await house.node.call(LEDGER, house.ledger, "certifiedAt", council_id, certificate.digest)
    assert int(at) > 0, "the ledger does not hold the decision"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--document", type=Path, default=installation_root() / "docs" / "coordination.md")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told = Told(options.json)

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))

    async def in_time() -> None:
        async with asyncio.timeout(LONGEST_SECONDS):
            await tell(options.document.read_text(), told)

    asyncio.run(in_time())
    seconds = time.monotonic() - told.began
    told.say("The certificate stands on chain: DecisionLedger checked every signature.", seconds=round(seconds, 1))
    told.say(f"Told in {seconds:.1f} s; {WANTED_SECONDS:g} s are wanted{': MISSED' * (seconds > WANTED_SECONDS)}.")
    if options.json:
        sys.stdout.write(json.dumps(told.facts) + "\n")


if __name__ == "__main__":
    main()
