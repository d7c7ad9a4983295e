"""Which room does which service, as data; the one door by which a worker process calls any skill.

In: a service name, the request document, the input bytes by CID, the host's settings. Out: a `SkillResult`. Only the
room that is asked is imported, so that looking at a picture loads no language model.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from agents_offchain.skills.errors import SkillUnknown
from agents_offchain.skills.result import SkillResult

CHECKING = ("check-citations", "check-form")
"""What reporters run; they ask no model and get no key."""
LANGUAGE = "agents_offchain.skills.llm.services"
OBSERVING = "observe-scene"
"""It asks a language model only where the host says so, and never when a result is checked."""
PROGRAMS = "programs"
"""A field beside an `OBSERVING` request that is being checked: the proposed programs of the result, by question."""
ROOMS: Mapping[str, str] = {
    "answer-from-documents": LANGUAGE,
    **dict.fromkeys(CHECKING, LANGUAGE),
    "classify": LANGUAGE,
    "extract-fields": LANGUAGE,
    "inspect-image": "agents_offchain.skills.vision.services",
    "judge": LANGUAGE,
    OBSERVING: "agents_offchain.skills.multimodal.services",
    "summarise": LANGUAGE,
    "translate": LANGUAGE,
}
"""The module with the `run` of each service."""
DESCRIPTIONS: Mapping[str, str] = {
    "answer-from-documents": "answers a question from a document or PDF",
    "classify": "sorts a document under one of several labels",
    "extract-fields": "takes fields such as amounts and dates out of an invoice or form",
    "inspect-image": "finds objects and reads the text in a photograph",
    "judge": "judges a text point by point by a rubric",
    "observe-scene": "answers questions about a photograph and sensor data, describes a scene, finds pictures by words",
    "summarise": "sums up a document in a few sentences",
    "translate": "translates a text into another language",
}
"""What each service does, for people and for finding the one that a wish means."""


def run(
    service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], settings: Mapping[str, Any]
) -> SkillResult:
    """Run one service on one request in its room.

    Raises:
        SkillUnknown: no room offers the service.
        AitbcError: what the room's own `run` says.
    """
    room = ROOMS.get(service)
    if room is None:
        raise SkillUnknown(
            f"No skill offers {service[:60]!r}.", mend=f"Offered: {', '.join(sorted(ROOMS))}.", service=service[:60]
        )
    result: SkillResult = import_module(room).run(service, request, inputs, settings)
    return result
