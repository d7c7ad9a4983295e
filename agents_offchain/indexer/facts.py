"""An event as the read model keeps it, and which entity it is about."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.chain.watcher import ChainEvent

AGENT, LISTING, JOB, POLICY = "agent", "listing", "job", "policy"
ROW_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://aitbc.dev/read-model")
_ENTITY_ARGUMENT = {
    ("AgentRegistry", "agentId"): AGENT,
    ("AgentRegistry", "tokenId"): AGENT,
    ("ServiceListings", "listingId"): LISTING,
    ("JobEscrow", "jobId"): JOB,
    ("JobEscrow", "policyId"): POLICY,
    ("ResultOracle", "jobId"): JOB,
    ("DisputeDesk", "jobId"): JOB,
}
_NOT_ABOUT_STATE = frozenset({"Approval", "ApprovalForAll"})


@dataclass(frozen=True)
class Fact:
    """A decoded log; `args` are JSON values (bytes as 0x hex, integers from 2^53 as decimal strings)."""

    chain_id: int
    tx_hash: bytes
    log_index: int
    block_number: int
    block_time: int
    contract: str
    address: bytes
    name: str
    args: Mapping[str, Any]

    def integer(self, name: str) -> int:
        """An unsigned integer argument."""
        return int(self.args[name])

    def bytes_of(self, name: str) -> bytes:
        """A bytes or address argument."""
        return bytes.fromhex(str(self.args[name])[2:])

    def row_id(self, leg: int = 0) -> str:
        """UUIDv5 of (chain, transaction, log index); further rows of one log add their leg."""
        place = f"{self.chain_id}:0x{self.tx_hash.hex()}:{self.log_index}"
        return str(uuid.uuid5(ROW_NAMESPACE, place if leg == 0 else f"{place}:{leg}"))


_FACT_FIELDS = tuple(field.name for field in fields(Fact))


def entity_of(event: ChainEvent) -> tuple[str, int] | None:
    """What an event is about: (entity, id), or None for logs that change no row."""
    if event.name in _NOT_ABOUT_STATE:
        return None
    for argument, value in event.args.items():
        entity = _ENTITY_ARGUMENT.get((event.contract, argument))
        if entity is not None:
            return entity, int(value)
    return None


def event_row(event: ChainEvent) -> dict[str, Any]:
    """The row of the `events` table."""
    entity, entity_id = entity_of(event) or (None, None)
    return {
        "chain_id": event.chain_id,
        "tx_hash": event.tx_hash,
        "log_index": event.log_index,
        "block_number": event.block_number,
        "block_hash": event.block_hash,
        "block_time": event.block_time,
        "contract": event.contract,
        "address": event.address,
        "name": event.name,
        "args": jsonable(event.args),
        "entity": entity,
        "entity_id": entity_id,
    }


def fact_of_row(row: Mapping[str, Any]) -> Fact:
    """What `event_row` made, as a value, without a way through the table."""
    return Fact(**{name: row[name] for name in _FACT_FIELDS})


def fact_of(row: Any) -> Fact:
    """A row of the `events` table as a value."""
    return Fact(
        chain_id=row.chain_id,
        tx_hash=row.tx_hash,
        log_index=row.log_index,
        block_number=row.block_number,
        block_time=row.block_time,
        contract=row.contract,
        address=row.address,
        name=row.name,
        args=row.args,
    )
