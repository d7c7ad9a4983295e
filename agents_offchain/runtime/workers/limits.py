"""What a worker process may use, and the errors of one that wants more or fails."""

from __future__ import annotations

from dataclasses import dataclass

from agents_offchain.primitives.errors import Fatal, Refused, Retryable


@dataclass(frozen=True)
class WorkerLimits:
    """Bounds of one run of one skill.

    `memory_bytes` bounds the address space (libraries map far more than they use).
    """

    wall_seconds: float = 120.0
    cpu_seconds: int = 240
    memory_bytes: int = 8 << 30
    output_bytes: int = 64 << 20


class SkillRefused(Refused):
    """The skill says that this input cannot be worked on."""


class WorkerLimitExceeded(Refused):
    """The skill wanted more time, memory or output than the profile allows."""


class WorkerDied(Retryable):
    """The worker process ended without an answer."""


class ScratchUnavailable(Retryable):
    """The machine has no room, or no process, for a worker now."""


class SkillUnavailable(Fatal):
    """This machine cannot run the skill: a model or a package is missing."""
