"""Rows of the ways to hire, and of whole jobs with an acceptance that the client signed."""

from __future__ import annotations

from typing import Any

from gas_bench.chain import Chain
from gas_bench.market import DOLLARS, PRICE, TAIL_SECONDS, Market, warm_up

HOUR = 3_600
DELIVERABLE = bytes([7]) * 32
PERMIT = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}
AUTHORIZATION = {
    "ReceiveWithAuthorization": [
        {"name": "from", "type": "address"},
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "validAfter", "type": "uint256"},
        {"name": "validBefore", "type": "uint256"},
        {"name": "nonce", "type": "bytes32"},
    ]
}
ACCEPTANCE = {
    "Acceptance": [
        {"name": "jobId", "type": "uint256"},
        {"name": "provider", "type": "address"},
        {"name": "budget", "type": "uint96"},
        {"name": "deliverable", "type": "bytes32"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def measure_hiring(chain: Chain) -> dict[str, float]:
    """Gas by row id; each way to hire was used once before, by the same client."""
    market = Market(chain)
    warm_up(market)
    bench = HiringBench(market)
    return {**bench.ways(), **bench.two_transactions()}


class HiringBench:
    """A client with a credit, and one without an allowance that signs."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.signer = market.chain.account(20)
        market.token.send(self.signer, "mint", self.signer.address, 1_000 * DOLLARS)
        self.dollar = self._domain("Test Dollar", market.token.address)
        self.escrow = self._domain("AITBC JobEscrow", market.escrow.address)

    def ways(self) -> dict[str, float]:
        """Ledger, permit, authorization; the second call of each."""
        rows: dict[str, float] = {}
        for number in range(2):
            rows["hire-ledger"] = float(self.market.hire_from_ledger(self.market.policy_id)[0])
            rows["hire-permit"] = float(self._with_permit(number))
            rows["hire-authorization"] = float(self._with_authorization(bytes([number]) * 32))
        return rows

    def two_transactions(self) -> dict[str, float]:
        """Hire from the allowance or the ledger, then deliver with the client's signed acceptance."""
        rows: dict[str, float] = {}
        for _ in range(2):
            hired, job_id = self.market.hire()
            rows["job-2-tx-push"] = float(hired + self._delivered(job_id))
            hired, job_id = self.market.hire_from_ledger(self.market.ledger_policy_id)
            rows["job-2-tx-ledger"] = float(hired + self._delivered(job_id))
        return rows

    def _with_permit(self, nonce: int) -> int:
        market, deadline = self.market, self.market.chain.now() + HOUR
        message = {
            "owner": self.signer.address,
            "spender": market.escrow.address,
            "value": PRICE,
            "nonce": nonce,
            "deadline": deadline,
        }
        v, r, s = _parts(self.signer.sign(self.dollar, PERMIT, message))
        return market.escrow.send(self.signer, "hireWithPermit", market.terms(), deadline, v, r, s)

    def _with_authorization(self, salt: bytes) -> int:
        market, valid_before = self.market, self.market.chain.now() + HOUR
        terms = market.terms()
        message = {
            "from": self.signer.address,
            "to": market.escrow.address,
            "value": PRICE,
            "validAfter": 0,
            "validBefore": valid_before,
            "nonce": market.escrow.read("hireNonce", terms, salt),
        }
        signature = _parts(self.signer.sign(self.dollar, AUTHORIZATION, message))
        authorization = (self.signer.address, salt, 0, valid_before, *signature)
        return market.escrow.send(market.keeper, "hireWithAuthorization", terms, authorization)

    def _delivered(self, job_id: int) -> int:
        deadline = self.market.chain.now() + TAIL_SECONDS
        message = {
            "jobId": job_id,
            "provider": self.market.agent.address,
            "budget": PRICE,
            "deliverable": DELIVERABLE,
            "deadline": deadline,
        }
        signature = self.market.client.sign(self.escrow, ACCEPTANCE, message)
        return self.market.escrow.send(
            self.market.agent, "submitWithAcceptance", job_id, DELIVERABLE, deadline, signature
        )

    def _domain(self, name: str, contract: str) -> dict[str, Any]:
        return {"name": name, "version": "1", "chainId": 31337, "verifyingContract": contract}


def _parts(signature: bytes) -> tuple[int, bytes, bytes]:
    """v, r, s of 65 bytes r, s, v."""
    return signature[64], signature[:32], signature[32:64]
