"""Which dispute a juror means, in a market that moved to a new court."""

from __future__ import annotations

from typing import Any

import pytest

from agents_offchain.chain.addresses import parse_deployment
from agents_offchain.chain.errors import DeploymentMissing
from agents_offchain.cli.duties.juror import NothingToVote, generations_of
from tests.fakes.deployment import DOCUMENT

pytestmark = pytest.mark.unit
OLD: dict[str, Any] = dict(DOCUMENT)
COURT = {"JurorCourt": "0x" + "a1" * 20}
SECOND = OLD | {"generation": 2, "contracts": OLD["contracts"] | COURT}
MOVED = parse_deployment(SECOND | {"generation": 3, "older": [SECOND, OLD | {"generation": 1}]})


@pytest.mark.parametrize(("name", "generations"), [("3", [3, 2]), ("3:3", [3, 2]), ("2:3", [3, 2]), ("1:3", [1])])
def test_dispute__named_by_number_or_generation__is_of_that_court(name: str, generations: list[int]) -> None:
    found, number = generations_of(MOVED, name)
    assert ([each.generation for each in found], number) == (generations, 3)


def test_dispute__that_no_court_has__is_refused() -> None:
    for name in ("", "x", "1:", "-3", "1:3:3"):
        with pytest.raises(NothingToVote, match="no dispute"):
            generations_of(MOVED, name)
    with pytest.raises(DeploymentMissing, match="no generation"):
        generations_of(MOVED, "4:3")
