"""Many jobs funded at once to four agents of one machine: how fast they are handed over, and what a daemon weighs.

Blocks come once a second. The skill is the digest of the input, so the figure is the daemons' and a process's start.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.keystore import create_key
from agents_offchain.cli.development import read_passphrase
from agents_offchain.cli.places import key_folder, passphrase_file
from tests.bench.daemons.figures import Figure, percentile
from tests.faults.client import Client
from tests.faults.house import PROFILE, House

AGENTS = ("agent", "agent-2", "agent-3", "agent-4")
GAS_LIMIT = 300_000_000
PATIENCE_SECONDS = 600.0
SUBMITTED = load_abi("JobEscrow").topic("JobSubmitted")


def measure(jobs: int) -> list[Figure]:
    return asyncio.run(_measure(jobs))


async def _measure(jobs: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="aitbc-b-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        house = House(Path(folder), is_forked=False, gas_limit=GAS_LIMIT)
        try:
            await house.open()
            wallets = await _hire_staff(house)
            client = Client(house)
            await client.arrive()
            took, seconds = await _work_off(house, client, wallets, jobs)
            memory = max(psutil.Process(house.processes[name].pid).memory_info().rss for name in AGENTS) / 2**20
        finally:
            await house.close()
    bare = _bare_start()
    beside = f"starting {jobs} bare workers one after the other: {60 / bare:,.0f}/min"
    return [
        Figure("backlog: jobs a minute", jobs / seconds * 60, "/min", reference=beside),
        Figure("backlog: funded to submitted, p50", percentile(took, 0.5), "s", reference=f"{jobs} jobs, 4 agents"),
        Figure("backlog: funded to submitted, p99", percentile(took, 0.99), "s"),
        Figure("backlog: memory of an agent's daemon", memory, "MiB"),
    ]


async def _hire_staff(house: House) -> list[bytes]:
    """Keys, rules and daemons of the four; their wallets."""
    folder = key_folder(house.settings)
    passphrase = read_passphrase(passphrase_file(house.settings))
    wallets = [house.market.agent_wallet]
    policy = (folder / "policy.toml").read_text()
    rules = _rules_of(policy, "agent")
    for name in AGENTS[1:]:
        create_key(folder, name, passphrase, development_chain_id=31337)
        policy += rules.replace("keys.agent.", f"keys.{name}.").replace("[keys.agent]", f"[keys.{name}]")
    (folder / "policy.toml").write_text(policy)
    house.kill("signer")
    house.start("signer", "signer")
    signer = SignerClient(house.settings.signer_socket)
    for name in AGENTS[1:]:
        wallets.append(await house.until(lambda name=name: signer.address(name), f"{name} has a wallet"))  # type: ignore[misc]
        await house.node.request("anvil_setBalance", "0x" + wallets[-1].hex(), hex(10**20))
    for name in AGENTS:
        profile = house.folder / f"{name}.toml"
        profile.write_text(PROFILE.replace('[agent]\nname = "Echo"', f'[agent]\nname = "Echo {name}"\nkey = "{name}"'))
        house.start(name, "agent", "--profile", str(profile))
    return wallets


def _rules_of(policy: str, key: str) -> str:
    """The part of a policy that is about one key."""
    parts = policy.split("\n[keys.")
    return "".join("\n[keys." + part for part in parts if part.startswith((f"{key}]", f"{key}.")))


async def _work_off(house: House, client: Client, wallets: list[bytes], jobs: int) -> tuple[list[float], float]:
    """(seconds from funded to submitted by job, seconds of all)."""
    signed = [await client.sign_hire(provider=wallets[number % len(wallets)]) for number in range(jobs)]
    for raw in signed:
        await house.node.send_raw(raw)
    await house.mine(2)
    began = time.monotonic()
    since = await house.node.block_number() + 1
    await house.node.request("evm_setIntervalMining", 1)
    escrow = "0x" + house.deployment.address("JobEscrow").hex()
    took: list[float] = []
    while len(took) < jobs:
        head = await house.node.block_number()
        if head >= since:
            topics = ["0x" + SUBMITTED.hex()]
            query = {"address": escrow, "fromBlock": hex(since), "toBlock": hex(head), "topics": topics}
            found = await house.node.request("eth_getLogs", query)
            took += [time.monotonic() - began] * len(found)
            since = head + 1
        assert time.monotonic() - began < PATIENCE_SECONDS, f"{len(took)} of {jobs} jobs were handed over"
        await asyncio.sleep(0.1)
    return took, time.monotonic() - began


def _bare_start() -> float:
    """Seconds that an empty Python process takes."""
    began = time.perf_counter()
    for _ in range(5):
        subprocess.run([sys.executable, "-c", "import json"], check=True)
    return (time.perf_counter() - began) / 5
