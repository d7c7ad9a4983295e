"""The escrow owner's rows: `ape run rows allow-token | allow-hook | register --account TEST::0 …`.

`ape run rows register --account TEST::0 --token 0x… --hook 0x… --court-seconds 86400` copies the market's first row
with these terms changed; jobs of rows that exist are never touched.
"""

from __future__ import annotations

import click
from ape.api import AccountAPI
from eth_utils.address import is_address, to_checksum_address

from scripts import Market, told, verb


def allow_token(m: Market, account: AccountAPI, token: str) -> None:
    """Lets rows to come be paid in `token`, for ever."""
    told(m.escrow.allowToken(address(token), sender=account), f"rows may be paid in {token}")


def allow_hook(m: Market, account: AccountAPI, hook: str) -> None:
    """Lets rows to come ask `hook`, for ever."""
    told(m.escrow.allowHook(address(hook), sender=account), f"rows may ask {hook}")


def register(
    m: Market,
    account: AccountAPI,
    token: str | None = None,
    hook: str | None = None,
    court_seconds: int | None = None,
) -> int:
    """Registers the first row with these terms changed; returns the row's number. Anybody may, for allowed tokens."""
    policy = m.escrow.policyOf(m.document["policyId"])
    terms = {name: getattr(policy, name) for name in policy.__dataclass_fields__}
    terms |= {"token": address(token)} if token else {}
    terms |= {"hook": address(hook)} if hook else {}
    terms |= {"courtSeconds": court_seconds} if court_seconds is not None else {}
    receipt = m.escrow.registerPolicy(tuple(terms.values()), sender=account)
    number = int(m.escrow.policyCount())
    told(receipt, f"row {number}: token {terms['token']}, hook {terms['hook']}, court {terms['courtSeconds']} s")
    return number


def address(text: str) -> str:
    """An address as the node takes it.

    Raises:
        ClickException: it is none.
    """
    if not is_address(text):
        raise click.ClickException(f"{text!r} is no address; write 0x and 40 digits.")
    return str(to_checksum_address(text))


@click.group()
def cli() -> None:
    """Allow tokens and hooks, register rows of terms."""


@verb
@click.option("--token", required=True, help="Address of the ERC-20.")
def allow_token_command(m: Market, account: AccountAPI, token: str) -> None:
    """Let rows to come be paid in a token; the owner's."""
    allow_token(m, account, token)


@verb
@click.option("--hook", required=True, help="Address of the hook, for example the WorkDesk.")
def allow_hook_command(m: Market, account: AccountAPI, hook: str) -> None:
    """Let rows to come ask a hook; the owner's."""
    allow_hook(m, account, hook)


@verb
@click.option("--token", default=None, help="Another token than the first row's.")
@click.option("--hook", default=None, help="A hook.")
@click.option("--court-seconds", type=int, default=None, help="Time that a dispute may take.")
def register_command(
    m: Market, account: AccountAPI, token: str | None, hook: str | None, court_seconds: int | None
) -> None:
    """Register a row like the first with other terms."""
    register(m, account, token, hook, court_seconds)


for _name, _command in (
    ("allow-token", allow_token_command),
    ("allow-hook", allow_hook_command),
    ("register", register_command),
):
    cli.add_command(_command, _name)
