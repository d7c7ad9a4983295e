"""Carries a passed proposal on: queues it, and after its delay executes it. Name it as it was proposed.

`ape run execute --account TEST::1 --target JobEscrow --call announceFee --arg 400 --arg 4000 --because "Cheaper."`
"""

from __future__ import annotations

from typing import Any

import click
from ape import chain
from ape.api import AccountAPI
from eth_utils.crypto import keccak

from scripts import Market, at_option, told, verb
from scripts.propose import proposal, proposal_id, terms_options
from scripts.vote import STATES


def execute(m: Market, account: AccountAPI, terms: tuple[Any, ...], at: str | None = None) -> str:
    """Queues a proposal that succeeded, executes one whose delay is over; returns its state afterwards.

    Raises:
        ClickException: it is in no state that can go on now.
    """
    governor = m.other("AitbcGovernor", at)
    number = proposal_id(governor, terms)
    targets, values, calldatas, description = terms
    call = (targets, values, calldatas, keccak(text=description))
    state = STATES[governor.state(number)]
    if state == "succeeded":
        told(governor.queue(*call, sender=account), f"proposal {number} queued")
    elif state == "queued":
        eta = int(governor.proposalEta(number))
        if eta > chain.pending_timestamp:
            raise click.ClickException(f"Proposal {number} waits {eta - chain.pending_timestamp} s more.")
        told(governor.execute(*call, sender=account), f"proposal {number} executed")
    else:
        raise click.ClickException(f"Proposal {number} is {state}: there is nothing to queue or to execute.")
    return STATES[governor.state(number)]


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
    """Queue or execute a proposal that passed, whichever is next. Anybody may."""
    execute(m, account, proposal(m, target, function, arguments, because), at)
