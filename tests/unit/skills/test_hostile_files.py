"""Whatever file comes, it is read or refused with an error of ours, in bounded memory."""

from __future__ import annotations

import os
import resource

import pytest

from agents_offchain.primitives.errors import Refused
from tests.unit.skills.hostile import MOST_GROWTH_MIB, bombs, corpus, read_any, refused, trials, unfolding_png

pytestmark = pytest.mark.unit

ROUNDS = 400 if os.environ.get("AITBC_TEST_SIZE") == "full" else 15


def test_corpus__every_valid_file__is_read() -> None:
    for name, data in corpus().items():
        read_any(name, data)


@pytest.mark.parametrize("name", bombs())
def test_read__a_bomb_or_a_lie__is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_any(name, bombs()[name])
    assert str(refusal.value)


def test_read__a_png_that_unfolds_to_far_more__is_read_no_further_than_its_header_says() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert not refused("PNG", unfolding_png())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_read__every_format_cut_and_bent__is_read_or_refused_in_bounded_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    outcomes = [refused(name, data) for name, data in trials(ROUNDS)]

    assert any(outcomes)
    assert not all(outcomes)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_MIB * 1024
