"""ResultOracle, read: reporters, posted verdicts, when a job can be settled; and its calldata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import LATEST, Node
from agents_offchain.primitives.eip712 import VerdictMessage
from agents_offchain.primitives.hexes import decode_address

ABI = load_abi("ResultOracle")


@dataclass(frozen=True)
class PostedVerdict:
    """A verdict on chain; `score` 0 to 100, `posted_at` unix seconds."""

    score: int
    posted_at: int


@dataclass(frozen=True)
class SignerSet:
    """Who judges what was submitted in an epoch: addresses of 20 bytes, ascending, of which `quorum` must agree."""

    epoch: int
    reporters: tuple[bytes, ...]
    quorum: int


class ResultOracleProxy:
    """Views of one ResultOracle."""

    def __init__(self, node: Node, address: bytes) -> None:
        self._node = node
        self.address = address

    async def reporters(self, *, block: int | str = LATEST) -> tuple[bytes, ...]:
        answer = await self._node.call(ABI, self.address, "reporters", block=block)
        return tuple(decode_address(text) for text in answer)

    async def quorum(self, *, block: int | str = LATEST) -> int:
        return int(await self._node.call(ABI, self.address, "quorum", block=block))

    async def epoch(self, *, block: int | str = LATEST) -> int:
        """Number of the signer set in force."""
        return int(await self._node.call(ABI, self.address, "epoch", block=block))

    async def epoch_at(self, time: int, *, block: int | str = LATEST) -> int:
        """The epoch whose set judges work submitted at this chain time; 0 before the first."""
        return int(await self._node.call(ABI, self.address, "epochAt", time, block=block))

    async def signer_set(self, epoch: int, *, block: int | str = LATEST) -> SignerSet:
        """Raises ContractReverted for an epoch that never was."""
        members = await self._node.call(ABI, self.address, "reportersOf", epoch, block=block)
        term = await self._node.call(ABI, self.address, "termOf", epoch, block=block)
        return SignerSet(epoch, tuple(decode_address(text) for text in members), int(term["quorum_"]))

    async def verdict(self, job_id: int, *, block: int | str = LATEST) -> PostedVerdict | None:
        row = await self._node.call(ABI, self.address, "verdictOf", job_id, block=block)
        return PostedVerdict(row["score"], row["postedAt"]) if row["isPosted"] else None

    async def settleable_at(self, job_id: int, *, block: int | str = LATEST) -> int | None:
        """Chain time from which anybody may settle; None while that cannot be said."""
        return int(await self._node.call(ABI, self.address, "settleableAt", job_id, block=block)) or None


def post_verdict_calldata(verdict: VerdictMessage, signatures: Sequence[bytes]) -> bytes:
    """`postVerdict`: signatures in ascending order of their signers' addresses."""
    return ABI.encode_call("postVerdict", verdict.values(), list(signatures))


def settle_calldata(job_ids: Sequence[int]) -> bytes:
    return ABI.encode_call("settle", list(job_ids))
