from __future__ import annotations

import pytest

from agents_offchain.primitives.errors import AitbcError, Contested, Fatal, Refused, Retryable

pytestmark = pytest.mark.unit


def test_error__with_fields_and_a_mend__says_all_of_it() -> None:
    error = Retryable("The node is away.", retry_after_seconds=3, mend="Start it.", url="x")
    assert str(error) == "The node is away. Start it."
    assert error.retry_after_seconds == 3
    assert error.as_dict() == {"error": "Retryable", "message": "The node is away.", "mend": "Start it.", "url": "x"}


def test_exit_code__of_each_family__is_its_own_and_never_zero() -> None:
    codes = [family.exit_code for family in (AitbcError, Retryable, Refused, Contested, Fatal)]
    assert len(set(codes)) == 5
    assert 0 not in codes
