"""How a host behaves, and what it needs from outside."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from agents_offchain.messaging.mailbox import Mailbox
from agents_offchain.messaging.post import Post
from agents_offchain.messaging.protocols.session import SESSION_SECONDS
from agents_offchain.messaging.protocols.signature import TypedDataSigner
from agents_offchain.messaging.routing.cards import ReputationOf, unknown_reputation
from agents_offchain.messaging.routing.dead_letters import Morgue, NoMorgue
from agents_offchain.messaging.routing.directory import Directory
from agents_offchain.messaging.routing.quota import Quota
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.eip712 import Domain


@dataclass(frozen=True)
class HostSettings:
    """How a host behaves.

    Attributes:
        name: Of its inbox, unique among hosts; keep it over restarts, with the session's file.
        lease_seconds: Without a sign of life for so long it counts as gone; renewed three times as often.
        refresh_seconds: How often the view of the others is brought up to date.
        concurrency: Handlers that run at a time.
        read_at_once: Entries read in one go.
    """

    name: str
    region: str = ""
    lease_seconds: float = 6.0
    refresh_seconds: float = 0.5
    concurrency: int = 256
    queue_capacity: int = 4_096
    read_at_once: int = 256
    session_seconds: int = SESSION_SECONDS
    quota: Quota = field(default_factory=Quota)


@dataclass(frozen=True)
class Ports:
    """What a host needs from outside. `topics` is a mailbox whose group is the host's own; in `queues` it is shared by
    all workers, and what one of them has not touched for the mailbox's recovery time another is given."""

    post: Post
    topics: Mailbox
    queues: Mailbox
    directory: Directory
    signer: TypedDataSigner
    domain: Domain
    clock: Clock = field(default_factory=SystemClock)
    morgue: Morgue = field(default_factory=NoMorgue)
    reputation_of: ReputationOf = unknown_reputation
    rng: random.Random = field(default_factory=random.Random)
