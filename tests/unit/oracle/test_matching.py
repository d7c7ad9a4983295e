from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.checks.matching import count_pairs, is_one_to_one

pytestmark = pytest.mark.unit
numbers = st.lists(st.integers(0, 12), max_size=5)


def near(one: int, other: int) -> bool:
    return abs(one - other) <= 1


@given(left=numbers, right=numbers)
def test_is_one_to_one__given_any_lists__agrees_with_trying_every_order(left: list[int], right: list[int]) -> None:
    exhaustive = len(left) == len(right) and any(
        all(near(a, b) for a, b in zip(left, order, strict=True)) for order in permutations(right)
    )
    assert is_one_to_one(left, right, near) is exhaustive


@given(left=numbers, right=numbers)
def test_count_pairs__given_the_lists_swapped__is_the_same(left: list[int], right: list[int]) -> None:
    assert count_pairs(left, right, near) == count_pairs(right, left, near)


@given(left=numbers, right=numbers, seed=st.randoms())
def test_count_pairs__given_another_order__is_the_same(left: list[int], right: list[int], seed) -> None:
    before = count_pairs(left, right, near)
    seed.shuffle(left)
    seed.shuffle(right)
    assert count_pairs(left, right, near) == before


def test_is_one_to_one__where_a_greedy_walk_fails__finds_the_pairing() -> None:
    assert is_one_to_one([1, 0], [0, 2], near)  # 1 must leave the 0 that it could take first


def test_is_one_to_one__given_nothing__holds() -> None:
    assert is_one_to_one([], [], near)


def test_count_pairs__given_a_thousand_that_all_fit__ends() -> None:
    assert count_pairs(range(1000), range(1000), lambda a, b: abs(a - b) <= 2) == 1000
