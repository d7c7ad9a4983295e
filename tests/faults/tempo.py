"""How fast the parts of a daemon are: some boundaries are only met when one thing takes longer than another.

A lease is renewed only during work that outlasts a third of it, and the publisher looks at a lone verdict only when
the next one is late. So a story is told in two tempos, and each crash point is tried in a tempo in which it came.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import Any

from agents_offchain.messaging.streams import StreamMailbox
from agents_offchain.runtime.workers import sandbox
from tests.around import put_around

TEMPOS = EVEN, UNEVEN = "even", "uneven"
WORK, PUBLISH = "work", "publish"
SLOWNESS: Mapping[str, Mapping[str, str]] = {
    EVEN: {},
    UNEVEN: {"agent": f"{WORK}=3", "reporter-2": f"{PUBLISH}=1.2", "reporter-3": f"{PUBLISH}=2.4"},
}
"""Tempo -> daemon -> what takes how many seconds longer. Work outlasts two renewals of the suite's lease."""


def slow_down(text: str) -> None:
    """Make this process as slow as FAULTS_SLOW says."""
    what, _, seconds = text.partition("=")
    if what == WORK:
        put_around(sandbox, "_run_child", lambda plain: _delayed(plain, float(seconds)))
    else:
        put_around(StreamMailbox, "publish", lambda plain: _delayed(plain, float(seconds)))


def _delayed(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(seconds)  # slowness itself is what is meant here
        return await function(*args, **kwargs)

    return call
