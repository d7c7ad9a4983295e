"""Deploys the market, or checks that it stands: `ape run deploy --account TEST::0 --reporter 0x...`.

Deterministic and idempotent: the plan of `agents_offchain/chain/market_plan.py` decides every address, a second run
sends nothing. The result is the document of `deployment.json`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ape import chain, networks
from ape.api import AccountAPI
from ape.cli import account_option
from eth_utils.address import to_checksum_address

from agents_offchain.chain.addresses import load_previous
from agents_offchain.chain.deployment import deploy_market
from agents_offchain.chain.deployment_file import DeploymentNote, save_deployment
from agents_offchain.chain.market_plan import MarketPlan
from agents_offchain.primitives.hexes import decode_address
from scripts import LOCAL_CHAINS, connected, explained, home, network_option, plain_errors


@click.command()
@network_option
@account_option()
@click.option("--owner", default=None, help="May announce fees and allow tokens; the account by default.")
@click.option("--treasury", default=None, help="Owner of the house's fees; the account by default.")
@click.option("--reporter", "reporters", multiple=True, required=True, help="Address of a reporter; repeat it.")
@click.option("--quorum", default=2, show_default=True, help="Signatures that a verdict needs.")
@click.option("--token", default=None, help="ERC-20 in which jobs are paid; a TestDollar on a local chain.")
@click.option("--votes", default=None, help="Token that votes in the DecisionLedger; an AitbcToken on a local chain.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the document goes.")
def cli(
    network: str | None,
    account: AccountAPI,
    owner: str | None,
    treasury: str | None,
    reporters: tuple[str, ...],
    quorum: int,
    token: str | None,
    votes: str | None,
    out: Path | None,
) -> None:
    """Deploy the market or check that it stands."""
    with connected(network), plain_errors():
        if token is None and chain.chain_id not in LOCAL_CHAINS:
            raise click.ClickException("Name the --token: a TestDollar is for local chains only.")
        plan = MarketPlan(
            chain_id=chain.chain_id,
            network="local" if chain.chain_id in LOCAL_CHAINS else networks.provider.network.name,
            owner=decode_address(owner or account.address),
            treasury=decode_address(treasury or account.address),
            reporters=tuple(decode_address(reporter) for reporter in reporters),
            quorum=quorum,
            token=None if token is None else decode_address(token),
            votes=None if votes is None else decode_address(votes),
        )
        path = out or home() / "deployment.json"
        document = deploy_market(
            plan,
            transact=_transact_by(account),
            call=_call,
            code_at=_code_at,
            previous=load_previous(path),
            note=DeploymentNote(path, lambda: int(chain.blocks.height)),
        )
    save_deployment(path, document)
    for name, address in document["contracts"].items():
        click.echo(f"{name:<16} {address}")
    if "generation" in document:
        click.echo(f"generation {document['generation']}, beside {len(document['older'])} older")
    click.echo(f"policy {document['policyId']}, from block {document['deployedAtBlock']}, written to {path}")


def _transact_by(account: AccountAPI) -> Any:
    def transact(to: str, data: bytes) -> dict[str, Any]:
        receipt = account.transfer(to, 0, data=data)
        return {"status": int(receipt.status), "blockNumber": receipt.block_number}

    return transact


def _call(to: str, data: bytes) -> bytes:
    return bytes(networks.provider.web3.eth.call({"to": to_checksum_address(to), "data": data}))


def _code_at(address: str) -> bytes:
    return bytes(networks.provider.get_code(address))


explained(cli)
