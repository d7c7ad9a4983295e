"""Whether a moment that was written down has come, also when the machine's clock was put back since.

A wall clock may jump. Forwards, everything is due early, which every reader must bear anyway; backwards, what was
to wait seconds would wait for as long as the jump. Nothing is put off for longer than `LONGEST_PAUSE_SECONDS`, so a
moment further ahead was written by a clock that ran ahead, and counts as come.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, or_

LONGEST_PAUSE_SECONDS = 3_600.0


def is_due(moment: Column[float], now: float, longest_seconds: float = LONGEST_PAUSE_SECONDS) -> Any:
    """The SQL condition; times are unix seconds."""
    return or_(moment <= now, moment > now + longest_seconds)
