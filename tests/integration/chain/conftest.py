"""A funded account whose key only a real signer process holds, and its outbox."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.token import TokenProxy, mint_calldata
from agents_offchain.chain.sender import Sender
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.development import ensure_development_keys
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.database import Database
from agents_offchain.storage.outbox import Intent, Outbox, OutboxItem, lane_name
from tests.integration.chain.processes import KEY, SenderPlace, signer_process, until_signing
from tests.integration.devnet import Devnet, running_anvil
from tests.integration.market import deploy


@dataclass
class Account:
    """An account that mints test dollars to itself: intent n mints 2**n, so that its balance tells which were done."""

    devnet: Devnet
    deployment: Deployment
    node: Node
    database: Database
    signer: SignerClient
    address: bytes
    outbox: Outbox
    planned: int = 0

    @property
    def place(self) -> SenderPlace:
        return SenderPlace(self.database.url, self.devnet.url, self.signer._path)

    async def plan(self, count: int = 1) -> None:
        async with self.database.write() as connection:
            for _ in range(count):
                data = mint_calldata(self.address, 1 << self.planned)
                token = self.deployment.address("TestDollar")
                await self.outbox.plan(connection, Intent(f"mint:{self.planned}", "mint", token, data))
                self.planned += 1

    async def sender(self, **settings: object) -> Sender:
        sender = Sender(
            self.node,
            self.database,
            self.signer,
            KEY,
            31337,
            abis=[load_abi("TestDollar")],
            **settings,  # type: ignore[arg-type]
        )
        await sender.setup()
        return sender

    async def run_to_end(self, *senders: Sender) -> None:
        """Step and mine until nothing is open; what is on the chain is then what was asked, once."""
        for _ in range(60):
            for sender in senders:
                await sender.step()
            self.devnet.mine()
            if not await self.outbox.count_open():
                return
        raise AssertionError("intents stay open")

    async def check(self) -> None:
        """Every intent is confirmed, by a transaction that is on the chain, and took effect once."""
        for number in range(self.planned):
            item = await self.item(number)
            assert item.status == "confirmed", f"mint:{number} is {item.status}: {item.error}"
            assert item.tx_hash is not None
            receipt = await self.node.receipt(item.tx_hash)
            assert receipt is not None
            assert receipt.is_success
        token = TokenProxy(self.node, self.deployment.address("TestDollar"))
        assert await token.balance(self.address) == (1 << self.planned) - 1
        assert await self.node.nonce(self.address) == self.planned

    async def item(self, number: int) -> OutboxItem:
        item = await self.outbox.status(f"mint:{number}")
        assert item is not None
        return item


POLICY = """version = 1
[contracts]
TestDollar = "{token}"
[keys.client]
chains = [31337]
wei = {{ per_call = "1e21", per_hour = "1e22", per_day = "1e22" }}
can_fill_nonces = true
[[keys.client.calls]]
contract = "TestDollar"
function = "mint"
recipients = ["self"]
"""
"""What the account of these tests needs: minting to itself, on whatever chain the token stands."""


def allow_minting(home: Settings, token: bytes) -> None:
    """Write the signing policy of a home; the signer reads it anew."""
    file = key_folder(home) / "policy.toml"
    file.touch(mode=0o600)
    file.write_text(POLICY.format(token=checksum(token)))


@pytest.fixture
def signing_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home with development keys; sockets in a folder with a short path."""
    with TemporaryDirectory(prefix="aitbc-") as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        settings = Settings(home=tmp_path / "home")
        ensure_development_keys(key_folder(settings), passphrase_file(settings))
        yield settings


@pytest.fixture
def running_signer(signing_home: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A real signer process."""
    with signer_process(signing_home) as process:
        yield process


@pytest.fixture
def signer_client(signing_home: Settings, running_signer: subprocess.Popen[bytes]) -> SignerClient:
    """A client of it."""
    return SignerClient(signing_home.signer_socket)


@pytest.fixture
def slow_anvil() -> Iterator[Devnet]:
    """An anvil that mines only when it is told."""
    with running_anvil() as devnet:
        yield devnet


@pytest_asyncio.fixture
async def account(
    slow_anvil: Devnet, signing_home: Settings, signer_client: SignerClient, database: Database
) -> AsyncIterator[Account]:
    deployment = deploy(slow_anvil)
    allow_minting(signing_home, deployment.address("TestDollar"))
    slow_anvil.rpc("evm_setAutomine", False)
    address = await until_signing(signer_client)
    slow_anvil.rpc("anvil_setBalance", "0x" + address.hex(), hex(10**21))
    node = Node(slow_anvil.url)
    outbox = Outbox(database, lane_name(31337, address))
    yield Account(slow_anvil, deployment, node, database, signer_client, address, outbox)
    await node.close()
