"""A person's word, from the command to the signer process and back."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from agents_offchain.chain.errors import ApprovalNeeded
from agents_offchain.chain.proxies.token import mint_calldata
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.migrate import migrate
from tests.integration.chain.conftest import POLICY
from tests.integration.chain.processes import KEY, signer_process, until_signing
from tests.integration.chain.test_signer_process import FIELDS, TOKEN

pytestmark = pytest.mark.integration
LIMIT = 'amount = { argument = "amount", per_call = "9", per_hour = "9", per_day = "9", approve_above = "5" }\n'


def aitbc(home: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agents_offchain.cli.main", *words, "--home", str(home.home), "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


async def test_approval__given_by_the_command__lets_the_signer_sign_once(signing_home: Settings) -> None:
    await migrate(signing_home.database())
    file = key_folder(signing_home) / "policy.toml"
    file.touch(mode=0o600)
    file.write_text(POLICY.format(token="0x" + TOKEN.hex()) + LIMIT)
    client = SignerClient(signing_home.signer_socket)
    with signer_process(signing_home):
        data = "0x" + mint_calldata(await until_signing(client), 6).hex()
        with pytest.raises(ApprovalNeeded, match="waits for approval 1"):
            await client.sign_transaction(KEY, {**FIELDS, "data": data})
        (waiting,) = json.loads(aitbc(signing_home, "approvals", "list").stdout)["approvals"]
        assert (waiting["subject"], waiting["title"]) == (KEY, "TestDollar.mint")
        assert aitbc(signing_home, "approvals", "approve", "1").returncode == 0
        assert await client.sign_transaction(KEY, {**FIELDS, "data": data})
        with pytest.raises(ApprovalNeeded, match="waits for approval 2"):
            await client.sign_transaction(KEY, {**FIELDS, "nonce": 1, "data": data})
    lines = json.loads(aitbc(signing_home, "audit", "show").stdout)["lines"]
    assert [line["event"] for line in lines if line["event"] in ("approved", "signed")] == ["approved", "signed"]
    assert json.loads(aitbc(signing_home, "audit", "verify").stdout)["is_whole"]
