"""Registers an agent: `ape run register --account TEST::1 --uri ipfs://<cid>`. Its wallet is the account."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, told, verb


def register(m: Market, account: AccountAPI, uri: str) -> int:
    """Registers an agent of `account` and returns its id."""
    receipt = m.registry.register(uri, sender=account)
    agent_id = int(receipt.events.filter(m.registry.Registered)[0].agentId)
    told(receipt, f"agent {agent_id} registered")
    return agent_id


@verb
@click.option("--uri", required=True, help="Registration file of the agent, ipfs://<cid> or https://….")
def cli(m: Market, account: AccountAPI, uri: str) -> None:
    """Register an agent; the account owns it and is its wallet."""
    register(m, account, uri)
