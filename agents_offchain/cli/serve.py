"""`python -m agents_offchain.cli.serve <process>`: what the supervisor starts; one process, one duty.

Only the part of the product that the process needs is imported. Settings come from the environment (`AITBC_*`).
Logs are JSON lines on standard output. Exit codes are those of the error families; 4 means that a restart is useless.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import structlog

from agents_offchain.cli.places import settings_for
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.settings import Settings

log = structlog.get_logger(__name__)
Run = Coroutine[Any, Any, int]


def main(arguments: list[str] | None = None) -> int:
    """Run one process until it is told to stop; its exit code."""
    options = _parser().parse_args(arguments)
    configure_logs("info", options.process)
    try:
        settings = settings_for(None)
        configure_logs(settings.log_level, options.process)
        return _run(_ROLES[options.process](settings, options))
    except AitbcError as error:
        log.error("process_failed", **error.as_dict())
        return error.exit_code
    except KeyboardInterrupt:
        return 0


def configure_logs(level: str, process: str) -> None:
    """One JSON object a line, with time, level and the process's name."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def _run(work: Run) -> int:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m agents_offchain.cli.serve", description=__doc__)
    roles = parser.add_subparsers(dest="process", required=True)
    for name in _ROLES:
        role = roles.add_parser(name)
        if name in ("artifacts", "api", "language"):
            where = "AITBC_HOST" if name == "api" else "127.0.0.1"
            role.add_argument("--port", type=int, required=True, help=f"TCP port on {where}")
        if name == "helper":
            role.add_argument("--number", type=int, required=True, help="which of the agent's helpers")
        if name in ("agent", "helper"):
            role.add_argument("--profile", type=Path, help="the agent's profile (TOML)")
        if name == "reporter":
            which = role.add_mutually_exclusive_group(required=True)
            which.add_argument("--number", type=int, help="one of this home's own; its key is reporter-<number>")
            which.add_argument("--key", help="name of its key")
        if name == "publisher":
            role.add_argument("--key", default="", help="name of the key that pays; the keeper's by default")
        if name in ("cashier", "juror"):
            role.add_argument("--key", required=True, help="name of the key that pays")
    return parser


def _language(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.language_server import run_language_server

    return run_language_server(settings, options.port)


def _signer(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.signer import run_signer

    return run_signer(settings)


def _artifacts(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.artifacts import run_artifacts

    return run_artifacts(settings, options.port)


def _indexer(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.indexer import run_indexer

    return run_indexer(settings)


def _api(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.api import run_api

    return run_api(settings, options.port)


def _agent(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.agent import run_agent

    return run_agent(settings, options.profile)


def _helper(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.agent import run_helper

    return run_helper(settings, options.profile, options.number)


def _reporter(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.oracle import run_reporter

    return run_reporter(settings, options.key or f"reporter-{options.number}")


def _publisher(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.oracle import run_publisher

    return run_publisher(settings, options.key)


def _cashier(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.cashier import run_cashier

    return run_cashier(settings, options.key)


def _juror(settings: Settings, options: argparse.Namespace) -> Run:
    from agents_offchain.cli.bootstrap.oracle import run_juror

    return run_juror(settings, options.key)


_ROLES: dict[str, Callable[[Settings, argparse.Namespace], Run]] = {
    "signer": _signer,
    "artifacts": _artifacts,
    "indexer": _indexer,
    "language": _language,
    "api": _api,
    "agent": _agent,
    "helper": _helper,
    "reporter": _reporter,
    "publisher": _publisher,
    "cashier": _cashier,
    "juror": _juror,
}

if __name__ == "__main__":
    sys.exit(main())
