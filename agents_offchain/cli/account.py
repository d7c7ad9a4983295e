"""One account that sends a transaction and waits for it, for set-up steps that look at the chain before they act.

Daemons send through outbox and `chain.sender`; a step that can see on the chain whether it was done needs no journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import revert_of
from agents_offchain.chain.errors import ContractReverted, NodeUnavailable, RpcRefused
from agents_offchain.chain.node import Node, Receipt
from agents_offchain.chain.sender import TransactionSigner
from agents_offchain.primitives.hexes import encode_hex

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 30.0
TIP_WEI = 1_000_000_000
GAS_HEADROOM_PERCENT = 25


class SetupAccount:
    """A key of the signer, used by one caller at a time."""

    def __init__(self, node: Node, signer: TransactionSigner, key: str, chain_id: int) -> None:
        self._node = node
        self._signer = signer
        self._key = key
        self._chain_id = chain_id

    async def address(self) -> bytes:
        return await self._signer.address(self._key)

    async def transact(self, to: bytes, data: bytes) -> Receipt:
        """Send a call and wait until it is mined.

        Raises:
            ContractReverted: the call would revert, or did.
            NodeUnavailable: it was not mined in time.
        """
        raw = await self._sign(to, data)
        await self._node.send_raw(raw)
        receipt = await self._wait(keccak(raw))
        if not receipt.is_success:
            raise ContractReverted("The transaction reverted on the chain.", tx_hash=encode_hex(receipt.tx_hash))
        return receipt

    async def _sign(self, to: bytes, data: bytes) -> bytes:
        sender = await self.address()
        call = {"from": encode_hex(sender), "to": encode_hex(to), "data": encode_hex(data)}
        try:
            gas = int(await self._node.request("eth_estimateGas", call), 16)
        except RpcRefused as error:
            raise revert_of(error) or error from error
        block = await self._node.block()
        base_fee = block.base_fee_wei if block else 0
        return await self._signer.sign_transaction(
            self._key,
            {
                "chainId": self._chain_id,
                "nonce": await self._node.nonce(sender, "pending"),
                "to": encode_hex(to),
                "value": 0,
                "data": encode_hex(data),
                "gas": gas * (100 + GAS_HEADROOM_PERCENT) // 100,
                "maxFeePerGas": 2 * base_fee + TIP_WEI,
                "maxPriorityFeePerGas": TIP_WEI,
            },
        )

    async def _wait(self, tx_hash: bytes) -> Receipt:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    receipt = await self._node.receipt(tx_hash)
                    if receipt is not None:
                        return receipt
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise NodeUnavailable(f"A transaction was not mined within {PATIENCE_SECONDS:.0f} s.") from error


class BlockingAccount:
    """The same account for code that is not asynchronous and runs in a thread.

    Args:
        loop: Where the asynchronous side lives; never the thread that calls.
    """

    def __init__(self, account: SetupAccount, node: Node, loop: asyncio.AbstractEventLoop) -> None:
        self._account = account
        self._node = node
        self._loop = loop

    def transact(self, to: str, data: bytes) -> Mapping[str, Any]:
        receipt = self._run(self._account.transact(bytes.fromhex(to[2:]), data))
        return {"status": int(receipt.is_success), "blockNumber": receipt.block_number}

    def call(self, to: str, data: bytes) -> bytes:
        answer = self._run(self._node.request("eth_call", {"to": to, "data": encode_hex(data)}, "latest"))
        return bytes.fromhex(answer[2:])

    def code_at(self, address: str) -> bytes:
        return bytes(self._run(self._node.code(bytes.fromhex(address[2:]))))

    def block_number(self) -> int:
        return int(self._run(self._node.block_number()))

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
