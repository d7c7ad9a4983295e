"""An event as the read model keeps it, and which entity it is about."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.chain.watcher import ChainEvent

AGENT, LISTING, JOB, POLICY = "agent", "listing", "job", "policy"
ROW_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://aitbc.dev/read-model")
_ENTITY_ARGUMENT = {
    "AgentRegistry": {"agentId": AGENT, "tokenId": AGENT},
    "ServiceListings": {"listingId": LISTING},
    "JobEscrow": {"jobId": JOB, "policyId": POLICY},
    "ResultOracle": {"jobId": JOB},
    "DisputeDesk": {"jobId": JOB},
}
"""Contract -> argument -> the entity that it names; where a log has several, the first counts."""
_NOT_ABOUT_STATE = frozenset({"Approval", "ApprovalForAll"})


class Fact(NamedTuple):
    """A decoded log as the `events` table holds it, columns in their order.

    `args` are JSON values (bytes as 0x hex, integers from 2^53 as decimal strings); `entity` and its id are None for
    logs that are about none. `generation` is that of the contracts, see `chain.addresses`.
    """

    chain_id: int
    tx_hash: bytes
    log_index: int
    block_number: int
    block_hash: bytes
    block_time: int
    contract: str
    address: bytes
    name: str
    args: Mapping[str, Any]
    entity: str | None
    entity_id: int | None
    generation: int = 1

    def integer(self, name: str) -> int:
        """An unsigned integer argument."""
        return int(self.args[name])

    def bytes_of(self, name: str) -> bytes:
        """A bytes or address argument."""
        return bytes.fromhex(str(self.args[name])[2:])

    def row_id(self, leg: int = 0) -> str:
        """UUIDv5 of (chain, transaction, log index); further rows of one log add their leg."""
        place = f"{self.chain_id}:0x{self.tx_hash.hex()}:{self.log_index}"
        return _uuid5(place if leg == 0 else f"{place}:{leg}")


def _uuid5(name: str) -> str:
    """`str(uuid.uuid5(ROW_NAMESPACE, name))` by RFC 9562, 5.5, without the objects in between."""
    digest = bytearray(hashlib.sha1(ROW_NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def entity_of(event: ChainEvent) -> tuple[str, int] | None:
    """What an event is about: (entity, id), or None for logs that change no row."""
    if event.name in _NOT_ABOUT_STATE:
        return None
    for argument, entity in _ENTITY_ARGUMENT.get(event.contract, {}).items():
        if argument in event.args:
            return entity, int(event.args[argument])
    return None


def fact_of(event: ChainEvent, generation: int = 1) -> Fact:
    """What the `events` table keeps of an event of a generation's contracts."""
    entity, entity_id = entity_of(event) or (None, None)
    return Fact(
        event.chain_id,
        event.tx_hash,
        event.log_index,
        event.block_number,
        event.block_hash,
        event.block_time,
        event.contract,
        event.address,
        event.name,
        {name: value if type(value) is str else jsonable(value) for name, value in event.args.items()},
        entity,
        entity_id,
        generation,
    )
