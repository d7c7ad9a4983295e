"""What can go wrong between a supervisor and its processes."""

from __future__ import annotations

from agents_offchain.primitives.errors import Fatal, Refused


class AlreadyRunning(Refused):
    """Another supervisor holds this home."""


class PortTaken(Refused):
    """The port that was asked for belongs to somebody else."""


class RunFolderUnsafe(Refused):
    """The private folder for sockets exists and is not ours alone."""


class StartFailed(Fatal):
    """A process or a step did not come up; `process` and `log_tail` say which and what it said last."""


class StopFailed(Fatal):
    """A supervisor was asked to stop and did not."""


class SpecInvalid(Fatal):
    """The set of specs has an unknown need, a name twice, or a circle."""
