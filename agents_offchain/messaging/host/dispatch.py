"""Work inside a host: messages wait in the fair queue, handlers run a bounded number at a time, answers go back.

What a handler raises says what happens: `Retryable` lets the asker try elsewhere or later, `Refused` is final, anything
else is the handler's own fault. A task (no answer wanted) that fails is tried again a few times and then becomes a dead
letter; a question is the asker's to repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from agents_offchain.messaging.errors import EnvelopeInvalid, HandlerMissing, SenderOverQuota
from agents_offchain.messaging.host.agent import Agent, Context, Registration, plain
from agents_offchain.messaging.host.asks import Failure
from agents_offchain.messaging.host.choirs import Choir
from agents_offchain.messaging.host.intake import Opened, finish
from agents_offchain.messaging.host.seen import Handled, Seen
from agents_offchain.messaging.metrics import DeliveryMetrics
from agents_offchain.messaging.post import lane_of
from agents_offchain.messaging.protocols.message import ASK, EVENT, FAIL, PART, REPLY, Frame, Message, encode_body
from agents_offchain.messaging.protocols.voices import Voices
from agents_offchain.messaging.routing.fair_queue import FairQueue
from agents_offchain.messaging.routing.quota import Quotas
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.errors import AitbcError, Retryable

log = structlog.get_logger(__name__)
TELL_ATTEMPTS = 3
FIRST_RETRY_SECONDS = 0.2


@dataclass(slots=True)
class Chorus:
    """A broadcast on its way to all plain handlers of this host."""

    choir: Choir
    message: Message
    opened: Opened

    @property
    def place(self) -> str:
        """Whose memory of it this is."""
        return self.message.header.target


@dataclass(slots=True)
class Job:
    """A message on its way to one agent's handler."""

    agent: Agent
    handler: Registration
    message: Message
    opened: Opened | None
    sequence: int = 0
    task: asyncio.Task[None] | None = None
    is_cancelled: bool = False


AnsweringForMany = Callable[[Message, Voices], tuple[Frame, ...]]
"""Sends the answers of many; the frames, none when nobody waits for them."""
Answering = Callable[[Job, str, bytes, int], Frame | None]
"""(job, verb, body, sequence): sends an answer; the frame, None when nobody waits for it."""
KeepJob = Callable[[Message, str, str], None]
"""(message, reason, sentence)"""


