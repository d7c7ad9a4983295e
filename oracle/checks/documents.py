"""The result document as a reporter reads it, from bytes that anybody wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents_offchain.primitives.canonical import DocumentInvalid, parse_document

RESULT_SCHEMA = "aitbc.result/1"
MAX_ENTRIES = 10_000
"""Most objects or text lines of one output."""

Model = TypeVar("Model", bound=BaseModel)
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e9, le=1e9)]
UnitNumber = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    """Unknown fields are kept out of the way, so that a later minor version still reads."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class JobReference(_Part):
    chain_id: int = Field(strict=True, ge=0)
    escrow: str = Field(max_length=42)
    job_id: str = Field(max_length=78)


class ImageFacts(_Part):
    width: int = Field(strict=True, ge=0, le=10**6)
    height: int = Field(strict=True, ge=0, le=10**6)
    sha256: Hex32


class FoundObject(_Part):
    """A thing in the picture; `box` is x0 y0 x1 y1 in pixels, `score` in [0, 1]."""

    label: str = Field(max_length=200)
    score: UnitNumber
    box: tuple[Number, Number, Number, Number]


Corner = tuple[Number, Number]


class FoundText(_Part):
    """A line of text; `box` is its four corners in pixels."""

    text: str = Field(max_length=10_000)
    score: UnitNumber
    box: tuple[Corner, Corner, Corner, Corner]


class ImageOutput(_Part):
    """The output of `inspect-image`."""

    image: ImageFacts
    objects: list[FoundObject] = Field(max_length=MAX_ENTRIES)
    text: list[FoundText] = Field(max_length=MAX_ENTRIES)


class SceneAnswer(_Part):
    """A question about a picture with its answer; the objects and lines are what it rests on."""

    question: str = Field(max_length=400)
    answer: str = Field(max_length=20_000)
    objects: list[FoundObject] = Field(max_length=MAX_ENTRIES)
    text: list[FoundText] = Field(max_length=MAX_ENTRIES)
    program: dict[str, Any] | None = None
    is_proposed: bool = False


class TrackPoint(_Part):
    """Where something was, with the standard deviation of each axis, in metres."""

    time_s: Number
    position: list[Number] = Field(min_length=1, max_length=3)
    deviation: list[Number] = Field(min_length=1, max_length=3)


class SensorState(_Part):
    name: str = Field(max_length=64)
    state: str = Field(max_length=20)


class Track(_Part):
    points: list[TrackPoint] = Field(max_length=1_000)
    sensors: list[SensorState] = Field(max_length=64)


class FoundClass(_Part):
    """What the picture as a whole may show; `score` in [0, 1]."""

    name: str = Field(max_length=200)
    score: UnitNumber


class SceneFacts(_Part):
    """Of the measured description, what is checked."""

    classes: list[FoundClass] = Field(default_factory=list, max_length=64)


class FoundAgreement(_Part):
    """A text of the client beside the picture; `similarity` is a cosine."""

    text: str = Field(max_length=400)
    similarity: Number
    agrees: bool


class FoundFrame(_Part):
    """What one frame of a video shows."""

    time_s: Number
    objects: list[FoundObject] = Field(max_length=MAX_ENTRIES)


class SeenPicture(_Part):
    """One of several pictures: what it shows, and the words that most decide which texts it is near to."""

    picture: str = Field(max_length=120)
    image: ImageFacts
    words: list[FoundClass] = Field(max_length=64)
    objects: list[FoundObject] = Field(max_length=MAX_ENTRIES)
    text: list[FoundText] = Field(max_length=MAX_ENTRIES)
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class RankedPicture(_Part):
    picture: str = Field(max_length=120)
    similarity: Number
    matches: bool


class FoundRanking(_Part):
    """The pictures by their nearness to a text, the nearest first."""

    text: str = Field(max_length=400)
    ranking: list[RankedPicture] = Field(max_length=64)


class LeftOut(_Part):
    """A file of a search that nobody can look at."""

    picture: str = Field(max_length=120)
    reason: str = Field(max_length=1_000)


