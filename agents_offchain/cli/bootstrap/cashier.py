"""The cashier: watcher of channels, claimer, settler, collector, relayer, and the sender of its lane."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.payment_channels import PaymentChannelsProxy
from agents_offchain.chain.sender import Sender, TransactionSigner
from agents_offchain.chain.watcher import Watcher
from agents_offchain.cli.bootstrap.surroundings import Surroundings, surroundings
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.clock import Clock
from agents_offchain.primitives.hexes import HexInvalid, decode_address
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import TOKEN_DECIMALS, Wei, parse_units
from agents_offchain.runtime.daemon import Daemon
from agents_offchain.runtime.gas import COIN_DECIMALS, GasWatch
from agents_offchain.runtime.generations import Followed, LaneSender, LentLane, PerGeneration
from agents_offchain.runtime.payments.cashier import CASHIER, CHANNELS, Cashier, ChannelSink
from agents_offchain.runtime.payments.claimer import Claimer
from agents_offchain.runtime.payments.collector import Collector
from agents_offchain.runtime.payments.intake import Intake, MarketIntake
from agents_offchain.runtime.payments.relayer import Relayer
from agents_offchain.runtime.payments.settler import Settler
from agents_offchain.runtime.payments.worth import Scales, WorthTerms
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Outbox, lane_name
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.payments.orders import OrderBook
from agents_offchain.storage.payments.relays import RelayBook

ESCROW, TOKEN = "JobEscrow", "TestDollar"
Payees = Callable[[], Collection[bytes]]


@dataclass(frozen=True)
class Till:
    """What a cashier stands on at one PaymentChannels, and whose money it looks after.

    Args:
        deployment: The newest generation that has these channels; a market's till is that of its newest one.
        confirmations: Blocks that must stand on a block before it is acted on.
        wei_a_day: What carried hires may cost in gas.
    """

    node: Node
    database: Database
    deployment: Deployment
    clock: Clock
    payees: Payees
    worth: WorthTerms
    wei_a_day: Wei
    confirmations: int = 0
    retained_blocks: int = 256

    @property
    def tills(self) -> tuple[Till, ...]:
        """This one and those of generations before it with other channels, newest first: each PaymentChannels once."""
        return tuple(replace(self, deployment=group[0]) for group in self.deployment.sharing(CHANNELS))

    @property
    def generations(self) -> tuple[Deployment, ...]:
        """Every generation with these channels, newest first."""
        return self.deployment.sharing(CHANNELS)[0]

    @property
    def contract(self) -> PaymentChannelsProxy:
        return PaymentChannelsProxy(self.node, self.deployment.address(CHANNELS))

    @property
    def channels(self) -> ChannelBook:
        return ChannelBook(self.database, self.deployment.book(CHANNELS), self.clock)

    @property
    def orders(self) -> OrderBook:
        return OrderBook(self.database, self.deployment.book(CHANNELS), self.clock)

    @property
    def relays(self) -> RelayBook:
        return self.relays_of(self.deployment)

    def relays_of(self, generation: Deployment) -> RelayBook:
        """The carried hires of one generation's escrow."""
        return RelayBook(self.database, generation.book(ESCROW), self.clock)

    def intake(self) -> MarketIntake:
        """Where promises on the contracts of any generation are taken."""
        newest, *older = [self._intake(each) for group in self.deployment.sharing(CHANNELS) for each in group]
        return MarketIntake(newest, older)

    def _intake(self, generation: Deployment) -> Intake:
        till = replace(self, deployment=generation)
        return Intake(
            node=self.node,
            chain_id=generation.chain_id,
            contract=generation.address(CHANNELS),
            escrow=generation.address(ESCROW),
            payees=self.payees,
            channels=till.channels,
            orders=till.orders,
            relays=till.relays,
            database=self.database,
            is_left=generation is not self.deployment,
        )

    async def cashier(self, signer: TransactionSigner, *, name: str, key: str) -> Daemon:
        """The daemon, for the channels of every generation.

        Raises:
            SignerUnavailable: the key's address cannot be asked for now.
        """
        address = await signer.address(key)
        means = _Means(
            name=name,
            sender=await self._sender(signer, key),
            address=address,
            outbox=Outbox(self.database, lane_name(self.deployment.chain_id, address), self.clock),
            gas=GasWatch(self.node, {key: address}, self.clock),
        )
        newest, *older = self.tills
        cashiers = {till.deployment.generation: till._older_cashier(means) for till in reversed(older)}

        async def owed(each: Deployment) -> int:
            return await cashiers[each.generation].owed()

        return PerGeneration(
            name,
            newest._newest_cashier(means),
            [(till.deployment, cashiers[till.deployment.generation]) for till in reversed(older)],
            Followed(name, self.deployment, self.database, self.clock, owed),
        )

    def _older_cashier(self, means: _Means) -> Cashier:
        return self._cashier(means, LentLane(means.sender), relays=())

    def _newest_cashier(self, means: _Means) -> Cashier:
        """Sends for all, and looks after the credit and the carried hires of all."""
        generations = self.deployment.generations
        cashier = self._cashier(means, means.sender, relays=[self.relays_of(each) for each in generations])
        return replace(
            cashier,
            collectors=[till._collector(means) for till in self.tills],
            relayers=[self._relayer(means, each) for each in generations],
        )

    def _cashier(self, means: _Means, sender: LaneSender, relays: Sequence[RelayBook]) -> Cashier:
        parts = (self.contract, self._scales(means), means.outbox, self.database, self.clock)
        return Cashier(
            name=means.name,
            node=self.node,
            chain_id=self.deployment.chain_id,
            watcher=self._watcher(means.name, relays),
            claimer=Claimer(self.channels, *parts),
            settler=Settler(self.orders, *parts),
            gas=means.gas,
            sender=sender,
            retained_blocks=self.retained_blocks,
        )

    def _collector(self, means: _Means) -> Collector:
        tokens = tuple({each.address(TOKEN): None for each in self.generations})
        return Collector(
            self.contract, tokens, self.payees, self._scales(means), means.outbox, self.database, self.clock
        )

    def _relayer(self, means: _Means, generation: Deployment) -> Relayer:
        return Relayer(
            self.relays_of(generation),
            self.node,
            generation.address(ESCROW),
            means.address,
            means.outbox,
            self.database,
            self.wei_a_day,
            is_left=generation is not self.deployment,
        )

    def _scales(self, means: _Means) -> Scales:
        return Scales(self.node, means.address, self.deployment.address(CHANNELS), self.clock, self.worth)

    def _watcher(self, name: str, relays: Sequence[RelayBook]) -> Watcher:
        """Its place in the events is that of the generation that had these channels first."""
        first = self.generations[-1]
        return Watcher(
            consumer=first.reader(name),
            node=self.node,
            database=self.database,
            deployment=first,
            sink=ChannelSink(self.channels, self.orders, relays),
            confirmations=self.confirmations,
            retained=self.retained_blocks,
            clock=self.clock,
            contracts=(CHANNELS,),
        )

    async def _sender(self, signer: TransactionSigner, key: str) -> Sender:
        sender = Sender(
            node=self.node,
            database=self.database,
            signer=signer,
            key=key,
            chain_id=self.deployment.chain_id,
            abis=[load_abi(CHANNELS), load_abi(ESCROW), load_abi(TOKEN)],
            confirmations=self.confirmations,
            clock=self.clock,
        )
        await sender.setup()
        return sender