class Dispatch:
    """See the module.

    Args:
        concurrency: Handlers that run at a time.
    """

    def __init__(
        self,
        clock: Clock,
        metrics: DeliveryMetrics,
        quotas: Quotas,
        *,
        answer: Answering,
        answer_many: AnsweringForMany,
        repeat: Callable[[Message, Frame], None],
        keep_dead: KeepJob,
        concurrency: int = 256,
        capacity: int = 4_096,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._quotas = quotas
        self._answer = answer
        self._answer_many = answer_many
        self._repeat_reply = repeat
        self._keep_dead = keep_dead
        self._concurrency = concurrency
        self.queue: FairQueue[Job | Chorus] = FairQueue(capacity)
        self.seen = Seen()
        self._running: dict[tuple[str, str, str], Job] = {}
        self._unwanted: set[tuple[str, str]] = set()
        self._is_draining = False
        self._quiet = asyncio.Event()

    @property
    def load(self) -> float:
        """Open work over what runs at a time."""
        return (len(self.queue) + len(self._running)) / self._concurrency

    async def idle(self) -> None:
        """Wait until nothing waits and nothing runs."""
        while self.queue or self._running:
            self._quiet.clear()
            await self._quiet.wait()

    def admit(self, agent: Agent, message: Message, opened: Opened | None, handler: Registration | None) -> bool:
        """Take a message in for an agent; False when it is acted on already, or never will be.

        Raises:
            EnvelopeReplayed: another message under a known id.
            SenderOverQuota: the sender must wait; a question is told so.
        """
        header = message.header
        held = self.seen.admit(agent.id, header)
        if held is not None:
            return self._repeat(agent, message, opened, held)
        job = Job(agent, handler, message, opened) if handler is not None else None
        wait_seconds = self._quotas.take(header.sender)
        if job is None or wait_seconds > 0:
            self.seen.let_go(agent.id, header)
            error: AitbcError = (
                HandlerMissing(f"{agent.name} does not handle {header.type}.")
                if job is None
                else SenderOverQuota("The sender has sent too much at once.", retry_after_seconds=wait_seconds)
            )
            if header.verb != ASK:
                raise error
            self._answer(Job(agent, _NOBODY, message, opened), FAIL, _failure(error), 0)
            self._metrics.count("over_quota" if job is not None else "failed")
            return False
        self.queue.put(lane_of(header.priority), header.sender, job)
        return True

    def admit_broadcast(self, chorus: Chorus) -> bool:
        """Take a broadcast in for many agents at once; False when it is acted on already. It counts as one message of
        its sender's quota.

        Raises:
            EnvelopeReplayed: another message under a known id.
        """
        header = chorus.message.header
        held = self.seen.admit(chorus.place, header)
        if held is not None:
            self._metrics.count("repeated")
            for reply in held.replies:
                self._repeat_reply(chorus.message, reply)
            return False
        wait_seconds = self._quotas.take(header.sender)
        if wait_seconds > 0:
            self.seen.let_go(chorus.place, header)
            self._metrics.count("over_quota")
            error = SenderOverQuota("The sender has sent too much at once.", retry_after_seconds=wait_seconds)
            ids = chorus.choir.ids
            failures = dict.fromkeys(range(len(ids)), _failure(error))
            self._answer_many(chorus.message, Voices(ids, [None] * len(ids), failures))
            return False
        self.queue.put(lane_of(header.priority), header.sender, chorus)
        return True

    def drain(self) -> None:
        """Start handlers while there is work and room for it."""
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while self.queue and len(self._running) < self._concurrency:
                work = self.queue.take()
                if isinstance(work, Chorus):
                    self._sing(work)
                    if self.queue:  # a broadcast is many calls: its answers leave before the next one begins
                        asyncio.get_running_loop().call_soon(self.drain)
                        return
                else:
                    self._start(work)
            if not self.queue:
                self._unwanted.clear()
                if not self._running:
                    self._quiet.set()
        finally:
            self._is_draining = False

    def cancel(self, sender: str, message_id: str) -> None:
        """The asker does not want it any more. What waits is passed over, what runs is cancelled."""
        running = [job for key, job in self._running.items() if key[1:] == (sender, message_id)]
        for job in running:
            job.is_cancelled = True
            if job.task is not None:
                job.task.cancel()
        if not running and self.queue:
            self._unwanted.add((sender, message_id))

    async def close(self) -> None:
        """Cancel what runs; it comes again to whoever reads the inbox next."""
        tasks = [job.task for job in self._running.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _repeat(self, agent: Agent, message: Message, opened: Opened | None, held: Handled) -> bool:
        """A message that was here before: say the answer again, or let whoever works on it go on."""
        self._metrics.count("repeated")
        if not held.is_done:
            running = self._running.get(_key(agent, message))
            if running is not None and running.opened is None:
                running.opened = opened
                return True
            return False
        for reply in held.replies:
            self._repeat_reply(message, reply)
        return False

    def _sing(self, chorus: Chorus) -> None:
        """Call every plain handler, one after another, and answer for all of them at once."""
        message = chorus.message
        header = message.header
        frames: tuple[Frame, ...] = ()
        if header.expires <= self._clock.now_seconds() * 1000:
            self._metrics.count("expired", len(chorus.choir.ids))
            self._keep_dead(message, "expired", "Its time was over before its turn came.")
        elif not self._unwanted or (header.sender, header.id) not in self._unwanted:
            frames = self._answer_many(message, self._voices(chorus))
        self.seen.keep_replies(chorus.place, header, frames)
        finish(chorus.opened)

    def _voices(self, chorus: Chorus) -> Voices:
        message = chorus.message
        body, answers, failures = message.body, [], {}
        for agent, handler in chorus.choir.listeners:
            try:
                if handler is None:
                    raise HandlerMissing(f"{agent.name} does not handle {message.header.type}.")
                answers.append(plain(handler.call(Context(agent, message, _unheard), handler.read(body))))
            except Exception as error:
                failures[len(answers)] = _failure(error)
                answers.append(None)
                if not isinstance(error, AitbcError):
                    log.warning("handler_failed", agent=agent.name, type=message.header.type, exc_info=error)
        self._metrics.count("failed", len(failures))
        self._metrics.count("handled", len(answers) - len(failures))
        return _that_travel(Voices(chorus.choir.ids, answers, failures))

    def _start(self, job: Job) -> None:
        header = job.message.header
        if self._unwanted and (header.sender, header.id) in self._unwanted:
            self._metrics.count("cancelled")
            self._end(job, None)
            return
        if header.expires <= self._clock.now_seconds() * 1000:
            self._metrics.count("expired")
            self._keep_dead(job.message, "expired", "Its time was over before its turn came.")
            self._end(job, None)
            return
        if not job.handler.is_async and not job.handler.is_stream:
            self._call_in_place(job)
            return
        self._running[_key(job.agent, job.message)] = job
        job.task = asyncio.get_running_loop().create_task(self._run(job))

    def _call_in_place(self, job: Job) -> None:
        try:
            result = job.handler.call(self._context(job), job.handler.read(job.message.body))
            self._succeed(job, result)
        except Exception as error:
            self._fail(job, error)

    async def _run(self, job: Job) -> None:
        header = job.message.header
        loop = asyncio.get_running_loop()
        timer = loop.call_later(max(header.expires / 1000 - self._clock.now_seconds(), 0.0), job.task.cancel)  # type: ignore[union-attr]
        try:
            await self._attempts(job)
        except asyncio.CancelledError:
            if not job.is_cancelled and header.expires > self._clock.now_seconds() * 1000:
                self.seen.let_go(job.agent.id, header)
                raise
            self._metrics.count("cancelled" if job.is_cancelled else "expired")
            if not job.is_cancelled:
                self._keep_dead(job.message, "expired", "Its time was over before its handler was done.")
            self._end(job, None)
        finally:
            timer.cancel()
            self._running.pop(_key(job.agent, job.message), None)
            self.drain()

    async def _attempts(self, job: Job) -> None:
        pause = FIRST_RETRY_SECONDS
        attempts = 1 if job.message.header.verb == ASK else TELL_ATTEMPTS
        for attempt in range(1, attempts + 1):
            try:
                self._succeed(job, await self._call(job))
                return
            except Exception as error:
                if attempt == attempts or (isinstance(error, AitbcError) and not isinstance(error, Retryable)):
                    self._fail(job, error)
                    return
                self._metrics.count("retried")
                await asyncio.sleep(pause)
                pause *= 2

    async def _call(self, job: Job) -> Any:
        context, body = self._context(job), job.handler.read(job.message.body)
        if not job.handler.is_stream:
            return await job.handler.call(context, body)
        async for part in job.handler.call(context, body):
            context.part(part)
        return None

    def _context(self, job: Job) -> Context:
        def send_part(body: Any) -> None:
            self._answer(job, PART, encode_body(plain(body)), job.sequence)
            job.sequence += 1

        return Context(job.agent, job.message, send_part)

    def _succeed(self, job: Job, result: Any) -> None:
        verb = job.message.header.verb
        reply = self._answer(job, REPLY, encode_body(plain(result)), job.sequence) if verb == ASK else None
        self._metrics.count("handled")
        self._end(job, reply)

    def _fail(self, job: Job, error: Exception) -> None:
        self._metrics.count("failed")
        if not isinstance(error, AitbcError):
            log.warning("handler_failed", agent=job.agent.name, type=job.message.header.type, exc_info=error)
        if job.message.header.verb == ASK:
            self._answer(job, FAIL, _failure(error), job.sequence)
            self.seen.let_go(job.agent.id, job.message.header)
        elif job.message.header.verb != EVENT or not isinstance(error, AitbcError):
            self._keep_dead(job.message, "failed", f"{type(error).__name__}: {error}"[:500])
        self._end(job, None)

    def _end(self, job: Job, reply: Frame | None) -> None:
        self.seen.keep_replies(job.agent.id, job.message.header, () if reply is None else (reply,))
        finish(job.opened)


def _failure(error: Exception) -> bytes:
    if isinstance(error, AitbcError):
        after = error.retry_after_seconds if isinstance(error, Retryable) else 0.0
        return encode_body(Failure(error.name, str(error), isinstance(error, Retryable), after))
    return encode_body(Failure("HandlerFailed", "its handler failed"))


def _key(agent: Agent, message: Message) -> tuple[str, str, str]:
    return (agent.id, message.header.sender, message.header.id)


def _that_travel(voices: Voices) -> Voices:
    """The same with failures where JSON cannot carry what was answered; looked for only if something is."""
    with suppress(EnvelopeInvalid):
        encode_body(voices.answers)
        return voices
    answers, failures = list(voices.answers), dict(voices.failures)
    for place, answer in enumerate(answers):
        try:
            encode_body(answer)
        except EnvelopeInvalid as error:
            answers[place], failures[place] = None, _failure(error)
    return Voices(voices.agents, answers, failures)


def _unheard(_part: Any) -> None:
    """Who gathers hears whole answers only."""


def _nobody(context: Context, body: Any) -> None:
    return None


_NOBODY = Registration(_nobody, bytes, is_async=False, is_stream=False)
