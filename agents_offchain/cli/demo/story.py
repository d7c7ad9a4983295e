"""What a demo has done: which service, on which file, asked how, and how its result is shown.

The journey is the same for every story; a new kind of work is one more story here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agents_offchain.cli.demo.errors import MaterialMissing
from agents_offchain.cli.demo.picture import read_photograph
from agents_offchain.cli.places import example_file, example_profile
from agents_offchain.primitives.canonical import sha256
from agents_offchain.runtime.documents import Criteria, criteria_of
from agents_offchain.skills.knowledge.errors import DocumentRefused, DocumentTooLarge
from agents_offchain.skills.knowledge.source import sniff_document

QUESTION = "How long may a client wait before the money comes back when the agent never delivers?"
SCENE_QUESTIONS = (
    "How many cats are there?",
    "Is the person left of the cat?",
    "What is written below the cup?",
    "How many dragons are there?",
)
_MAX_ROWS = 40
Output = Mapping[str, Any]


class Material(Protocol):
    """The file that is worked on."""

    @property
    def path(self) -> Path: ...

    @property
    def data(self) -> bytes: ...

    @property
    def media_type(self) -> str: ...

    @property
    def sha256_hex(self) -> str: ...


@dataclass(frozen=True)
class Document:
    """A text or PDF file."""

    path: Path
    data: bytes
    media_type: str

    @property
    def sha256_hex(self) -> str:
        return sha256(self.data).hex()


@dataclass(frozen=True)
class DemoStory:
    """One kind of work, from file to receipt.

    Attributes:
        what: What the file is, as a word of the receipt.
        profile: The agent that does it.
        settings: Of the request.
        attachments: Files beside the first.
        kept: Name of the artifact that is saved for the user.
        titles: Steps that are told otherwise than usual, by name.
        findings: What of the output belongs into the receipt for programs.
        show: The same as lines for people.
    """

    service: str
    what: str
    material: Material
    profile: Path
    note: str
    kept: str
    findings: Callable[[Output], dict[str, Any]]
    show: Callable[[Output], list[str]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Material, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def criteria(self) -> Criteria:
        return criteria_of(self.service)


def picture_story(image: Path | None, max_bytes: int) -> DemoStory:
    """A photograph is inspected.

    Raises:
        MaterialMissing, ImageRefused: it cannot be used.
    """
    return DemoStory(
        service="inspect-image",
        what="Photograph",
        material=read_photograph(image or example_file("photos", "contact-sheet.jpg"), max_bytes),
        profile=example_profile("inspector"),
        note="Please find the objects and read the text.",
        kept="annotated",
        findings=lambda output: {"objects": output["objects"], "text": output["text"]},
        show=_show_picture,
        titles={"upload": "Store the photograph and the request"},
    )


def document_story(document: Path | None, question: str | None, max_bytes: int) -> DemoStory:
    """A question is answered from a document.

    Raises:
        MaterialMissing, DocumentRefused: it cannot be used.
    """
    return DemoStory(
        service="answer-from-documents",
        what="Document",
        material=read_document(document or example_file("documents", "escrow-guide.pdf"), max_bytes),
        profile=example_profile("librarian"),
        note="Please answer from the document alone and quote it.",
        kept="trace",
        findings=lambda output: {name: output[name] for name in ("question", "is_answered", "answer", "statements")},
        show=_show_answer,
        settings={"question": question or QUESTION},
        titles={
            "upload": "Store the document and the question",
            "check": "Three reporters read the document again and check every citation",
        },
    )


SCENE_FINDINGS = ("objects", "text", "scene", "answers", "agreements", "fingerprint", "track")


def scene_story(image: Path | None, sensors: Path | None, question: str | None, max_bytes: int) -> DemoStory:
    """Questions about a photograph are answered, and a sensor log is fused, as one job.

    Raises:
        MaterialMissing, ImageRefused, DocumentRefused: a file cannot be used.
    """
    return DemoStory(
        service="observe-scene",
        what="Photograph",
        material=read_photograph(image or example_file("photos", "contact-sheet.jpg"), max_bytes),
        profile=example_profile("observer"),
        note="Please answer the questions about the photograph and fuse the sensor log.",
        kept="annotated",
        findings=lambda output: {name: output[name] for name in SCENE_FINDINGS},
        show=_show_scene,
        settings={"questions": [question] if question else list(SCENE_QUESTIONS)},
        attachments=(read_document(sensors or example_file("sensors", "walk.json"), max_bytes),),
        titles={"upload": "Store the photograph, the sensor log and the questions"},
    )


def read_document(path: Path, max_bytes: int) -> Document:
    """Read a file that has to be text or a PDF; whether there is text in it is the agent's to find out.

    Raises:
        MaterialMissing: no readable file is there.
        DocumentRefused: too large, or neither text nor a PDF.
    """
    try:
        if not path.is_file():
            raise MaterialMissing(f"There is no file at {path}.", mend="Name a PDF, HTML, Markdown or text file.")
        if path.stat().st_size > max_bytes:
            raise DocumentTooLarge(f"{path} has more than {max_bytes:,} bytes.", mend="Cut it into parts.")
        data = path.read_bytes()
    except OSError as error:
        raise MaterialMissing(f"{path} cannot be read: {error.strerror}.", mend="Check its permissions.") from error
    media_type = sniff_document(data) if data else None
    if media_type is None:
        raise DocumentRefused(f"{path} is neither text nor a PDF.", mend="Name a PDF, HTML, Markdown or text file.")
    return Document(path, data, media_type)


def _show_picture(output: Output) -> list[str]:
    objects = [
        f"  {entry['label']:<14} score {entry['score']:.4f}   box {' '.join(f'{value:g}' for value in entry['box'])}"
        for entry in output["objects"][:_MAX_ROWS]
    ]
    text = [f"  {entry['text']!r}   score {entry['score']:.4f}" for entry in output["text"][:_MAX_ROWS]]
    found, read = len(output["objects"]), len(output["text"])
    return [f"Objects found: {found}", *objects, f"Lines of text read: {read}", *text]


def _show_scene(output: Output) -> list[str]:
    lines = _show_picture(output)
    for told in output["answers"]:
        lines.append(f"Question  {told['question']}")
        because = f"   ({told['reason']})" if told["reason"] else ""
        answer = ", ".join(told["answer"].splitlines())
        lines.append(f"Answer    {answer}{because}")
        lines.extend(
            f"  seen: {item['label']} at {' '.join(f'{v:g}' for v in item['box'])}" for item in told["objects"]
        )
    named = ", ".join(f"{guess['name']} {guess['score']:.2f}" for guess in output["scene"]["classes"][:3])
    lines.append(f"Classes   {named}")
    track = output["track"]
    last = track["points"][-1]
    place = ", ".join(f"{value:.2f}" for value in last["position"])
    spread = ", ".join(f"{value:.2f}" for value in last["deviation"])
    lines.append(
        f"Track     {len(track['points'])} points; at {last['time_s']:.1f} s at ({place}) m, give or take ({spread})"
    )
    for sensor in track["sensors"]:
        lines.append(
            f"  {sensor['name']:<10} {sensor['state']:<14} {sensor['taken']} taken, {sensor['gated']} thrown out"
        )
    return lines


def _show_answer(output: Output) -> list[str]:
    lines = [f"Question  {output['question']}", f"Answer    {output['answer'] or 'The document does not say.'}"]
    for statement in output["statements"][:_MAX_ROWS]:
        for cited in statement["citations"]:
            quote = " ".join(cited["quote"].split())
            lines.append(f"  page {cited['page']}, characters {cited['start']} to {cited['end']}: “{quote}”")
    return lines