class SceneOutput(_Part):
    """The output of `observe-scene`; `image` with its parts or `pictures` with `found`, `video`, `track`."""

    steps: list[Annotated[str, Field(max_length=40)]] = Field(max_length=16)
    image: ImageFacts | None = None
    objects: list[FoundObject] = Field(default_factory=list, max_length=MAX_ENTRIES)
    text: list[FoundText] = Field(default_factory=list, max_length=MAX_ENTRIES)
    answers: list[SceneAnswer] = Field(default_factory=list, max_length=64)
    scene: SceneFacts = SceneFacts()
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    agreements: list[FoundAgreement] = Field(default_factory=list, max_length=64)
    pictures: list[SeenPicture] = Field(default_factory=list, max_length=64)
    left_out: list[LeftOut] = Field(default_factory=list, max_length=64)
    found: list[FoundRanking] = Field(default_factory=list, max_length=64)
    video: list[FoundFrame] = Field(default_factory=list, max_length=64)
    track: Track | None = None

    @property
    def proposed_programs(self) -> dict[str, Any]:
        """By question, where no grammar gave the program; who checks the result runs the same, read strictly."""
        return {answer.question: answer.program for answer in self.answers if answer.is_proposed}


class Citation(_Part):
    """A quotation: characters `start` to `end` of the document's text, on a page counted from 1."""

    start: int = Field(strict=True, ge=0, le=10**8)
    end: int = Field(strict=True, ge=0, le=10**8)
    page: int = Field(strict=True, ge=1, le=10**6)
    quote: str = Field(max_length=20_000)


class CitedStatement(_Part):
    """A sentence with what it rests on."""

    text: str = Field(min_length=1, max_length=4_000)
    citations: list[Citation] = Field(max_length=16)


class DocumentFacts(_Part):
    """Which text the places are places of."""

    sha256: Hex32
    text_sha256: Hex32
    reader: str = Field(max_length=60)


class AnswerOutput(_Part):
    """The output of the services that quote; `label` is that of `classify`."""

    document: DocumentFacts
    question: str = Field(max_length=2_000)
    label: str | None = Field(default=None, max_length=60)
    is_answered: bool
    answer: str = Field(max_length=20_000)
    statements: list[CitedStatement] = Field(max_length=32)


class TranslationOutput(_Part):
    """The output of `translate`."""

    document: DocumentFacts
    language: str = Field(max_length=40)
    text: str = Field(min_length=1, max_length=1_000_000)


class PointVerdict(_Part):
    """A point of the rubric with what shows that it is fulfilled."""

    point: str = Field(max_length=400)
    fulfilled: bool = Field(strict=True)
    reason: str = Field(max_length=2_000)
    citations: list[Citation] = Field(max_length=4)


class JudgementOutput(_Part):
    """The output of `judge`; `score` is the share of points fulfilled, 0 to 100."""

    document: DocumentFacts
    verdicts: list[PointVerdict] = Field(max_length=24)
    score: int = Field(strict=True, ge=0, le=100)


class ArtifactReference(_Part):
    cid: str = Field(min_length=1, max_length=120)
    media_type: str = Field(max_length=100)


class ResultDocument(_Part):
    """What the agent claims. `output` and `evidence` are read by the checks of the service."""

    schema_: Literal["aitbc.result/1"] = Field(alias="schema")
    service: str = Field(max_length=64)
    job: JobReference
    request_cid: str = Field(max_length=120)
    output: SceneOutput | ImageOutput | AnswerOutput | TranslationOutput | JudgementOutput
    artifacts: dict[str, ArtifactReference] = Field(default_factory=dict, max_length=64)
    evidence: dict[str, Any] = Field(default_factory=dict)


def read_result(data: bytes) -> ResultDocument:
    """The result document.

    Raises:
        DocumentInvalid: nobody can read this as a result.
    """
    return _validate(ResultDocument, parse_document(data, RESULT_SCHEMA))


def read_output(output: Any) -> ImageOutput | SceneOutput:
    """The output of a skill that is judged by running it again, typed.

    Raises:
        DocumentInvalid: not the output of such a skill.
    """
    is_scene = isinstance(output, Mapping) and "steps" in output
    return _validate(SceneOutput, output) if is_scene else _validate(ImageOutput, output)


def _validate(model: type[Model], raw: Any) -> Model:
    try:
        return model.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        raise DocumentInvalid(f"The document is not a {model.__name__}.") from error
