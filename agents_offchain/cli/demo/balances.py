"""Who holds how much, read from the chain at one block: tokens in the account plus credit in the escrow's ledger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.cli.demo.errors import BalancesWrong

ESCROW = "escrow"


@dataclass(frozen=True)
class Holding:
    """Smallest token units of one account; `credit` can be withdrawn from the escrow at any time."""

    tokens: int
    credit: int


@dataclass(frozen=True)
class Snapshot:
    """All accounts of a job at one block."""

    block_number: int
    holdings: dict[str, Holding]

    def held(self, name: str) -> int:
        """What an account can call its own. The escrow's own is what it keeps for jobs: its tokens less all credit."""
        holding = self.holdings[name]
        if name != ESCROW:
            return holding.tokens + holding.credit
        return holding.tokens - sum(other.credit for key, other in self.holdings.items() if key != ESCROW)

    def total(self) -> int:
        """The sum of what all accounts hold; credits lie in the escrow, so this is the sum of the tokens."""
        return sum(self.held(name) for name in self.holdings)


async def read_snapshot(
    token: TokenProxy, escrow: JobEscrowProxy, accounts: dict[str, bytes], block_number: int
) -> Snapshot:
    """Balances of every account at one block."""

    async def read(account: bytes) -> Holding:
        tokens = await token.balance(account, block=block_number)
        return Holding(int(tokens), int(await escrow.credit(token.address, account, block=block_number)))

    holdings = await asyncio.gather(*(read(account) for account in accounts.values()))
    return Snapshot(block_number, dict(zip(accounts, holdings, strict=True)))


def require_conserved(before: Snapshot, after: Snapshot, *, budget: int, fee: int) -> None:
    """Check that no unit came or went, and that the pay was split as the policy says.

    Args:
        budget: What the job locked.
        fee: Treasury and reporters' pool together.

    Raises:
        BalancesWrong: a sum or a share is off.
    """
    change = {name: after.held(name) - before.held(name) for name in before.holdings}
    expected = {"client": -budget, "agent": budget - fee, ESCROW: 0}
    wrong = [name for name, amount in expected.items() if change[name] != amount]
    if change["treasury"] + change["reporters' pool"] != fee:
        wrong.append("treasury and reporters' pool")
    if before.total() != after.total():
        wrong.append("the sum of all")
    if wrong:
        raise BalancesWrong(
            f"The balances do not add up: {', '.join(wrong)}.",
            mend="Read the receipt's figures against the chain; the money contracts may be at fault.",
            change=change,
        )
