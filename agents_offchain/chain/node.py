"""JSON-RPC to one chain over HTTP: the calls we use, as typed values, with our errors.

Every read that belongs to one decision takes the block it is pinned to. Behind one `Node` stand one or several
providers of the same chain (`providers.py`); a request that one of them cannot serve goes to the next.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import httpx
import orjson

from agents_offchain.chain.contract_abi import ContractAbi, revert_of
from agents_offchain.chain.errors import ContractMissing, NodeUnavailable, RpcRefused, WrongChain
from agents_offchain.chain.providers import Provider, Providers

LATEST = "latest"
TIMEOUT_SECONDS = 20.0
RATE_WORDS = ("rate limit", "too many requests", "request count exceeded", "compute units per second")
"""How providers say that we ask too often; their codes also stand for ranges that are too large."""
COMPARE_SECONDS = 15.0
"""Between two comparisons of the providers' heads."""
LAG_BLOCKS = 3
"""How far behind another one a provider may be."""
BATCH_CALLS = 100
"""Most headers asked for in one HTTP request."""
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Block:
    """A block header: number, hashes (32 bytes), unix time in seconds, base fee in wei, bloom of its logs."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    base_fee_wei: int
    logs_bloom: bytes = b""


class RawLog(NamedTuple):
    """A log as the node returns it, in bytes; `block_time` (unix seconds) where the node says it, else None."""

    address: bytes
    topics: list[bytes]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int
    block_time: int | None = None


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
    """A chain by the HTTP URLs of its providers.

    Args:
        url: JSON-RPC endpoints, separated by commas; the same hosts and ports are tried for WebSocket wake-ups.
    """

    _chain_id: int | None = None
    _compared_at = 0.0

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        self._standing: set[bytes] = set()
        self.url = url
        self._providers = Providers(url)
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._ids = itertools.count(1)

    @property
    def first_url(self) -> str:
        """The preferred provider's, for whom one URL must do."""
        return self._providers.all[0].url

    async def close(self) -> None:
        await self._client.aclose()

    async def request(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call; the `result` member.

        Raises:
            NodeUnavailable: no answer, a 5xx or 429, or not JSON-RPC.
            RpcRefused: the node answered with an error.
        """
        return (await self.batch([(method, list(params))]))[0]

    async def batch(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        """Several calls in one HTTP request, results in order; the first error is raised."""
        if not calls:
            return []
        error: NodeUnavailable | None = None
        for _ in self._providers.all:
            provider = self._providers.current()
            try:
                await self._check(provider)
                answers = await self._batch(provider, calls)
            except NodeUnavailable as failed:
                self._providers.set_aside(provider, failed.message)
                error = failed
            else:
                self._providers.has_served(provider)
                return answers
        assert error is not None
        raise error

    def suspect(self, reason: str) -> None:
        """Set the provider that answered last aside: what it says does not hold together."""
        self._providers.set_aside(self._providers.current(), reason)

    async def _check(self, provider: Provider) -> None:
        """A provider that was not asked before must serve the chain that the others serve.

        Raises:
            NodeUnavailable: it serves another; asking it would look like a reorganisation without end.
        """
        if provider.is_checked or self._chain_id is None or not self._providers.has_others:
            return
        chain_id = _shaped(_int, (await self._batch(provider, [("eth_chainId", [])]))[0])
        if chain_id != self._chain_id:
            raise NodeUnavailable(f"A provider serves chain {chain_id} in place of {self._chain_id}.")
        provider.is_checked = True

    async def _batch(self, provider: Provider, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        requests = [_call(next(self._ids), method, params) for method, params in calls]
        answers = await self._post(provider.url, requests)
        if not all(isinstance(answer, dict) for answer in answers):
            raise NodeUnavailable("The node did not answer JSON-RPC.")
        if len(answers) == 1 and answers[0].get("id") is None:
            _result(answers[0])  # an error about the request as a whole carries no id
        by_id = {str(answer.get("id")): answer for answer in answers}
        try:
            return [_result(by_id[str(request["id"])]) for request in requests]
        except KeyError as error:
            raise NodeUnavailable("The node left out an answer.") from error

    async def _read(self, decode: Callable[[Any], _Read], method: str, *params: Any) -> _Read:
        """One call whose answer must have the right form."""
        return _shaped(decode, await self.request(method, *params))

    async def _post(self, url: str, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        body = orjson.dumps(requests if len(requests) > 1 else requests[0])
        try:
            response = await self._client.post(url, content=body, headers={"content-type": "application/json"})
        except httpx.HTTPError as error:
            raise NodeUnavailable(
                f"The node does not answer: {type(error).__name__}.",
                mend="Is the chain running? `aitbc status` tells.",
            ) from error
        if response.status_code in (408, 429) or response.status_code >= 500:
            raise NodeUnavailable(f"The node answered HTTP {response.status_code}.", retry_after_seconds=2.0)
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise NodeUnavailable("The node did not answer JSON.") from error
        return answer if isinstance(answer, list) else [answer]

    async def chain_id(self) -> int:
        return await self._read(_int, "eth_chainId")

    async def require_chain(self, chain_id: int) -> None:
        """Raises WrongChain when the node serves another chain."""
        actual = await self.chain_id()
        if actual != chain_id:
            raise WrongChain(
                f"The node serves chain {actual}, the deployment names chain {chain_id}.",
                mend="Point AITBC_RPC_URL at the right node, or use the deployment of that chain.",
            )
        self._chain_id = chain_id

    async def block_number(self) -> int:
        """The head; a provider that lags behind another one is set aside, looked for once in a while."""
        if self._providers.has_others and time.monotonic() - self._compared_at >= COMPARE_SECONDS:
            self._compared_at = time.monotonic()
            await self._compare_heads()
        return await self._read(_int, "eth_blockNumber")

    async def _compare_heads(self) -> None:
        heads: dict[int, int] = {}
        for index, provider in enumerate(self._providers.all):
            with contextlib.suppress(NodeUnavailable, RpcRefused):
                await self._check(provider)
                heads[index] = _shaped(_int, (await self._batch(provider, [("eth_blockNumber", [])]))[0])
        current = self._providers.all.index(self._providers.current())
        if current in heads and max(heads.values()) - heads[current] > LAG_BLOCKS:
            self.suspect(f"It is {max(heads.values()) - heads[current]} blocks behind another provider.")

    async def block(self, number: int | str = LATEST) -> Block | None:
        """A header by number or tag; None when the node has no such block."""
        return await self._read(_optional(_block), "eth_getBlockByNumber", _tag(number), False)

    async def blocks(self, first: int, last: int) -> list[Block]:
        """Headers of a range, inclusive; shorter when the chain ends earlier."""
        return await self.blocks_at(range(first, last + 1))

    async def blocks_at(self, numbers: Iterable[int]) -> list[Block]:
        """Headers by number, those that the node has."""
        calls: list[tuple[str, list[Any]]] = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        answers = [
            answer
            for first in range(0, len(calls), BATCH_CALLS)
            for answer in await self.batch(calls[first : first + BATCH_CALLS])
        ]
        return [_shaped(_block, answer) for answer in answers if answer is not None]

    async def logs(self, addresses: list[bytes], first: int, last: int) -> list[RawLog]:
        """All logs of these contracts in a block range, inclusive, in chain order."""
        query = {
            "address": ["0x" + address.hex() for address in addresses],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        logs = await self._read(_logs, "eth_getLogs", query)
        return sorted(logs, key=lambda log: log.block_number << 32 | log.log_index)

    async def logs_of_blocks(self, addresses: list[bytes], hashes: Sequence[bytes]) -> list[RawLog]:
        """All logs of these contracts in blocks by their hashes, so that no other block can answer.

        Raises:
            RpcRefused: the node has not a block of this hash, or does not take hashes.
        """
        contracts = ["0x" + address.hex() for address in addresses]
        answers = await self.batch(
            [("eth_getLogs", [{"address": contracts, "blockHash": "0x" + block.hex()}]) for block in hashes]
        )
        return [entry for answer in answers for entry in sorted(_shaped(_logs, answer), key=lambda log: log.log_index)]

    async def receipt_logs(self, block_hash: bytes) -> list[RawLog] | None:
        """Every log of a block from its receipts, of whatever contract; None where the node does not tell."""
        try:
            receipts = await self.request("eth_getBlockReceipts", "0x" + block_hash.hex())
        except RpcRefused:
            return None
        if receipts is None:
            return None
        return [entry for receipt in receipts for entry in _shaped(_logs, receipt["logs"])]

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
            ContractMissing: no such contract stands at this address, and none has answered from there before.
            NodeUnavailable: it stands, or stood a moment ago: a node may lose its state while it reorganises. Or the
                node has not the block of that number, or no more.
            RpcRefused: the node refuses to read at a tag.
        """
        transaction = {"to": "0x" + address.hex(), "data": "0x" + abi.encode_call(function, *args).hex()}
        if sender is not None:
            transaction["from"] = "0x" + sender.hex()
        try:
            answer = await self._read(_bytes, "eth_call", transaction, _tag(block))
        except RpcRefused as error:
            if (reverted := revert_of(error, abi)) is not None:
                raise reverted from error
            if isinstance(block, int):  # a reorganisation took it back, or the node is behind the one that told of it
                raise NodeUnavailable(f"The node reads nothing at block {block}: {error.message}") from error
            raise
        try:
            value = abi.decode_output(function, answer)
        except ContractMissing as error:
            if address in self._standing or await self.code(address):
                raise NodeUnavailable("The node's answer is not that of the contract.") from error
            raise
        self._standing.add(address)
        return value

    async def receipt(self, tx_hash: bytes) -> Receipt | None:
        """What became of a transaction; None while it is in no block of the chain."""
        return await self._read(_optional(_receipt), "eth_getTransactionReceipt", "0x" + tx_hash.hex())

    async def nonce(self, address: bytes, block: str = LATEST) -> int:
        return await self._read(_int, "eth_getTransactionCount", "0x" + address.hex(), block)

    async def balance(self, address: bytes, block: int | str = LATEST) -> int:
        return await self._read(_int, "eth_getBalance", "0x" + address.hex(), _tag(block))

    async def code(self, address: bytes, block: int | str = LATEST) -> bytes:
        return await self._read(_bytes, "eth_getCode", "0x" + address.hex(), _tag(block))

    async def estimate_gas(self, call: dict[str, Any], block: str = "pending") -> int:
        """Gas that a call uses in a simulation; raises RpcRefused when it would revert."""
        return await self._read(_int, "eth_estimateGas", call, block)

    async def send_raw(self, raw: bytes) -> bytes:
        """Broadcast a signed transaction; its hash.

        Raises:
            RpcRefused: the node will not have it, or has it already; what the chain says decides.
        """
        return await self._read(_bytes, "eth_sendRawTransaction", "0x" + raw.hex())


def decode_raw_log(entry: dict[str, Any]) -> RawLog:
    read, time = bytes.fromhex, entry.get("blockTimestamp")
    return RawLog(
        read(entry["address"][2:]),
        [read(topic[2:]) for topic in entry["topics"]],
        read(entry["data"][2:]),
        int(entry["blockNumber"], 16),
        read(entry["blockHash"][2:]),
        read(entry["transactionHash"][2:]),
        int(entry["logIndex"], 16),
        None if time is None else int(time, 16),
    )


def _logs(answer: Any) -> list[RawLog]:
    return [decode_raw_log(entry) for entry in answer]


def _receipt(answer: dict[str, Any]) -> Receipt | None:
    if answer.get("blockHash") is None:
        return None
    return Receipt(
        tx_hash=_bytes(answer["transactionHash"]),
        block_number=_int(answer["blockNumber"]),
        block_hash=_bytes(answer["blockHash"]),
        is_success=_int(answer["status"]) == 1,
        gas_used=_int(answer["gasUsed"]),
        logs=_logs(answer["logs"]),
    )


def _call(request_id: int, method: str, params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": list(params)}


def _result(answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        if "result" not in answer:
            raise NodeUnavailable("The node did not answer JSON-RPC.")
        return answer["result"]
    if not isinstance(error, dict):
        error = {"message": str(error)[:500]}
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    code, message = error.get("code"), str(error.get("message", ""))
    if any(words in message.lower() for words in RATE_WORDS):
        raise NodeUnavailable("The node limits our rate.", retry_after_seconds=2.0)
    raise RpcRefused(f"The node refused: {message}", code=code, data=data)


def _block(answer: dict[str, Any]) -> Block:
    return Block(
        number=_int(answer["number"]),
        hash=_bytes(answer["hash"]),
        parent_hash=_bytes(answer["parentHash"]),
        timestamp=_int(answer["timestamp"]),
        base_fee_wei=_int(answer.get("baseFeePerGas") or "0x0"),
        logs_bloom=_bytes(answer.get("logsBloom") or "0x"),
    )


def _shaped(decode: Callable[[Any], _Read], answer: Any) -> _Read:
    """Decode an answer; one of another form is a node's nonsense, which may pass."""
    try:
        return decode(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NodeUnavailable("The node's answer has not the right form.") from error


def _optional(decode: Callable[[Any], _Read | None]) -> Callable[[Any], _Read | None]:
    return lambda answer: None if answer is None else decode(answer)


def _int(text: str) -> int:
    return int(text, 16)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _tag(block: int | str) -> str:
    return hex(block) if isinstance(block, int) else block
