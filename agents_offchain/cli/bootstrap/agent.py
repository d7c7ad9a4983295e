"""An agent: watcher, intake, delivery with its worker processes, sender."""

from __future__ import annotations

from pathlib import Path

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import jsonable, load_abi
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.chain.sender import Sender
from agents_offchain.chain.watcher import Watcher
from agents_offchain.cli.bootstrap.language import LanguageDesk, read_catalogue
from agents_offchain.cli.bootstrap.skill_host import host_skills, scratch_folder
from agents_offchain.cli.bootstrap.surroundings import Surroundings, require_artifacts_url, surroundings
from agents_offchain.cli.places import profile_file
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import TOKEN_DECIMALS, TokenUnits, Wei, parse_units
from agents_offchain.runtime.agent.daemon import AgentDaemon, Ear
from agents_offchain.runtime.agent.decision import Market
from agents_offchain.runtime.agent.delivery import Delivery
from agents_offchain.runtime.agent.generations import Deliveries
from agents_offchain.runtime.agent.hands import Helper
from agents_offchain.runtime.agent.intake import Intake, wants
from agents_offchain.runtime.agent.orders import Orders
from agents_offchain.runtime.agent.purse import Purse
from agents_offchain.runtime.gas import COIN_DECIMALS
from agents_offchain.runtime.generations import Followed, Owed
from agents_offchain.runtime.profiles.profile import Profile, load_profile
from agents_offchain.runtime.workers.gate import MeasuredArtifacts, PacedSkills
from agents_offchain.runtime.workers.pace import Pace, PaceLimits
from agents_offchain.storage.artifacts.client import KuboArtifactStore
from agents_offchain.storage.commands import CommandBook
from agents_offchain.storage.inbox import Inbox, InboxSink
from agents_offchain.storage.outbox import Outbox, lane_name
from agents_offchain.storage.work import WorkQueue


async def run_agent(settings: Settings, named: Path | None) -> int:
    """Run the agent of the profile `named`, else of the settings'; its key is asked of the signer by name."""
    profile = load_profile(named or profile_file(settings))
    async with surroundings(settings) as around:
        wallet, newest = await around.signer.address(profile.agent.key), around.deployment
        name = profile.daemon_name
        pace = Pace(PaceLimits(ceiling=profile.limits.concurrency))
        orders = Orders(CommandBook(around.database, around.clock), name)
        queue = WorkQueue(around.database, name, clock=around.clock)
        language = LanguageDesk(settings, read_catalogue(settings), name)
        return await around.run(
            AgentDaemon(
                name=name,
                watcher=_watcher(around, newest, name),
                intake=_intake(around, newest, queue, wallet, language),
                older=[
                    Ear(_watcher(around, each, name), _intake(around, each, queue, wallet, language))
                    for each in newest.older
                ],
                followed=Followed(name, newest, around.database, around.clock, _owed(around, wallet)),
                delivery=await _deliveries(around, queue, wallet, profile, orders, pace, name, language),
                orders=orders,
                queue=queue,
                sender=await _sender(around, profile),
                concurrency=profile.limits.concurrency,
                pace=pace,
                purse=_purse(around, wallet, profile),
                worries=lambda: language.alert,
                scratch=scratch_folder(settings, name),
            ),
            profile.title,
        )


async def run_helper(settings: Settings, named: Path | None, number: int) -> int:
    """Run helper `number` of an agent: it works on the agent's jobs and sends nothing."""
    profile = load_profile(named or profile_file(settings))
    async with surroundings(settings) as around:
        wallet = await around.signer.address(profile.agent.key)
        pace = Pace(PaceLimits(ceiling=profile.limits.concurrency))
        orders = Orders(CommandBook(around.database, around.clock), profile.daemon_name)
        queue = WorkQueue(around.database, profile.daemon_name, clock=around.clock)
        name = f"{profile.daemon_name}.helper-{number}"
        language = LanguageDesk(settings, read_catalogue(settings), profile.daemon_name)
        helper = Helper(
            name=name,
            queue=queue,
            delivery=await _deliveries(around, queue, wallet, profile, orders, pace, name, language),
            orders=orders,
            concurrency=profile.limits.concurrency,
            pace=pace,
            scratch=scratch_folder(settings, name),
        )
        return await around.run(helper, f"Helper {number} of {profile.title}")


