"""A vote from box to outcome, in one call."""

from __future__ import annotations

from collections.abc import Mapping

from agents_offchain.coordination.decision.ballot import BallotBox
from agents_offchain.coordination.decision.delegation import represent
from agents_offchain.coordination.decision.electorate import Electorate
from agents_offchain.coordination.decision.rules.outcome import Count, Outcome, Rule, Vote


def count_poll(
    box: BallotBox,
    electorate: Electorate,
    options: frozenset[str],
    rule: Rule,
    delegates: Mapping[bytes, bytes] | None = None,
) -> Outcome:
    """Count a vote.

    Args:
        options: What may be chosen; none when numbers are asked for.
        delegates: Whom each voter lets speak for it, from `current_delegates`.
    """
    choices = box.choices()
    weights = represent(electorate, delegates or {}, choices.keys()).represented
    votes = [Vote(choices[voter], weight) for voter, weight in sorted(weights.items())]
    return rule.decide(Count(options, votes, electorate.total))
