"""A chain in memory: blocks with state, a mempool, and every trouble a real one gives.

`FakeNode` puts it behind `chain.node.Node`: the typed reads are the product's own, only the transport is
replaced. State is kept per block, so a reorganisation is what it is on a real chain: other blocks.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import rlp
from eth_utils.crypto import keccak

from agents_offchain.chain.node import Node
from agents_offchain.chain.providers import Providers

BASE_FEE = 1_000_000_000
GAS_USED = 60_000
Log = tuple[list[bytes], bytes]


class Revert(Exception):
    """A contract refuses; `data` is what it reverts with."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(data.hex())
        self.data = data


class RpcTrouble(Exception):
    """The node answers a request with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


@dataclass(frozen=True)
class Call:
    """What a contract sees of a call; `now` is the block's time, `storage` its own and its to change."""

    sender: bytes
    data: bytes
    now: int
    storage: dict[Any, Any]


class Contract(Protocol):
    """Code at an address. Values put into storage are never changed in place."""

    def execute(self, call: Call) -> tuple[bytes, list[Log]]: ...


@dataclass(frozen=True)
class Transaction:
    """A decoded EIP-1559 transaction."""

    raw: bytes
    hash: bytes
    sender: bytes
    nonce: int
    to: bytes
    data: bytes
    max_fee: int
    gas: int


@dataclass
class State:
    """Nonces by account and storage by contract."""

    nonces: dict[bytes, int] = field(default_factory=dict)
    storage: dict[bytes, dict[Any, Any]] = field(default_factory=dict)

    def copy(self) -> State:
        return State(dict(self.nonces), {address: dict(slots) for address, slots in self.storage.items()})