@dataclass(frozen=True)
class _Means:
    """What the cashiers of all generations share: one process, one key, one lane."""

    name: str
    sender: Sender
    address: bytes
    outbox: Outbox
    gas: GasWatch


def home_till(settings: Settings, node: Node, database: Database, deployment: Deployment, clock: Clock) -> Till:
    """The till of a home's market: it looks after the money of every key in the home.

    Raises:
        DeploymentMissing: the deployment has no PaymentChannels.
    """
    deployment.address(CHANNELS)
    return Till(
        node=node,
        database=database,
        deployment=deployment,
        clock=clock,
        payees=lambda: _addresses(key_folder(settings)),
        worth=WorthTerms(
            coin_units=parse_units(settings.coin_price, TOKEN_DECIMALS),
            least_units=parse_units(settings.claim_above, TOKEN_DECIMALS),
        ),
        wei_a_day=Wei(parse_units(settings.relay_gas_a_day, COIN_DECIMALS)),
        confirmations=settings.confirmations,
        retained_blocks=settings.retained_blocks,
    )


def _addresses(folder: Path) -> set[bytes]:
    """Addresses of the keys of a home, none of them opened; a file that is no keystore pays nobody."""
    found: set[bytes] = set()
    for file in folder.glob("*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError, HexInvalid):
            found.add(decode_address(json.loads(file.read_text())["address"]))
    return found


async def run_cashier(settings: Settings, key: str) -> int:
    """The cashier of a home; `key` pays for its transactions."""
    async with surroundings(settings) as around:
        till = _till(settings, around)
        return await around.run(await till.cashier(around.signer, name=CASHIER, key=key), f"The cashier {key}")


def _till(settings: Settings, around: Surroundings) -> Till:
    return home_till(settings, around.node, around.database, around.deployment, around.clock)
