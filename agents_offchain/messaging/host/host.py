"""One host: agents on one side, the server on the other.

`start` opens the session and joins the directory, `close` drains and leaves. Every loop is a `step` that a test can
call. One agent may live on many hosts, and routes choose among them; work that any of them may do goes into a queue,
where another takes over what one leaves behind when it dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from agents_offchain.messaging.errors import BusUnavailable, NoRoute
from agents_offchain.messaging.host.agent import Agent, wallet_keys
from agents_offchain.messaging.host.asking import Asking, Part, Wishes
from agents_offchain.messaging.host.asks import Asks
from agents_offchain.messaging.host.dispatch import Dispatch
from agents_offchain.messaging.host.gathering import EVERYBODY, Gathered, Until
from agents_offchain.messaging.host.intake import Intake
from agents_offchain.messaging.host.letters import Letters, frame_of
from agents_offchain.messaging.host.outbound import Outbound
from agents_offchain.messaging.host.replies import Replies
from agents_offchain.messaging.host.residents import Residents
from agents_offchain.messaging.host.settings import HostSettings, Ports
from agents_offchain.messaging.host.topics import Topics
from agents_offchain.messaging.host.writing import Draft, Writer
from agents_offchain.messaging.metrics import DeliveryMetrics, HostMetrics, read_metrics, write_metrics
from agents_offchain.messaging.post import Lane, lane_of
from agents_offchain.messaging.protocols.message import (
    EVENT,
    TELL,
    Message,
    agent_id_of,
    encode_body,
)
from agents_offchain.messaging.protocols.sealing_keys import SealRing
from agents_offchain.messaging.protocols.session import Session, SessionBook, grant_session
from agents_offchain.messaging.routing.cards import Health, HostCard, query_of
from agents_offchain.messaging.routing.directory import View, write_card, write_health
from agents_offchain.messaging.routing.quota import Quotas
from agents_offchain.messaging.routing.router import Router

log = structlog.get_logger(__name__)
__all__ = ["Host", "Part", "Until"]


class Host:
    """See the module."""

    def __init__(
        self, settings: HostSettings, ports: Ports, session: Session | None = None, ring: SealRing | None = None
    ) -> None:
        self.settings = settings
        self._ports = ports
        self.clock = ports.clock
        self.metrics = DeliveryMetrics()
        self.book = SessionBook(session or Session.fresh(), ports.domain, ring)
        self.view = View(ports.directory, self.book, ports.clock)
        self.router = Router(
            self.view, ports.clock, region=settings.region, rng=ports.rng, reputation_of=ports.reputation_of
        )
        self.writer = Writer(self.book, ports.clock)
        self.asks = Asks(self.metrics)
        self.letters = Letters(settings.name, ports.morgue, ports.clock, self.metrics)
        self.outbound = Outbound(
            ports.post, self.book, self.view, ports.clock, self.metrics, self.letters.keep_undeliverable
        )
        self.replies = Replies(self.view, self.writer, self.outbound, self.metrics)
        self.dispatch = Dispatch(
            ports.clock,
            self.metrics,
            Quotas(settings.quota, ports.clock),
            answer=self.replies.answer,
            answer_many=self.replies.answer_many,
            repeat=self.replies.repeat,
            keep_dead=self.letters.keep_message,
            concurrency=settings.concurrency,
            capacity=settings.queue_capacity,
        )
        self.residents = Residents(self.dispatch, self.letters)
        self.agents = self.residents.agents
        self.intake = Intake(
            self.book,
            ports.clock,
            self.metrics,
            self.asks,
            self.outbound,
            admit=self.residents.admit,
            cancel=lambda message: self.dispatch.cancel(message.header.sender, message.header.causation),
            keep_dead=self.letters.keep,
            look_again=self._look_again,
        )
        self.topics = Topics(ports.topics, ports.queues, self.intake, self.residents.fan_out, ports.clock)
        self.asking = Asking(self)
        self._is_draining = False
        self._tasks: list[asyncio.Task[None]] = []
        self._grants_end = 0.0
        self._next_renewal = self._next_refresh = 0.0

    # --- life

    async def join(self, *agents: Agent) -> None:
        """Take agents in; each speaks for the wallet of its key. Publish them with `announce` or `start`."""
        for agent in agents:
            agent.joined(self, agent_id_of(agent.name, await self._ports.signer.address(agent.key)))
            self.residents.add(agent)

    def handlers_changed(self) -> None:
        """An agent here handles another type from now on."""
        self.residents.handlers_changed()

    async def announce(self) -> None:
        """Grant the session anew, change the sealing key where it is time, and publish the card.

        Raises:
            BusUnavailable: the directory cannot be written.
        """
        self.book.ring.turn(self.clock.now_seconds())
        created = int(self.clock.now_seconds())
        expires = created + self.settings.session_seconds
        grants = [
            await grant_session(
                self.book.own.public, self._ports.domain, self._ports.signer, key, created=created, expires=expires
            )
            for key in wallet_keys(self.agents.values())
        ]
        self.book.learn(self.book.own.public, grants)
        card = HostCard(
            self.settings.name,
            self.book.own.public,
            tuple(grants),
            tuple(agent.card() for agent in self.agents.values()),
            self.settings.region,
            self.book.own_seal(),
        )
        await self._ports.directory.publish(self.settings.name, write_card(card), self.settings.lease_seconds)
        self._grants_end = expires
        await self.view.refresh()

    async def start(self, *agents: Agent) -> Host:
        """Join, announce, and run until `close`."""
        await self.join(*agents)
        await self.announce()
        await self.topics.open(self.residents.topics(), self.residents.queues())
        loops: list[Callable[[], Awaitable[None]]] = [self.outbound.run, self._read_for_ever, self._keep_up_for_ever]
        self._tasks = [asyncio.ensure_future(loop()) for loop in loops]
        self._tasks += [asyncio.ensure_future(loop) for loop in self.topics.loops()]
        return self

    async def close(self, *, drain_seconds: float = 5.0) -> None:
        """Leave: take no new work, end what runs, say goodbye. What is not done stays in the inbox for the next."""
        self._is_draining = True
        with suppress(TimeoutError, BusUnavailable):
            async with asyncio.timeout(drain_seconds):
                await self._renew()
                await self.dispatch.idle()
                await self.outbound.idle()
        await self.dispatch.close()
        await end_tasks(self._tasks)
        with suppress(BusUnavailable):
            await self._ports.directory.withdraw(self.settings.name)
        await self._bury()

    # --- what agents do

    async def ask(self, agent: Agent, target: str, kind: str, body: Any = None, **wishes: Any) -> Any:
        """The answer's body; see `asking.Wishes` for what can be wished.

        Raises:
            NoRoute, InboxFull, AskTimedOut: nobody could be reached in time.
            AskFailed: whoever was asked said that it cannot.
        """
        return (await self.asking.ask(agent, target, kind, body, Wishes(**wishes))).body

    def stream(self, agent: Agent, target: str, kind: str, body: Any = None, **wishes: Any) -> AsyncIterator[Part]:
        """Parts as they come, in order; then it ends, or raises as `ask` does."""
        return self.asking.stream(agent, target, kind, body, Wishes(**wishes))

    async def gather(
        self, agent: Agent, target: str, kind: str, body: Any = None, *, until: Until = EVERYBODY, **wishes: Any
    ) -> Gathered:
        """Ask everybody who is alive (`all`), or all with a `capability:<name>`, and collect their answers."""
        return await self.asking.gather(agent, target, kind, body, until, Wishes(**wishes))

    async def tell(
        self,
        agent: Agent,
        target: str,
        kind: str,
        body: Any = None,
        *,
        priority: int = 5,
        lives_seconds: float = 3_600.0,
    ) -> str:
        """Send a task without an answer; its id once it is durably in an inbox.

        Raises:
            NoRoute: nobody is there for it.
        """
        endpoint = self.router.route(query_of(target))[0]
        draft = Draft(TELL, kind, agent.id, endpoint.agent.id, encode_body(body), lives_seconds, priority)
        header, frame = self.writer.write(draft)
        await self.outbound.room()
        await self.outbound.taken(self.outbound.send(endpoint.host, lane_of(priority), frame))
        return header.id

    async def publish(
        self, agent: Agent, topic: str, kind: str, body: Any = None, *, lives_seconds: float = 86_400.0
    ) -> str:
        """Publish an event; its id. Every host that listens gets it, now or when it comes back."""
        draft = Draft(EVENT, kind, agent.id, f"topic:{topic}", encode_body(body), lives_seconds)
        header, frame = self.writer.write(draft)
        await self.topics.publish(topic, header.id, self.writer.signed(frame))
        return header.id

    async def enqueue(
        self, agent: Agent, queue: str, kind: str, body: Any = None, *, lives_seconds: float = 86_400.0
    ) -> str:
        """Put work into a queue; its id. One worker does it, now or when there is one."""
        draft = Draft(TELL, kind, agent.id, f"queue:{queue}", encode_body(body), lives_seconds)
        header, frame = self.writer.write(draft)
        await self.topics.enqueue(queue, header.id, self.writer.signed(frame))
        return header.id

    async def replay(self, topic: str, after: str = "0", limit: int = 1_000) -> list[tuple[str, Message]]:
        """Past events of a topic with their positions, oldest first, from behind a position on."""
        return await self.topics.replay(topic, after, limit)

    def observe(self) -> HostMetrics:
        """This host now, for whoever watches."""
        return HostMetrics(
            counts=dict(self.metrics.counts),
            queued=self.dispatch.queue.depths(),
            outbound=len(self.outbound),
            circuits=self.router.breakers.states(),
            latency_p50_ms=self.metrics.latency_ms(0.5),
            latency_p99_ms=self.metrics.latency_ms(0.99),
        )

    async def observe_all(self) -> dict[str, HostMetrics]:
        """Every host that is alive, by name, as it was when it last renewed; this one as it is.

        Raises:
            BusUnavailable: the directory cannot be asked.
        """
        found = await self._ports.directory.metrics()
        alive = {host: read_metrics(found[host]) for host in self.view.hosts() if host in found}
        return {**alive, self.settings.name: self.observe()}

    # --- loops

    async def step(self, wait_seconds: float = 0.0) -> int:
        """Read what there is, start handlers; how many entries came."""
        lanes = self.dispatch.queue.open_lanes()
        if not lanes:
            await asyncio.sleep(0.01)
            return 0
        entries = await self._ports.post.receive(lanes, limit=self.settings.read_at_once, wait_seconds=wait_seconds)
        for entry in entries:
            await self.intake.take(entry)
            self.dispatch.drain()
            await asyncio.sleep(0)  # what this entry led to leaves while the next one is read
        return len(entries)

    async def upkeep(self) -> None:
        """Renew the lease, refresh the view, take over what died, forget what has expired: each when it is due."""
        now = self.clock.now_seconds()
        if now >= self._next_renewal:
            self._next_renewal = now + self.settings.lease_seconds / 3
            await self._renew()
            self.dispatch.seen.sweep(int(now * 1000))
        if now >= self._next_refresh:
            self._next_refresh = now + self.settings.refresh_seconds
            await self.view.refresh()
        await self.topics.touch()
        await self._bury()

    async def _read_for_ever(self) -> None:
        while True:
            try:
                if not await self.step(wait_seconds=1.0):
                    await asyncio.sleep(0)
            except BusUnavailable as error:
                self.metrics.count("bus_failures")
                log.warning("inbox_unreadable", reason=error.message)
                await self.clock.sleep(0.2)

    async def _keep_up_for_ever(self) -> None:
        pause = min(self.settings.refresh_seconds, self.settings.lease_seconds / 3)
        while True:
            try:
                await self.upkeep()
            except BusUnavailable as error:
                log.warning("directory_unreachable", reason=error.message)
            await self.clock.sleep(pause)

    async def _look_again(self) -> None:
        with suppress(BusUnavailable):
            await self.view.refresh()

    async def _renew(self) -> None:
        health = Health(
            load=self.dispatch.load,
            latency_ms=self.metrics.latency_ms(0.5),
            is_draining=self._is_draining,
            backlog=len(self.dispatch.queue),
        )
        is_known = await self._ports.directory.renew(
            self.settings.name, write_health(health), self.settings.lease_seconds, write_metrics(self.observe())
        )
        half_over = self._grants_end - self.settings.session_seconds / 2
        is_time = self.clock.now_seconds() > half_over or self.book.ring.is_due(self.clock.now_seconds())
        if not is_known or (is_time and not self._is_draining):
            await self.announce()

    async def _bury(self) -> None:
        """Keep what died, and take up again what an operator sent back."""
        for message in await self.letters.bury():
            self._take_up(message)

    def _take_up(self, message: Message) -> None:
        if not self.residents.take_back(message) and message.header.session == self.book.own.id:
            with suppress(NoRoute):
                endpoint = self.router.route(query_of(message.header.target))[0]
                self.outbound.send(endpoint.host, Lane.NORMAL, frame_of(message))


async def end_tasks(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel until all have ended: a driver that is cancelled while it reads may report a lost connection instead."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.2)
