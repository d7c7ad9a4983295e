"""JSON-RPC to one node over HTTP: the calls we use, as typed values, with our errors.

Every read that belongs to one decision takes the block it is pinned to.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from agents_offchain.chain.contract_abi import ContractAbi, revert_of
from agents_offchain.chain.errors import NodeUnavailable, RpcRefused, WrongChain

LATEST = "latest"
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Block:
    """A block header: number, hashes (32 bytes), unix time in seconds, base fee in wei."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    base_fee_wei: int


@dataclass(frozen=True)
class RawLog:
    """A log as the node returns it, in bytes."""

    address: bytes
    topics: list[bytes]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


@dataclass(frozen=True)
class Receipt:
    """What a mined transaction did."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    is_success: bool
    gas_used: int
    logs: list[RawLog]


class Node:
    """One node by its HTTP URL.

    Args:
        url: JSON-RPC endpoint; the same host and port is tried for WebSocket wake-ups.
    """

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        self.url = url
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._ids = itertools.count(1)

    async def close(self) -> None:
        await self._client.aclose()

    async def request(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call; the `result` member.

        Raises:
            NodeUnavailable: no answer, a 5xx or 429, or not JSON-RPC.
            RpcRefused: the node answered with an error.
        """
        return _result((await self._post([_call(next(self._ids), method, params)]))[0])

    async def batch(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        """Several calls in one HTTP request, results in order; the first error is raised."""
        if not calls:
            return []
        requests = [_call(next(self._ids), method, params) for method, params in calls]
        answers = {answer.get("id"): answer for answer in await self._post(requests)}
        try:
            return [_result(answers[request["id"]]) for request in requests]
        except KeyError as error:
            raise NodeUnavailable("The node left out an answer of a batch.") from error

    async def _post(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        body = orjson.dumps(requests if len(requests) > 1 else requests[0])
        try:
            response = await self._client.post(self.url, content=body, headers={"content-type": "application/json"})
        except httpx.HTTPError as error:
            raise NodeUnavailable(
                f"The node does not answer: {type(error).__name__}.",
                mend="Is the chain running? `aitbc status` tells.",
            ) from error
        if response.status_code == 429 or response.status_code >= 500:
            raise NodeUnavailable(f"The node answered HTTP {response.status_code}.", retry_after_seconds=2.0)
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise NodeUnavailable("The node did not answer JSON.") from error
        return answer if isinstance(answer, list) else [answer]

    async def chain_id(self) -> int:
        return int(await self.request("eth_chainId"), 16)

    async def require_chain(self, chain_id: int) -> None:
        """Raises WrongChain when the node serves another chain."""
        actual = await self.chain_id()
        if actual != chain_id:
            raise WrongChain(
                f"The node serves chain {actual}, the deployment names chain {chain_id}.",
                mend="Point AITBC_RPC_URL at the right node, or use the deployment of that chain.",
            )

    async def block_number(self) -> int:
        return int(await self.request("eth_blockNumber"), 16)

    async def block(self, number: int | str = LATEST) -> Block | None:
        """A header by number or tag; None when the node has no such block."""
        answer = await self.request("eth_getBlockByNumber", _tag(number), False)
        return None if answer is None else _block(answer)

    async def blocks(self, first: int, last: int) -> list[Block]:
        """Headers of a range, inclusive; shorter when the chain ends earlier."""
        calls: list[tuple[str, list[Any]]] = [
            ("eth_getBlockByNumber", [hex(number), False]) for number in range(first, last + 1)
        ]
        return [_block(answer) for answer in await self.batch(calls) if answer is not None]

    async def logs(self, addresses: list[bytes], first: int, last: int) -> list[RawLog]:
        """All logs of these contracts in a block range, inclusive, in chain order."""
        query = {
            "address": ["0x" + address.hex() for address in addresses],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        answer = await self.request("eth_getLogs", query)
        logs = [decode_raw_log(entry) for entry in answer]
        return sorted(logs, key=lambda log: (log.block_number, log.log_index))

    async def call(
        self,
        abi: ContractAbi,
        address: bytes,
        function: str,
        *args: Any,
        block: int | str = LATEST,
        sender: bytes | None = None,
    ) -> Any:
        """Read a view at one block and decode it.

        Raises:
            ContractReverted: the view reverted; named by the ABI's errors.
        """
        transaction = {"to": "0x" + address.hex(), "data": "0x" + abi.encode_call(function, *args).hex()}
        if sender is not None:
            transaction["from"] = "0x" + sender.hex()
        try:
            answer = await self.request("eth_call", transaction, _tag(block))
        except RpcRefused as error:
            raise revert_of(error, abi) or error from error
        return abi.decode_output(function, bytes.fromhex(answer[2:]))

    async def receipt(self, tx_hash: bytes) -> Receipt | None:
        answer = await self.request("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        if answer is None or answer.get("blockHash") is None:
            return None
        return Receipt(
            tx_hash=tx_hash,
            block_number=int(answer["blockNumber"], 16),
            block_hash=_bytes(answer["blockHash"]),
            is_success=int(answer["status"], 16) == 1,
            gas_used=int(answer["gasUsed"], 16),
            logs=[decode_raw_log(entry) for entry in answer["logs"]],
        )

    async def nonce(self, address: bytes, block: str = LATEST) -> int:
        return int(await self.request("eth_getTransactionCount", "0x" + address.hex(), block), 16)

    async def balance(self, address: bytes, block: int | str = LATEST) -> int:
        return int(await self.request("eth_getBalance", "0x" + address.hex(), _tag(block)), 16)

    async def code(self, address: bytes, block: int | str = LATEST) -> bytes:
        return _bytes(await self.request("eth_getCode", "0x" + address.hex(), _tag(block)))

    async def send_raw(self, raw: bytes) -> bytes:
        """Broadcast a signed transaction; its hash. A transaction the node already has is no error."""
        return _bytes(await self.request("eth_sendRawTransaction", "0x" + raw.hex()))


def decode_raw_log(entry: dict[str, Any]) -> RawLog:
    return RawLog(
        address=_bytes(entry["address"]),
        topics=[_bytes(topic) for topic in entry["topics"]],
        data=_bytes(entry["data"]),
        block_number=int(entry["blockNumber"], 16),
        block_hash=_bytes(entry["blockHash"]),
        tx_hash=_bytes(entry["transactionHash"]),
        log_index=int(entry["logIndex"], 16),
    )


def _call(request_id: int, method: str, params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": list(params)}


def _result(answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    code, message = error.get("code"), str(error.get("message", ""))
    if code == -32005 or "rate limit" in message.lower():
        raise NodeUnavailable("The node limits our rate.", retry_after_seconds=2.0)
    raise RpcRefused(f"The node refused: {message}", code=code, data=data)


def _block(answer: dict[str, Any]) -> Block:
    return Block(
        number=int(answer["number"], 16),
        hash=_bytes(answer["hash"]),
        parent_hash=_bytes(answer["parentHash"]),
        timestamp=int(answer["timestamp"], 16),
        base_fee_wei=int(answer.get("baseFeePerGas") or "0x0", 16),
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _tag(block: int | str) -> str:
    return hex(block) if isinstance(block, int) else block
