"""The language services, as data, and the one entry that a worker process calls.

In: a service name, the request document, the input bytes by CID, the host's settings. Out: a `SkillResult`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.errors import SkillInputMissing, SkillUnknown
from agents_offchain.skills.llm.answer import SKILL as ANSWER_SKILL
from agents_offchain.skills.llm.answer import answer_question, describe_answer
from agents_offchain.skills.llm.citations import check_citations
from agents_offchain.skills.llm.library import Library
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.replay import Recorder
from agents_offchain.skills.llm.settings import AnswerSettings, read_settings
from agents_offchain.skills.result import SkillResult

SEED = 0


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The host's settings of a language worker.

    Attributes:
        models_dir: The folder that set-up filled.
        threads: Threads of one inference.
        is_drafting_locally: Whether the local model words answers; quotations alone are better with a model this small.
    """

    models_dir: Path
    threads: int = 1
    is_drafting_locally: bool = False


@dataclass(slots=True)
class Desk:
    """What a service works with: the request, its document, the models of this machine."""

    service: str
    request: Mapping[str, Any]
    data: bytes
    embedder: MiniLm
    recorder: Recorder
    local: LocalModel
    is_drafting: bool = False

    def library(self) -> Library:
        return Library(self.data, self.embedder)

    def evidence(self, skill: str, library: Library, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What a stranger needs to do it again."""
        return {
            "skill": skill,
            "models": {**self.embedder.digests, **(self.local.digests if self.recorder.exchanges else {})},
            "runtime": self.local.runtime,
            "settings": dict(settings),
            "seed": SEED,
            "input_sha256": library.source.sha256,
            "text_sha256": library.source.text_sha256,
            "models_asked": [exchange.reply.model for exchange in self.recorder.exchanges],
        }

    def trace(self) -> dict[str, tuple[str, bytes]]:
        """Every question put to a model with its answer; can be replayed."""
        if not self.recorder.exchanges:
            return {}
        text = json.dumps(self.recorder.trace(), ensure_ascii=False, indent=1, sort_keys=True)
        return {"trace": ("application/json", text.encode())}


def answer_from_documents(desk: Desk) -> SkillResult:
    """Answer one question from one document, with citations."""
    settings = read_settings(AnswerSettings, desk.service, desk.request.get("settings") or {})
    library = desk.library()
    desk.recorder.purpose = "draft"
    found = answer_question(settings.question, library, desk.recorder if desk.is_drafting else None)
    spans = [library.passages[number].span for number in found.passages]
    evidence = desk.evidence(ANSWER_SKILL, library, settings.model_dump())
    evidence["passages"] = [[span.start, span.end] for span in spans]
    return SkillResult(describe_answer(settings.question, library, found), evidence, desk.trace())


def check_citations_of(desk: Desk) -> SkillResult:
    """The reporters' side: facts about somebody's answer."""
    settings = read_settings(AnswerSettings, desk.service, desk.request.get("settings") or {})
    library = desk.library()
    facts = check_citations(settings.question, desk.request["claimed"], library)
    return SkillResult(facts, {"models": dict(desk.embedder.digests)})


SERVICES: Mapping[str, Callable[[Desk], SkillResult]] = {
    "answer-from-documents": answer_from_documents,
    "check-citations": check_citations_of,
}


def run(
    service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], settings: Mapping[str, Any]
) -> SkillResult:
    """Run one service on one request.

    Args:
        service: A key of `SERVICES`.
        request: The request document; ``input.cid`` names the document and ``settings`` holds the client's choices.
        inputs: The inputs' bytes by CID.
        settings: The fields of `WorkerSettings`, as data; only ``models_dir`` is required.

    Raises:
        SkillUnknown: the service is not offered here.
        SkillInputMissing: the request names no input, or its bytes were not handed in.
        SkillSettingsInvalid: a client's setting is unknown or out of range.
        DocumentRefused: the input is not a document that can be read.
        ModelMissing, ModelDigestMismatch, InferenceFailed: this machine cannot do the work.
    """
    skill = SERVICES.get(service)
    if skill is None:
        raise SkillUnknown(f"No skill offers {service[:60]!r}.", mend=f"Offered: {', '.join(sorted(SERVICES))}.")
    host = WorkerSettings(**{**settings, "models_dir": Path(settings["models_dir"])})
    data = _require_input(request, inputs)
    embedder = MiniLm.load(host.models_dir, host.threads)
    local = LocalModel(host.models_dir, host.threads)
    return skill(Desk(service, request, data, embedder, Recorder(local), local, host.is_drafting_locally))


def _require_input(request: Mapping[str, Any], inputs: Mapping[str, bytes]) -> bytes:
    described = request.get("input")
    cid = described.get("cid") if isinstance(described, Mapping) else None
    if not isinstance(cid, str) or cid not in inputs:
        raise SkillInputMissing(
            "The request names no document whose bytes are at hand.",
            mend="Upload the document and put its CID into the request's input.",
        )
    return inputs[cid]
