"""Where the command's own log goes: into the home, since the terminal is for sentences."""

from __future__ import annotations

from pathlib import Path

import structlog


def quiet_logs(file: Path) -> None:
    """Write this process's log lines to a file, as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    stream = file.open("a", buffering=1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
