"""The rows of disputes: open, refer, stake, draw, commit, reveal, appeal, rule, close."""

from __future__ import annotations

from agents_offchain.chain.block_header import header_bytes
from gas_bench.chain import Chain, Key
from gas_bench.market import (
    CID_URI,
    COURT_TERMS,
    DOLLARS,
    FAR_SECONDS,
    GRACE_SECONDS,
    PRICE,
    REVIEW_SECONDS,
    VERDICT_SECONDS,
    ZERO,
    Market,
    holder,
)

COURT_SECONDS = 86_400
TAIL_SECONDS = VERDICT_SECONDS + REVIEW_SECONDS + COURT_SECONDS + GRACE_SECONDS
SALT = bytes(31) + b"\x07"
HALF = 5_000
APPEAL_SECONDS = 120
JURORS = 8


class Courtroom:
    """A market whose row has a court, eight jurors with one ticket each."""

    def __init__(self, chain: Chain) -> None:
        self.chain, self.market = chain, Market(chain)
        self.desk, self.court = self.market.desk, self.market.court
        self.policy_id = self._row()
        for party in (self.market.client, self.market.agent):
            self.market.token.send(party, "mint", party.address, 10_000 * DOLLARS)
            self.market.token.send(party, "approve", self.desk.address, 2**256 - 1)
        self.jurors = {key.address: key for key in (self._juror(number) for number in range(JURORS))}

    def disputed(self) -> tuple[int, int]:
        """A job with a passing verdict that its client disputes: gas and job id."""
        job_id = self._hired()
        self.market.submit(job_id)
        self.market.oracle.send(self.market.keeper, "postVerdict", *self.market.verdict(job_id, 90))
        return self.desk.send(self.market.client, "dispute", job_id, bytes(32), 2**256 - 1), job_id

    def refer(self, job_id: int) -> int:
        return self.desk.send(self.market.keeper, "refer", job_id)

    def draw(self, dispute_id: int) -> int:
        """Waits for the seed block and brings its header."""
        seed_block = self.court.read("roundOf", dispute_id, 0)[1]
        while int(self.chain.rpc("eth_blockNumber"), 16) <= seed_block:
            self.chain.rpc("evm_mine")
        block = self.chain.rpc("eth_getBlockByNumber", hex(seed_block), False)
        return self.court.send(self.market.keeper, "draw", dispute_id, header_bytes(block))

    def commit(self, dispute_id: int, seat: int) -> int:
        juror = self._seated(dispute_id, seat)
        commitment = self.court.read("commitmentOf", dispute_id, 0, seat, juror.address, HALF, SALT)
        return self.court.send(juror, "commitVote", dispute_id, seat, commitment)

    def reveal(self, dispute_id: int, seat: int) -> int:
        return self.court.send(self._seated(dispute_id, seat), "revealVote", dispute_id, seat, HALF, SALT)

    def _seated(self, dispute_id: int, seat: int) -> Key:
        address = self.court.read("seatOf", dispute_id, 0, seat)[0]
        return next(key for known, key in self.jurors.items() if known.lower() == address.lower())

    def _juror(self, number: int) -> Key:
        key = holder(self.chain, self.market.token, 40 + number, COURT_TERMS[0])
        self.market.token.send(key, "approve", self.court.address, 2**256 - 1)
        self.stake_gas = self.court.send(key, "stake", 1)
        return key

    def _hired(self) -> int:
        expired_at = self.chain.now() + TAIL_SECONDS + FAR_SECONDS
        terms = (self.market.agent.address, self.policy_id, PRICE, expired_at, 0, 1, CID_URI)
        self.market.escrow.send(self.market.client, "hire", terms)
        return int(self.market.escrow.read("jobCount"))

    def _row(self) -> int:
        windows = (VERDICT_SECONDS, REVIEW_SECONDS, COURT_SECONDS, GRACE_SECONDS)
        row = (self.market.oracle.address, self.market.token.address, ZERO, 500, 4_000, 60, *windows, False)
        self.market.escrow.send(self.market.owner, "registerPolicy", row)
        return int(self.market.escrow.read("policyCount"))


def measure_court(chain: Chain) -> dict[str, float]:
    """Gas by row id; the second dispute is measured, from its opening to its end."""
    room = Courtroom(chain)
    rows: dict[str, float] = {"juror-stake": float(room.stake_gas)}
    for _ in range(2):
        opened, job_id = room.disputed()
        rows |= {"dispute-open": float(opened), "dispute-refer": float(room.refer(job_id))}
        dispute_id = int(room.court.read("disputeCount"))
        rows["court-draw"] = float(room.draw(dispute_id))
        # The last vote of a phase also ends it; the one before is the usual one.
        rows["court-commit"] = float([room.commit(dispute_id, seat) for seat in range(3)][1])
        chain.warp(1)
        rows["court-reveal"] = float([room.reveal(dispute_id, seat) for seat in range(3)][1])
        chain.warp(APPEAL_SECONDS + 1)
        rows["dispute-rule"] = float(room.desk.send(room.market.keeper, "rule", job_id))
        rows["court-close"] = float(room.court.send(room.market.keeper, "close", dispute_id))
    return rows