@dataclass
class Mined:
    """A block with what happened in it and the state after it."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    state: State
    transactions: list[Transaction] = field(default_factory=list)
    receipts: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)


class FakeChain:
    """Blocks on command.

    Attributes:
        base_fee: Of every block mined from now on; transactions that offer less wait.
        losing: How many of the next broadcasts are accepted and forgotten.
        max_range: Most blocks of one `eth_getLogs`; larger ranges are refused.
    """

    def __init__(self, chain_id: int = 31337, start: int = 1_700_000_000) -> None:
        self.chain_id = chain_id
        self.contracts: dict[bytes, Contract] = {}
        self.mempool: dict[bytes, Transaction] = {}
        self.base_fee = BASE_FEE
        self.losing = 0
        self.max_range: int | None = None
        self.has_funds = True
        self._salt = itertools.count()
        self.blocks = [Mined(0, self._hash(0), bytes(32), start, State())]

    @property
    def head(self) -> Mined:
        return self.blocks[-1]

    # --- what a test does

    def mine(self, count: int = 1, *, empty: bool = False, seconds: int = 1) -> None:
        """Add blocks; the first takes what the mempool has ready, unless `empty`."""
        for index in range(count):
            state = self.head.state.copy()
            number = self.head.number + 1
            block = Mined(number, self._hash(number), self.head.hash, self.head.timestamp + seconds, state)
            if not empty and index == 0:
                while (ready := self._next_ready(state)) is not None:
                    del self.mempool[ready.hash]
                    self._execute(block, ready)
            self.blocks.append(block)

    def reorg(self, depth: int, *, drop: bool = False, empty: bool = False, extra: int = 1) -> None:
        """Replace the last blocks by one or more others.

        Args:
            drop: The replaced blocks' transactions are forgotten instead of going back to the mempool.
            empty: The new blocks hold no transaction yet.
            extra: How many blocks longer the new branch is; may be negative.
        """
        depth = min(depth, self.head.number)
        gone = self.blocks[len(self.blocks) - depth :]
        del self.blocks[len(self.blocks) - depth :]
        if not drop:
            self.mempool = {tx.hash: tx for block in gone for tx in block.transactions} | self.mempool
        self.mine(max(depth + extra, 0), empty=empty)

    def transact(self, sender: bytes, to: bytes, data: bytes) -> bytes:
        """Put somebody else's transaction, with the next free nonce, into the mempool; its hash."""
        nonce = self._pending_nonce(sender)
        raw = encode_transaction(self.chain_id, sender, nonce, to, data, 10**12, GAS_USED)
        return self.broadcast(raw)

    def mined_of(self, sender: bytes) -> list[Transaction]:
        """Every transaction of an account on the chain, in order."""
        return [tx for block in self.blocks for tx in block.transactions if tx.sender == sender]

    def forget_mempool(self) -> None:
        self.mempool.clear()

    # --- what a node does

    def broadcast(self, raw: bytes) -> bytes:
        tx = decode_transaction(raw)
        if tx.hash in self.mempool:
            raise RpcTrouble(-32000, "already known")
        if tx.nonce < self.head.state.nonces.get(tx.sender, 0):
            raise RpcTrouble(-32000, "nonce too low")
        if not self.has_funds:
            raise RpcTrouble(-32000, "Insufficient funds for gas * price + value")
        rival = next((t for t in self.mempool.values() if (t.sender, t.nonce) == (tx.sender, tx.nonce)), None)
        if rival is not None and tx.max_fee * 10 < rival.max_fee * 11:
            raise RpcTrouble(-32000, "replacement transaction underpriced")
        if self.losing > 0:
            self.losing -= 1
            return tx.hash
        if rival is not None:
            del self.mempool[rival.hash]
        self.mempool[tx.hash] = tx
        return tx.hash

    def answer(self, method: str, params: list[Any]) -> Any:
        """The result of one JSON-RPC request."""
        return getattr(self, "_" + method)(*params)

    def _eth_chainId(self) -> str:
        return hex(self.chain_id)

    def _eth_blockNumber(self) -> str:
        return hex(self.head.number)

    def _eth_getBlockByNumber(self, tag: str, _full: bool) -> dict[str, Any] | None:
        block = self._at(tag)
        return None if block is None else self._header(block)

    def _header(self, block: Mined) -> dict[str, Any]:
        return {
            "number": hex(block.number),
            "hash": _hex(block.hash),
            "parentHash": _hex(block.parent_hash),
            "timestamp": hex(block.timestamp),
            "baseFeePerGas": hex(self.base_fee),
            "logsBloom": _hex(bloom_of(block.logs)),
        }

    def _eth_getLogs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        if "blockHash" in query and self.max_range != 0:
            return self._logs_of(query)
        if "blockHash" in query:
            raise RpcTrouble(-32005, "query exceeds max block range 0")
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if self.max_range is not None and last - first + 1 > self.max_range:
            raise RpcTrouble(-32005, f"query exceeds max block range {self.max_range}")
        return [
            entry
            for block in self.blocks[first : last + 1]
            for entry in block.logs
            if entry["address"] in query["address"]
        ]

    def _logs_of(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        block = next((block for block in self.blocks if _hex(block.hash) == query["blockHash"]), None)
        if block is None:
            raise RpcTrouble(-32000, "unknown block")
        return [entry for entry in block.logs if entry["address"] in query["address"]]

    def _eth_getBlockReceipts(self, block_hash: str) -> list[dict[str, Any]] | None:
        block = next((block for block in self.blocks if _hex(block.hash) == block_hash), None)
        return None if block is None else list(block.receipts.values())

    def _eth_getTransactionReceipt(self, tx_hash: str) -> dict[str, Any] | None:
        key = bytes.fromhex(tx_hash[2:])
        return next((block.receipts[key] for block in reversed(self.blocks) if key in block.receipts), None)

    def _eth_getTransactionCount(self, address: str, tag: str) -> str:
        account = bytes.fromhex(address[2:])
        return hex(self._pending_nonce(account) if tag == "pending" else self._state(tag).nonces.get(account, 0))

    def _eth_getBalance(self, _address: str, _tag: str) -> str:
        return hex(10**20)

    def _eth_getCode(self, address: str, _tag: str) -> str:
        return "0x60" if bytes.fromhex(address[2:]) in self.contracts else "0x"

    def _eth_call(self, call: dict[str, Any], tag: str) -> str:
        block = self._at(tag)
        if block is None:
            raise RpcTrouble(-32000, "header not found")
        output, _ = self._simulate(call, block.state.copy(), block.timestamp)
        return _hex(output)

    def _eth_estimateGas(self, call: dict[str, Any], _tag: str) -> str:
        if not self.has_funds:
            raise RpcTrouble(-32000, "insufficient funds for gas * price + value")
        pending = Mined(self.head.number + 1, b"", b"", self.head.timestamp + 1, self.head.state.copy())
        waiting, self.mempool = self.mempool, dict(self.mempool)
        while (ready := self._next_ready(pending.state)) is not None:
            del self.mempool[ready.hash]
            self._execute(pending, ready)
        self.mempool = waiting
        self._simulate(call, pending.state, pending.timestamp)
        return hex(GAS_USED)

    def _eth_sendRawTransaction(self, raw: str) -> str:
        return _hex(self.broadcast(bytes.fromhex(raw[2:])))

    # --- inside

    def _hash(self, number: int) -> bytes:
        return keccak(f"{number}/{next(self._salt)}".encode())

    def _at(self, tag: str) -> Mined | None:
        if tag in ("latest", "pending"):
            return self.head
        number = int(tag, 16)
        return self.blocks[number] if number < len(self.blocks) else None

    def _state(self, tag: str) -> State:
        block = self._at(tag)
        if block is None:
            raise RpcTrouble(-32000, "header not found")
        return block.state

    def _pending_nonce(self, account: bytes) -> int:
        nonce = self.head.state.nonces.get(account, 0)
        waiting = {tx.nonce for tx in self.mempool.values() if tx.sender == account}
        while nonce in waiting:
            nonce += 1
        return nonce

    def _next_ready(self, state: State) -> Transaction | None:
        return next(
            (
                tx
                for tx in sorted(self.mempool.values(), key=lambda tx: tx.nonce)
                if tx.nonce == state.nonces.get(tx.sender, 0) and tx.max_fee >= self.base_fee
            ),
            None,
        )

    def _simulate(self, call: dict[str, Any], state: State, now: int) -> tuple[bytes, list[Log]]:
        sender = bytes.fromhex(call.get("from", "0x" + "00" * 20)[2:])
        return self._run(state, bytes.fromhex(call["to"][2:]), sender, bytes.fromhex(call["data"][2:]), now)

    def _run(self, state: State, to: bytes, sender: bytes, data: bytes, now: int) -> tuple[bytes, list[Log]]:
        contract = self.contracts.get(to)
        if contract is None:
            return b"", []
        storage = dict(state.storage.get(to, {}))
        try:
            output, logs = contract.execute(Call(sender, data, now, storage))
        except Revert as revert:
            raise RpcTrouble(3, "execution reverted", _hex(revert.data)) from revert
        state.storage[to] = storage
        return output, logs

    def _execute(self, block: Mined, tx: Transaction) -> None:
        try:
            _, logs = self._run(block.state, tx.to, tx.sender, tx.data, block.timestamp)
            status = 1
        except RpcTrouble:
            logs, status = [], 0
        block.state.nonces[tx.sender] = tx.nonce + 1
        block.transactions.append(tx)
        entries = [
            {
                "address": _hex(tx.to),
                "topics": [_hex(topic) for topic in topics],
                "data": _hex(data),
                "blockNumber": hex(block.number),
                "blockHash": _hex(block.hash),
                "transactionHash": _hex(tx.hash),
                "logIndex": hex(len(block.logs) + index),
            }
            for index, (topics, data) in enumerate(logs)
        ]
        block.logs.extend(entries)
        block.receipts[tx.hash] = {
            "transactionHash": _hex(tx.hash),
            "blockNumber": hex(block.number),
            "blockHash": _hex(block.hash),
            "status": hex(status),
            "gasUsed": hex(GAS_USED),
            "logs": entries,
        }


Interceptor = Callable[[str, list[Any]], Any]
PASS = object()
"""What an interceptor returns to let the chain answer."""


class FakeNode(Node):
    """The product's node over a `FakeChain`.

    Attributes:
        intercept: Called before each request is answered; may change the chain, raise (`RpcTrouble`,
            `NodeUnavailable`), return an answer of its own, or `PASS`.
        count: Requests by method.
    """

    def __init__(self, chain: FakeChain) -> None:
        self.url = "memory://"
        self._providers = Providers(self.url)
        self._standing = set()
        self.chain = chain
        self.intercept: Interceptor | None = None
        self.count: dict[str, int] = {}
        self._ids = itertools.count(1)

    async def close(self) -> None:
        pass

    async def _post(self, url: str, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        return [self._answer(request) for request in requests]

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        method, params = request["method"], request["params"]
        self.count[method] = self.count.get(method, 0) + 1
        try:
            result = self.intercept(method, params) if self.intercept is not None else PASS
            if result is PASS:
                result = self.chain.answer(method, params)
        except RpcTrouble as trouble:
            return {"jsonrpc": "2.0", "id": request["id"], "error": trouble.error}
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}


def encode_transaction(
    chain_id: int, sender: bytes, nonce: int, to: bytes, data: bytes, max_fee: int, gas: int, tip: int = 1
) -> bytes:
    """An EIP-1559 transaction whose signature is just the sender's address."""
    fields = [chain_id, nonce, tip, max_fee, gas, to, 0, data, [], 0, int.from_bytes(sender, "big"), 0]
    return b"\x02" + rlp.encode(fields)


def decode_transaction(raw: bytes) -> Transaction:
    fields = rlp.decode(raw[1:])
    return Transaction(
        raw=raw,
        hash=keccak(raw),
        sender=fields[10].rjust(20, b"\0"),
        nonce=int.from_bytes(fields[1], "big"),
        to=fields[5],
        data=fields[7],
        max_fee=int.from_bytes(fields[3], "big"),
        gas=int.from_bytes(fields[4], "big"),
    )


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def bloom_of(logs: list[dict[str, Any]]) -> bytes:
    """The filter of a header: three bits for each address and topic (yellow paper, 4.3.1)."""
    bits = 0
    for entry in logs:
        for item in (entry["address"], *entry["topics"]):
            digest = keccak(bytes.fromhex(item[2:]))
            for start in (0, 2, 4):
                bits |= 1 << (((digest[start] << 8) | digest[start + 1]) & 2047)
    return bits.to_bytes(256, "big")
