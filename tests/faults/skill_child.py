"""The worker's child process with one small honest skill, so that a suite's time goes into faults.

`echo-digest` answers with the SHA-256 of its input, in the shape of a picture without objects and text. Run as
`python -m tests.faults.skill_child FOLDER`, in place of `agents_offchain.runtime.workers.child`.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents_offchain.runtime.workers import child
from agents_offchain.skills import catalog
from agents_offchain.skills.result import SkillResult

SERVICE = "echo-digest"


def run(
    service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], settings: Mapping[str, Any]
) -> SkillResult:
    """The digest of the one input."""
    assert service == SERVICE
    (data,) = inputs.values()
    digest = hashlib.sha256(data).hexdigest()
    return SkillResult(
        output={"image": {"width": 1, "height": 1, "sha256": digest}, "objects": [], "text": []},
        evidence={"skill": f"{SERVICE}/1", "models": {}, "seed": 0, "input_sha256": digest},
        artifacts={},
    )


if __name__ == "__main__":
    catalog.run = run
    sys.exit(child.main(Path(sys.argv[1])))
