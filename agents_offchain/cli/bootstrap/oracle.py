"""Reporters and the publisher: the oracle's own parts on this home's connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.proxies.decision_ledger import DecisionLedgerProxy
from agents_offchain.cli.bootstrap.skill_host import host_skills
from agents_offchain.cli.bootstrap.surroundings import Surroundings, require_artifacts_url, surroundings
from agents_offchain.cli.duties.duty import JUROR, reporter_name
from agents_offchain.coordination.decision.anchoring import Anchorer
from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.daemon import Daemon
from agents_offchain.runtime.generations import Followed, PerGeneration
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.storage.artifacts.client import KuboArtifactStore
from agents_offchain.storage.outbox import Outbox, lane_name
from oracle.cli import PUBLISHER, OracleSurroundings, build_juror, build_publisher, build_reporter, open_mailbox
from oracle.desk import Chore
from oracle.examiner import Examiner

KEEPER_KEY = "keeper"
SKILL_THREADS = 1


async def run_reporter(settings: Settings, key: str) -> int:
    """The reporter with this key."""
    name = reporter_name(key)
    async with surroundings(settings) as around, AsyncExitStack() as closing:
        artifacts = KuboArtifactStore(require_artifacts_url(settings))
        skills = host_skills(settings, name, SKILL_THREADS)

        async def build(each: OracleSurroundings) -> Daemon:
            mailbox = open_mailbox(_require_redis_url(settings), each.reader(name), around.clock)
            closing.push_async_callback(mailbox.close)
            return build_reporter(each, mailbox, artifacts, skills, name=name, key=key)

        return await around.run(await _per_generation(around, name, build))


async def run_publisher(settings: Settings, key: str) -> int:
    """The process that posts verdicts and settles jobs; `key` pays, the keeper's where none is named."""
    async with surroundings(settings) as around, AsyncExitStack() as closing:
        paying = key or KEEPER_KEY
        chores = await _chores(around, paying)

        async def build(each: OracleSurroundings) -> Daemon:
            mailbox = open_mailbox(_require_redis_url(settings), each.reader(PUBLISHER), around.clock)
            closing.push_async_callback(mailbox.close)
            return await build_publisher(each, mailbox, key=paying, chores=chores if each.sends else ())

        return await around.run(await _per_generation(around, PUBLISHER, build))


async def run_juror(settings: Settings, key: str) -> int:
    """The juror with this key; AITBC_JUROR_VOTES says who makes up its mind."""
    name = JUROR.daemon_name(key)
    async with surroundings(settings) as around:
        examiner = None
        if settings.juror_votes == "re-execution":
            artifacts = KuboArtifactStore(require_artifacts_url(settings))
            examiner = Examiner(artifacts, host_skills(settings, name, SKILL_THREADS), WorkerLimits())

        async def build(each: OracleSurroundings) -> Daemon:
            older = [oracle_surroundings(around, old) for old in each.deployment.older]
            return await build_juror(each, name=name, key=key, examiner=examiner, older=older)

        return await around.run(await _per_generation(around, name, build), f"The juror {key}")


async def _per_generation(
    around: Surroundings, name: str, build: Callable[[OracleSurroundings], Awaitable[Daemon]]
) -> Daemon:
    """The duty in every generation of the market, the first of which is often the only one."""
    newest = await build(oracle_surroundings(around, around.deployment))
    older = [(each, await build(oracle_surroundings(around, each))) for each in reversed(around.deployment.older)]
    return PerGeneration(name, newest, older, Followed(name, around.deployment, around.database, around.clock))


async def _chores(around: Surroundings, key: str) -> list[Chore]:
    """Where there is a ledger, the same key anchors what agents decided.

    Raises:
        SignerUnavailable: the key's address cannot be asked for now.
    """
    deployment = around.deployment
    if "DecisionLedger" not in deployment.contracts:
        return []
    lane = lane_name(deployment.chain_id, await around.signer.address(key))
    ledger = DecisionLedgerProxy(around.node, deployment.address("DecisionLedger"))
    return [Anchorer(ledger, Outbox(around.database, lane, around.clock), around.database, around.clock)]


def oracle_surroundings(around: Surroundings, deployment: Deployment) -> OracleSurroundings:
    """The oracle's own view of a daemon's connections, to one generation."""
    return OracleSurroundings(
        node=around.node,
        database=around.database,
        deployment=deployment,
        signer=around.signer,
        clock=around.clock,
        confirmations=around.settings.confirmations,
        retained_blocks=around.settings.retained_blocks,
        sends=deployment is around.deployment,
    )


def _require_redis_url(settings: Settings) -> str:
    if not settings.redis_url:
        raise SettingsInvalid("AITBC_REDIS_URL is not set.", mend="Set it to the message server, or use `aitbc up`.")
    return settings.redis_url
