"""The cashier: watcher of channels, claimer, settler, collector, relayer, and the sender of its lane."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
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
from agents_offchain.primitives.units import Wei, parse_units
from agents_offchain.runtime.gas import COIN_DECIMALS, GasWatch
from agents_offchain.runtime.payments.cashier import CASHIER, CHANNELS, Cashier, ChannelSink
from agents_offchain.runtime.payments.claimer import Claimer
from agents_offchain.runtime.payments.collector import Collector
from agents_offchain.runtime.payments.intake import Intake
from agents_offchain.runtime.payments.relayer import Relayer
from agents_offchain.runtime.payments.settler import Settler
from agents_offchain.runtime.payments.worth import Scales, WorthTerms
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Outbox, lane_name
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.payments.orders import OrderBook
from agents_offchain.storage.payments.relays import RelayBook

ESCROW, TOKEN = "JobEscrow", "TestDollar"
TOKEN_DECIMALS = 6
Payees = Callable[[], Collection[bytes]]


@dataclass(frozen=True)
class Till:
    """What a cashier stands on, and whose money it looks after.

    Args:
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
    def channels(self) -> ChannelBook:
        return ChannelBook(self.database, self.deployment.book(CHANNELS), self.clock)

    @property
    def orders(self) -> OrderBook:
        return OrderBook(self.database, self.deployment.book(CHANNELS), self.clock)

    @property
    def relays(self) -> RelayBook:
        return RelayBook(self.database, self.deployment.book(ESCROW), self.clock)

    def intake(self) -> Intake:
        """Where promises are taken."""
        return Intake(
            node=self.node,
            chain_id=self.deployment.chain_id,
            contract=self.deployment.address(CHANNELS),
            escrow=self.deployment.address(ESCROW),
            payees=self.payees,
            channels=self.channels,
            orders=self.orders,
            relays=self.relays,
            database=self.database,
        )

    async def cashier(self, signer: TransactionSigner, *, name: str, key: str) -> Cashier:
        """The daemon.

        Raises:
            SignerUnavailable: the key's address cannot be asked for now.
        """
        chain_id, address = self.deployment.chain_id, await signer.address(key)
        outbox = Outbox(self.database, lane_name(chain_id, address), self.clock)
        contract = PaymentChannelsProxy(self.node, self.deployment.address(CHANNELS))
        scales = Scales(self.node, address, contract.address, self.clock, self.worth)
        return Cashier(
            name=name,
            node=self.node,
            chain_id=chain_id,
            watcher=self._watcher(name),
            claimer=Claimer(self.channels, contract, scales, outbox, self.database, self.clock),
            settler=Settler(self.orders, contract, scales, outbox, self.database, self.clock),
            collector=Collector(
                contract,
                (self.deployment.address(TOKEN),),
                self.payees,
                scales,
                outbox,
                self.database,
                self.clock,
            ),
            relayer=Relayer(
                self.relays,
                self.node,
                self.deployment.address(ESCROW),
                address,
                outbox,
                self.database,
                self.wei_a_day,
            ),
            gas=GasWatch(self.node, {key: address}, self.clock),
            sender=await self._sender(signer, key),
        )

    def _watcher(self, name: str) -> Watcher:
        return Watcher(
            consumer=name,
            node=self.node,
            database=self.database,
            deployment=self.deployment,
            sink=ChannelSink(self.channels, self.orders, self.relays),
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


def home_till(settings: Settings, node: Node, database: Database, deployment: Deployment, clock: Clock) -> Till:
    """The till of a home: it looks after the money of every key in it.

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
