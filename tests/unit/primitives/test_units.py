from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.primitives.units import BPS, format_units, parse_units, share_down

pytestmark = pytest.mark.unit
AMOUNTS = st.integers(0, 2**256 - 1)
DECIMALS = st.integers(0, 36)


@given(amount=AMOUNTS, decimals=DECIMALS)
def test_format_units__of_any_amount__is_read_back_exactly(amount: int, decimals: int) -> None:
    text = format_units(amount, decimals)
    assert parse_units(text, decimals) == amount
    assert "e" not in text.lower()
    assert not text.endswith(".")
    assert "." not in text or not text.endswith("0")


@given(amount=AMOUNTS, decimals=DECIMALS)
def test_format_units__of_a_negative_amount__only_adds_a_sign(amount: int, decimals: int) -> None:
    if amount:
        assert format_units(-amount, decimals) == "-" + format_units(amount, decimals)


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [(1_500_000, 6, "1.5"), (0, 6, "0"), (1, 18, "0." + "0" * 17 + "1"), (100, 0, "100"), (10**30, 6, "1" + "0" * 24)],
)
def test_format_units__of_known_amounts__reads_so(amount: int, decimals: int, text: str) -> None:
    assert format_units(amount, decimals) == text


@pytest.mark.parametrize("text", ["1.5", "1.50", "1.500000000", "01.5"])
def test_parse_units__with_zeros_that_mean_nothing__is_the_same_amount(text: str) -> None:
    assert parse_units(text, 6) == 1_500_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "1_000",
        "1,5",
        " 1",
        "1 ",
        "NaN",
        "inf",
        "abc",
        "0.0000001",
        "\u0661",
        "1\n",
    ],
)
def test_parse_units__of_no_plain_amount__is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_units(text, 6)


@given(amount=AMOUNTS, bps=st.integers(0, BPS))
def test_share_down__of_any_amount__never_gives_more_than_the_share(amount: int, bps: int) -> None:
    share = share_down(amount, bps)
    assert share * BPS <= amount * bps < (share + 1) * BPS
    assert share + share_down(amount, BPS - bps) <= amount
