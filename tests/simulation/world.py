"""One council, one network, virtual time: everything that happens follows from the seed.

Honest members run the product's `step` behind the product's `Verifier`, with vows kept before anything is signed. A
crash loses everything but vows, before or after the kept vows were told. Faulty members run the same code twice under
one name with different wishes ("twins": S. Bano et al., "Twins: BFT Systems Made Robust", OPODIS 2021), or forget
their vows, or tamper, or repeat what others said, or say nothing.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from agents_offchain.coordination.decision.agreement.council import Council, Question, ledger_domain
from agents_offchain.coordination.decision.agreement.messages import (
    Certified,
    Message,
    Proposal,
    Seal,
    Timeout,
    Vote,
    signing_digest,
    subject_of,
)
from agents_offchain.coordination.decision.agreement.replica import Event, Replica, RoundOver, SayAgain, step
from agents_offchain.coordination.decision.agreement.verifier import Verifier
from agents_offchain.coordination.decision.agreement.vows import Vows, require_kept
from agents_offchain.coordination.errors import StatementInvalid
from tests.simulation.invariants import Watch
from tests.simulation.schedule import Schedule, Weather
from tests.simulation.signatures import recover, sign

ROUND_SECONDS, ROUND_GROWTH, LONGEST_ROUND = 0.6, 1.5, 8.0
SAY_AGAIN_SECONDS = 0.4
CRASH_SHARE = 0.004
"""Of an honest member's steps, how many end in a crash before, and how many after its vows were kept."""
LIVE_WITHIN_SECONDS = 90.0
"""After healing, virtual: a dozen of the longest rounds."""
NO_VALUE = b"not acceptable"


@dataclass
class Node:
    """A running copy of the protocol; a faulty member may have two."""

    place: int
    replica: Replica
    incarnation: int = 0
    is_up: bool = True


