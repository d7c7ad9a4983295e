"""What the demonstration says about each transaction."""

from __future__ import annotations

import pytest

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.market_plan import CREATE2_PROXY
from agents_offchain.cli.demo.ledger import _describe

pytestmark = pytest.mark.unit

ESCROW, STAKE, DOLLAR, STRANGER = (bytes([number]) * 20 for number in (1, 2, 3, 4))
KNOWN = {ESCROW: load_abi("JobEscrow"), STAKE: load_abi("ReporterStake"), DOLLAR: load_abi("TestDollar")}


@pytest.mark.parametrize(
    ("spender", "words"),
    [
        (ESCROW, "the client lets the escrow draw the budget"),
        (STAKE, "the stake contract may draw the reporters' stakes"),
        (STRANGER, "an allowance of test dollars is given"),
    ],
)
def test_approval__when_told__names_who_may_draw(spender: bytes, words: str) -> None:
    data = load_abi("TestDollar").encode_call("approve", spender, 5)
    assert _describe(DOLLAR, data, KNOWN) == words


def test_stake__when_told__is_the_reporters() -> None:
    assert _describe(STAKE, load_abi("ReporterStake").encode_call("stakeFor", STRANGER, 5), KNOWN) == (
        "a reporter's stake is locked"
    )


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("ReporterStakeFactory", "ReporterStakeFactory is deployed"),
        ("MarketDeployer", "JobEscrow and ResultOracle are deployed"),
        ("TestDollar", "TestDollar is deployed"),
        ("JurorCourt", "a contract is deployed"),
    ],
)
def test_deployment__when_told__names_what_was_made(made: str, words: str) -> None:
    assert _describe(CREATE2_PROXY, bytes(32) + load_abi(made).bytecode, KNOWN) == words
