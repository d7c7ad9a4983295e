"""A payer, a payee and a cashier on a real chain; the cashier can be killed wherever it meets the world."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.market_plan import CREATE2_PROXY, PolicyTerms, create2_address
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.authorized_hire import (
    AUTHORIZATION_FIELDS,
    AUTHORIZATION_TYPE,
    AuthorizedHire,
    authorization_values,
)
from agents_offchain.chain.proxies.job_escrow import HireTerms
from agents_offchain.chain.proxies.payment_channels import PaymentChannelsProxy
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.cli.bootstrap.cashier import Till
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.eip712 import Domain, typed_data_digest
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.payments import Channel, Order, order_digest, payments_domain, voucher_digest
from agents_offchain.primitives.units import AgentId, TokenUnits, Wei
from agents_offchain.runtime.daemon import Daemon
from agents_offchain.runtime.gas import LOOK_SECONDS
from agents_offchain.runtime.payments.documents import Place, SignedHire, SignedOrder, SignedVoucher
from agents_offchain.runtime.payments.worth import WorthTerms
from agents_offchain.storage.database import Database
from tests.fakes.crash import Crash, Mortal, MortalDatabase
from tests.integration.devnet import AGENT, CLIENT, OWNER
from tests.integration.market import Market, deploy
from tests.integration.oracle.market import TransactionRing

DOLLAR = 10**6
GRACE_SECONDS = 3_600
PAYER_MONEY = 10_000 * DOLLAR
"""Enough for a channel at every point where a cashier can be killed."""
OTHER_SALT = b"\x02" * 32
KEY, PAYEE, PAYER = "cashier", "payee", "payer"


class Counter:
    """The story: money is in the smallest unit, people are keys of a ring."""

    def __init__(self, market: Market, node: Node, database: Database) -> None:
        self.market, self.node, self.database = market, node, database
        self.ring, self.clock = TransactionRing(), ManualClock()
        self.payer, self.payee = self.ring.address_of(PAYER), self.ring.address_of(PAYEE)
        for name in (KEY, PAYER):
            market.devnet.rpc("anvil_setBalance", "0x" + self.ring.address_of(name).hex(), hex(10**20))
        market.devnet.rpc("anvil_impersonateAccount", "0x" + self.payer.hex())
        market.devnet.accounts.append("0x" + self.payer.hex())
        self.payer_seat = len(market.devnet.accounts) - 1
        market.send(CLIENT, "TestDollar", "mint", self.payer, PAYER_MONEY)
        market.send(self.payer_seat, "TestDollar", "approve", self.contract, PAYER_MONEY)
        self.till = self.make_till(node, database)
        self.intake = self.till.intake()

    @property
    def deployment(self) -> Deployment:
        return self.market.deployment

    @property
    def contract(self) -> bytes:
        return self.deployment.address("PaymentChannels")

    @property
    def token(self) -> bytes:
        return self.deployment.address("TestDollar")

    @property
    def domain(self) -> Domain:
        return payments_domain(31337, self.contract)

    def move_on(self) -> None:
        """The market moves to other terms and, as with a release that changed them, to other PaymentChannels."""
        init_code = load_abi("PaymentChannels").encode_constructor()
        self.market.devnet.send(OWNER, checksum(CREATE2_PROXY), OTHER_SALT + init_code)
        newer = deploy(self.market.devnet, PolicyTerms(review_seconds=90), self.deployment)
        contracts = {**newer.contracts, "PaymentChannels": create2_address(OTHER_SALT, init_code)}
        self.market.deployment = replace(newer, contracts=contracts)
        self.market.send(self.payer_seat, "TestDollar", "approve", self.contract, PAYER_MONEY)
        self.till = self.make_till(self.node, self.database)
        self.intake = self.till.intake()

    def make_till(self, node: Any, database: Database, worth: WorthTerms | None = None) -> Till:
        return Till(
            node=node,
            database=database,
            deployment=self.deployment,
            clock=self.clock,
            payees=lambda: {self.payee},
            worth=worth or WorthTerms(),
            wei_a_day=Wei(10**18),
        )

    async def cashier(self, crash: Crash | None = None, worth: WorthTerms | None = None) -> Daemon:
        """A cashier as a process would build it at its start."""
        crash = crash or Crash()
        till = self.make_till(Mortal(self.node, crash, "node"), MortalDatabase(self.database, crash), worth)
        signer: Any = Mortal(self.ring, crash, "signer")
        return await till.cashier(signer, name=KEY, key=KEY)

    # --- the payer

    def open(self, deposit: int, salt: int = 0) -> Channel:
        channel = Channel(self.payer, self.payee, self.token, GRACE_SECONDS, salt)
        arguments = (channel.payee, channel.token, channel.grace_seconds, channel.salt, deposit)
        self.market.send(self.payer_seat, "PaymentChannels", "open", *arguments)
        return channel

    def start_close(self, channel: Channel) -> None:
        self.market.send(self.payer_seat, "PaymentChannels", "startClose", channel.as_tuple())

    def finish_close(self, channel: Channel) -> None:
        self.market.devnet.advance(GRACE_SECONDS + 1)
        self.market.send(AGENT, "PaymentChannels", "finishClose", channel.as_tuple())

    def voucher(self, channel: Channel, cumulative: int, signer: str = PAYER) -> SignedVoucher:
        digest = voucher_digest(self.domain, channel.channel_id, cumulative)
        signature = self.ring.sign_digest(signer, digest)
        return SignedVoucher(Place(31337, self.contract), channel, cumulative, signature)

    def fill_purse(self, amount: int) -> None:
        self.market.send(self.payer_seat, "PaymentChannels", "fillPurse", self.token, self.payer, amount)

    def order(self, nonce: int, amount: int, *, good_for: int = 86_400, signer: str = PAYER) -> SignedOrder:
        order = Order(self.payer, self.payee, self.token, amount, nonce, self.now() + good_for, bytes(32))
        signature = self.ring.sign_digest(signer, order_digest(self.domain, order))
        return SignedOrder(Place(31337, self.contract), order, signature)

    def signed_hire(self, budget: int, salt: int = 0) -> SignedHire:
        """Signed by the payer, who sends nothing."""
        escrow, policy_id = self.deployment.address("JobEscrow"), self.deployment.policy_id
        expired_at = self.now() + int(self.market.read("JobEscrow", "tailOf", policy_id)) + 3_600
        provider = self.market.devnet.address(AGENT)
        terms = HireTerms(provider, policy_id, TokenUnits(budget), expired_at, AgentId(0), 1, "ipfs://request")
        values = authorization_values(self.payer, escrow, terms, salt.to_bytes(32, "big"), (0, self.now() + 3_600))
        domain = Domain("Test Dollar", "1", 31337, self.token)
        digest = typed_data_digest(domain, AUTHORIZATION_TYPE, AUTHORIZATION_FIELDS, values)
        hire = AuthorizedHire(
            self.payer, terms, salt.to_bytes(32, "big"), 0, self.now() + 3_600, self.ring.sign_digest(PAYER, digest)
        )
        return SignedHire(Place(31337, escrow), hire)

    # --- time and truth

    def now(self) -> int:
        return int(self.market.devnet.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    async def turn(self, cashier: Daemon) -> None:
        """One step; its own clock moves as far as it looks ahead."""
        await cashier.step()
        self.clock.advance(LOOK_SECONDS)

    async def run(self, cashier: Daemon, turns: int = 6) -> None:
        for _ in range(turns):
            await self.turn(cashier)

    async def money_of_payee(self) -> int:
        """In the wallet and as credit, of every generation."""
        held = await TokenProxy(self.node, self.token).balance(self.payee)
        return held + sum([await till.contract.credit(self.token, self.payee) for till in self.till.tills])

    async def claimed(self, channel: Channel) -> int:
        return (await PaymentChannelsProxy(self.node, self.contract).channel(channel.channel_id)).claimed