class World:
    """See the module."""

    def __init__(self, schedule: Schedule, weather: Weather | None = None) -> None:
        self.schedule = schedule
        self.weather = weather or Weather()
        self.now = 0.0
        self.rng = random.Random(schedule.seed ^ 0x5EED)
        self.members = tuple(sorted(self.rng.randbytes(20) for _ in range(schedule.members)))
        self.question = Question(Council(self.members), self.rng.randbytes(32), ledger_domain(1, b"\x07" * 20))
        self.honest = frozenset(self.members[p] for p in range(schedule.members) if p not in schedule.lies)
        self.verifier = Verifier(self.question, recover, remembered=1 << 15)
        self._verdicts: dict[int, tuple[Message, bool]] = {}
        self._overheard: list[Message] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.vows: dict[bytes, Vows] = dict.fromkeys(self.honest, Vows())
        wishes = [b"value %d" % place for place in range(schedule.members)]
        if self.rng.random() < 0.3:
            wishes = [wishes[0]] * schedule.members
        self.wishes = wishes
        self.watch = Watch(self.question, self.honest, frozenset([*wishes, b"twin"]))
        self.nodes = [self._node(place, wish) for place, wish in enumerate(wishes)]
        self.nodes += [self._node(place, b"twin") for place, lie in schedule.lies.items() if lie == "twins"]
        self.weather.add("faulty members", len(schedule.lies))

    def run(self) -> float | None:
        """Live through the day; virtual seconds after healing until all honest members hold the certificate.

        Returns None when they never do. Invariants are asserted on the way.
        """
        self._plan()
        last = self.schedule.heals_at + LIVE_WITHIN_SECONDS
        while self._events and self.now < last:
            self.now, _, act = heapq.heappop(self._events)
            act()
            if len(self.watch.certificates.keys() & self.honest) == len(self.honest) and self._is_settled():
                return max(self.now - self.schedule.heals_at, 0.0)
        return None

    def _is_settled(self) -> bool:
        """Nobody is down, and all honest members hold the same certificate (INV-AGR-07)."""
        held = {node.replica.certificate for node in self.nodes if self._is_honest(node)}
        return None not in held and len(held) == 1

    def _plan(self) -> None:
        for node in self.nodes:
            self._at(self.rng.uniform(0, 0.05), self._start(node, 0))
        for start, until, side in self.schedule.partitions:
            self.weather.add("partitions")
            self._at(start, lambda side=side: self._set_partition(side))
            self._at(until, lambda: self._set_partition(None))
        self._side: frozenset[int] | None = None
        for start, until, place in self.schedule.crashes:
            self._at(start, lambda place=place: self._crash(self.nodes[place]))
            self._at(until, lambda place=place: self._restart(self.nodes[place]))

    def _node(self, place: int, wish: bytes) -> Node:
        return Node(place, Replica(self.question, self.members[place], wish, lambda value: value != NO_VALUE))

    def _is_honest(self, node: Node) -> bool:
        return node.place not in self.schedule.lies

    # --- time

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), act))

    def _start(self, node: Node, incarnation: int) -> Callable[[], None]:
        def act() -> None:
            if node.incarnation == incarnation and node.is_up:
                self._handle(node, SayAgain())
                self._arm(node)
                self._at(self.now + self._own_time(node, SAY_AGAIN_SECONDS), self._start_again(node, incarnation))

        return act

    def _start_again(self, node: Node, incarnation: int) -> Callable[[], None]:
        def act() -> None:
            if node.incarnation == incarnation and node.is_up:
                self._handle(node, SayAgain())
                self._at(self.now + self._own_time(node, SAY_AGAIN_SECONDS), self._start_again(node, incarnation))

        return act

    def _arm(self, node: Node) -> None:
        number, incarnation = node.replica.vows.round, node.incarnation
        seconds = min(ROUND_SECONDS * ROUND_GROWTH**number, LONGEST_ROUND)

        def act() -> None:
            if node.incarnation == incarnation and node.is_up:
                self._handle(node, RoundOver(number))

        self._at(self.now + self._own_time(node, seconds), act)

    def _own_time(self, node: Node, seconds: float) -> float:
        return seconds / self.schedule.drift[node.place]

    # --- members

    def _handle(self, node: Node, event: Event) -> None:
        before = node.replica.vows
        done = step(node.replica, event)
        after = done.replica.vows
        node.replica = done.replica
        if self._is_honest(node):
            if self.rng.random() < CRASH_SHARE and self.now < self.schedule.heals_at and after != before:
                self.weather.add("crashes before vows were kept")
                self._crash(node)
                self._at(self.now + 0.3, lambda: self._restart(node))
                return
            if after != before:
                require_kept(self.question, self.vows[node.replica.me], after)
                self.vows[node.replica.me] = after
            self.watch.on_step(node.replica.me, done)
            if self.rng.random() < CRASH_SHARE and self.now < self.schedule.heals_at and done.send:
                self.weather.add("crashes before vows were told")
                self._crash(node)
                self._at(self.now + 0.3, lambda: self._restart(node))
                return
        if after.round != before.round:
            self._arm(node)
        for message in done.send:
            self._tell(node, message)

    def _crash(self, node: Node) -> None:
        if node.is_up:
            self.weather.add("crashes")
            node.is_up = False
            node.incarnation += 1

    def _restart(self, node: Node) -> None:
        if not node.is_up:
            self.watch.certificates.pop(node.replica.me, None)
            fresh = self._node(node.place, self.wishes[node.place]).replica
            node.replica = replace(fresh, vows=self.vows[node.replica.me])
            node.is_up = True
            self._start(node, node.incarnation)()

    def _tell(self, node: Node, message: Message) -> None:
        lie = self.schedule.lies.get(node.place)
        if lie == "silent":
            self.weather.add("silences")
            return
        if not isinstance(message, Certified) and not message.signature:
            message = self._signed(message)
        if lie == "amnesia" and self.rng.random() < 0.1:
            self.weather.add("forgotten vows")
            wish = self.rng.choice([*self.wishes, NO_VALUE])
            node.replica = replace(self._node(node.place, wish).replica, heard=node.replica.heard)
        if lie == "forge":
            message = self._tampered(message)
        if lie == "replay" and self._overheard:
            self.weather.add("replays")
            self._broadcast(node, self.rng.choice(self._overheard))
        self._broadcast(node, message)

    def _signed(self, vote: Vote) -> Vote:
        digest = signing_digest(self.question, vote.kind, vote.round, subject_of(self.question, vote))
        signed = replace(vote, signature=sign(vote.sender, digest))
        self.watch.on_signed(signed)
        return signed

    def _tampered(self, message: Message) -> Message:
        """Another sender or round under the old signature; a timeout that hides what it knows; an unbound proposal."""
        if isinstance(message, Certified) or self.rng.random() < 0.4:
            return message
        self.weather.add("forgeries")
        if isinstance(message, Timeout) and self.rng.random() < 0.5:
            return self._signed(replace(message, high=None, signature=b""))
        if isinstance(message, Proposal) and message.sender not in self.honest and self.rng.random() < 0.7:
            return self._signed(replace(message, value=self.rng.choice(self.wishes), signature=b""))
        changes: list[dict[str, Any]] = [
            {"sender": self.rng.choice(self.members)},
            {"signature": self.rng.randbytes(65)},
        ]
        if not isinstance(message, Seal):
            changes.append({"round": message.round + self.rng.choice((-1, 1, 5))})
        return replace(message, **self.rng.choice(changes))

    # --- network

    def _set_partition(self, side: frozenset[int] | None) -> None:
        self._side = side

    def _broadcast(self, sender: Node, message: Message) -> None:
        if len(self._overheard) < 400:
            self._overheard.append(message)
        for receiver in self.nodes:
            if receiver is sender:
                self._at(self.now, self._delivery(receiver, message))
            else:
                self._send(sender, receiver, message)

    def _send(self, sender: Node, receiver: Node, message: Message) -> None:
        is_bad = self.now < self.schedule.heals_at
        if self.schedule.lies.get(sender.place) == "twins" and self.rng.random() < 0.3:
            self.weather.add("withheld by twins")
            return
        if self._side is not None and (sender.place in self._side) != (receiver.place in self._side):
            self.weather.add("cut off")
            return
        if self.rng.random() < (self.schedule.loss if is_bad else self.schedule.loss_after):
            self.weather.add("lost")
            return
        copies = 1 + (is_bad and self.rng.random() < self.schedule.duplication)
        self.weather.add("repeated", copies - 1)
        self.weather.add("messages")
        for _ in range(copies):
            delay = self.rng.expovariate(1 / self.schedule.delay_seconds) if is_bad else self.rng.uniform(0.005, 0.03)
            self._at(self.now + delay, self._delivery(receiver, message))

    def _delivery(self, receiver: Node, message: Message) -> Callable[[], None]:
        def act() -> None:
            if receiver.is_up and self._is_true(message):
                self._handle(receiver, message)

        return act

    def _is_true(self, message: Message) -> bool:
        """The verifier's word, asked once for each object."""
        known = self._verdicts.get(id(message))
        if known is None:
            try:
                self.verifier.require(message)
                known = (message, True)
            except StatementInvalid:
                self.weather.add("refused by the verifier")
                known = (message, False)
            self._verdicts[id(message)] = known
        return known[1]
