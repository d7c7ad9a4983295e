from __future__ import annotations

import pytest

from agents_offchain.runtime.supervisor.errors import SpecInvalid
from agents_offchain.runtime.supervisor.spec import RestartPolicy, StepSpec, order_specs
from tests.unit.supervisor.fakes import process

pytestmark = pytest.mark.unit


async def nothing() -> None:
    return None


def test_order_specs__given_needs_in_any_order__puts_the_needed_first() -> None:
    ordered = order_specs([process("api", "market"), StepSpec("market", nothing, ("anvil",)), process("anvil")])
    assert [spec.name for spec in ordered] == ["anvil", "market", "api"]


def test_order_specs__given_a_need_nobody_fills__names_it() -> None:
    with pytest.raises(SpecInvalid, match="api needs market"):
        order_specs([process("api", "market")])


def test_order_specs__given_a_circle__names_its_members() -> None:
    with pytest.raises(SpecInvalid, match="a, b form a circle"):
        order_specs([process("a", "b"), process("b", "a")])


def test_order_specs__given_a_name_twice__refuses() -> None:
    with pytest.raises(SpecInvalid, match="twice"):
        order_specs([process("a"), process("a")])


def test_delay_seconds__when_failures_repeat__doubles_up_to_the_longest() -> None:
    policy = RestartPolicy(first_delay_seconds=0.5, longest_delay_seconds=3.0)
    assert [policy.delay_seconds(count) for count in (1, 2, 3, 4, 9)] == [0.5, 1.0, 2.0, 3.0, 3.0]
