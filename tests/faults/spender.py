"""The signer alone, under a budget for a few signatures, dies at each of its own boundaries.

Whoever asks asks again for the same nonce, as a sender does. So exactly as many signatures leave as the budget pays
for: one more would be money spent twice, one less would be a budget that a death has eaten.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.errors import SignerPaused, SignerUnavailable
from agents_offchain.chain.proxies.token import mint_calldata
from agents_offchain.chain.signer.audit import read_lines
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.keystore import create_key
from agents_offchain.cli.console import Console
from agents_offchain.cli.development import ensure_passphrase
from agents_offchain.cli.operate.audit import run_verify
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.primitives.eip712 import Domain
from agents_offchain.primitives.settings import Settings
from tests.faults.audited import Auditor
from tests.faults.boundaries import KILLED
from tests.faults.forked import Forked
from tests.faults.house import SIGNER
from tests.faults.judge import Findings
from tests.faults.points import Point, Trace, points_of
from tests.faults.report import Report
from tests.faults.tempo import EVEN

KEY = "spender"
TOKEN, DESK = b"\x44" * 20, b"\x55" * 20
CALLS, AMOUNT = 3, 10
POLICY = f"""version = 1
[contracts]
TestDollar = "0x{TOKEN.hex()}"
[keys.{KEY}]
chains = [{DEVNET_CHAIN_ID}]
wei = {{ per_call = "1e18", per_hour = "1e19", per_day = "1e19" }}
[[keys.{KEY}.calls]]
contract = "TestDollar"
function = "mint"
recipients = ["self"]
amount = {{ argument = "amount", per_call = "{AMOUNT}", per_hour = "{CALLS * AMOUNT}", per_day = "{CALLS * AMOUNT}" }}
[[keys.{KEY}.typed]]
domain = "Word"
version = "1"
contract = "0x{DESK.hex()}"
type = "Word(uint256 number)"
"""
DOMAIN = Domain("Word", "1", DEVNET_CHAIN_ID, DESK)


def name_of(point: Point) -> str:
    """How it is called in the report's file, where the market's signer has points of the same names."""
    return f"alone, {point}"


class SignerKills:
    """Stories of one spender each, every one in a home of its own."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._stories = 0

    async def count(self) -> list[Point]:
        """A story without a death; every boundary it crosses."""
        spender = await self._tell("")
        self._report.note("quiet stories", "counting, signer", spender.findings, jobs=0)
        return points_of([Trace(SIGNER, EVEN, Counter(spender.crossed))])

    async def kill_all(self, points: list[Point]) -> None:
        """One story a point; each is taken off the list when it begins."""
        self._report.expect(len(points))
        while points:
            point = points.pop(0)
            spender = await self._tell(f"{point.name}#{point.number}")
            if not any(line.startswith(KILLED) for line in spender.crossed):
                self._report.miss(str(point))
                continue
            self._report.note("crash points", name_of(point), spender.findings, jobs=0, items=[name_of(point)])

    async def _tell(self, fatal: str) -> Spender:
        self._stories += 1
        spender = Spender(self._folder / f"spender-{self._stories}", fatal)
        await spender.tell()
        return spender


class Spender:
    """One home with one key, its signer, and somebody who spends all that the key may."""

    def __init__(self, home: Path, fatal: str) -> None:
        self.findings = Findings()
        self._settings = Settings(home=home)
        self._folder = key_folder(self._settings)
        self._folder.mkdir(parents=True, mode=0o700)
        passphrase = ensure_passphrase(self._folder, passphrase_file(self._settings))
        address = create_key(self._folder, KEY, passphrase, development_chain_id=DEVNET_CHAIN_ID)
        policy = self._folder / "policy.toml"
        policy.touch(mode=0o600)
        policy.write_text(POLICY)
        self._data = "0x" + mint_calldata(address, AMOUNT).hex()
        self._client = SignerClient(self._settings.signer_socket)
        self._trace = home / "trace"
        self._log = home / "signer.log"
        self._start(FAULTS_TRACE=str(self._trace), FAULTS_KILL=fatal)

    @property
    def crossed(self) -> list[str]:
        return self._trace.read_text().splitlines()

    async def tell(self) -> None:
        """Spend the budget and ask once more; then look at what is written."""
        signed: dict[int, bytes] = {}
        try:
            await self._until_signed(self._sign_word)
            for nonce in range(CALLS + 1):
                signed[nonce] = await self._until_signed(functools.partial(self._sign, nonce))
        except SignerPaused:
            pass
        finally:
            self._signer.kill()
            self._signer.wait(timeout=10)
        if len(signed) > CALLS:
            self.findings.doubled.append(f"{len(signed)} signatures left; {CALLS} were paid for")
        if len(signed) < CALLS:
            self.findings.lost.append(f"{len(signed)} signatures left; {CALLS} were to be had")
        self._look_at_log(signed)

    def _look_at_log(self, signed: dict[int, bytes]) -> None:
        self.findings.wrong += Auditor(self._folder).look([])
        lines = [line for line in read_lines(self._folder) if line["event"] == "signed" and "tx" in line]
        told, nonces = {line["tx"] for line in lines}, {line["nonce"] for line in lines}
        missing = sum("0x" + keccak(raw).hex() not in told for raw in signed.values())
        if missing:
            self.findings.wrong.append(f"{missing} signatures left that are not in the log")
        if len(nonces) > CALLS:
            self.findings.doubled.append(f"the log has signatures for {len(nonces)} nonces; {CALLS} were paid for")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = run_verify(self._settings, Console(), None)
        if code:
            self.findings.wrong.append(f"`aitbc audit verify` says: {said.getvalue()}")

    async def _sign(self, nonce: int) -> bytes:
        fields: dict[str, Any] = {
            "chainId": DEVNET_CHAIN_ID,
            "nonce": nonce,
            "to": "0x" + TOKEN.hex(),
            "value": 0,
            "data": self._data,
            "gas": 100_000,
            "maxFeePerGas": 10**9,
            "maxPriorityFeePerGas": 10**9,
        }
        return await self._client.sign_transaction(KEY, fields)

    async def _sign_word(self) -> bytes:
        return await self._client.sign_typed(KEY, DOMAIN, "Word", (("number", "uint256"),), (7,))

    async def _until_signed(self, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """Ask until there is an answer; a dead signer is started again."""
        while True:
            try:
                return await ask()
            except SignerUnavailable:
                code = self._signer.poll()
                if code is not None:
                    if code != -signal.SIGKILL:
                        self.findings.wrong.append(f"the signer ended with code {code}: {self._log.read_text()[-600:]}")
                    self._start()
                await asyncio.sleep(0.02)

    def _start(self, **settings: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AITBC_")}
        environment |= {"AITBC_HOME": str(self._settings.home), **settings}
        self._signer = Forked([SIGNER], environment, self._log)
