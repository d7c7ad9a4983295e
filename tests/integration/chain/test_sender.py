"""The sender on a real anvil, with a real signer process."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from pathlib import Path

import pytest

from agents_offchain.chain.errors import GasMissing, NodeUnavailable, SignerUnavailable
from agents_offchain.chain.fees import FeePolicy
from agents_offchain.chain.proxies.token import TokenProxy
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.outbox import Intent
from tests.integration.chain.conftest import Account
from tests.integration.chain.processes import send_all, signer_process, until_signing

pytestmark = pytest.mark.integration


async def test_sender__with_several_intents__mines_each_once(account: Account) -> None:
    await account.plan(5)
    await account.run_to_end(await account.sender())
    await account.check()


async def test_sender__killed_at_every_boundary__mines_each_intent_once(account: Account, tmp_path: Path) -> None:
    """A child process is shot with SIGKILL at each kind of boundary that a run crosses; the next one goes on."""
    mining = asyncio.create_task(_keep_mining(account))
    record = tmp_path / "boundaries"
    await account.plan()
    assert await _exit_code(account, None, record) == 0
    labels = sorted(set(record.read_text().split("\n")) - {""})
    assert {"before commit", "after commit", "before node.send_raw", "after signer.sign_transaction"} <= set(labels)
    for label in labels:
        await account.plan()
        assert await _exit_code(account, label, record) == -9, f"{label} was not crossed again"
    assert await _exit_code(account, None, record) == 0
    mining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await mining
    await account.check()


async def _exit_code(account: Account, label: str | None, record: Path) -> int | None:
    process = send_all(account.place, label, record)
    await asyncio.to_thread(process.join, 30)
    assert not process.is_alive(), f"the sender hangs, told to die at {label}"
    code: int | None = process.exitcode
    return code


async def _keep_mining(account: Account) -> None:
    while True:
        await account.node.request("anvil_mine", "0x1")
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("depth", [1, 3])
async def test_sender__when_a_sent_transaction_is_taken_back__brings_it_back(account: Account, depth: int) -> None:
    sender = await account.sender(confirmations=6)
    await account.plan(2)
    await sender.step()
    account.devnet.mine(depth)
    assert (await account.item(0)).status == "sent"
    assert await account.node.nonce(account.address) == 2
    account.devnet.reorganise(depth)
    assert await account.node.nonce(account.address) == 0
    await account.run_to_end(sender)
    await account.check()


@pytest.mark.parametrize("further", [0, 6])
async def test_sender__when_a_confirmed_transaction_is_taken_back__brings_it_back(
    account: Account, further: int
) -> None:
    account.devnet.mine(10)
    sender = await account.sender()
    await account.plan(2)
    await account.run_to_end(sender)
    before = await account.item(0)
    assert before.block_number is not None
    account.devnet.reorganise(account.devnet.block_number() - before.block_number + 1 + further)
    assert await account.node.receipt(before.tx_hash or b"") is None
    account.devnet.mine()
    await sender.step()
    assert (await account.item(0)).status == "sent"
    await account.run_to_end(sender)
    await account.check()
    assert (await account.item(0)).tx_hash == before.tx_hash


async def test_senders__two_on_one_lane__send_no_intent_twice(account: Account) -> None:
    await account.plan(12)
    first, second = await account.sender(max_in_flight=4), await account.sender(max_in_flight=4)
    for _ in range(40):
        await asyncio.gather(first.step(), second.step())
        account.devnet.mine()
        if not await account.outbox.count_open():
            break
    await account.check()


async def test_sender__when_blocks_grow_dear__offers_more_until_it_is_mined(account: Account) -> None:
    sender = await account.sender(fees=FeePolicy(stuck_seconds=0.2))
    await account.plan()
    await sender.step()
    account.devnet.rpc("anvil_setNextBlockBaseFeePerGas", hex(60 * 10**9))
    account.devnet.mine()
    assert await account.node.nonce(account.address) == 0
    while (await account.item(0)).attempts < 2:
        account.devnet.rpc("anvil_setNextBlockBaseFeePerGas", hex(60 * 10**9))
        account.devnet.mine()
        await sender.step()
    await account.run_to_end(sender)
    await account.check()


async def test_sender__after_its_transaction_was_dropped__sends_it_again(account: Account) -> None:
    sender = await account.sender()
    await account.plan()
    await sender.step()
    account.devnet.rpc("anvil_dropAllTransactions")
    await account.run_to_end(sender)
    await account.check()


async def test_sender__of_a_withdrawn_intent__replaces_it_by_nothing(account: Account) -> None:
    sender = await account.sender()
    await account.plan()
    await sender.step()
    async with account.database.write() as connection:
        await account.outbox.withdraw(connection, "mint:0", "not wanted")
    await account.run_to_end(sender)
    item = await account.item(0)
    assert (item.status, item.intent.to) == ("confirmed", account.address)
    assert await account.node.nonce(account.address) == 1
    assert await TokenProxy(account.node, account.deployment.address("TestDollar")).balance(account.address) == 0


async def test_sender__of_a_call_that_reverts__fails_with_the_contracts_words(account: Account) -> None:
    sender = await account.sender()
    intent = Intent("bad", "bad", account.deployment.address("TestDollar"), bytes.fromhex("deadbeef"))
    async with account.database.write() as connection:
        await account.outbox.plan(connection, intent)
    await sender.step()
    item = await account.outbox.status("bad")
    assert item is not None
    assert (item.status, item.attempts) == ("failed", 0)
    assert item.error is not None
    assert item.error.startswith("The contract refused")


async def test_sender__without_coin__says_so_until_there_is_some(account: Account) -> None:
    sender = await account.sender()
    account.devnet.rpc("anvil_setBalance", "0x" + account.address.hex(), "0x0")
    await account.plan()
    with pytest.raises(GasMissing, match="cannot pay"):
        await sender.step()
    account.devnet.rpc("anvil_setBalance", "0x" + account.address.hex(), hex(10**21))
    await account.run_to_end(sender)
    await account.check()


async def test_sender__while_signer_and_node_are_killed_and_come_back__loses_nothing(
    account: Account, signing_home: Settings, running_signer: subprocess.Popen[bytes]
) -> None:
    sender = await account.sender()
    await account.plan()
    running_signer.kill()
    running_signer.wait()
    with pytest.raises(SignerUnavailable):
        await sender.step()
    with signer_process(signing_home):
        assert await until_signing(account.signer) == account.address
        await account.run_to_end(sender)
    await account.check()
    account.devnet.process.kill()
    account.devnet.process.wait()
    with pytest.raises(NodeUnavailable, match="does not answer"):
        await sender.step()
