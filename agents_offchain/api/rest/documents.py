"""Documents that come in as JSON: read, and refused where two writers would write other bytes."""

from __future__ import annotations

from typing import Any

import orjson

from agents_offchain.api.rest.errors import FormInvalid, RequestRefused
from agents_offchain.runtime.documents import MAX_SAFE_INTEGER

SMALLEST_PLAIN = 1e-4
"""Below it JSON writers disagree on when to use an exponent."""


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


def read_json(body: bytes) -> Any:
    """The body as JSON.

    Raises:
        FormInvalid: it is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FormInvalid("The body is not JSON.", mend="Send one JSON object in UTF-8.") from error
