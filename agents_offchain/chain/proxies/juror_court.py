"""DisputeDesk and JurorCourt, read: how a dispute stands, who sits, what was committed; and calls rehearsed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import ContractReverted
from agents_offchain.chain.node import LATEST, Node
from agents_offchain.primitives.hexes import decode_address

DESK_ABI = load_abi("DisputeDesk")
COURT_ABI = load_abi("JurorCourt")


class Phase(IntEnum):
    """`IJurorCourt.Phase`."""

    NONE = 0
    DRAW = 1
    COMMIT = 2
    REVEAL = 3
    APPEAL = 4
    OVER = 5


@dataclass(frozen=True)
class Standing:
    """The round that runs or ran last, its phase, and the last second of the phase (0 when over)."""

    round: int
    phase: Phase
    ends_at: int


@dataclass(frozen=True)
class OpenDispute:
    """A dispute at the desk; `rule_by` is 0 when none is open, `dispute_id` 0 before it was referred."""

    rule_by: int
    is_countered: bool
    is_referred: bool
    dispute_id: int


@dataclass(frozen=True)
class SeatState:
    """A seat as the court has it; `commitment` is 32 zero bytes before the vote was committed."""

    juror: bytes
    commitment: bytes
    is_revealed: bool


@dataclass(frozen=True)
class JurorState:
    """A juror's stake in the smallest unit of the stake token."""

    balance: int
    tickets: int
    open_seats: int
    leavable_at: int


class CourtProxy:
    """Views of a market's DisputeDesk and JurorCourt, at one block each."""

    def __init__(self, node: Node, desk: bytes, court: bytes) -> None:
        self.node = node
        self.desk = desk
        self.court = court

    async def dispute(self, job_id: int, *, block: int | str = LATEST) -> OpenDispute:
        row = await self.node.call(DESK_ABI, self.desk, "disputeOf", job_id, block=block)
        return OpenDispute(row["ruleBy"], row["isCountered"], row["isReferred"], row["disputeId"])

    async def longest_seconds(self, *, block: int | str = LATEST) -> int:
        """The longest case of this court."""
        return int(await self._read("longestCaseSeconds", block=block))

    async def standing(self, dispute_id: int, *, block: int | str = LATEST) -> Standing:
        row = await self._read("phaseOf", dispute_id, block=block)
        return Standing(row["round"], Phase(row["phase"]), row["endsAt"])

    async def seed_block(self, dispute_id: int, round_number: int, *, block: int | str = LATEST) -> int:
        """The block whose randomness draws the seats."""
        return int((await self._read("roundOf", dispute_id, round_number, block=block))["seedBlock"])

    async def seat(self, dispute_id: int, round_number: int, seat: int, *, block: int | str = LATEST) -> SeatState:
        held = await self._read("seatOf", dispute_id, round_number, seat, block=block)
        vote = await self._read("voteOf", dispute_id, round_number, seat, block=block)
        return SeatState(decode_address(held["juror"]), bytes(held["commitment"]), vote["isRevealed"])

    async def juror(self, account: bytes) -> JurorState:
        row = await self._read("jurorOf", account, block=LATEST)
        return JurorState(row["balance"], row["tickets"], row["openSeats"], row["leavableAt"])

    async def ticket_units(self) -> int:
        """What a ticket costs, in the smallest unit of the stake token."""
        return int(await self._read("TICKET_UNITS", block=LATEST))

    async def stake_token(self) -> bytes:
        return decode_address(await self._read("STAKE_TOKEN", block=LATEST))

    async def penalties(self) -> tuple[int, int]:
        """What a vote that is not revealed, and one far from the ruling, cost: 1/10,000 of a ticket."""
        silent = await self._read("NO_REVEAL_BPS", block=LATEST)
        return int(silent), int(await self._read("INCOHERENT_BPS", block=LATEST))

    async def refusal(self, contract: str, function: str, *args: Any, sender: bytes, block: int | str) -> str:
        """Why a call would revert now, as the error's name; empty when it would succeed."""
        abi, address = (DESK_ABI, self.desk) if contract == "DisputeDesk" else (COURT_ABI, self.court)
        try:
            await self.node.call(abi, address, function, *args, sender=sender, block=block)
        except ContractReverted as error:
            return str(error.fields.get("error") or "Unknown")
        return ""

    async def _read(self, function: str, *args: Any, block: int | str) -> Any:
        return await self.node.call(COURT_ABI, self.court, function, *args, block=block)


def commitment_of(
    chain_id: int, court: bytes, place: tuple[int, int, int], juror: bytes, share_bps: int, salt: bytes
) -> bytes:
    """`JurorCourt.commitmentOf`; `place` is (dispute, round, seat)."""
    types = ("uint256", "address", "uint256", "uint8", "uint8", "address", "uint16", "bytes32")
    return keccak(encode(types, (chain_id, court, *place, juror, share_bps, salt)))
