"""The signer as a process: what it answers, what it keeps to itself, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthAccount

from agents_offchain.chain.errors import SignerRefused
from agents_offchain.chain.proxies.token import mint_calldata
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.keystore import open_keystore
from agents_offchain.cli.development import read_passphrase
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.primitives.settings import Settings
from tests.integration.chain.conftest import allow_minting
from tests.integration.chain.processes import KEY, signer_process, until_signing

pytestmark = pytest.mark.integration
TOKEN = bytes([0xAB]) * 20


def mint_to(address: bytes) -> dict[str, Any]:
    """A transaction that the policy of these tests allows."""
    return {**FIELDS, "data": "0x" + mint_calldata(address, 1).hex()}


FIELDS: dict[str, Any] = {
    "chainId": 31337,
    "nonce": 0,
    "to": "0x" + TOKEN.hex(),
    "value": 0,
    "data": "0x",
    "gas": 100_000,
    "maxFeePerGas": 10**9,
    "maxPriorityFeePerGas": 10**9,
}


async def test_signer__as_a_process__signs_for_its_chain_and_no_other(
    signing_home: Settings, signer_client: SignerClient
) -> None:
    allow_minting(signing_home, TOKEN)
    address = await until_signing(signer_client)
    raw = await signer_client.sign_transaction(KEY, mint_to(address))
    assert EthAccount.recover_transaction(raw).lower() == "0x" + address.hex()
    with pytest.raises(SignerRefused, match="development key of chain 31337"):
        await signer_client.sign_transaction(KEY, {**mint_to(address), "chainId": 1})


async def test_signer__told_to_stop__ends_well_and_takes_its_socket_along(signing_home: Settings) -> None:
    with signer_process(signing_home) as process:
        await until_signing(SignerClient(signing_home.signer_socket))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert not signing_home.signer_socket.exists()


async def test_signer__over_a_run_with_signatures__writes_no_key_anywhere(signing_home: Settings) -> None:
    allow_minting(signing_home, TOKEN)
    keys = open_keystore(key_folder(signing_home), read_passphrase(passphrase_file(signing_home)))
    environment = {**os.environ, "AITBC_HOME": str(signing_home.home), "AITBC_LOG_LEVEL": "debug"}
    command = [sys.executable, "-m", "agents_offchain.cli.serve", "signer"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    client = SignerClient(signing_home.signer_socket)
    await client.sign_transaction(KEY, mint_to(await until_signing(client)))
    with pytest.raises(SignerRefused):
        await client.sign_transaction(KEY, {**FIELDS, "gas": -1})
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=20)
    assert b"signed_transaction" in said
    everything = said + b"".join(file.read_bytes() for file in Path(signing_home.home).rglob("*") if file.is_file())
    for key in keys.values():
        assert key.secret.secret not in everything
        assert key.secret.secret.hex().encode() not in everything.lower()
