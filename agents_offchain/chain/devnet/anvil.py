"""How anvil is found and started."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from agents_offchain.chain.devnet.errors import ChainToolMissing

DEVNET_CHAIN_ID = 31337
DUMP_SECONDS = 5
"""How often the state is written; what a crash of the chain itself can cost."""
KEPT_STATES = 1024
"""Blocks back for which balances can still be read; older blocks keep their logs and transactions."""
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class AnvilSpec:
    """One local chain.

    Attributes:
        directory: Holds the state, which outlives the process.
        port: On 127.0.0.1; HTTP and WebSocket share it.
    """

    program: Path
    directory: Path
    port: int
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def state_file(self) -> Path:
        return self.directory / "state.json"

    def argv(self) -> list[str]:
        """The command line. Blocks come one per transaction until `ChainControl.start_block_clock`."""
        return [
            str(self.program),
            *("--host", self.host),
            *("--port", str(self.port)),
            *("--chain-id", str(DEVNET_CHAIN_ID)),
            *("--state", str(self.state_file)),
            *("--state-interval", str(DUMP_SECONDS)),
            *("--prune-history", str(KEPT_STATES)),
            *("--cache-path", str(self.directory / "cache")),
            "--quiet",
        ]

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)


def find_anvil(root: Path) -> Path:
    """The native anvil: `AITBC_ANVIL`, the chain tools below `root`, or the one on PATH.

    Raises:
        ChainToolMissing: none of them is there.
    """
    machine = _MACHINES.get(platform.machine(), platform.machine())
    packaged = root / "node_modules" / "@foundry-rs" / f"anvil-{platform.system().lower()}-{machine}" / "bin" / "anvil"
    for candidate in (os.environ.get("AITBC_ANVIL"), str(packaged), shutil.which("anvil")):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise ChainToolMissing(
        "The local chain (anvil) is not installed.",
        mend="Run `make setup` in the repository: it installs the chain tools with npm (Node 20).",
    )
