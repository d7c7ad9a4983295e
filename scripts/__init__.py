"""Ape scripts for the market, and the words they share.

A running market enters (`AITBC_HOME`, by default `.aitbc`, names its contracts and its node); transactions and
printed facts leave. In `ape console` the same words work: `from scripts import connect; m = connect()`.
Nothing here holds a key: accounts are ape's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from ape import Contract, chain, networks
from ape.api import ProviderContextManager
from ape.contracts import ContractInstance

REPO_ROOT = Path(__file__).resolve().parents[1]
ABI_ROOT = REPO_ROOT / "agents_offchain" / "chain" / "abi"
LOCAL_CHAINS = (1337, 31337)
STATUS_NAMES = ("open", "funded", "submitted", "completed", "rejected", "expired")


@dataclass(frozen=True)
class Market:
    """The contracts of one deployment, ready to be called."""

    document: dict[str, Any]
    registry: ContractInstance
    listings: ContractInstance
    escrow: ContractInstance
    oracle: ContractInstance
    token: ContractInstance

    def show(self, amount: int) -> str:
        """An amount of the token in words: `2.000003 tUSD`."""
        decimals = int(self.token.decimals())
        whole, part = divmod(amount, 10**decimals)
        return f"{whole}.{part:0{decimals}d} {self.token.symbol()}"


def home() -> Path:
    """The data folder of the running market."""
    return Path(os.environ.get("AITBC_HOME") or REPO_ROOT / ".aitbc")


def read_document(name: str) -> dict[str, Any]:
    """A JSON document of the data folder.

    Raises:
        ClickException: it is not there.
    """
    path = home() / name
    try:
        document: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise click.ClickException(
            f"{path} is missing. Start the market with `make up`, or set AITBC_HOME to its data folder."
        ) from None
    return document


def contract(name: str, address: str) -> ContractInstance:
    """A contract by the committed ABI: nothing is compiled and nothing is looked up elsewhere."""
    abi = json.loads((ABI_ROOT / f"{name}.json").read_text())["abi"]
    return Contract(address, abi=abi)


def market(document: dict[str, Any] | None = None) -> Market:
    """The market that the connected chain carries.

    Raises:
        ClickException: the deployment belongs to another chain.
    """
    document = document or read_document("deployment.json")
    if document["chainId"] != chain.chain_id:
        raise click.ClickException(
            f"The deployment is on chain {document['chainId']}, the node serves chain {chain.chain_id}."
        )
    at = document["contracts"]
    return Market(
        document=document,
        registry=contract("AgentRegistry", at["AgentRegistry"]),
        listings=contract("ServiceListings", at["ServiceListings"]),
        escrow=contract("JobEscrow", at["JobEscrow"]),
        oracle=contract("ResultOracle", at["ResultOracle"]),
        token=contract("TestDollar", at["TestDollar"]),
    )


def network_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--network`: an ape network choice; without it the node that the data folder names."""
    return click.option("--network", default=None, help="Ape network choice; without it the node of AITBC_HOME.")(
        command
    )


@contextmanager
def connected(network: str | None) -> Iterator[None]:
    """A connection for the time of a script."""
    with _choice(network):
        yield


def connect(network: str | None = None) -> Market:
    """For `ape console`: connects and stays connected."""
    _choice(network).push_provider()
    return market()


def _choice(network: str | None) -> ProviderContextManager:
    """The named network, or the running node of the data folder."""
    return networks.parse_network_choice(network or read_document("endpoints.json")["rpc"])
