"""The one MetaData and the column types that SQLite and PostgreSQL share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, LargeBinary, MetaData, Numeric, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = JSON().with_variant(JSONB(), "postgresql")
Bytes = LargeBinary
_DIGITS = 78


class Uint256(TypeDecorator[int]):
    """An unsigned integer of up to 256 bits that sorts as a number everywhere.

    NUMERIC(78, 0) on PostgreSQL; zero-padded text on SQLite, whose integers end at 63 bits.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(_DIGITS, 0))
        return dialect.type_descriptor(String(_DIGITS))

    def bind_processor(self, dialect: Dialect) -> Callable[[int | None], Any]:
        """The library's own wraps every value in two calls; a long sync binds some of them a million times."""
        return _checked if dialect.name == "postgresql" else _padded

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


def _checked(value: int | None) -> int | None:
    if value is not None and not 0 <= value < 2**256:
        raise ValueError(f"{value} is not an unsigned 256-bit integer")
    return value


@lru_cache(maxsize=16_384)
def _padded(value: int | None) -> str | None:
    return None if value is None else f"{_checked(value):0{_DIGITS}d}"
