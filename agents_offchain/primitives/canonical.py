"""One byte string per document: canonical JSON and the hashes taken over it.

Request, result and report documents are addressed and signed by these bytes, so two honest parties
must get the same ones. The form is the common subset of RFC 8785 that needs no number formatting
rules of JavaScript: UTF-8, keys sorted, no spaces; floats must be finite and are written by Python's
shortest round-trip form.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from agents_offchain.primitives.errors import Refused

MAX_DOCUMENT_BYTES = 1 << 20
"""A document is one IPFS block, so that its CID carries the digest that is on chain."""


class DocumentInvalid(Refused):
    """Bytes that should be a JSON document of ours are not one."""


def canonical_json(document: Any) -> bytes:
    """Encode JSON-compatible data canonically.

    Raises:
        DocumentInvalid: data JSON cannot carry (NaN, bytes, sets, keys that are not text, half of a
            surrogate pair), or more than 1 MiB of it.
    """
    try:
        _require_text_keys(document)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        encoded = text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise DocumentInvalid(f"The document cannot be written as JSON: {error}.") from error
    if len(encoded) > MAX_DOCUMENT_BYTES:
        raise DocumentInvalid(
            f"The document has {len(encoded)} bytes; at most {MAX_DOCUMENT_BYTES} fit in one block.",
            mend="Store the large part as an artifact and refer to it by its CID.",
        )
    return encoded


def parse_document(data: bytes, schema: str) -> dict[str, Any]:
    """Decode an untrusted document and check its `schema` field.

    What comes back can be written canonically again: every number in it is finite.

    Raises:
        DocumentInvalid: too large, not JSON, not an object, or of another schema.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentInvalid(f"The document has {len(data)} bytes; at most {MAX_DOCUMENT_BYTES} are read.")
    try:
        document = json.loads(data.decode("utf-8"), parse_float=_finite, parse_constant=_finite)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DocumentInvalid("The document is not JSON.") from error
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise DocumentInvalid(f"The document does not carry the schema {schema!r}.", schema=schema)
    return document


def _require_text_keys(value: Any) -> None:
    """JSON would write the keys 1 and "1" alike."""
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is not text")
            _require_text_keys(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _require_text_keys(part)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def sha256(data: bytes) -> bytes:
    """SHA2-256 digest, 32 bytes."""
    return hashlib.sha256(data).digest()
