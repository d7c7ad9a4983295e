"""Proposes a call to the governor.

`ape run propose --account TEST::1 --target JobEscrow --call announceFee --arg 400 --arg 4000 --because "Cheaper."`
"""

from __future__ import annotations

import json
from typing import Any

import click
from ape import networks
from ape.api import AccountAPI
from eth_utils.crypto import keccak

from scripts import ABI_ROOT, Market, at_option, told, verb


def proposal(m: Market, target: str, function: str, arguments: tuple[str, ...], because: str) -> tuple[Any, ...]:
    """Targets, values, calldatas and description, as the governor takes them.

    Raises:
        ClickException: the target is no contract of the deployment, has no such function, or takes other arguments.
    """
    if not (ABI_ROOT / f"{target}.json").is_file():
        raise click.ClickException(f"There is no contract named {target}.")
    contract = m.other(target)
    methods = [m for m in contract.contract_type.mutable_methods if m.name == function]
    fitting = [method for method in methods if len(method.inputs) == len(arguments)]
    if len(fitting) != 1:
        takes = "; ".join(method.selector for method in methods) or "no such function"
        raise click.ClickException(f"{target}.{function} does not fit {len(arguments)} arguments: {takes}.")
    values = [_parsed(text) for text in arguments]
    data = networks.ethereum.encode_transaction(contract.address, fitting[0], *values).data
    return [contract.address], [0], [bytes(data)], because


def proposal_id(governor: Any, terms: tuple[Any, ...]) -> int:
    """The number that the governor gives to a proposal."""
    targets, values, calldatas, description = terms
    return int(governor.hashProposal(targets, values, calldatas, keccak(text=description)))


def propose(m: Market, account: AccountAPI, terms: tuple[Any, ...], at: str | None = None) -> int:
    """Proposes, and returns the proposal's number."""
    governor = m.other("AitbcGovernor", at)
    number = proposal_id(governor, terms)
    receipt = governor.propose(*terms, sender=account)
    told(receipt, f"proposal {number}: voting until {governor.proposalDeadline(number)}")
    return number


def terms_options(command: Any) -> Any:
    """The options that name a proposal's call."""
    for option in (
        click.option("--because", required=True, help="The description; it is part of the proposal's number."),
        click.option("--arg", "arguments", multiple=True, help="An argument as JSON, or plain text; repeat it."),
        click.option("--call", "function", required=True, help="Its function."),
        click.option("--target", required=True, help="Contract of the deployment, for example JobEscrow."),
    ):
        command = option(command)
    return command


@verb
@terms_options
@at_option("AitbcGovernor")
def cli(
    m: Market,
    account: AccountAPI,
    target: str,
    function: str,
    arguments: tuple[str, ...],
    because: str,
    at: str | None,
) -> None:
    """Propose one call that the time-lock makes if the vote passes."""
    propose(m, account, proposal(m, target, function, arguments, because), at)


def _parsed(text: str) -> Any:
    """A JSON value, or the text itself: addresses and words need no quotes."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
