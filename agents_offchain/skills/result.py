"""What every skill hands back: the answer, the proof of how it was made, and the files that go with it.

The runtime turns this into a result document; a reporter runs the same skill and compares. Nothing here is encoded yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SkillResult:
    """The outcome of one run of one skill.

    Attributes:
        output: The answer; JSON-compatible, floats already rounded to what is promised.
        evidence: What a stranger needs to run it again: skill and version, model digests, runtime, seed, input digest.
        artifacts: Files by name, each as (media type, bytes).
    """

    output: Mapping[str, Any]
    evidence: Mapping[str, Any]
    artifacts: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
