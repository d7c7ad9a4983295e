"""Is there a one-to-one pairing of two lists in which every pair fits?

A greedy walk can miss a pairing when boxes overlap, so augmenting paths are used (Kuhn's algorithm for
bipartite matching; H. W. Kuhn, "The Hungarian method for the assignment problem", 1955). Whether a whole
pairing exists does not depend on the order of either list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Left = TypeVar("Left")
Right = TypeVar("Right")


def count_pairs(left: Sequence[Left], right: Sequence[Right], fits: Callable[[Left, Right], bool]) -> int:
    """The most pairs that can be formed at once; every item is used at most once."""
    candidates = [[j for j, other in enumerate(right) if fits(item, other)] for item in left]
    holder: list[int | None] = [None] * len(right)
    return sum(_seat(i, candidates, holder) for i in range(len(left)))


def is_one_to_one(left: Sequence[Left], right: Sequence[Right], fits: Callable[[Left, Right], bool]) -> bool:
    """True when every item of either list has its own counterpart in the other."""
    return len(left) == len(right) and count_pairs(left, right, fits) == len(left)


def _seat(start: int, candidates: Sequence[Sequence[int]], holder: list[int | None]) -> bool:
    """Find `start` a free counterpart, moving others along a path of alternatives; no recursion."""
    came_from: dict[int, tuple[int, int | None]] = {}
    queue: list[tuple[int, int | None]] = [(start, None)]
    for item, via in queue:
        for j in candidates[item]:
            if j in came_from:
                continue
            came_from[j] = (item, via)
            held_by = holder[j]
            if held_by is None:
                _move_along(j, came_from, holder)
                return True
            queue.append((held_by, j))
    return False


def _move_along(free: int, came_from: dict[int, tuple[int, int | None]], holder: list[int | None]) -> None:
    seat: int | None = free
    while seat is not None:
        item, previous = came_from[seat]
        holder[seat] = item
        seat = previous
