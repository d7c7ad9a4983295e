"""Opaque page cursors: where the last page ended in its order, as base64url of a small JSON list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import Query
from sqlalchemy import ColumnElement, Select, and_, or_

from agents_offchain.api.rest.errors import CursorInvalid, NotFound
from agents_offchain.chain.addresses import Deployment, JobName
from agents_offchain.storage.tables.metadata import Uint256

MAX_LIMIT = 100
MAX_CURSOR_CHARACTERS = 400
_UINT256_DIGITS = 78
_INT64 = 2**63

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page.")]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR_CHARACTERS, description="`next_cursor` of the page before.")]
Address = Annotated[str | None, Query(pattern="^0x[0-9a-fA-F]{40}$", description="An address, any case.")]
JobText = Annotated[
    str | None,
    Query(pattern=r"^([0-9]{1,10}:)?[0-9]{1,78}$", description="A job's id, of an older generation `generation:id`."),
]


def encode_cursor(order: str, keys: Sequence[int]) -> str:
    """A cursor after the row with these sort keys."""
    raw = orjson.dumps([order, *(str(key) for key in keys)])
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(text: str | None, order: str, count: int) -> list[int] | None:
    """The sort keys of a cursor, None when there is none.

    Raises:
        CursorInvalid: not a cursor of ours, or of another order.
    """
    if not text:
        return None
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        keys = [_uint(part) for part in parts[1:]]
        if parts[0] != order or len(keys) != count:
            raise ValueError("another order")
    except (ValueError, TypeError, LookupError, binascii.Error) as error:
        raise CursorInvalid("The cursor does not belong to this list.", mend="Start again without a cursor.") from error
    return keys


def after(
    query: Select[Any], columns: Sequence[ColumnElement[Any]], keys: Sequence[int] | None, *, is_descending: bool
) -> Select[Any]:
    """Order by the columns, all in one direction, and skip to behind `keys`.

    Raises:
        CursorInvalid: a key that its column cannot hold.
    """
    ordered = query.order_by(*(column.desc() if is_descending else column for column in columns))
    if keys is None:
        return ordered
    if any(key >= _INT64 and not isinstance(column.type, Uint256) for column, key in zip(columns, keys, strict=True)):
        raise CursorInvalid("The cursor does not belong to this list.", mend="Start again without a cursor.")
    steps = []
    for place, (column, key) in enumerate(zip(columns, keys, strict=True)):
        same = [left == right for left, right in zip(columns[:place], keys[:place], strict=True)]
        steps.append(and_(*same, column < key if is_descending else column > key))
    first = columns[0] <= keys[0] if is_descending else columns[0] >= keys[0]  # where an index can begin
    return ordered.where(first, or_(*steps))


def parse_id(text: str, what: str) -> int:
    """An id of a path; one that no uint256 can be is simply not found.

    Raises:
        NotFound: not a plain number below 2^256.
    """
    if text.isascii() and text.isdigit() and len(text) <= _UINT256_DIGITS and int(text) < 2**256:
        return int(text)
    raise NotFound(f"There is no {what} {text[:20]!r}.", mend=f"Ids of a {what} are plain numbers.")


def parse_job(deployment: Deployment, text: str) -> JobName:
    """The job that a path or a filter names: `7` is of the newest generation, `1:7` of the first.

    Raises:
        NotFound: no job is called so.
    """
    found = deployment.job_called(text)
    if found is None:
        raise NotFound(f"There is no job {text[:20]!r}.", mend="Ids of a job are plain numbers, or `1:7`.")
    return found


def _uint(text: Any) -> int:
    value = int(text)
    if not 0 <= value < 2**256:
        raise ValueError("out of range")
    return value
