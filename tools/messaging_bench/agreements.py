"""Byzantine agreements over the real server: every member with its own connection, real signatures, vows in memory.

All members live in one process, so a decision's CPU is that of the whole council. Faulty members are silent, the first
leader among them: what is measured then is one round that ends by its clock, and the next one. Loss is of what members
publish; they say again what nobody answered.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents_offchain.coordination.decision.agreement.certificate import Certificate
from agents_offchain.coordination.decision.agreement.council import Council, Question, ledger_domain
from agents_offchain.coordination.decision.agreement.driver import Member, Pace, Ports
from agents_offchain.coordination.decision.agreement.messages import Vote
from agents_offchain.coordination.decision.agreement.vows import Vows
from agents_offchain.messaging.mailbox import Delivery
from agents_offchain.messaging.streams import StreamMailbox, connect
from agents_offchain.primitives.clock import SystemClock
from tests.unit.messaging.key_ring import KeyRing

PACE = Pace(round_seconds=0.5, growth=1.5, longest_seconds=10.0, say_again_seconds=0.25)
PATIENCE_SECONDS = 30.0
AT_ONCE = 4
_RING = KeyRing()
_proposals = itertools.count(1)


@dataclass(frozen=True)
class Agreed:
    """Of several decisions: rate a second, latencies in ms, and the share that came to an end in time."""

    rate: float
    p50_ms: float
    p99_ms: float
    share: float


class _Memory:
    """Vows and ends of one run; nothing is written."""

    def __init__(self) -> None:
        self._vows: dict[tuple[bytes, bytes], Vows] = {}

    async def load(self, question: Question, member: bytes) -> Vows:
        return self._vows.get((question.proposal, member), Vows())

    async def keep(self, question: Question, member: bytes, vows: Vows) -> None:
        self._vows[question.proposal, member] = vows

    async def keep_certificate(self, certificate: Certificate) -> None:
        return None

    async def keep_evidence(self, question: Question, first: Vote, second: Vote) -> None:
        return None


class _Leaky:
    """A mailbox that loses a share of what is published."""

    def __init__(self, mailbox: StreamMailbox, loss: float, rng: random.Random) -> None:
        self._mailbox = mailbox
        self._loss = loss
        self._rng = rng

    async def publish(self, topic: str, message_id: str, payload: bytes) -> bool:
        if self._rng.random() < self._loss:
            return False
        return await self._mailbox.publish(topic, message_id, payload)

    async def receive(self, topic: str, **limits: Any) -> list[Delivery]:
        return await self._mailbox.receive(topic, **limits)

    async def acknowledge(self, topic: str, deliveries: Sequence[Delivery]) -> None:
        await self._mailbox.acknowledge(topic, deliveries)


async def agree(url: str, members: int, faulty: int, decisions: int, *, loss: float = 0.0, seed: int = 0) -> Agreed:
    """Have a council decide so often, a few at a time."""
    names = [f"member-{number}" for number in range(members)]
    by_address = {_RING.address_of(name): name for name in names}
    council = Council(tuple(sorted(by_address)))
    memory, rng, seconds = _Memory(), random.Random(seed), []  # noqa: S311 (draws what is lost)
    clients = [connect(url) for _ in names]
    began = time.perf_counter()
    left = iter(range(decisions))

    async def decide_in_turn() -> None:
        for _ in left:
            question = Question(council, next(_proposals).to_bytes(32, "big"), ledger_domain(1, b"\x01" * 20))
            seconds.append(await _decide(question, faulty))

    async def _decide(question: Question, faulty: int) -> float:
        leader = question.leader_of(0)
        silent = [leader, *(member for member in council.members if member != leader)][:faulty]
        awake = []
        for member, client in zip(council.members, clients, strict=True):
            if member in silent:
                continue
            mailbox: Any = _Leaky(StreamMailbox(client, by_address[member], by_address[member]), loss, rng)
            ports = Ports(mailbox, _RING, memory, memory, SystemClock())
            awake.append(Member(question, ports, by_address[member], by_address[member].encode(), pace=PACE))
        start = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await _until_all_hold_it(awake)
        except TimeoutError:
            return float("inf")
        return time.perf_counter() - start

    try:
        await asyncio.gather(*(decide_in_turn() for _ in range(AT_ONCE)))
    finally:
        for client in clients:
            await client.aclose()
    ended = sorted(item for item in seconds if item != float("inf"))
    if not ended:
        return Agreed(0.0, 0.0, 0.0, 0.0)
    p99 = ended[min(int(len(ended) * 0.99), len(ended) - 1)]
    rate = len(ended) / (time.perf_counter() - began)
    return Agreed(rate, statistics.median(ended) * 1000, p99 * 1000, len(ended) / decisions)


async def _until_all_hold_it(members: Sequence[Member]) -> None:
    """Every member goes on until all of them hold a certificate, so that the last one is helped."""
    holders: set[int] = set()
    done = asyncio.Event()

    async def live(place: int, member: Member) -> None:
        await member.setup()
        while not done.is_set():
            if await member.step(wait_seconds=0.05) is not None:
                holders.add(place)
                if len(holders) == len(members):
                    done.set()

    await asyncio.gather(*(live(place, member) for place, member in enumerate(members)))
