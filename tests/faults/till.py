"""A payer leaves an account of promises with the cashier and goes: a voucher, an order and a signed hire."""

from __future__ import annotations

from eth_account import Account
from eth_account.signers.local import LocalAccount

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.proxies.authorized_hire import (
    AUTHORIZATION_FIELDS,
    AUTHORIZATION_TYPE,
    AuthorizedHire,
    authorization_values,
)
from agents_offchain.chain.proxies.job_escrow import HireTerms, JobEscrowProxy
from agents_offchain.chain.proxies.payment_channels import (
    PaymentChannelsProxy,
    close_calldata,
    fill_purse_calldata,
    open_calldata,
)
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.cli.bootstrap.cashier import home_till
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.eip712 import Domain, typed_data_digest
from agents_offchain.primitives.payments import Channel, Order, order_digest, payments_domain, voucher_digest
from agents_offchain.primitives.units import AgentId, TokenUnits
from agents_offchain.runtime.payments.documents import Place, Promise, SignedHire, SignedOrder, SignedVoucher
from agents_offchain.storage.payments.orders import PAID
from agents_offchain.storage.payments.relays import DONE
from tests.faults.client import ESCROW, TOKEN, WEALTH
from tests.faults.house import CASHIER
from tests.faults.judge import Findings
from tests.faults.story import Fault, Stage, nothing

DEPOSIT, VOUCHER, ORDER, HIRE = 5_000_000, 2_000_000, 1_000_000, 1_500_000
GRACE_SECONDS = 86_400
GOOD_SECONDS = 86_400


class TillStage(Stage):
    """A house with a cashier; a story is three promises, one of each kind."""

    cast = (CASHIER,)
    mortals = (CASHIER,)

    async def set(self) -> None:
        await super().set()
        self._channels = self.house.deployment.address("PaymentChannels")
        self._dollar = self.house.deployment.address("TestDollar")
        self._proxy = PaymentChannelsProxy(self.house.node, self._channels)
        self._till = home_till(
            self.house.settings, self.house.node, self.house.database, self.house.deployment, SystemClock()
        )
        self._payee = self.house.market.agent_wallet
        self._told = 0
        await self.client.send("TestDollar", TOKEN.encode_call("approve", self._channels, WEALTH))

    async def tell(self, fault: Fault = nothing) -> Findings:
        """Promise, begin to leave, and wait for the money: each promise is kept exactly once."""
        since = await self.house.node.block_number()
        number, self._told = self._told, self._told + 1
        channel = Channel(self.client.address, self._payee, self._dollar, GRACE_SECONDS, number)
        with self.until_lost():
            await self.client.send("PaymentChannels", open_calldata(channel, DEPOSIT))
            await self.client.send("PaymentChannels", fill_purse_calldata(self._dollar, self.client.address, ORDER))
            order, hire = await self._order(number), await self._hire(number)
            for promise in (self._voucher(channel), order, hire):
                await self._till.intake().take(promise)
            await self.client.send("PaymentChannels", close_calldata("startClose", channel))
            await self.house.until(lambda: self._is_kept(channel, order, hire), "every promise is kept")
        findings = Findings()
        await self.judge.rest(findings)
        await self._money(findings)
        findings.wrong += self.judge.auditor.look(await self.judge.transactions(since))
        return findings

    async def _is_kept(self, channel: Channel, order: SignedOrder, hire: SignedHire) -> bool:
        claimed = (await self._proxy.channel(channel.channel_id)).claimed
        settled = await self._till.orders.get(self.client.address, order.order.nonce)
        carried = await self._till.relays.get(hire.hire.client, hire.hire.nonce)
        is_settled = settled is not None and settled.status == PAID
        is_carried = carried is not None and carried.status == DONE
        return claimed == VOUCHER and is_settled and is_carried and await self._held() == 0

    async def _held(self) -> int:
        """Credit of the payee that was not sent to it yet."""
        return await self._proxy.credit(self._dollar, self._payee)

    async def _money(self, findings: Findings) -> None:
        """The payee has every voucher and order once; every hire is one job."""
        held = await TokenProxy(self.house.node, self._dollar).balance(self._payee)
        expected = self._told * (VOUCHER + ORDER)
        if held != expected:
            whose = findings.doubled if held > expected else findings.lost
            whose.append(f"the payee holds {held} and should hold {expected}")
        escrow = self.house.deployment.address("JobEscrow")
        jobs = int(await self.house.node.call(ESCROW, escrow, "jobCount"))
        if jobs != self._told:
            (findings.doubled if jobs > self._told else findings.lost).append(f"{self._told} hires made {jobs} jobs")

    # --- promises

    @property
    def _domain(self) -> Domain:
        return payments_domain(DEVNET_CHAIN_ID, self._channels)

    def _sign(self, digest: bytes) -> bytes:
        return _signature(self.client.account, digest)

    def _voucher(self, channel: Channel) -> Promise:
        signature = self._sign(voucher_digest(self._domain, channel.channel_id, VOUCHER))
        return SignedVoucher(Place(DEVNET_CHAIN_ID, self._channels), channel, VOUCHER, signature)

    async def _order(self, number: int) -> SignedOrder:
        good_until = await self._now() + GOOD_SECONDS
        order = Order(self.client.address, self._payee, self._dollar, ORDER, number, good_until, bytes(32))
        place = Place(DEVNET_CHAIN_ID, self._channels)
        return SignedOrder(place, order, self._sign(order_digest(self._domain, order)))

    async def _hire(self, number: int) -> SignedHire:
        """By somebody new who has no gas: a cashier carries few hires a day for one client."""
        hirer = Account.create()
        address = bytes.fromhex(hirer.address[2:])
        await self.client.send("TestDollar", TOKEN.encode_call("mint", address, HIRE))
        escrow, now = self.house.deployment.address("JobEscrow"), await self._now()
        policy = await JobEscrowProxy(self.house.node, escrow).policy(self.house.deployment.policy_id)
        expired_at = now + policy.tail_seconds + GOOD_SECONDS
        terms = HireTerms(
            provider=self._payee,
            policy_id=self.house.deployment.policy_id,
            budget=TokenUnits(HIRE),
            expired_at=expired_at,
            agent_id=AgentId(0),
            listing_id=1,
            description="ipfs://request",
        )
        salt, window = number.to_bytes(32, "big"), (0, now + GOOD_SECONDS)
        values = authorization_values(address, escrow, terms, salt, window)
        domain = Domain("Test Dollar", "1", DEVNET_CHAIN_ID, self._dollar)
        digest = typed_data_digest(domain, AUTHORIZATION_TYPE, AUTHORIZATION_FIELDS, values)
        signature = _signature(hirer, digest)
        hire = AuthorizedHire(address, terms, salt, *window, signature)
        return SignedHire(Place(DEVNET_CHAIN_ID, escrow), hire)

    async def _now(self) -> int:
        head = await self.house.node.block()
        assert head is not None
        return head.timestamp


def _signature(account: LocalAccount, digest: bytes) -> bytes:
    return bytes(Account.unsafe_sign_hash(digest, account.key).signature)
