"""The signer as it runs: policy file, kill switch and budgets, asked over a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from agents_offchain.chain.errors import AuditBroken, SignerPaused, SignerRefused
from agents_offchain.chain.signer.audit import HEAD_FILE, LOG_FILE, AuditLog, read_lines, verify
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.guard import Guard, KeyFolder
from agents_offchain.chain.signer.server import SignerServer
from agents_offchain.primitives.clock import ManualClock
from agents_offchain.primitives.eip712 import VERDICT_FIELDS, VERDICT_TYPE, oracle_domain
from agents_offchain.primitives.hexes import encode_hex
from tests.fakes.deployment import DOCUMENT
from tests.unit.chain.signing import (
    CHAIN,
    ESCROW,
    FEE,
    GAS,
    ORACLE,
    POLICY,
    STRANGER,
    VERDICT,
    approve,
    make_key,
    submit,
    write_policy,
)

pytestmark = pytest.mark.unit
NEW_ESCROW = b"\x5e" * 20
AGENT, REPORTER = make_key(), make_key("reporter")
KEYS = {"agent": AGENT, "reporter": REPORTER}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, since a socket lies in it."""
    with TemporaryDirectory(prefix="aitbc-") as path:
        write_policy(Path(path))
        yield Path(path)


@pytest.fixture
def guard(folder: Path, manual_clock: ManualClock) -> Iterator[Guard]:
    budgets = Budgets(folder / "budgets.db", manual_clock)
    addresses = {name: key.address for name, key in KEYS.items()}
    yield Guard(KeyFolder(folder), addresses, budgets, deployment_file=folder / "deployment.json")
    budgets.close()


@pytest.fixture
def audit(folder: Path, manual_clock: ManualClock) -> AuditLog:
    return AuditLog(folder, manual_clock)


@pytest.fixture
async def client(folder: Path, guard: Guard, audit: AuditLog) -> AsyncIterator[SignerClient]:
    server = SignerServer(KEYS, guard, audit, folder / "run" / "s.sock")
    await server.start()
    yield SignerClient(folder / "run" / "s.sock")
    await server.close()


async def sign(client: SignerClient, request: object = None) -> bytes:
    transaction = request or submit()
    return await client.sign_transaction(transaction.key, transaction.fields)  # type: ignore[attr-defined]


async def sign_verdict(client: SignerClient, key: str = "reporter") -> bytes:
    return await client.sign_typed(key, oracle_domain(CHAIN, ORACLE), VERDICT_TYPE, VERDICT_FIELDS, VERDICT.values())


async def test_sign__given_what_the_policy_lists__is_a_signature(client: SignerClient) -> None:
    assert Account.recover_transaction(await sign(client)).lower() == encode_hex(AGENT.address)
    assert len(await sign_verdict(client)) == 65


async def test_sign__given_what_it_does_not_list__is_refused_with_a_mend(client: SignerClient) -> None:
    with pytest.raises(SignerRefused, match="may not name") as refusal:
        await sign(client, approve(1, spender=STRANGER))
    assert "policy.toml" in refusal.value.mend
    with pytest.raises(SignerRefused):
        await sign_verdict(client, "agent")


async def test_sign__without_a_policy_file__is_refused_until_there_is_one(folder: Path, client: SignerClient) -> None:
    assert await sign(client)
    (folder / "policy.toml").unlink()
    with pytest.raises(SignerPaused, match="no signing policy"):
        await sign(client)
    with pytest.raises(SignerPaused, match="no signing policy"):
        await sign_verdict(client)
    assert await client.address("agent") == AGENT.address
    write_policy(folder)
    assert await sign(client)


async def test_sign__when_the_policy_becomes_unsound__is_refused_rather_than_judged_by_the_old_one(
    folder: Path, client: SignerClient
) -> None:
    assert await sign(client)
    write_policy(folder, POLICY + "nonsense = 1\n")
    with pytest.raises(SignerPaused, match="policy is wrong"):
        await sign(client)


async def test_sign__when_others_may_write_the_policy__is_refused(folder: Path, client: SignerClient) -> None:
    write_policy(folder, POLICY + "# changed\n").chmod(0o666)
    with pytest.raises(SignerPaused, match="written by others"):
        await sign(client)


async def test_sign__when_the_policy_changes__follows_at_once(folder: Path, client: SignerClient) -> None:
    assert await sign(client)
    write_policy(folder, POLICY.replace('function = "submit"', 'function = "decline"'))
    with pytest.raises(SignerRefused, match="may not call"):
        await sign(client)


async def test_sign__in_a_dry_run__says_what_would_be_signed_and_takes_no_budget(
    folder: Path, client: SignerClient, guard: Guard
) -> None:
    write_policy(folder, POLICY.replace("can_fill_nonces = true", "dry_run = true"))
    with pytest.raises(SignerRefused, match=r"Dry run: JobEscrow\.submit"):
        await sign(client)
    assert guard._budgets.spent("agent", "wei") == (0, 0)


@pytest.mark.parametrize("name", ["", "agent"])
async def test_sign__while_frozen__is_paused_for_all_or_for_one_key(
    folder: Path, client: SignerClient, name: str
) -> None:
    switch = KeyFolder(folder).frozen(name)
    switch.write_text("odd transfers")
    with pytest.raises(SignerPaused, match="odd transfers"):
        await sign(client)
    if name:
        assert await sign_verdict(client)
    else:
        with pytest.raises(SignerPaused):
            await sign_verdict(client)
    switch.unlink()
    assert await sign(client)


