"""What a client may choose for each language service. Everything in a request is untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from agents_offchain.skills.errors import SkillSettingsInvalid

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Choice = TypeVar("Choice", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AnswerSettings(_Strict):
    """`answer-from-documents`: what is asked of the document."""

    question: Question


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
