"""What can go wrong when several agents decide."""

from __future__ import annotations

from agents_offchain.primitives.errors import Contested, Fatal, Refused, Retryable


class BallotInvalid(Refused):
    """A ballot or a delegation is not signed by its voter, or is about another question."""


class ElectorateInvalid(Refused):
    """The list of voters and weights cannot be used."""


class RuleMisused(Refused):
    """A rule is asked for what it cannot count: parameters out of range, or too few voices for its promise."""


class StatementInvalid(Refused):
    """A message of an agreement is not from a member, not signed by it, or not justified by what it carries."""


class CertificateInvalid(Refused):
    """A certificate does not prove what it says."""


class VowBroken(Fatal):
    """The journal holds a vow that the new one contradicts: two processes run with the same key, or a disk lied."""


class DecisionConflict(Contested):
    """Two valid certificates name different values: more members are faulty than the council bears."""


class BudgetSpent(Refused):
    """A task costs more than is left of its job's budget."""


class NobodyBids(Retryable):
    """No agent offers to do a task for what it may cost, or all that did failed."""


class ProposalInvalid(Refused):
    """A vote cannot be opened like this, does not exist, or is over."""


class NothingToAnchor(Refused):
    """Every closed decision is in a batch already."""
