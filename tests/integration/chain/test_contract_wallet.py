"""A contract's word on a signature, asked of a real chain (ERC-1271)."""

from __future__ import annotations

import pytest

from agents_offchain.chain.node import Node
from agents_offchain.chain.proxies.contract_wallet import MAGIC, ContractWallets
from tests.integration.devnet import STRANGER, Devnet

pytestmark = pytest.mark.integration
DIGEST = bytes(range(32))
WALLET = b"\x5a" * 20
AGREES_TO_THE_DIGEST = b"\x7f" + DIGEST + bytes.fromhex("60043514") + b"\x7f" + MAGIC.ljust(32, b"\0")
AGREES_TO_THE_DIGEST += bytes.fromhex("0260005260206000f3")
"""PUSH32 digest, CALLDATALOAD 4, EQ, PUSH32 answer, MUL, MSTORE 0, RETURN 32 bytes."""


@pytest.mark.parametrize(
    ("code", "digest", "is_signed"),
    [
        (AGREES_TO_THE_DIGEST, DIGEST, True),
        (AGREES_TO_THE_DIGEST, bytes(32), False),
        (bytes.fromhex("60006000fd"), DIGEST, False),  # reverts
        (bytes.fromhex("5b600056"), DIGEST, False),  # never ends
        (bytes.fromhex("600160005260206000f3"), DIGEST, False),  # answers 1, as `true` would
        (b"", DIGEST, False),
    ],
)
async def test_is_signed__by_what_stands_at_the_wallet__is_believed_only_for_the_standards_answer(
    anvil: Devnet, code: bytes, digest: bytes, is_signed: bool
) -> None:
    anvil.rpc("anvil_setCode", "0x" + WALLET.hex(), "0x" + code.hex())
    node = Node(anvil.url)
    try:
        assert await ContractWallets(node).is_signed(WALLET, digest, b"any") is is_signed
        assert not await ContractWallets(node).is_signed(anvil.address(STRANGER), digest, b"any")
    finally:
        await node.close()
