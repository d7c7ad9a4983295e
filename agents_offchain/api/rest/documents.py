"""Request documents: what a client may ask of an agent, checked before anybody pays for it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agents_offchain.api.rest.errors import RequestRefused

REQUEST_SCHEMA = "aitbc.request/1"
MAX_NOTE = 2_000
MAX_SETTINGS = 32
MAX_SAFE_INTEGER = 2**53 - 1
SMALLEST_PLAIN = 1e-4
"""Below it JSON writers disagree on when to use an exponent."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class InputIn(_Strict):
    """The stored file that the work is about."""

    cid: str = Field(pattern="^[A-Za-z0-9]{46,64}$")
    media_type: Literal["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"]
    bytes: int = Field(ge=1, le=MAX_SAFE_INTEGER)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class ReExecutionIn(_Strict):
    """Reporters run the skill again and compare within these bounds."""

    kind: Literal["re-execution"]
    box_tolerance_px: Annotated[int | float, Field(ge=0, le=100)]
    score_tolerance: Annotated[int | float, Field(ge=0, le=1)]
    text: Literal["equal"]


class RequestIn(_Strict):
    """A request document; what is stored is its canonical JSON, exactly as sent."""

    schema_: Literal["aitbc.request/1"] = Field(alias="schema")
    service: str = Field(pattern="^[a-z0-9][a-z0-9-]{0,31}$")
    listing_id: int = Field(ge=1, le=MAX_SAFE_INTEGER)
    input: InputIn
    settings: dict[Annotated[str, Field(max_length=64)], JsonValue] = Field(max_length=MAX_SETTINGS)
    criteria: ReExecutionIn
    note: str = Field(max_length=MAX_NOTE)


def require_encodable(document: Any, depth: int = 0) -> None:
    """Refuse what two JSON writers would write differently, or not at all.

    Raises:
        RequestRefused: a lone surrogate, a number beyond 2^53 or nesting deeper than eight.
    """
    if depth > 8:
        raise RequestRefused("The document is nested too deeply.", mend="Use at most eight levels.")
    if isinstance(document, dict):
        for key, value in document.items():
            require_encodable(key, depth)
            require_encodable(value, depth + 1)
    elif isinstance(document, list):
        for value in document:
            require_encodable(value, depth + 1)
    elif isinstance(document, str) and any("\ud800" <= letter <= "\udfff" for letter in document):
        raise RequestRefused("A text of the document is not valid Unicode.", mend="Send UTF-8 text.")
    elif isinstance(document, int | float) and abs(document) > MAX_SAFE_INTEGER:
        raise RequestRefused("A number of the document is too large.", mend="Use a string for it.")
    elif isinstance(document, float) and (document.is_integer() or abs(document) < SMALLEST_PLAIN):
        raise RequestRefused(
            "A number of the document has more than one usual spelling.",
            mend="Write whole numbers without a fraction, and no fraction below 0.0001.",
        )
