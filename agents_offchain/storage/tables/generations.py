"""How rows of the read model find each other: within one generation of the market's contracts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_


def same(one: Table, other: Table, key: str) -> ColumnElement[bool]:
    """The rows of two tables with the same `key` in the same generation."""
    return and_(one.c.generation == other.c.generation, one.c[key] == other.c[key])
