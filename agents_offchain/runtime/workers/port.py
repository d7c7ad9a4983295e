"""What those who have work done need of the workers: one call, with the host's settings bound in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.runtime.workers.sandbox import WorkerResult


class SkillRunner(Protocol):
    """Runs a service in a worker process; `sandbox.run_skill` with the host's settings bound is one."""

    async def __call__(
        self, service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], limits: WorkerLimits
    ) -> WorkerResult: ...
