"""Rows of channels and signed orders."""

from __future__ import annotations

from typing import Any

from gas_bench.chain import Chain, Deployed, Key, compact

GRACE_SECONDS = 86_400
DOLLARS = 10**6
CHANNELS = 20
VOUCHER = {
    "Voucher": [{"name": "channelId", "type": "bytes32"}, {"name": "cumulative", "type": "uint96"}],
}
ORDER = {
    "Order": [
        {"name": "payer", "type": "address"},
        {"name": "payee", "type": "address"},
        {"name": "token", "type": "address"},
        {"name": "amount", "type": "uint96"},
        {"name": "nonce", "type": "uint64"},
        {"name": "validBefore", "type": "uint32"},
        {"name": "purpose", "type": "bytes32"},
    ],
}


def measure_payments(chain: Chain) -> dict[str, float]:
    """Gas by row id; rows of batches are gas for each row of the batch."""
    bench = PaymentsBench(chain)
    return {**bench.channels(), **bench.orders()}


class PaymentsBench:
    """Channels of twenty payers with one payee, and a purse of the first payer."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.token = chain.deploy("TestDollar")
        self.market: Deployed = chain.deploy("PaymentChannels")
        self.payee = chain.account(1)
        self.payers = [chain.account(10 + i) for i in range(CHANNELS)]
        for payer in self.payers:
            self.token.send(payer, "mint", payer.address, 100_000 * DOLLARS)
            self.token.send(payer, "approve", self.market.address, 2**256 - 1)
        self.domain = {
            "name": "AITBC PaymentChannels",
            "version": "1",
            "chainId": 31337,
            "verifyingContract": self.market.address,
        }

    def channels(self) -> dict[str, float]:
        """Open, top up, claim, claim twenty."""
        gas: dict[str, float] = {}
        for payer in self.payers:
            gas["channel-open"] = self.market.send(
                payer, "open", self.payee.address, self.token.address, GRACE_SECONDS, 7, 1_000 * DOLLARS
            )
        gas["channel-top-up"] = self.market.send(self.payers[0], "topUp", self._terms(self.payers[0]), 1_000 * DOLLARS)
        for cumulative in (DOLLARS, 2 * DOLLARS):
            payer = self.payers[0]
            gas["channel-claim"] = self.market.send(
                self.payee, "claim", self._terms(payer), cumulative, self._voucher(payer, cumulative)
            )
        for cumulative in (3 * DOLLARS, 1_003 * DOLLARS // 2):
            rows = [self._row(payer, cumulative) for payer in self.payers]
            used = self.market.send(self.payee, "claimBatch", self.payee.address, self.token.address, rows)
            gas["channel-claim-20"] = used / CHANNELS
            gas["channel-job-1000"] = used / (CHANNELS * 1_000)
        return gas

    def orders(self) -> dict[str, float]:
        """One payer's orders settled in batches; the purse, the nonce word and the credit were used before."""
        gas: dict[str, float] = {}
        payer = self.payers[0]
        self.market.send(payer, "fillPurse", self.token.address, payer.address, 10_000 * DOLLARS)
        nonce = 0
        for count in (1, 20, 100):
            rows = [self._order(payer, nonce + i) for i in range(count)]
            nonce += count
            used = self.market.send(self.payee, "settleOrders", self.payee.address, self.token.address, rows)
            gas[f"orders-{count}"] = used / count
        del gas["orders-1"]
        return gas

    def _terms(self, payer: Key) -> tuple[Any, ...]:
        return (payer.address, self.payee.address, self.token.address, GRACE_SECONDS, 7)

    def _voucher(self, payer: Key, cumulative: int) -> bytes:
        channel_id = self.market.read("channelIdOf", self._terms(payer))
        return payer.sign(self.domain, VOUCHER, {"channelId": channel_id, "cumulative": cumulative})

    def _row(self, payer: Key, cumulative: int) -> tuple[Any, ...]:
        terms = bytes.fromhex(payer.address[2:]) + GRACE_SECONDS.to_bytes(4, "big") + (7).to_bytes(8, "big")
        signature = compact(self._voucher(payer, cumulative))
        return terms, cumulative, signature[:32], signature[32:]

    def _order(self, payer: Key, nonce: int) -> tuple[Any, ...]:
        amount, valid_before, purpose = 20_000, 2**32 - 1, bytes([nonce % 255 + 1]) * 32
        signature = payer.sign(
            self.domain,
            ORDER,
            {
                "payer": payer.address,
                "payee": self.payee.address,
                "token": self.token.address,
                "amount": amount,
                "nonce": nonce,
                "validBefore": valid_before,
                "purpose": purpose,
            },
        )
        head = bytes.fromhex(payer.address[2:]) + amount.to_bytes(12, "big")
        short = compact(signature)
        return head, (valid_before << 64) | nonce, purpose, short[:32], short[32:]
