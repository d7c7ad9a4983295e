"""The escrow's arithmetic beside a plain-Python model of it (E2): the same random steps, the same balances."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from ape import chain

from tests.contracts.ape.conftest import DELIVERABLE, TAIL, Market, People, domain_of, sign_typed

STEPS = 25
SEEDS = range(1, 9) if os.environ.get("AITBC_TEST_SIZE") == "full" else (1,)
FAR = 2**255
CANCEL = {
    "Cancel": [
        {"name": "jobId", "type": "uint256"},
        {"name": "providerAmount", "type": "uint96"},
        {"name": "deadline", "type": "uint256"},
    ]
}


@dataclass
class Model:
    """What the contracts promise about money, in a page of arithmetic. All amounts are smallest units."""

    fee_bps: int = 500
    pool_share_bps: int = 4_000
    wallets: Counter[str] = field(default_factory=Counter)
    credits: Counter[str] = field(default_factory=Counter)
    locked: dict[int, int] = field(default_factory=dict)

    def deposit(self, who: str, amount: int) -> None:
        self.wallets[who] -= amount
        self.credits[who] += amount

    def hire(self, job_id: int, payer: str, budget: int, is_from_ledger: bool) -> None:
        (self.credits if is_from_ledger else self.wallets)[payer] -= budget
        self.locked[job_id] = budget

    def end(self, job_id: int, earned: int) -> None:
        """Fee of what was earned, rounded down; the pool's part of the fee, rounded down; the rest to its owners."""
        budget = self.locked.pop(job_id)
        fee = earned * self.fee_bps // 10_000
        pool = fee * self.pool_share_bps // 10_000
        self.wallets["provider"] += earned - fee
        self.wallets["client"] += budget - earned
        self.credits["treasury"] += fee - pool
        self.credits["oracle"] += pool

    def withdraw(self, who: str) -> None:
        self.wallets[who] += self.credits.pop(who, 0)


@dataclass
class Steps:
    """The same steps on the chain and in the model."""

    market: Market
    people: People
    dice: random.Random
    model: Model = field(default_factory=Model)

    def accounts(self) -> dict[str, Any]:
        return {
            "client": self.people.client,
            "sponsor": self.people.stranger,
            "provider": self.people.provider,
            "treasury": self.people.treasury,
            "oracle": self.market.oracle,
        }

    def run(self) -> None:
        verb = self.dice.choice((self.hire, self.hire, self.hire, self.deposit, self.end, self.end, self.withdraw))
        verb()

    def deposit(self) -> None:
        amount = self.dice.randrange(1, 10**7)
        self.market.escrow.deposit(self.market.token, self.people.client, amount, sender=self.people.client)
        self.model.deposit("client", amount)

    def hire(self) -> None:
        credit = self.model.credits["client"]
        way = (
            self.dice.choice(("hire", "hireFor", "hireFromLedger")) if credit else self.dice.choice(("hire", "hireFor"))
        )
        budget = self.dice.choice((1, 19, 20, 39, self.dice.randrange(1, 10**7)))
        if way == "hireFromLedger":
            budget = min(budget, credit)
        terms = (
            self.people.provider.address,
            self.market.document["policyId"],
            budget,
            chain.pending_timestamp + TAIL + 10**5,
            0,
            0,
            "",
        )
        if way == "hireFor":
            self.market.escrow.hireFor(self.people.client, terms, sender=self.people.stranger)
        else:
            getattr(self.market.escrow, way)(terms, sender=self.people.client)
        payer = "sponsor" if way == "hireFor" else "client"
        self.model.hire(int(self.market.escrow.jobCount()), payer, budget, way == "hireFromLedger")

    def end(self) -> None:
        if not self.model.locked:
            return
        job_id = self.dice.choice(sorted(self.model.locked))
        budget = self.model.locked[job_id]
        escrow, way = self.market.escrow, self.dice.choice(("accept", "decline", "cancel"))
        earned = {"accept": budget, "decline": 0, "cancel": self.dice.randrange(0, budget + 1)}[way]
        if way == "accept":
            escrow.submit(job_id, DELIVERABLE, b"", sender=self.people.provider)
            escrow.accept(job_id, sender=self.people.client)
        elif way == "decline":
            escrow.decline(job_id, sender=self.people.provider)
        else:
            message = {"jobId": job_id, "providerAmount": earned, "deadline": FAR}
            domain = domain_of("AITBC JobEscrow", escrow.address)
            both = [sign_typed(who, domain, CANCEL, message) for who in (self.people.client, self.people.provider)]
            escrow.cancel(*message.values(), *both, sender=self.people.stranger)
        self.model.end(job_id, earned)

    def withdraw(self) -> None:
        owed = [name for name, amount in sorted(self.model.credits.items()) if amount]
        if not owed:
            return
        name = self.dice.choice(owed)
        self.market.escrow.withdrawFor(self.market.token, self.accounts()[name], sender=self.people.stranger)
        self.model.withdraw(name)

    def assert_agrees(self, before: dict[str, int], owed_before: dict[str, int], held_before: int) -> None:
        token, escrow = self.market.token, self.market.escrow
        for name, account in self.accounts().items():
            assert token.balanceOf(account) - before[name] == self.model.wallets[name], name
            assert escrow.creditOf(token, account) - owed_before[name] == self.model.credits[name], name
        held = sum(self.model.locked.values()) + sum(self.model.credits.values())
        assert token.balanceOf(escrow) - held_before == held


@pytest.mark.parametrize("seed", SEEDS)
def test_E2_money__when_steps_are_random__agrees_with_the_model(market: Market, people: People, seed: int) -> None:
    token, escrow = market.token, market.escrow
    token.mint(people.stranger, 10**12, sender=people.stranger)
    token.approve(escrow, 2**256 - 1, sender=people.stranger)
    steps = Steps(market, people, random.Random(seed))
    for account in steps.accounts().values():
        if escrow.creditOf(token, account):
            escrow.withdrawFor(token, account, sender=people.stranger)
    before = {name: token.balanceOf(account) for name, account in steps.accounts().items()}
    owed = {name: escrow.creditOf(token, account) for name, account in steps.accounts().items()}
    held = token.balanceOf(escrow)
    for _ in range(STEPS):
        steps.run()
        steps.assert_agrees(before, owed, held)
