"""What can go wrong between us and a node."""

from __future__ import annotations

from agents_offchain.primitives.errors import Contested, Fatal, Refused, Retryable


class NodeUnavailable(Retryable):
    """The node does not answer, is rate-limiting, or answers nonsense."""


class RpcRefused(Refused):
    """The node understood the request and said no; `code` is the JSON-RPC code."""


class NonceRaceLost(Retryable):
    """Another sender of the same lane was quicker; look again."""


class GasMissing(Retryable):
    """An account cannot pay for the gas of its transaction."""


class ContractReverted(Refused):
    """A call reverted; `error` is the Solidity error's name, `args` its values."""


class WrongChain(Fatal):
    """The node serves another chain than the deployment names."""


class ContractMissing(Fatal):
    """No code, or another interface, stands at a deployed address."""


class DeploymentMissing(Fatal):
    """There is no deployment file where one is expected."""


class ReorgBeyondRetention(Contested):
    """The chain changed further back than the headers that are kept."""


class SignerUnavailable(Retryable):
    """The signer process does not answer on its socket."""


class SignerRefused(Refused):
    """The signer will not sign this."""


class SignerPaused(Retryable):
    """The signer would sign this another time: it is frozen, or a budget of the hour or day is spent."""


class ApprovalNeeded(SignerPaused):
    """A person has to approve this first; `aitbc approvals list` shows it."""


class PolicyInvalid(Fatal):
    """The signing policy cannot be used; until it is mended nothing is signed."""


class BudgetJournalBroken(Fatal):
    """The signer's journal of budgets cannot be read or written."""


class AuditBroken(Fatal):
    """The audit log cannot be written, or is not the one that was written; nothing is signed without it."""


class FolderNotOurs(Fatal):
    """The folder for private sockets belongs to another user."""


class KeyMissing(Fatal):
    """A key that is needed is not in the keystore."""
