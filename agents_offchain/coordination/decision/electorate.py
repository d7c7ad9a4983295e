"""Who may vote, and with which weight.

Weights are whole numbers of whatever the maker of the electorate counts: one each, smallest units of stake, points of
reputation. An electorate is fixed before the voting starts and names one snapshot; it never changes during a vote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agents_offchain.coordination.errors import ElectorateInvalid


@dataclass(frozen=True)
class Electorate:
    """Voters (20 bytes) and their weights, none negative, some above zero.

    Raises:
        ElectorateInvalid: somebody's weight is no whole number or negative, or nobody has any.
    """

    weights: Mapping[bytes, int]

    def __post_init__(self) -> None:
        for voter, weight in self.weights.items():
            if len(voter) != 20 or type(weight) is not int or weight < 0:
                raise ElectorateInvalid("A voter has 20 bytes and a whole weight from 0.", weight=str(weight))
        if self.total == 0:
            raise ElectorateInvalid("Nobody in the electorate has any weight.")

    @property
    def total(self) -> int:
        return sum(self.weights.values())


def equal_weights(voters: Iterable[bytes]) -> Electorate:
    """One voter, one vote."""
    return Electorate(dict.fromkeys(voters, 1))


def by_stake(stake_units: Mapping[bytes, int], unit: int = 1) -> Electorate:
    """By stake: one for each whole `unit`, rounded down.

    Raises:
        ElectorateInvalid: nobody has a whole unit.
    """
    if unit < 1:
        raise ElectorateInvalid("A unit of stake is at least 1.")
    return Electorate({voter: stake // unit for voter, stake in stake_units.items()})


def by_reputation(voters: Iterable[bytes], score_of: Callable[[bytes], int], cap: int) -> Electorate:
    """By points of reputation, each at most `cap`, so that no one agent outgrows all others; below zero counts zero."""
    return Electorate({voter: min(max(score_of(voter), 0), cap) for voter in voters})
