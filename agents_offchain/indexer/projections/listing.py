"""A listing from the events of ServiceListings."""

from __future__ import annotations

from collections.abc import Sequence

from agents_offchain.indexer.facts import Fact
from agents_offchain.indexer.rows import ListingRow

FIXED = "fixed"


def project_listing(facts: Sequence[Fact]) -> ListingRow | None:
    """The offer as it stands after `facts`; a closed listing is never available."""
    row: ListingRow | None = None
    for fact in facts:
        if fact.name == "ListingCreated":
            row = ListingRow(
                id=fact.row_id(),
                generation=fact.generation,
                listing_id=fact.integer("listingId"),
                agent_id=fact.integer("agentId"),
                service_type=decode_service_type(fact.bytes_of("serviceType")),
                pricing_model=FIXED,
                price=fact.integer("price"),
                policy_id=fact.integer("policyId"),
                work_seconds=fact.integer("workSeconds"),
                criteria_hash=fact.bytes_of("criteriaHash"),
                uri=str(fact.args["uri"]),
                is_available=True,
                is_closed=False,
                reputation_score=None,
                created_at=fact.block_time,
                updated_at=fact.block_time,
            )
        elif row is not None and fact.name == "ListingUpdated":
            row = row._replace(
                price=fact.integer("price"),
                is_available=bool(fact.args["isAvailable"]),
                updated_at=fact.block_time,
            )
        elif row is not None and fact.name == "ListingClosed":
            row = row._replace(is_available=False, is_closed=True, updated_at=fact.block_time)
    return row


def decode_service_type(padded: bytes) -> str:
    """Short ASCII of a right-padded bytes32; what cannot be printed becomes `?`."""
    text = padded.rstrip(b"\0").decode("ascii", errors="replace")
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)
