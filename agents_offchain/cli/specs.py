"""The processes of one machine, as data: what `aitbc up` runs, in which order, and how each shows that it serves."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agents_offchain.chain.devnet.anvil import AnvilSpec
from agents_offchain.cli.endpoints import Endpoints
from agents_offchain.cli.places import health_folder, profile_file
from agents_offchain.messaging.embedded.valkey import ValkeySpec
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.health import HealthFile
from agents_offchain.runtime.profiles.profile import Profile
from agents_offchain.runtime.supervisor.probes import Asked, HealthFresh, HeartbeatSeen, HttpAnswers, SocketAccepts
from agents_offchain.runtime.supervisor.scaling import ScalePolicy
from agents_offchain.runtime.supervisor.spec import Probe, ProcessSpec, ScaledSpec, Spec, StepSpec
from agents_offchain.storage.database import Database
from agents_offchain.storage.work import WorkQueue

REPORTER_NUMBERS = (1, 2, 3)
DAEMON_NEEDS = ("market", "signer", "artifacts")


def daemon_environment(settings: Settings, endpoints: Endpoints) -> dict[str, str]:
    """What every process of a home gets: our own environment, and where the home's parts answer."""
    return {
        **os.environ,
        "AITBC_HOME": str(settings.home),
        "AITBC_MODELS": str(settings.models),
        "AITBC_PROFILE": str(profile_file(settings)),
        "AITBC_RPC_URL": endpoints.rpc,
        "AITBC_ARTIFACTS_URL": endpoints.artifacts,
        "AITBC_REDIS_URL": endpoints.redis,
        "AITBC_DATABASE_URL": settings.database(),
        "AITBC_LANGUAGE_SERVER_URL": endpoints.language,
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


@dataclass(frozen=True)
class Steps:
    """The work between the processes, and the hooks; each is idempotent."""

    prepare: Callable[[], Awaitable[None]]
    migrate: Callable[[], Awaitable[None]]
    open_market: Callable[[], Awaitable[None]]
    check_foreign_chain: Callable[[], Awaitable[None]]
    chain_ready: Callable[[int], Awaitable[bool]]
    after_chain: Callable[[int], Awaitable[None]]


def local_specs(
    settings: Settings,
    endpoints: Endpoints,
    anvil: AnvilSpec | None,
    valkey: ValkeySpec | None,
    database: Database,
    steps: Steps,
    agent: Profile,
) -> list[Spec]:
    """Every process and step of one home; those with a replacement behind a URL are left out.

    Args:
        agent: The home's agent.
    """
    specs: list[Spec] = [
        StepSpec("prepare", steps.prepare),
        _chain(anvil, steps),
        StepSpec("database", steps.migrate, needs=("anvil",)),
        served("signer", SocketAccepts(settings.signer_socket), needs=("prepare",)),
        StepSpec("market", steps.open_market, needs=("anvil", "database", "signer", "artifacts")),
    ]
    if valkey is not None:
        specs.append(_messages(valkey))
    specs.append(artifacts(settings, endpoints))
    if endpoints.language:
        specs.append(language_server(endpoints.language))
    reporter_needs = (*DAEMON_NEEDS, "valkey") if valkey is not None else DAEMON_NEEDS
    specs += [
        daemon(settings, "indexer", database, needs=("market",)),
        _page(endpoints, needs=("market", "valkey") if valkey is not None else ("market",)),
        daemon(settings, agent.daemon_name, database, needs=DAEMON_NEEDS, argv=("agent",)),
        *(
            daemon(
                settings,
                f"reporter-{number}",
                database,
                needs=reporter_needs,
                argv=("reporter", "--number", str(number)),
            )
            for number in REPORTER_NUMBERS
        ),
        daemon(settings, "publisher", database, needs=reporter_needs),
    ]
    if agent.scaling.ceiling:
        needs = (*DAEMON_NEEDS, agent.daemon_name)
        specs.append(helpers(settings, agent, database, needs, profile_file(settings)))
    return specs


def _chain(anvil: AnvilSpec | None, steps: Steps) -> Spec:
    """SIGTERM also when the supervisor dies: anvil writes its state then, and ends at once."""
    if anvil is None:
        return StepSpec("anvil", steps.check_foreign_chain, needs=("prepare",))
    return ProcessSpec(
        name="anvil",
        argv=tuple(anvil.argv()),
        needs=("prepare",),
        ready=Asked(steps.chain_ready),
        after_ready=steps.after_chain,
        death_signal=signal.SIGTERM,
    )


def _messages(valkey: ValkeySpec) -> ProcessSpec:
    return ProcessSpec(
        name="valkey",
        argv=tuple(valkey.argv()),
        needs=("prepare",),
        ready=SocketAccepts(valkey.socket),
        death_signal=signal.SIGTERM,
    )


def artifacts(settings: Settings, endpoints: Endpoints) -> Spec:
    """The home's own store of artifacts, unless AITBC_ARTIFACTS_URL names another."""
    if settings.artifacts_url:
        return StepSpec("artifacts", _nothing)
    port = endpoints.artifacts.rsplit(":", 1)[1]
    probe = HttpAnswers(f"{endpoints.artifacts}/api/v0/version", method="POST")
    return served("artifacts", probe, needs=("prepare",), argv=("artifacts", "--port", port))


def language_server(url: str) -> ProcessSpec:
    """The local language model, loaded once; started again when it stops answering. Nobody waits for it."""
    probe = HttpAnswers(f"{url}/health")
    argv = ("language", "--port", url.rsplit(":", 1)[1])
    return replace(served("language", probe, needs=("prepare",), argv=argv), alive=probe, ready_seconds=120.0)


def _page(endpoints: Endpoints, needs: tuple[str, ...]) -> ProcessSpec:
    port = endpoints.page.rsplit(":", 1)[1]
    probe = HttpAnswers(f"{endpoints.page}/api/v1/health")
    return served("api", probe, needs=needs, argv=("api", "--port", port))


def daemon(
    settings: Settings, name: str, database: Database, needs: tuple[str, ...], argv: tuple[str, ...] = ()
) -> ProcessSpec:
    """A process in the daemons' loop: ready when it beats, started again when its loop turns no more."""
    spec = served(name, HeartbeatSeen(name, database), needs=needs, argv=argv)
    file = HealthFile(health_folder(settings), name)
    return replace(spec, alive=HealthFresh(file, settings.hung_seconds, SystemClock()))


def helpers(settings: Settings, profile: Profile, database: Database, needs: tuple[str, ...], path: Path) -> ScaledSpec:
    """The helpers of one agent: as many as its backlog wants, within its profile's bounds."""
    agent, scaling, queue = profile.daemon_name, profile.scaling, WorkQueue(database, profile.daemon_name)

    def make(number: int) -> ProcessSpec:
        argv = ("helper", "--profile", str(path), "--number", str(number))
        return daemon(settings, f"{agent}.helper-{number}", database, (), argv)

    policy = ScalePolicy(
        ceiling=scaling.ceiling,
        floor=scaling.floor,
        jobs_per_process=scaling.jobs_per_helper,
        spared=profile.limits.concurrency,
        cooldown_seconds=scaling.cooldown_seconds,
    )
    return ScaledSpec(f"{agent}.helpers", make, policy, queue.count_open, needs=needs)


def served(name: str, ready: Probe, needs: tuple[str, ...], argv: tuple[str, ...] = ()) -> ProcessSpec:
    """One role of `agents_offchain.cli.serve`."""
    command = (sys.executable, "-m", "agents_offchain.cli.serve", *(argv or (name,)))
    return ProcessSpec(name=name, argv=command, ready=ready, needs=needs)


async def _nothing() -> None:
    """The service is somebody else's; its URL says where."""
