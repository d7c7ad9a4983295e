"""Claims a grant of a published list: `ape run claim --account TEST::1 --sum 1000 --proof 0x… --proof 0x…`."""

from __future__ import annotations

import click
from ape.api import AccountAPI

from scripts import Market, at_option, told, verb, word


def claim(
    m: Market, account: AccountAPI, grantee: str, total: int, proof: tuple[bytes, ...], at: str | None = None
) -> int:
    """Sends what the list grants `grantee` less what it took before; returns that, smallest units.

    Args:
        total: Sum of all grants as the list says, smallest units.

    Raises:
        ClickException: it took as much already.
    """
    claims = m.other("MerkleClaim", at)
    taken = int(claims.claimedBy(grantee))
    if taken >= total:
        raise click.ClickException(f"{grantee} took {taken} of {total} already.")
    told(claims.claim(grantee, total, list(proof), sender=account), f"{total - taken} units sent to {grantee}")
    return total - taken


@verb
@click.option("--for", "grantee", default=None, help="Account on the list; yours by default.")
@click.option("--sum", "total", type=int, required=True, help="Sum on the list, smallest units.")
@click.option("--proof", multiple=True, help="Nodes of the proof from the leaf up; repeat it.")
@at_option("MerkleClaim")
def cli(
    m: Market, account: AccountAPI, grantee: str | None, total: int, proof: tuple[str, ...], at: str | None
) -> None:
    """Claim a grant; it always goes to the account on the list."""
    nodes = tuple(word(node, "node of the proof") for node in proof)
    claim(m, account, grantee or account.address, total, nodes, at)
