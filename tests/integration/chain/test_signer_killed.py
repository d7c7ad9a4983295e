"""A signer killed with SIGKILL while it signs: its budget holds, and its log is whole."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import count
from typing import Any

import pytest

from agents_offchain.chain.errors import SignerPaused, SignerUnavailable
from agents_offchain.chain.proxies.token import mint_calldata
from agents_offchain.chain.signer.audit import read_lines, verify
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.cli.places import key_folder
from agents_offchain.primitives.settings import Settings
from tests.integration.chain.conftest import POLICY
from tests.integration.chain.processes import KEY, signer_process, until_signing
from tests.integration.chain.test_signer_process import FIELDS, TOKEN

pytestmark = pytest.mark.integration
AMOUNT, BUDGET, KILLS, AT_ONCE = 10, 200, 5, 8
LIMIT = f'amount = {{ argument = "amount", per_call = "{AMOUNT}", per_hour = "{BUDGET}", per_day = "{BUDGET}" }}\n'


def tight_policy(home: Settings) -> None:
    file = key_folder(home) / "policy.toml"
    file.touch(mode=0o600)
    file.write_text(POLICY.format(token="0x" + TOKEN.hex()) + LIMIT)


async def test_signer__killed_while_it_signs__never_spends_its_budget_twice(signing_home: Settings) -> None:
    tight_policy(signing_home)
    client = SignerClient(signing_home.signer_socket)
    signed: set[bytes] = set()
    nonces = count()

    async def sign(data: str) -> None:
        fields: dict[str, Any] = {**FIELDS, "nonce": next(nonces), "data": data}
        signed.add(await client.sign_transaction(KEY, fields))

    for kill in range(KILLS):
        with signer_process(signing_home) as process:
            data = "0x" + mint_calldata(await until_signing(client), AMOUNT).hex()
            tasks = [asyncio.create_task(sign(data)) for _ in range(AT_ONCE)]
            while not tasks[kill % AT_ONCE].done():
                await asyncio.sleep(0)
            process.kill()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(end is None or isinstance(end, SignerUnavailable | SignerPaused) for end in ends), ends
    with signer_process(signing_home):
        data = "0x" + mint_calldata(await until_signing(client), AMOUNT).hex()
        with contextlib.suppress(SignerPaused):
            for _ in range(BUDGET // AMOUNT):
                await sign(data)
        with pytest.raises(SignerPaused, match="within the last hour"):
            await sign(data)
    assert len(signed) * AMOUNT <= BUDGET
    check = verify(key_folder(signing_home))
    assert check.is_whole, check.trouble
    written = [line for line in read_lines(key_folder(signing_home)) if line["event"] == "signed"]
    assert len(signed) <= len(written) <= BUDGET // AMOUNT, "what left is written; what is written was paid for"
