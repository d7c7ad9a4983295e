"""The language services, as data, and the one entry that a worker process calls.

In: a service name, the request document, the input bytes by CID, the host's settings. Out: a `SkillResult`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agents_offchain.skills.embedding.embedder import MiniLm
from agents_offchain.skills.errors import SkillInputMissing, SkillUnknown
from agents_offchain.skills.llm.answer import answer_question, describe_answer
from agents_offchain.skills.llm.citations import check_citations
from agents_offchain.skills.llm.extract import (
    as_statement,
    extract_field,
    is_right_label,
    rank_labels,
    summarise,
)
from agents_offchain.skills.llm.library import Library
from agents_offchain.skills.llm.local import LocalModel
from agents_offchain.skills.llm.models_at_hand import GOOD_ENOUGH, ModelsAtHand
from agents_offchain.skills.llm.placed import check_verdicts, place_verdicts, share_fulfilled
from agents_offchain.skills.llm.preserved import check_translation
from agents_offchain.skills.llm.router import Need
from agents_offchain.skills.llm.settings import (
    AnswerSettings,
    Choice,
    ClassifySettings,
    ExtractSettings,
    JudgeSettings,
    SummariseSettings,
    TranslateSettings,
    read_settings,
)
from agents_offchain.skills.llm.structured import ask_for_json
from agents_offchain.skills.llm.translate import translate
from agents_offchain.skills.result import SkillResult

SEED = 0


@dataclass(slots=True)
class Desk:
    """What a service works with: the request, its document, the models of this machine."""

    service: str
    request: Mapping[str, Any]
    data: bytes
    embedder: MiniLm
    models: ModelsAtHand

    def library(self) -> Library:
        return Library(self.data, self.embedder)

    def settings(self, kind: type[Choice]) -> Choice:
        return read_settings(kind, self.service, self.request.get("settings") or {})

    def result(self, output: dict[str, Any], library: Library, settings: BaseModel, **more: Any) -> SkillResult:
        """Output with what a stranger needs to do it again, and the trace of every question put to a model."""
        asked = self.models.evidence()
        local = self.models.local
        evidence = {
            "skill": f"{self.service}/1",
            "models": {**self.embedder.digests, **(local.digests if asked["models_asked"] else {})},
            "runtime": local.runtime,
            "settings": settings.model_dump(),
            "seed": SEED,
            "input_sha256": library.source.sha256,
            "text_sha256": library.source.text_sha256,
            **asked,
            **more,
        }
        self.models.remember()
        if not self.models.trace:
            return SkillResult(output, evidence)
        text = json.dumps(self.models.trace, ensure_ascii=False, indent=1, sort_keys=True)
        return SkillResult(output, evidence, {"trace": ("application/json", text.encode())})


def answer_from_documents(desk: Desk) -> SkillResult:
    """Answer one question from one document, with citations."""
    settings = desk.settings(AnswerSettings)
    library = desk.library()
    drafter = desk.models.for_task(Need("answer", least_quality=GOOD_ENOUGH), "draft")
    found = answer_question(settings.question, library, drafter, desk.models.prompt("answer"))
    spans = [library.passages[number].span for number in found.passages]
    output = describe_answer(settings.question, library, found)
    return desk.result(output, library, settings, passages=[[span.start, span.end] for span in spans])


def summarise_document(desk: Desk) -> SkillResult:
    """The sentences that say most of a document."""
    settings = desk.settings(SummariseSettings)
    library = desk.library()
    spans = summarise(library, desk.embedder, settings.sentences)
    statements = [as_statement(library, library.read(span), span) for span in spans]
    return desk.result(_cited(library, statements), library, settings)


def extract_fields(desk: Desk) -> SkillResult:
    """The values of named fields, each with the sentence it stands in."""
    settings = desk.settings(ExtractSettings)
    library = desk.library()
    statements, missing = [], []
    for wish in settings.fields:
        found = extract_field(library, wish.name, wish.description, wish.kind)
        if found is None:
            missing.append(wish.name)
        else:
            statements.append(as_statement(library, found[0], found[1], field=wish.name, kind=wish.kind))
    return desk.result({**_cited(library, statements), "missing": missing}, library, settings)


def classify_document(desk: Desk) -> SkillResult:
    """The label whose description is nearest to what the document says, with the sentence that shows it."""
    settings = desk.settings(ClassifySettings)
    library = desk.library()
    ranked = rank_labels(library, desk.embedder, settings.labels)
    label, _, span = ranked[0]
    output = {**_cited(library, [as_statement(library, library.read(span), span)]), "label": label}
    return desk.result(output, library, settings)


def translate_document(desk: Desk) -> SkillResult:
    """A translation; only a model that is good at it is asked, and the one that comes with the product is not."""
    settings = desk.settings(TranslateSettings)
    library = desk.library()
    translator = desk.models.for_task(Need("translate", least_quality=GOOD_ENOUGH), "translate")
    text = translate(library.source.text, settings.language, translator, desk.models.prompt("translate"))
    output = {"document": library.facts(), "language": settings.language, "text": text}
    return desk.result(output, library, settings)


def judge_document(desk: Desk) -> SkillResult:
    """Whether a text fulfils each point of a rubric, with a reason; wants a model that is good at judging."""
    settings = desk.settings(JudgeSettings)
    library = desk.library()
    judge = desk.models.for_task(Need("judge", least_quality=GOOD_ENOUGH), "judge")
    points = "\n".join(f"{place}. {point}" for place, point in enumerate(settings.rubric, 1))
    values: dict[str, str | int] = {"rubric": points, "text": library.source.text, "count": len(settings.rubric)}
    said = ask_for_json(judge, desk.models.prompt("judge"), values)["verdicts"]
    verdicts = place_verdicts(said, settings.rubric, library)
    output = {"document": library.facts(), "verdicts": verdicts, "score": share_fulfilled(verdicts)}
    return desk.result(output, library, settings)


def check_citations_of(desk: Desk) -> SkillResult:
    """The reporters' side: facts about somebody's output, whatever of the quoting services made it."""
    claimed, library = desk.request["claimed"], desk.library()
    settings = desk.request.get("settings") or {}
    facts = check_citations(str(settings.get("question", "")).strip(), claimed, library)
    if claimed.get("label") is not None:
        labels = read_settings(ClassifySettings, desk.service, settings).labels
        facts["is_label_right"] = is_right_label(claimed["label"], rank_labels(library, desk.embedder, labels))
    return SkillResult(facts, {"models": dict(desk.embedder.digests)})


def check_form_of(desk: Desk) -> SkillResult:
    """The reporters' side of what cannot be quoted: facts about a translation, or about verdicts by a rubric."""
    claimed, library, settings = desk.request["claimed"], desk.library(), desk.request.get("settings") or {}
    if "verdicts" in claimed:
        facts = check_verdicts(read_settings(JudgeSettings, desk.service, settings).rubric, claimed, library)
    else:
        language = read_settings(TranslateSettings, desk.service, settings).language
        facts = check_translation(library.source.text, str(claimed["text"]), language)
    return SkillResult({"document": library.facts(), **facts}, {"models": dict(desk.embedder.digests)})


