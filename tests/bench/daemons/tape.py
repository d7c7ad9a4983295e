"""A long history without a chain behind it: an RPC server that answers `eth_getLogs` and headers from memory.

Events are those of whole jobs, encoded as the contracts encode them, ten to a job; blocks hold a few each. It runs as
a process of its own, so that what it costs is not counted, and serves every reader the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
import uvicorn

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.primitives.units import NO_AGENT
from tests.fakes.contracts import encode_log
from tests.fakes.deployment import DEPLOYMENT

EVENTS_PER_JOB = 10
EVENTS_PER_BLOCK = 5
GENESIS_TIME = 1_700_000_000
PARTY = b"\xab" * 20
ESCROW_ABI, ORACLE_ABI = load_abi("JobEscrow"), load_abi("ResultOracle")


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def job_events(job: int) -> list[tuple[str, list[bytes], bytes]]:
    """(contract, topics, data) of one job from hire to payment."""
    oracle = "0x" + DEPLOYMENT.address("ResultOracle").hex()
    party, amount, mark = "0x" + PARTY.hex(), 1_500_000, digest(f"work {job}")
    escrow: list[tuple[str, dict[str, Any]]] = [
        ("JobCreated", {"client": party, "provider": party, "evaluator": oracle, "expiredAt": 2**31, "hook": party}),
        ("BudgetSet", {"amount": amount}),
        ("JobFunded", {"client": party, "amount": amount}),
        ("JobDescribed", {"agentId": NO_AGENT, "listingId": 0, "policyId": 1, "description": f"ipfs://bafk{job:050d}"}),
        ("JobSubmitted", {"provider": party, "deliverable": mark}),
        ("FeeTaken", {"toTreasury": 45_000, "toReporters": 30_000}),
        ("JobCompleted", {"evaluator": oracle, "reason": mark}),
        ("PaymentReleased", {"provider": party, "amount": amount - 75_000}),
    ]
    told: list[tuple[str, dict[str, Any]]] = [
        (
            "VerdictPosted",
            {"reportHash": mark, "deliverable": mark, "score": 100, "epoch": 1, "signerBitmap": 7},
        ),
        ("JobSettled", {"isPaid": True, "reason": mark}),
    ]
    logs = [("JobEscrow", *encode_log(ESCROW_ABI, name, jobId=job, **args)) for name, args in escrow]
    logs += [("ResultOracle", *encode_log(ORACLE_ABI, name, jobId=job, **args)) for name, args in told]
    return logs


class Tape:
    """The history in memory, each log already in JSON."""

    def __init__(self, events: int) -> None:
        self.blocks: list[list[bytes]] = [[]]
        for log in self._logs(events):
            if len(self.blocks[-1]) >= EVENTS_PER_BLOCK or len(self.blocks) == 1:
                self.blocks.append([])
            self.blocks[-1].append(orjson.dumps(self._entry(log)))
        self.blocks.extend([[]] * 300)  # what lies behind the retained headers is history

    def _logs(self, events: int) -> Iterator[tuple[str, list[bytes], bytes]]:
        for job in range(1, events // EVENTS_PER_JOB + 1):
            yield from job_events(job)

    def _entry(self, log: tuple[str, list[bytes], bytes]) -> dict[str, Any]:
        contract, topics, data = log
        number, index = len(self.blocks) - 1, len(self.blocks[-1])
        return {
            "address": "0x" + DEPLOYMENT.address(contract).hex(),
            "topics": ["0x" + topic.hex() for topic in topics],
            "data": "0x" + data.hex(),
            "blockNumber": hex(number),
            "blockHash": self.hash_of(number),
            "blockTimestamp": hex(GENESIS_TIME + number),
            "transactionHash": "0x" + digest(f"tx {number} {index}").hex(),
            "logIndex": hex(index),
        }

    @staticmethod
    def hash_of(number: int) -> str:
        return "0x" + digest(f"block {number}").hex()

    def answer(self, method: str, params: list[Any]) -> bytes:
        if method == "eth_chainId":
            return b'"0x7a69"'
        if method == "eth_blockNumber":
            return orjson.dumps(hex(len(self.blocks) - 1))
        if method == "eth_getBlockByNumber":
            return self._header(len(self.blocks) - 1 if params[0] == "latest" else int(params[0], 16))
        if method == "eth_getLogs" and "blockHash" in params[0]:
            return b"[]"  # the newest blocks of the tape are empty
        assert method == "eth_getLogs", method
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        return b"[" + b",".join(entry for block in self.blocks[first : last + 1] for entry in block) + b"]"

    def _header(self, number: int) -> bytes:
        if not 0 <= number < len(self.blocks):
            return b"null"
        return orjson.dumps(
            {
                "number": hex(number),
                "hash": self.hash_of(number),
                "parentHash": self.hash_of(number - 1),
                "timestamp": hex(GENESIS_TIME + number),
                "baseFeePerGas": "0x1",
            }
        )


def application(tape: Tape) -> Any:
    """The ASGI application: one call or a batch of them."""

    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        asked = orjson.loads(body)
        answers = [
            b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (call["id"], tape.answer(call["method"], call["params"]))
            for call in (asked if isinstance(asked, list) else [asked])
        ]
        whole = b"[" + b",".join(answers) + b"]" if isinstance(asked, list) else answers[0]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": whole})

    return serve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    uvicorn.run(application(Tape(options.events)), port=options.port, log_level="error", lifespan="off")


if __name__ == "__main__":
    main()
