"""Putting something of a test's own around a function of the product, in a process that is the test's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def put_around(owner: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace the function `name` of a class or module for the life of this process; nothing takes it back."""
    setattr(owner, name, around(getattr(owner, name)))
