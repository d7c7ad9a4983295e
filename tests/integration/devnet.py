"""A real anvil of a test's own, spoken to over JSON-RPC with its unlocked accounts."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID, find_anvil

ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
MINED_SECONDS = 10.0
OWNER, CLIENT, AGENT, REPORTER_1, REPORTER_2, REPORTER_3, TREASURY, STRANGER = range(8)
"""Which of anvil's accounts plays whom."""


class Devnet:
    """One running anvil. Every transaction is mined at once unless a test says otherwise."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.url = url
        self._client = httpx.Client(trust_env=False, timeout=20.0)
        self._ids = itertools.count(1)
        self.accounts: list[str] = []

    def rpc(self, method: str, *params: Any) -> Any:
        """One call; an error of the node fails the test."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        answer = self._client.post(self.url, json=body).json()
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def address(self, who: int) -> bytes:
        return bytes.fromhex(self.accounts[who][2:])

    def send(self, sender: int, to: str, data: bytes) -> dict[str, Any]:
        """A mined transaction's receipt; a revert fails the test."""
        call = {"from": self.accounts[sender], "to": to, "data": "0x" + data.hex(), "gas": hex(12_000_000)}
        tx_hash = self.rpc("eth_sendTransaction", call)
        receipt = self._receipt(tx_hash)
        assert receipt["status"] == "0x1", f"the transaction to {to} reverted"
        return receipt

    def _receipt(self, tx_hash: str) -> dict[str, Any]:
        """Mining happens beside the answer to the sender; wait for it."""
        deadline = time.monotonic() + MINED_SECONDS
        while time.monotonic() < deadline:
            receipt = self.rpc("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                return dict(receipt)
            time.sleep(0.005)
        raise AssertionError(f"{tx_hash} was not mined within {MINED_SECONDS} s")

    def call(self, to: str, data: bytes) -> bytes:
        return bytes.fromhex(self.rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])

    def code_at(self, address: str) -> bytes:
        return bytes.fromhex(self.rpc("eth_getCode", address, "latest")[2:])

    def block_number(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def mine(self, blocks: int = 1) -> None:
        self.rpc("anvil_mine", hex(blocks))

    def advance(self, seconds: int) -> None:
        """Move the clock and mine one block."""
        self.rpc("evm_increaseTime", seconds)
        self.mine()

    def reorganise(self, depth: int) -> None:
        """Replace the newest `depth` blocks by as many empty ones."""
        self.rpc("anvil_reorg", depth, [])

    def stop(self) -> None:
        """End the process; a second call does nothing."""
        self._client.close()
        self.process.kill()
        self.process.wait(timeout=10)


def free_port() -> int:
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running_anvil(*options: str) -> Iterator[Devnet]:
    """Start anvil on a free port, be sure that it is this one that answers, and end it afterwards."""
    port = free_port()
    command = [
        str(find_anvil(ROOT)),
        *("--port", str(port)),
        *("--chain-id", str(DEVNET_CHAIN_ID)),
        "--quiet",
        *options,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    devnet = Devnet(process, f"http://127.0.0.1:{port}")
    try:
        _wait_until_it_listens(process, port)
        devnet.accounts = devnet.rpc("eth_accounts")
        yield devnet
    finally:
        devnet.stop()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    """Until the socket on the port is one of this process; another's never passes."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = process.stderr.read().decode() if process.stderr else ""
            raise AssertionError(f"anvil ended at once: {said}")
        with contextlib.suppress(psutil.Error):
            held = psutil.Process(process.pid).net_connections(kind="tcp")
            if any(item.status == psutil.CONN_LISTEN and item.laddr.port == port for item in held):
                return
        time.sleep(0.02)
    raise AssertionError(f"anvil does not listen after {START_SECONDS} s")
