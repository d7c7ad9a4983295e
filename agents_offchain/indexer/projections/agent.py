"""An agent from the events of AgentRegistry (ERC-8004 identity, ERC-721)."""

from __future__ import annotations

from collections.abc import Sequence

from agents_offchain.indexer.facts import Fact
from agents_offchain.indexer.rows import AgentRow

WALLET_KEY = "agentWallet"
NOBODY = bytes(20)


def project_agent(facts: Sequence[Fact]) -> AgentRow | None:
    """The agent as it stands after `facts`.

    The owner is who ERC-721 says; a transfer clears the wallet, and so does an empty value of it.
    """
    if not facts:
        return None
    owner, wallet, uri = NOBODY, NOBODY, ""
    for fact in facts:
        if fact.name == "Transfer":
            if fact.bytes_of("from") != NOBODY:
                wallet = NOBODY
            owner = fact.bytes_of("to")
        elif fact.name == "Registered":
            uri = str(fact.args["agentURI"])
        elif fact.name == "URIUpdated":
            uri = str(fact.args["newURI"])
        elif fact.name == "MetadataSet" and fact.args["metadataKey"] == WALLET_KEY:
            value = fact.bytes_of("metadataValue")
            wallet = value if len(value) == len(NOBODY) else NOBODY
    return AgentRow(
        agent_id=_agent_id(facts[0]),
        owner=owner,
        wallet=wallet,
        uri=uri,
        created_at=facts[0].block_time,
        updated_at=facts[-1].block_time,
    )


def _agent_id(fact: Fact) -> int:
    return fact.integer("agentId" if "agentId" in fact.args else "tokenId")