SERVICES: Mapping[str, Callable[[Desk], SkillResult]] = {
    "answer-from-documents": answer_from_documents,
    "summarise": summarise_document,
    "extract-fields": extract_fields,
    "classify": classify_document,
    "translate": translate_document,
    "judge": judge_document,
    "check-citations": check_citations_of,
    "check-form": check_form_of,
}


def _cited(library: Library, statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "document": library.facts(),
        "question": "",
        "is_answered": bool(statements),
        "answer": " ".join(str(statement["text"]) for statement in statements),
        "statements": statements,
    }


def run(
    service: str, request: Mapping[str, Any], inputs: Mapping[str, bytes], settings: Mapping[str, Any]
) -> SkillResult:
    """Run one service on one request.

    Args:
        service: A key of `SERVICES`.
        request: The request document; ``input.cid`` names the document and ``settings`` holds the client's choices.
        inputs: The inputs' bytes by CID.
        settings: The host's: ``models_dir``, and if wanted ``threads`` and what `ModelsAtHand.of` reads.

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
    models_dir, threads = Path(settings["models_dir"]), int(settings.get("threads", 1))
    data = _require_input(request, inputs)
    embedder = MiniLm.load(models_dir, threads)
    models = ModelsAtHand.of(
        settings,
        request,
        LocalModel(models_dir, threads, server_url=str(settings.get("language_server", ""))),
        embedder,
    )
    return skill(Desk(service, request, data, embedder, models))


def _require_input(request: Mapping[str, Any], inputs: Mapping[str, bytes]) -> bytes:
    described = request.get("input")
    cid = described.get("cid") if isinstance(described, Mapping) else None
    if not isinstance(cid, str) or cid not in inputs:
        raise SkillInputMissing(
            "The request names no document whose bytes are at hand.",
            mend="Upload the document and put its CID into the request's input.",
        )
    return inputs[cid]
