"""A policy row from the events of JobEscrow's policy book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents_offchain.indexer.facts import Fact
from agents_offchain.indexer.rows import PolicyRow


def project_policy(facts: Sequence[Fact]) -> PolicyRow | None:
    """The row as registered; only `is_retired` ever changes."""
    row: PolicyRow | None = None
    for fact in facts:
        if fact.name == "PolicyRegistered":
            row = _registered(fact, fact.args["policy"])
        elif row is not None and fact.name == "PolicyRetired":
            row = row._replace(is_retired=True)
    return row


def _registered(fact: Fact, terms: Mapping[str, Any]) -> PolicyRow:
    return PolicyRow(
        generation=fact.generation,
        policy_id=fact.integer("policyId"),
        policy_hash=fact.bytes_of("policyHash"),
        evaluator=bytes.fromhex(terms["evaluator"][2:]),
        token=bytes.fromhex(terms["token"][2:]),
        hook=bytes.fromhex(terms["hook"][2:]),
        fee_bps=int(terms["feeBps"]),
        pool_share_bps=int(terms["poolShareBps"]),
        pass_mark=int(terms["passMark"]),
        verdict_seconds=int(terms["verdictSeconds"]),
        review_seconds=int(terms["reviewSeconds"]),
        court_seconds=int(terms["courtSeconds"]),
        grace_seconds=int(terms["graceSeconds"]),
        is_ledger_only=bool(terms["isLedgerOnly"]),
        is_retired=False,
        created_at=fact.block_time,
    )
