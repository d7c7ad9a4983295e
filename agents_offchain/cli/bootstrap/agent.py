"""An agent: watcher, intake, delivery with its worker processes, sender."""

from __future__ import annotations

from pathlib import Path

from agents_offchain.chain.contract_abi import jsonable, load_abi
from agents_offchain.chain.proxies.job_escrow import JobEscrowProxy
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.chain.sender import Sender
from agents_offchain.chain.watcher import Watcher
from agents_offchain.cli.bootstrap.language import LanguageDesk, read_catalogue
from agents_offchain.cli.bootstrap.skill_host import host_skills, scratch_folder
from agents_offchain.cli.bootstrap.surroundings import Surroundings, require_artifacts_url, surroundings
from agents_offchain.cli.market import TOKEN_DECIMALS
from agents_offchain.cli.places import profile_file
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import TokenUnits, Wei, parse_units
from agents_offchain.runtime.agent.daemon import AgentDaemon
from agents_offchain.runtime.agent.decision import Market
from agents_offchain.runtime.agent.delivery import Delivery
from agents_offchain.runtime.agent.hands import Helper
from agents_offchain.runtime.agent.intake import Intake, wants
from agents_offchain.runtime.agent.orders import Orders
from agents_offchain.runtime.agent.purse import Purse
from agents_offchain.runtime.gas import COIN_DECIMALS
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
        wallet = await around.signer.address(profile.agent.key)
        market = await _market(around, profile)
        name = profile.daemon_name
        pace = Pace(PaceLimits(ceiling=profile.limits.concurrency))
        orders = Orders(CommandBook(around.database, around.clock), name)
        queue = WorkQueue(around.database, name, clock=around.clock)
        language = LanguageDesk(settings, read_catalogue(settings), name)
        return await around.run(
            AgentDaemon(
                name=name,
                watcher=_watcher(around, name),
                intake=_intake(around, queue, wallet, language),
                delivery=_delivery(around, queue, wallet, profile, market, orders, pace, name, language),
                orders=orders,
                queue=queue,
                sender=await _sender(around, profile),
                concurrency=profile.limits.concurrency,
                pace=pace,
                purse=_purse(around, wallet, profile, market),
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
        market = await _market(around, profile)
        pace = Pace(PaceLimits(ceiling=profile.limits.concurrency))
        orders = Orders(CommandBook(around.database, around.clock), profile.daemon_name)
        queue = WorkQueue(around.database, profile.daemon_name, clock=around.clock)
        name = f"{profile.daemon_name}.helper-{number}"
        language = LanguageDesk(settings, read_catalogue(settings), profile.daemon_name)
        helper = Helper(
            name=name,
            queue=queue,
            delivery=_delivery(around, queue, wallet, profile, market, orders, pace, name, language),
            orders=orders,
            concurrency=profile.limits.concurrency,
            pace=pace,
            scratch=scratch_folder(settings, name),
        )
        return await around.run(helper, f"Helper {number} of {profile.title}")


async def _market(around: Surroundings, profile: Profile) -> Market:
    token = around.deployment.address("TestDollar")
    decimals = await TokenProxy(around.node, token).decimals()
    prices = {service.type: TokenUnits(parse_units(str(service.price), decimals)) for service in profile.services}
    return Market(oracle=around.deployment.address("ResultOracle"), token=token, price_of=prices)


def _watcher(around: Surroundings, name: str) -> Watcher:
    return Watcher(
        consumer=name,
        node=around.node,
        database=around.database,
        deployment=around.deployment,
        sink=InboxSink(name, wants, jsonable, around.clock),
        confirmations=around.settings.confirmations,
        retained=around.settings.retained_blocks,
        clock=around.clock,
    )


def _intake(around: Surroundings, queue: WorkQueue, wallet: bytes, language: LanguageDesk) -> Intake:
    return Intake(
        inbox=Inbox(around.database, queue.consumer, around.clock),
        queue=queue,
        escrow=_escrow(around),
        deployment=around.deployment,
        database=around.database,
        wallet=wallet,
        outbox=_outbox(around, wallet),
        ended=language.ended,
    )


def _delivery(
    around: Surroundings,
    queue: WorkQueue,
    wallet: bytes,
    profile: Profile,
    market: Market,
    orders: Orders,
    pace: Pace,
    process: str,
    language: LanguageDesk,
) -> Delivery:
    return Delivery(
        queue=queue,
        outbox=_outbox(around, wallet),
        database=around.database,
        artifacts=MeasuredArtifacts(KuboArtifactStore(require_artifacts_url(around.settings)), pace),
        escrow=_escrow(around),
        node=around.node,
        deployment=around.deployment,
        profile=profile,
        market=market,
        run_skill=PacedSkills(
            host_skills(around.settings, process, profile.limits.threads, language.look, profile.daemon_name), pace
        ),
        clock=around.clock,
        source=queue.consumer,
        takes=orders.takes,
        objection=language.objection,
    )


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


def _purse(around: Surroundings, wallet: bytes, profile: Profile, market: Market) -> Purse:
    money = profile.money
    above = parse_units(format(money.withdraw_above, "f"), TOKEN_DECIMALS)
    return Purse(
        node=around.node,
        escrow=_escrow(around),
        token=market.token,
        wallet=wallet,
        outbox=_outbox(around, wallet),
        database=around.database,
        clock=around.clock,
        gas_alert_wei=Wei(parse_units(format(money.gas_alert, "f"), COIN_DECIMALS)),
        withdraw_above=TokenUnits(above) if money.withdraws else None,
    )


def _escrow(around: Surroundings) -> JobEscrowProxy:
    return JobEscrowProxy(around.node, around.deployment.address("JobEscrow"))
