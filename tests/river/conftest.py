"""One whole market for all stories, and a way to have another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.river.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`aitbc up` on a new home, once for all tests; at the end nothing of it may be left."""
    running = Stack(tmp_path_factory.mktemp("river") / "home")
    yield running
    assert running.stop() == 0


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Makes markets of a test's own; they are stopped after it."""
    made: list[Stack] = []

    def make(*options: str) -> Stack:
        made.append(Stack(tmp_path / f"home-{len(made)}", *options))
        return made[-1]

    yield make
    for running in made:
        running.stop()
