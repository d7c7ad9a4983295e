from __future__ import annotations

import pytest

from agents_offchain.cli.demo.balances import ESCROW, Holding, Snapshot, require_conserved
from agents_offchain.cli.demo.errors import BalancesWrong

pytestmark = pytest.mark.unit
BUDGET, FEE = 1_500_000, 75_000


def snapshot(block: int, client: int, agent: int, treasury: int, pool: int, escrow_tokens: int) -> Snapshot:
    return Snapshot(
        block,
        {
            "client": Holding(client, 0),
            "agent": Holding(agent, 0),
            "treasury": Holding(0, treasury),
            "reporters' pool": Holding(0, pool),
            ESCROW: Holding(escrow_tokens, 0),
        },
    )


BEFORE = snapshot(1, 100_000_000, 0, 0, 0, 0)
AFTER = snapshot(2, 98_500_000, 1_425_000, 45_000, 30_000, 75_000)


def test_held__given_credit_in_the_escrow__belongs_to_the_one_credited() -> None:
    assert AFTER.held("treasury") == 45_000
    assert AFTER.held(ESCROW) == 0
    assert AFTER.total() == BEFORE.total() == 100_000_000


def test_require_conserved__given_a_right_split__is_content() -> None:
    require_conserved(BEFORE, AFTER, budget=BUDGET, fee=FEE)


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (snapshot(2, 98_500_000, 1_425_001, 45_000, 30_000, 75_000), "agent"),
        (snapshot(2, 98_500_000, 1_425_000, 45_000, 29_999, 75_000), "reporters"),
        (snapshot(2, 98_500_000, 1_425_000, 45_000, 30_000, 75_001), "escrow"),
        (snapshot(2, 98_400_000, 1_425_000, 45_000, 30_000, 75_000), "client"),
    ],
)
def test_require_conserved__given_a_unit_too_much_or_too_little__names_the_account(after: Snapshot, what: str) -> None:
    with pytest.raises(BalancesWrong, match=what):
        require_conserved(BEFORE, after, budget=BUDGET, fee=FEE)
