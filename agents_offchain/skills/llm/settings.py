"""What a client may choose for each language service. Everything in a request is untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agents_offchain.skills.errors import SkillSettingsInvalid

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Choice = TypeVar("Choice", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AnswerSettings(_Strict):
    """`answer-from-documents`: what is asked of the document."""

    question: Question


class SummariseSettings(_Strict):
    """`summarise`: how many sentences."""

    sentences: Annotated[int, Field(ge=1, le=8)] = 3


class FieldWish(_Strict):
    """One field to find."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    description: Annotated[str, StringConstraints(max_length=200)] = ""
    kind: Literal["text", "number", "percent", "amount", "date", "email", "address"] = "text"


class ExtractSettings(_Strict):
    """`extract-fields`: what to look for."""

    fields: Annotated[list[FieldWish], Field(min_length=1, max_length=24)]


LabelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
LabelText = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ClassifySettings(_Strict):
    """`classify`: labels with what each means."""

    labels: Annotated[dict[LabelName, LabelText], Field(min_length=2, max_length=24)]


class TranslateSettings(_Strict):
    """`translate`: into which language, as an English word."""

    language: Annotated[str, StringConstraints(pattern=r"^[A-Z][a-z]{2,24}$")]


class JudgeSettings(_Strict):
    """`judge`: what a text has to fulfil, point by point."""

    rubric: Annotated[list[LabelText], Field(min_length=1, max_length=12)]


SETTINGS: Mapping[str, type[BaseModel]] = {
    "answer-from-documents": AnswerSettings,
    "summarise": SummariseSettings,
    "extract-fields": ExtractSettings,
    "classify": ClassifySettings,
    "translate": TranslateSettings,
    "judge": JudgeSettings,
}
"""What each service is told, by its name."""


def read_settings(kind: type[Choice], service: str, settings: Any) -> Choice:
    """A client's settings.

    Raises:
        SkillSettingsInvalid: one is unknown, missing or out of range; the message names it.
    """
    try:
        return kind.model_validate(dict(settings) if isinstance(settings, Mapping) else settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])[:60] or "settings"
        known = ", ".join(sorted(kind.model_fields))
        raise SkillSettingsInvalid(
            f"The setting {name} of {service} is wrong: {first['msg']}.", mend=f"Known settings: {known}.", setting=name
        ) from error
