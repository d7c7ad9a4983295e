"""Which verdicts are worth a transaction (no news is good news: silence pays the performer)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PostingPolicy:
    """When a quorum's verdict is posted.

    Args:
        post_passing: Also post what silence would pay anyway, so that the agent is paid early.
        late_seconds: From the submission on; after it verdicts count whose commitment came late.
    """

    post_passing: bool = True
    late_seconds: int = 120

    def is_worth_posting(self, score: int, pass_mark: int, *, is_contested: bool) -> bool:
        """A failing or contested verdict always is."""
        return score < pass_mark or is_contested or self.post_passing
