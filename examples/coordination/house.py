"""Everything that the story needs around it: a chain with the ledger, a message server, a signer, five workers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from agents_offchain.chain.addresses import Deployment, parse_deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID, AnvilSpec, find_anvil
from agents_offchain.chain.market_plan import MarketPlan, deployment_plan
from agents_offchain.chain.node import Node
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.keystore import create_key
from agents_offchain.chain.signer.policy import parse_policy
from agents_offchain.cli.development import ensure_passphrase
from agents_offchain.cli.development_policy import speaker_section
from agents_offchain.cli.places import installation_root, key_folder, passphrase_file
from agents_offchain.messaging.embedded.valkey import ValkeySpec, wait_ready
from agents_offchain.primitives.hexes import checksum, decode_address
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate

WORKERS = tuple(f"worker-{number}" for number in range(1, 6))
MASTER, KEEPER = "master", "keeper"
LEDGER = load_abi("DecisionLedger")
GAS_MONEY = hex(10**18)
READY_SECONDS = 30.0
_PAYER = """
[keys.{name}]
chains = [{chain}]
wei = {{ per_call = "1e17", per_hour = "5e17", per_day = "1e18" }}
can_fill_nonces = true
[[keys.{name}.calls]]
contract = "DecisionLedger"
function = "certify"
recipients = ["*"]
"""


class House:
    """One telling of the story; `async with` starts it and ends every process of it."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="aitbc-c-"))
        self.settings = Settings(home=self.home)
        self.addresses: dict[str, bytes] = {}
        self.ledger = b""
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self._port = _free_port()
        self._valkey = ValkeySpec(self.home / "valkey", self.home / "v.sock")
        self.node = Node(f"http://127.0.0.1:{self._port}")
        self.database = Database(f"sqlite+aiosqlite:///{self.home / 'aitbc.db'}")
        self.signer = SignerClient(self.settings.signer_socket)
        self.deployment: Deployment

    @property
    def redis(self) -> str:
        return self._valkey.url

    async def __aenter__(self) -> House:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stop()

    async def start_worker(self, name: str, *flags: str) -> None:
        """Start a worker, or start it again after it was killed."""
        await self._spawn(name, sys.executable, "-m", "examples.coordination.worker", name, str(self.home), *flags)

    async def kill(self, name: str) -> None:
        """SIGKILL: nothing is said, nothing is flushed."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def _start(self) -> None:
        anvil = AnvilSpec(find_anvil(installation_root()), self.home / "chain", self._port)
        anvil.prepare()
        self._valkey.prepare()
        await self._spawn("anvil", *anvil.argv())
        await self._spawn("valkey", *self._valkey.argv())
        passphrase = ensure_passphrase_in(self.settings)
        for name in (*WORKERS, MASTER, KEEPER):
            self.addresses[name] = create_key(
                key_folder(self.settings), name, passphrase, development_chain_id=DEVNET_CHAIN_ID
            )
        await self._wait_for_chain()
        self.ledger = await self._deploy_ledger()
        self.deployment = self._deployment()
        self._write_policy()
        await wait_ready(self.redis)
        await self._spawn("signer", sys.executable, "-m", "agents_offchain.cli.serve", "signer")
        await _until(self.settings.signer_socket.exists)
        files = {name: f"sqlite+aiosqlite:///{self.home / name}.db" for name in WORKERS}
        await migrate(self.database.url)
        for name in WORKERS:
            shutil.copy(self.home / "aitbc.db", self.home / f"{name}.db")
        story = {
            "redis": self.redis,
            "signer": str(self.settings.signer_socket),
            "deployment": self._document(),
            "databases": files,
        }
        (self.home / "story.json").write_text(json.dumps(story))

    async def _stop(self) -> None:
        for process in reversed(list(self.processes.values())):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await self.node.close()
        await self.database.close()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.settings.run_dir, ignore_errors=True)

    async def _spawn(self, name: str, *argv: str) -> None:
        self.settings.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = {**os.environ, "AITBC_HOME": str(self.home), "AITBC_LOG_LEVEL": "warning"}
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = await asyncio.create_subprocess_exec(
                *argv, stdout=log, stderr=log, env=environment, cwd=installation_root()
            )

    async def _wait_for_chain(self) -> None:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                with contextlib.suppress(Exception):
                    await self.node.block_number()
                    break
                await asyncio.sleep(0.05)
        await self.node.request("anvil_setBalance", checksum(self.addresses[KEEPER]), GAS_MONEY)

    async def _deploy_ledger(self) -> bytes:
        """A ledger whose registries are never asked: certificates need none."""
        code = LEDGER.encode_constructor(*(b"\x01" * 20,) * len(LEDGER.constructor_types))
        accounts: list[str] = await self.node.request("eth_accounts")
        call = {"from": accounts[0], "data": "0x" + code.hex(), "gas": hex(8_000_000)}
        sent = await self.node.request("eth_sendTransaction", call)
        async with asyncio.timeout(READY_SECONDS):
            while (receipt := await self.node.request("eth_getTransactionReceipt", sent)) is None:
                await asyncio.sleep(0.02)
        return decode_address(receipt["contractAddress"])

    def _document(self) -> dict[str, Any]:
        plan = deployment_plan(MarketPlan(DEVNET_CHAIN_ID, "local", b"\x01" * 20, b"\x02" * 20, (b"\x03" * 20,), 1))
        contracts = {name: checksum(address) for name, address in plan.contracts.items()}
        return {
            "chainId": DEVNET_CHAIN_ID,
            "network": "local",
            "deployedAtBlock": 0,
            "contracts": {**contracts, "DecisionLedger": checksum(self.ledger)},
            "policyId": 1,
            "treasury": checksum(b"\x02" * 20),
            "reporters": [checksum(b"\x03" * 20)],
        }

    def _deployment(self) -> Deployment:
        return parse_deployment(self._document())

    def _write_policy(self) -> None:
        contracts = self._document()["contracts"]
        names = "".join(f'{name} = "{address}"\n' for name, address in contracts.items())
        speakers = [speaker_section(name, DEVNET_CHAIN_ID, "DecisionLedger") for name in (*WORKERS, MASTER)]
        payer = _PAYER.format(name=KEEPER, chain=DEVNET_CHAIN_ID)
        text = "version = 1\n\n[contracts]\n" + names + "".join(speakers) + payer
        parse_policy(text)
        file = key_folder(self.settings) / "policy.toml"
        file.touch(mode=0o600)
        file.write_text(text)


def ensure_passphrase_in(settings: Settings) -> str:
    folder = key_folder(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return ensure_passphrase(folder, passphrase_file(settings))


async def _until(fact: Any) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while not fact():
            await asyncio.sleep(0.02)


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
