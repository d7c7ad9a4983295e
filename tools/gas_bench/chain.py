"""A throw-away chain and contracts that are called by name.

`Chain` owns one anvil on a free port; `Deployed` is a contract whose `send` returns the gas that the transaction used.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

REPO_ROOT = Path(__file__).resolve().parents[2]
HARDFORK = "osaka"
START_SECONDS = 20.0
EXTRA: tuple[str, ...] = ()
FIRST_KEY = 0xA17BC0


class GasBenchError(Exception):
    """The chain did not start, a contract is not compiled, or a measured call reverted."""


class Chain:
    """One anvil process and a JSON-RPC door to it; every transaction is mined at once in its own block."""

    def __init__(self) -> None:
        self.port = _free_port()
        self._process = subprocess.Popen(
            ["anvil", "--port", str(self.port), "--hardfork", HARDFORK, "--silent", *EXTRA, "--gas-limit", "300000000"],
            stdout=subprocess.DEVNULL,
        )
        self._id = 0
        self._funded: set[str] = set()

    def __enter__(self) -> Chain:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.rpc("eth_chainId")
                return self
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise GasBenchError("anvil did not start") from error
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)

    def rpc(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call. Raises GasBenchError with the node's words if it answers with an error."""
        self._id += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": list(params)}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            answer = json.load(response)
        if "error" in answer:
            raise GasBenchError(f"{method}: {answer['error']}")
        return answer["result"]

    def account(self, number: int) -> Key:
        """The key with this number, with coins for gas."""
        key = Key(FIRST_KEY + number)
        if key.address not in self._funded:
            self.rpc("anvil_setBalance", key.address, hex(10**24))
            self.rpc("anvil_impersonateAccount", key.address)
            self._funded.add(key.address)
        return key

    def send(self, sender: str, to: str | None, data: bytes) -> dict[str, Any]:
        """A mined transaction's receipt. Raises GasBenchError if it reverted."""
        fields = {"from": sender, "data": "0x" + data.hex(), "gas": hex(100_000_000)}
        if to is not None:
            fields["to"] = to
        tx_hash = self.rpc("eth_sendTransaction", fields)
        receipt: dict[str, Any] = self._receipt(tx_hash)
        if int(receipt["status"], 16) != 1:
            trace = self.rpc("eth_call", fields, "latest")
            raise GasBenchError(f"transaction to {to} reverted: {trace}")
        return receipt

    def _receipt(self, tx_hash: str) -> dict[str, Any]:
        deadline = time.monotonic() + START_SECONDS
        while True:
            receipt: dict[str, Any] | None = self.rpc("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                return receipt
            if time.monotonic() > deadline:
                raise GasBenchError(f"transaction {tx_hash} was not mined")
            time.sleep(0.002)

    def warp(self, seconds: int) -> None:
        """Lets time pass and mines a block."""
        self.rpc("evm_increaseTime", seconds)
        self.rpc("evm_mine")

    def now(self) -> int:
        """Unix seconds of the newest block."""
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def deploy(self, name: str, *args: Any, sender: Key | None = None, source: str | None = None) -> Deployed:
        """Deploys a compiled contract by name."""
        artifact = load_artifact(name, source)
        types = next(
            ([collapse_if_tuple(i) for i in e["inputs"]] for e in artifact["abi"] if e["type"] == "constructor"), []
        )
        code = bytes.fromhex(artifact["bytecode"]["object"][2:]) + encode(types, args)
        receipt = self.send((sender or self.account(0)).address, None, code)
        return Deployed(self, name, to_checksum_address(receipt["contractAddress"]), artifact["abi"])

    def at(self, name: str, address: str) -> Deployed:
        """A contract that stands already."""
        return Deployed(self, name, to_checksum_address(address), load_artifact(name)["abi"])


class Key:
    """A private key of this bench; never one that holds value."""

    def __init__(self, secret: int) -> None:
        self._account = Account.from_key(secret.to_bytes(32, "big"))
        self.address: str = self._account.address

    def sign(self, domain: dict[str, Any], types: dict[str, Any], message: dict[str, Any]) -> bytes:
        """65 bytes r, s, v over typed data."""
        signed = self._account.sign_message(encode_typed_data(domain, types, message))
        return bytes(signed.signature)


class Deployed:
    """A contract on the bench's chain."""

    def __init__(self, chain: Chain, name: str, address: str, abi: list[dict[str, Any]]) -> None:
        self.chain, self.name, self.address = chain, name, address
        self._functions = [entry for entry in abi if entry["type"] == "function"]

    def encoded(self, function: str, *args: Any) -> bytes:
        """Calldata. Overloads are told apart by the number of arguments, or by a full signature."""
        entry = self._entry(function, len(args))
        types = [collapse_if_tuple(i) for i in entry["inputs"]]
        selector = keccak(text=f"{entry['name']}({','.join(types)})")[:4]
        return selector + encode(types, args)

    def send(self, sender: Key, function: str, *args: Any) -> int:
        """Gas that one call used."""
        receipt = self.chain.send(sender.address, self.address, self.encoded(function, *args))
        return int(receipt["gasUsed"], 16)

    def read(self, function: str, *args: Any) -> Any:
        """What a view answers: one value, or a tuple of them."""
        entry = self._entry(function, len(args))
        call = {"to": self.address, "data": "0x" + self.encoded(function, *args).hex()}
        answer = bytes.fromhex(self.chain.rpc("eth_call", call, "latest")[2:])
        values = decode([collapse_if_tuple(o) for o in entry["outputs"]], answer)
        return values[0] if len(values) == 1 else values

    def _entry(self, function: str, count: int) -> dict[str, Any]:
        for entry in self._functions:
            types = ",".join(collapse_if_tuple(i) for i in entry["inputs"])
            if function == f"{entry['name']}({types})":
                return entry
            if function == entry["name"] and len(entry["inputs"]) == count:
                return entry
        raise GasBenchError(f"{self.name} has no function {function} with {count} arguments")


def load_artifact(name: str, source: str | None = None) -> dict[str, Any]:
    """What forge compiled for one contract."""
    path = _out_dir() / f"{source or name}.sol" / f"{name}.json"
    if not path.is_file():
        raise GasBenchError(f"{path} is missing: run 'forge build' first")
    artifact: dict[str, Any] = json.loads(path.read_text())
    return artifact


def compact(signature: bytes) -> bytes:
    """64 bytes of ERC-2098 from 65 bytes r, s, v."""
    s = int.from_bytes(signature[32:64], "big") | ((signature[64] - 27) << 255)
    return signature[:32] + s.to_bytes(32, "big")


def _out_dir() -> Path:
    return Path(os.environ.get("FOUNDRY_OUT", str(REPO_ROOT / "out")))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
