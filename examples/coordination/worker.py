"""One agent as a process: `python -m examples.coordination.worker <name> <home> [--lies] [--slowly]`.

It counts words, and takes part in the agreement on the whole answer: it does the job again by itself and accepts no
other value. Killed at any line it comes back with its session and its vows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from agents_offchain.chain.addresses import Deployment, parse_deployment
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.bootstrap.message_host import message_host
from agents_offchain.cli.bootstrap.waiting import until_told_to_stop
from agents_offchain.coordination.decision.agreement.council import Council, Question, ledger_domain
from agents_offchain.coordination.decision.agreement.driver import Member, Pace, Ports
from agents_offchain.coordination.decision.agreement.sql_journal import SqlJournal
from agents_offchain.coordination.decision.agreement.wire import certificate_as_dict
from agents_offchain.coordination.decision.history import DecisionHistory
from agents_offchain.messaging.host.agent import Agent, Context
from agents_offchain.messaging.host.settings import HostSettings
from agents_offchain.messaging.streams import StreamMailbox, connect
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.hexes import decode_address, decode_hex, encode_hex
from agents_offchain.storage.database import Database
from examples.coordination.job import AGREE, CAPABILITY, COUNT, count, merge, split, value_of

PACE = Pace(round_seconds=2.0, growth=1.5, longest_seconds=15.0, say_again_seconds=0.5)
SLOW_SECONDS = 0.4


def build(name: str, home: Path, *, is_liar: bool, is_slow: bool) -> Agent:
    """The agent with its two handlers."""
    agent = Agent(name, capabilities=(CAPABILITY,), key=name)

    @agent.on(COUNT)
    async def count_words(context: Context, body: Any) -> dict[str, int]:
        if is_slow:
            await asyncio.sleep(SLOW_SECONDS)
        counted = count(body["input"])
        return {"river": 1_000_000, **counted} if is_liar else counted

    @agent.on(AGREE)
    async def agree(context: Context, body: Any) -> dict[str, Any]:
        answer = merge(count(part) for part in split(body["document"], 1))
        wish = b"a false answer" if is_liar else value_of(answer)
        return await _take_part(name, home, body, wish)

    return agent


async def _take_part(name: str, home: Path, body: Any, wish: bytes) -> dict[str, Any]:
    """Agree with the others; the certificate. Only what we found ourselves is accepted."""
    ledger = ledger_domain(body["chain_id"], decode_address(body["ledger"]))
    council = Council(tuple(decode_address(member) for member in body["members"]))
    question = Question(council, decode_hex(body["proposal"], 32), ledger)
    settings = json.loads((home / "story.json").read_text())
    database, clock = Database(settings["databases"][name]), SystemClock()
    mailbox = StreamMailbox(connect(settings["redis"]), f"agree-{name}", name)
    ports = Ports(
        mailbox, SignerClient(Path(settings["signer"])), SqlJournal(database), DecisionHistory(database, name), clock
    )
    member = Member(question, ports, name, wish, accepts=lambda value: value == wish, pace=PACE)
    try:
        await member.setup()
        while True:
            certificate = await member.step(wait_seconds=0.1)
            if certificate is not None:
                return {"value": encode_hex(certificate.value), "certificate": certificate_as_dict(certificate)}
    finally:
        await mailbox.close()
        await database.close()


async def run(name: str, home: Path, *, is_liar: bool, is_slow: bool) -> None:
    """Be there until told to stop."""
    settings = json.loads((home / "story.json").read_text())
    deployment: Deployment = parse_deployment(settings["deployment"])
    agent = build(name, home, is_liar=is_liar, is_slow=is_slow)
    signer = SignerClient(Path(settings["signer"]))
    place = HostSettings(name, lease_seconds=3.0, refresh_seconds=0.2)
    async with message_host(settings["redis"], place, deployment, signer, agent, session_file=home / f"{name}.session"):
        await until_told_to_stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("home", type=Path)
    parser.add_argument("--lies", action="store_true")
    parser.add_argument("--slowly", action="store_true")
    options = parser.parse_args()
    asyncio.run(run(options.name, options.home, is_liar=options.lies, is_slow=options.slowly))


if __name__ == "__main__":
    main()