async def _market(around: Surroundings, deployment: Deployment, profile: Profile) -> Market:
    token = deployment.address("TestDollar")
    decimals = await TokenProxy(around.node, token).decimals()
    prices = {service.type: TokenUnits(parse_units(str(service.price), decimals)) for service in profile.services}
    return Market(oracle=deployment.address("ResultOracle"), token=token, price_of=prices)


def _owed(around: Surroundings, wallet: bytes) -> Owed:
    async def credit(deployment: Deployment) -> int:
        return int(await _escrow(around, deployment).credit(deployment.address("TestDollar"), wallet))

    return credit


def _watcher(around: Surroundings, deployment: Deployment, name: str) -> Watcher:
    reader = deployment.reader(name)
    return Watcher(
        consumer=reader,
        node=around.node,
        database=around.database,
        deployment=deployment,
        sink=InboxSink(reader, wants, jsonable, around.clock),
        confirmations=around.settings.confirmations,
        retained=around.settings.retained_blocks,
        clock=around.clock,
    )


def _inbox(around: Surroundings, deployment: Deployment, queue: WorkQueue) -> Inbox:
    return Inbox(around.database, deployment.reader(queue.consumer), around.clock)


def _intake(
    around: Surroundings, deployment: Deployment, queue: WorkQueue, wallet: bytes, language: LanguageDesk
) -> Intake:
    return Intake(
        inbox=_inbox(around, deployment, queue),
        queue=queue,
        escrow=_escrow(around, deployment),
        deployment=deployment,
        database=around.database,
        wallet=wallet,
        outbox=_outbox(around, wallet),
        ended=language.ended,
    )


async def _deliveries(
    around: Surroundings,
    queue: WorkQueue,
    wallet: bytes,
    profile: Profile,
    orders: Orders,
    pace: Pace,
    process: str,
    language: LanguageDesk,
) -> Deliveries:
    """Who delivers in each generation; skills, pace and lane are one for all."""
    artifacts = MeasuredArtifacts(KuboArtifactStore(require_artifacts_url(around.settings)), pace)
    skills = host_skills(around.settings, process, profile.limits.threads, language.look, profile.daemon_name)
    run_skill = PacedSkills(skills, pace)
    by_generation = {
        each.generation: Delivery(
            queue=queue,
            inbox=_inbox(around, each, queue),
            outbox=_outbox(around, wallet),
            database=around.database,
            artifacts=artifacts,
            escrow=_escrow(around, each),
            node=around.node,
            deployment=each,
            profile=profile,
            market=await _market(around, each, profile),
            run_skill=run_skill,
            clock=around.clock,
            source=queue.consumer,
            takes=orders.takes,
            objection=language.objection,
        )
        for each in around.deployment.generations
    }
    return Deliveries(around.deployment, by_generation, queue, around.database)


async def _sender(around: Surroundings, profile: Profile) -> Sender:
    sender = Sender(
        node=around.node,
        database=around.database,
        signer=around.signer,
        key=profile.agent.key,
        chain_id=around.deployment.chain_id,
        abis=[load_abi("JobEscrow"), load_abi("TestDollar")],
        confirmations=around.settings.confirmations,
        clock=around.clock,
    )
    await sender.setup()
    return sender


def _outbox(around: Surroundings, wallet: bytes) -> Outbox:
    return Outbox(around.database, lane_name(around.deployment.chain_id, wallet), around.clock)


def _purse(around: Surroundings, wallet: bytes, profile: Profile) -> Purse:
    money = profile.money
    (escrow, token), *older = [
        (_escrow(around, each), each.address("TestDollar")) for each in around.deployment.generations
    ]
    above = parse_units(format(money.withdraw_above, "f"), TOKEN_DECIMALS)
    return Purse(
        node=around.node,
        escrow=escrow,
        token=token,
        older=older,
        wallet=wallet,
        outbox=_outbox(around, wallet),
        database=around.database,
        clock=around.clock,
        gas_alert_wei=Wei(parse_units(format(money.gas_alert, "f"), COIN_DECIMALS)),
        withdraw_above=TokenUnits(above) if money.withdraws else None,
    )


def _escrow(around: Surroundings, deployment: Deployment) -> JobEscrowProxy:
    return JobEscrowProxy.of(around.node, deployment)
