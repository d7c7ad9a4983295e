"""`aitbc agent run`: one command to earn. The agent's daemon in the foreground, under a supervisor, until Ctrl-C."""

from __future__ import annotations

from collections.abc import Sequence

from agents_offchain.cli.agents.book import Entry, find
from agents_offchain.cli.console import Console
from agents_offchain.cli.foreground import Work, stay
from agents_offchain.cli.places import run_files
from agents_offchain.cli.specs import daemon, helpers
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.process_lock import DaemonLock
from agents_offchain.runtime.supervisor.spec import Spec
from agents_offchain.storage.database import Database


def run_agent(settings: Settings, console: Console, name: str) -> int:
    """Exit code 0 once it was stopped on request.

    Raises:
        AgentUnknown: the home has no such agent.
        AlreadyRunning: another process runs it.
        HomeDown: no node can be asked.
    """
    entry = find(settings, name)
    profile = entry.profile
    DaemonLock(run_files(settings), profile.daemon_name, profile.title).require_free()

    def daemons(_: Settings, database: Database, needs: tuple[str, ...]) -> Sequence[Spec]:
        return agent_specs(settings, entry, database, needs)

    work = Work(profile.daemon_name, profile.title, daemons)
    return stay(settings, console, work)


def agent_specs(settings: Settings, entry: Entry, database: Database, needs: tuple[str, ...]) -> Sequence[Spec]:
    """The processes of one agent."""
    profile, argv = entry.profile, ("agent", "--profile", str(entry.path))
    specs: list[Spec] = [daemon(settings, profile.daemon_name, database, needs=needs, argv=argv)]
    if profile.scaling.ceiling:
        specs.append(helpers(settings, profile, database, (*needs, profile.daemon_name), entry.path))
    return specs
