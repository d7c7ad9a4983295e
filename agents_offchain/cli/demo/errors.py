"""What can go wrong in a demo."""

from __future__ import annotations

from agents_offchain.primitives.errors import AitbcError, Refused


class MaterialMissing(Refused):
    """There is no file to work on where one was named."""


class DemoFailed(AitbcError):
    """A step did not come to its end; `step` names it, `log_tail` is the last word of the process concerned."""


class BalancesWrong(AitbcError):
    """The balances read from the chain do not add up."""
