"""Print how often a buyer of tickets holds the majority of a draw, with and without skipped blocks.

    python tools/draw_bias.py

A share `q` of the tickets holds a majority of `n` seats with the binomial chance P. No juror sits twice, but one person
may be many jurors. Who also proposes a share `p` of the blocks may skip its own block when it dislikes the draw: the
seed then comes from the next block, and so on, as long as the proposers are its own. That gives P / (1 - p (1 - P)).
"""

from __future__ import annotations

from math import comb

SEATS = (3, 5)
TICKETS = (0.10, 0.20, 0.33)
PROPOSERS = (0.0, 0.10, 0.33)


def majority(seats: int, share: float) -> float:
    """Chance that more than half of the seats go to a share of the tickets."""
    return sum(comb(seats, k) * share**k * (1 - share) ** (seats - k) for k in range(seats // 2 + 1, seats + 1))


def with_skips(chance: float, proposers: float) -> float:
    """The same chance when a share of the blocks may be skipped until the draw is liked."""
    return chance / (1 - proposers * (1 - chance))


def main() -> None:
    print("| tickets | seats | " + " | ".join(f"{p:.0%} of blocks" for p in PROPOSERS) + " |")
    print("|---|---|" + "---|" * len(PROPOSERS))
    for share in TICKETS:
        for seats in SEATS:
            chances = [with_skips(majority(seats, share), p) for p in PROPOSERS]
            print(f"| {share:.0%} | {seats} | " + " | ".join(f"{chance:.1%}" for chance in chances) + " |")


if __name__ == "__main__":
    main()