async def test_sign__when_the_switch_cannot_be_read__is_paused(folder: Path, client: SignerClient) -> None:
    (folder / "frozen").mkdir()
    with pytest.raises(SignerPaused, match="cannot be read"):
        await sign(client)


async def test_sign__beyond_the_hours_budget__is_paused_and_goes_on_later(
    client: SignerClient, manual_clock: ManualClock
) -> None:
    price = 3 * 10**15 // (GAS * FEE)
    for nonce in range(price):
        await sign(client, submit(nonce=nonce))
    with pytest.raises(SignerPaused, match="within the last hour"):
        await sign(client, submit(nonce=price))
    assert await sign(client, submit(nonce=price - 1)), "the same nonce again costs nothing more"
    manual_clock.advance(3600)
    assert await sign(client, submit(nonce=price))


async def test_sign__many_at_once__never_overdraws(client: SignerClient) -> None:
    price = 3 * 10**15 // (GAS * FEE)
    answers = await asyncio.gather(
        *(sign(client, submit(nonce=nonce)) for nonce in range(2 * price)), return_exceptions=True
    )
    assert sum(isinstance(answer, bytes) for answer in answers) == price
    assert sum(isinstance(answer, SignerPaused) for answer in answers) == price


async def test_sign__given_contracts_named_by_the_deployment__follows_the_file(
    folder: Path, client: SignerClient
) -> None:
    start, end = POLICY.index("[contracts]"), POLICY.index("[keys.agent]")
    write_policy(folder, POLICY[:start] + POLICY[end:])
    with pytest.raises(SignerRefused):
        await sign(client)
    (folder / "deployment.json").write_text("{")
    with pytest.raises(SignerRefused):
        await sign(client)
    (folder / "deployment.json").write_bytes(orjson.dumps(DOCUMENT | _generation(1, ESCROW)))
    assert await sign(client)


async def test_contract__of_two_generations__is_called_at_both_addresses_and_nowhere_else(
    folder: Path, client: SignerClient
) -> None:
    start, end = POLICY.index("[contracts]"), POLICY.index("[keys.agent]")
    write_policy(folder, POLICY[:start] + POLICY[end:])
    newest = DOCUMENT | _generation(2, NEW_ESCROW)
    older = [{**DOCUMENT, **_generation(1, ESCROW)}]
    (folder / "deployment.json").write_bytes(orjson.dumps(newest | {"older": older}))
    assert await sign(client)
    assert await sign(client, replace(submit(), fields={**submit().fields, "to": encode_hex(NEW_ESCROW)}))
    with pytest.raises(SignerRefused):
        await sign(client, replace(submit(), fields={**submit().fields, "to": encode_hex(STRANGER)}))
    (folder / "deployment.json").write_bytes(orjson.dumps(newest))
    with pytest.raises(SignerRefused):
        await sign(client)


def _generation(number: int, escrow: bytes) -> dict[str, Any]:
    """What tells one generation of the market in `DOCUMENT` from another."""
    return {"generation": number, "contracts": {**DOCUMENT["contracts"], "JobEscrow": encode_hex(escrow)}}


async def test_recipients__given_a_key_by_name__allow_its_address(folder: Path, client: SignerClient) -> None:
    write_policy(folder, POLICY.replace('recipients = ["JobEscrow"]', 'recipients = ["key:reporter"]'))
    assert await sign(client, approve(1, spender=REPORTER.address))
    with pytest.raises(SignerRefused):
        await sign(client, approve(1))


async def test_sign__always__takes_a_few_milliseconds(client: SignerClient) -> None:
    await sign(client)
    began = time.perf_counter()
    for _ in range(20):
        await sign(client)
    assert (time.perf_counter() - began) / 20 < 0.1, "generous, since machines are shared"


async def test_audit__of_signatures_and_refusals__is_on_disk_and_whole(folder: Path, client: SignerClient) -> None:
    raw = await sign(client)
    await sign_verdict(client)
    with pytest.raises(SignerRefused):
        await sign(client, approve(1, spender=STRANGER))
    with pytest.raises(SignerRefused):
        await client.address("mallory")
    lines = read_lines(folder)
    assert [(line["event"], line.get("what", line.get("error"))) for line in lines] == [
        ("signed", "JobEscrow.submit"),
        ("signed", "Verdict of AITBC ResultOracle"),
        ("refused", "SignerRefused"),
        ("refused", "SignerRefused"),
    ]
    assert lines[0]["tx"] == encode_hex(keccak(raw))
    assert verify(folder).is_whole


async def test_sign__when_the_audit_log_was_shortened__is_paused(folder: Path, client: SignerClient) -> None:
    await sign(client)
    await sign(client)
    log = folder / LOG_FILE
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(SignerPaused, match="ends at line 1; 2 were written"):
        await sign(client)
    (folder / HEAD_FILE).unlink()
    with pytest.raises(SignerPaused, match="2 were written"):
        await sign(client)


async def test_sign__when_the_audit_log_cannot_be_written__is_paused(folder: Path, guard: Guard) -> None:
    (folder / LOG_FILE).mkdir()
    audit = AuditLog(folder)
    with pytest.raises(AuditBroken):
        audit.append("x")
    server = SignerServer(KEYS, guard, audit, folder / "run" / "s.sock")
    await server.start()
    with pytest.raises(SignerPaused, match="audit log cannot be written"):
        await sign(SignerClient(folder / "run" / "s.sock"))
    await server.close()
