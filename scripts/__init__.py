"""Ape scripts for the market, and the words they share.

A running market enters (`AITBC_HOME`, by default `.aitbc`, names its contracts and its node); transactions and
printed facts leave. In `ape console` the same words work: `from scripts import connect; m = connect()`.
Nothing here holds a key: accounts are ape's.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
from ape import Contract, chain, networks
from ape.api import AccountAPI, ProviderContextManager
from ape.cli import account_option
from ape.contracts import ContractInstance
from ape.exceptions import ApeException, CustomError
from eth_utils.address import is_address, to_checksum_address

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

    def units(self, text: str) -> int:
        """Smallest units of an amount of the token in words: `2.5`.

        Raises:
            ClickException: it is no number, below zero, or finer than the smallest unit.
        """
        decimals = int(self.token.decimals())
        try:
            units = Decimal(text).scaleb(decimals)
        except InvalidOperation:
            raise click.ClickException(f"{text!r} is no amount; write it like 2.5.") from None
        if not units.is_finite() or units < 0 or units != units.to_integral_value():
            raise click.ClickException(f"{text!r} is no amount of a token with {decimals} decimals.")
        return int(units)

    def other(self, name: str, address: str | None = None) -> ContractInstance:
        """A contract beside the market's core: at `address`, or where the deployment names it.

        Raises:
            ClickException: neither says where it is, or nothing stands there.
        """
        at = address or self.document["contracts"].get(name)
        if at is None:
            raise click.ClickException(f"This deployment has no {name}; name one with --at 0x….")
        if not is_address(at):
            raise click.ClickException(f"{at!r} is no address; write 0x and 40 digits.")
        if not networks.provider.get_code(to_checksum_address(at)):
            raise click.ClickException(f"No contract stands at {at} on chain {chain.chain_id}.")
        return contract(name, to_checksum_address(at))


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


def market(document: dict[str, Any] | None = None, generation: int | None = None) -> Market:
    """The market that the connected chain carries; without a number its newest generation of contracts.

    Raises:
        ClickException: the deployment belongs to another chain, or has no such generation.
    """
    document = _of_generation(document or read_document("deployment.json"), generation)
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


def _of_generation(document: dict[str, Any], number: int | None) -> dict[str, Any]:
    """The document as it would be if the wanted generation were the newest."""
    for entry in (document, *document.get("older", ())):
        if number is None or entry.get("generation", 1) == number:
            return document | entry
    raise click.ClickException(f"There is no generation {number} of this market; `aitbc status` lists them.")


def network_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--network`: an ape network choice; without it the node that the data folder names."""
    return click.option("--network", default=None, help="Ape network choice; without it the node of AITBC_HOME.")(
        command
    )


GENERATION = click.option("--generation", type=int, help="Of the market's contracts; the newest by default.")


def at_option(name: str) -> Callable[..., Any]:
    """`--at`: where a contract beside the market's core stands."""
    return click.option("--at", default=None, help=f"Address of {name}; by default the deployment's.")


def verb(function: Callable[..., None]) -> click.Command:
    """A command of a function `(m, account, **options)`: connected, signed for, refusing in one sentence.

    The function's docstring is the help; its options are declared below this decorator.
    """

    @functools.wraps(function)
    def run(network: str | None, generation: int | None, account: AccountAPI, **options: Any) -> None:
        with connected(network), plain_errors():
            function(market(generation=generation), account, **options)

    return explained(click.command(help=function.__doc__)(network_option(GENERATION(account_option()(run)))))


def explained(command: click.Command) -> click.Command:
    """The same command; ape's account option says what it takes."""
    for option in command.params:
        if isinstance(option, click.Option) and option.help is None:
            option.help = "An account of ape: its alias, or TEST::<number> on a local chain."
    return command


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a contract or a node refuses, in one sentence instead of a traceback."""
    try:
        yield
    except CustomError as refusal:
        facts = ", ".join(f"{name} {shown(value)}" for name, value in refusal.inputs.items())
        raise click.ClickException(f"The contract refuses: {refusal.name}{f' ({facts})' if facts else ''}.") from None
    except ApeException as problem:
        raise click.ClickException(str(problem).splitlines()[0] if str(problem) else type(problem).__name__) from None


def told(receipt: Any, what: str) -> None:
    """Prints what a transaction did, where it is, and its gas."""
    click.echo(f"{what} in {receipt.txn_hash} (gas {receipt.gas_used})")


def shown(value: Any) -> str:
    """A value as people read it: bytes as 0x text."""
    return "0x" + bytes(value).hex() if isinstance(value, bytes) else str(value)


def word(text: str, what: str) -> bytes:
    """32 bytes from 0x text.

    Raises:
        ClickException: it is anything else.
    """
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise click.ClickException(f"The {what} {text!r} is not 0x and 64 digits.")
    return value


def ensure_allowance(m: Market, account: AccountAPI, spender: Any, amount: int) -> None:
    """Balance and allowance for `amount`; on local chains the faucet fills what is missing.

    Raises:
        ClickException: the account has too little, and this chain has no faucet.
    """
    if m.token.balanceOf(account) < amount:
        if chain.chain_id not in LOCAL_CHAINS:
            raise click.ClickException(f"{account.address} has less than {m.show(amount)}.")
        m.token.mint(account, amount, sender=account)
    if m.token.allowance(account, spender) < amount:
        m.token.approve(spender, amount, sender=account)


def require_job(m: Market, job_id: int) -> Any:
    """A job that exists.

    Raises:
        ClickException: it does not.
    """
    if not 1 <= job_id <= m.escrow.jobCount():
        raise click.ClickException(f"There is no job {job_id}; the newest is {m.escrow.jobCount()}.")
    return m.escrow.jobOf(job_id)


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
