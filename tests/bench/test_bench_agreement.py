"""Figures of the agreement: `pytest -m bench -s tests/bench/test_bench_agreement.py`.

In process: every member with its own verifier and real signatures, messages as objects in one queue, one agreement
after another, vows not written. With f faulty, f members are silent, the first leader among them, and a round's time is
over as soon as nothing moves; what a round lasts comes on top.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from dataclasses import replace

import pytest
from coincurve import PrivateKey
from eth_utils.crypto import keccak

from agents_offchain.coordination.decision.agreement.council import Council, Question, ledger_domain
from agents_offchain.coordination.decision.agreement.messages import (
    Certified,
    Message,
    signing_digest,
    subject_of,
)
from agents_offchain.coordination.decision.agreement.replica import Event, Replica, RoundOver, SayAgain, step
from agents_offchain.coordination.decision.agreement.verifier import Verifier
from tests.simulation.schedule import draw_schedule
from tests.simulation.world import World

pytestmark = pytest.mark.bench

IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"
ROUNDS = 200 if IS_FULL else 30
PROPOSALS = 2_000 if IS_FULL else 200


class Hall:
    """A council of n in one process."""

    def __init__(self, count: int) -> None:
        keys = [PrivateKey(keccak(text=f"bench key {number}")) for number in range(count)]
        self._keys = {keccak(key.public_key.format(compressed=False)[1:])[12:]: key for key in keys}
        self._council = Council(tuple(sorted(self._keys)))

    def decide(self, number: int, faulty: int) -> float:
        """Seconds until all that are not silent hold a certificate."""
        question = Question(self._council, number.to_bytes(32, "big"), ledger_domain(1, b"\x01" * 20))
        members = self._council.members
        silent = {question.leader_of(0)} if faulty else set()
        silent |= set([member for member in members if member not in silent][: max(faulty - 1, 0)])
        replicas = {member: Replica(question, member, member) for member in members if member not in silent}
        verifiers = {member: Verifier(question) for member in replicas}
        began = time.perf_counter()
        queue: deque[tuple[bytes, Event]] = deque((member, SayAgain()) for member in replicas)
        while any(replica.certificate is None for replica in replicas.values()):
            if not queue:
                queue += [(member, RoundOver(replica.vows.round)) for member, replica in replicas.items()]
            member, event = queue.popleft()
            if not isinstance(event, RoundOver | SayAgain):
                verifiers[member].require(event)
            done = step(replicas[member], event)
            replicas[member] = done.replica
            for message in done.send:
                signed = self._signed(question, message)
                queue += [(receiver, signed) for receiver in replicas]
        return time.perf_counter() - began

    def _signed(self, question: Question, message: Message) -> Message:
        if isinstance(message, Certified) or message.signature:
            return message
        digest = signing_digest(question, message.kind, message.round, subject_of(question, message))
        signature = self._keys[message.sender].sign_recoverable(digest, hasher=None)
        return replace(message, signature=signature[:64] + bytes([27 + signature[64]]))


@pytest.mark.parametrize("count", [4, 7, 13])
def test_decisions__in_process__are_so_many(count: int) -> None:
    hall = Hall(count)
    for faulty in (0, (count - 1) // 3):
        hall.decide(0, faulty)
        began = time.process_time()
        seconds = sorted(hall.decide(number, faulty) for number in range(1, ROUNDS + 1))
        cpu = (time.process_time() - began) / ROUNDS
        sys.stdout.write(
            f"\nn={count} faulty={faulty}: {ROUNDS / sum(seconds):.1f} decisions/s, "
            f"median {seconds[ROUNDS // 2] * 1e3:.1f} ms, "
            f"p99 {seconds[int(ROUNDS * 0.99)] * 1e3:.1f} ms, {cpu * 1e3:.1f} CPU ms each"
        )


def test_proposals__when_a_fifth_of_all_messages_is_lost__are_decided() -> None:
    decided = 0
    for seed in range(PROPOSALS):
        schedule = replace(draw_schedule(seed), loss=0.2, loss_after=0.2, partitions=(), crashes=())
        decided += World(schedule).run() is not None
    sys.stdout.write(f"\n20 % loss, up to f faulty: {decided} of {PROPOSALS} proposals decided")
    assert decided >= 0.95 * PROPOSALS
