"""Which contracts, token and terms the page and other programs use."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from agents_offchain.api.rest.errors import IndexBehind
from agents_offchain.api.rest.reads.shared import Reader, address_text, require_token
from agents_offchain.chain.addresses import Deployment
from agents_offchain.storage.tables.read_model import policies, tokens

LOCAL_CHAINS = frozenset({31337, 1337})


async def read_deployment(reader: Reader, rpc_url: str) -> dict[str, Any]:
    """The document of every generation with its token and seeded policy; the node's URL on a local chain only.

    Raises:
        IndexBehind: the index has not reached a policy, or not read a token, yet.
    """
    newest, *older = reader.deployment.generations
    facts = {
        **newest.raw,
        **await _terms(reader, newest),
        "rpc_url": rpc_url if newest.chain_id in LOCAL_CHAINS else "",
    }
    if older:
        facts["older"] = [{**each.raw, **await _terms(reader, each)} for each in older]
    return facts


async def _terms(reader: Reader, generation: Deployment) -> dict[str, Any]:
    query = (
        select(policies, tokens.c.symbol, tokens.c.decimals)
        .outerjoin(tokens, tokens.c.address == policies.c.token)
        .where(policies.c.generation == generation.generation, policies.c.policy_id == generation.policy_id)
    )
    row = (await reader.connection.execute(query)).one_or_none()
    if row is None:
        raise IndexBehind("The index has not reached the deployment yet.", mend="Ask again in a moment.")
    symbol, decimals = require_token(row)
    return {
        "token": {"address": address_text(row.token), "symbol": symbol, "decimals": decimals},
        "policy": {
            "policyId": row.policy_id,
            "evaluator": address_text(row.evaluator),
            "token": address_text(row.token),
            "hook": address_text(row.hook),
            "feeBps": row.fee_bps,
            "poolShareBps": row.pool_share_bps,
            "passMark": row.pass_mark,
            "verdictSeconds": row.verdict_seconds,
            "reviewSeconds": row.review_seconds,
            "courtSeconds": row.court_seconds,
            "graceSeconds": row.grace_seconds,
            "isLedgerOnly": row.is_ledger_only,
        },
    }
