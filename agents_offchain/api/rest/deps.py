"""What the API is made of: handed in once, by who wires the process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agents_offchain.api.rest.access.sign_in import Contracts
from agents_offchain.api.rest.agents.gateway import Gateway
from agents_offchain.chain.addresses import Deployment
from agents_offchain.messaging.routing.quota import Quota
from agents_offchain.primitives.clock import Clock, SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.payments.documents import Promise
from agents_offchain.runtime.payments.intake import Taken
from agents_offchain.storage.database import Database

HOUR_SECONDS = 3_600


class ArtifactStore(Protocol):
    """Bytes by content. Every read is checked against the CID by the store."""

    async def put(self, data: bytes) -> str:
        """Store bytes for good; their CID."""
        ...

    async def get(self, cid: str, max_bytes: int) -> bytes:
        """The bytes of a CID.

        Raises:
            Refused: not a CID, not stored here, larger than `max_bytes`, or not what the CID names.
            Retryable: the store does not answer.
        """
        ...


class ChainReader(Protocol):
    """The little that the API asks of a node, and only to say how it is."""

    @property
    def first_url(self) -> str: ...

    async def block_number(self) -> int: ...


class PromiseTaker(Protocol):
    """`runtime.payments.intake.Intake` is one."""

    async def take(self, promise: Promise) -> Taken: ...


@dataclass(frozen=True)
class ApiLimits:
    """Bounds on what one stranger can cost.

    Attributes:
        uploads_per_hour: Stored files and request documents per client address.
        upload_bytes_per_hour: Their bytes in all.
        picture_max_pixels: Width times height that a picture's header may state.
        request_max_bytes: Size of a request document.
        streams: Open event streams in all.
        streams_per_client: Open event streams of one client address.
        stream_queue_items: News that wait for a slow reader before its stream is ended.
        feed_poll_seconds: How often the tables are asked for news, once for all streams.
        heartbeat_seconds: Silence after which a stream says that it lives.
        lag_blocks: Blocks behind the head from which the index counts as behind.
        caller_quota: Requests of one signed-in caller, or of one address, to the routes of agents and votes.
    """

    uploads_per_hour: int = 120
    upload_bytes_per_hour: int = 500 << 20
    picture_max_pixels: int = 40_000_000
    request_max_bytes: int = 64 << 10
    streams: int = 200
    streams_per_client: int = 20
    stream_queue_items: int = 1_000
    feed_poll_seconds: float = 0.2
    heartbeat_seconds: int = 15
    lag_blocks: int = 10
    caller_quota: Quota = field(default_factory=lambda: Quota(per_second=20.0, burst=100))


@dataclass(frozen=True)
class ApiDeps:
    """Everything an app needs.

    Attributes:
        page_root: The built page (`frontend/dist`), or None to serve the API alone.
        access_secret: Under which tokens of signed-in wallets stand.
        gateway: The way to agents on the message server; without it only visitors can be reached.
        promises: Takes vouchers, orders and signed hires; without it they are refused.
        contract_wallets: Who is asked when a wallet that is a contract signs in; without it only keys do.
    """

    database: Database
    deployment: Deployment
    node: ChainReader
    artifacts: ArtifactStore
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    page_root: Path | None = None
    limits: ApiLimits = field(default_factory=ApiLimits)
    access_secret: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    gateway: Gateway | None = None
    contract_wallets: Contracts | None = None
    promises: PromiseTaker | None = None
