"""Whether a wallet that is a contract stands behind a signature (ERC-1271)."""

from __future__ import annotations

from eth_abi.abi import encode

from agents_offchain.chain.errors import RpcRefused
from agents_offchain.chain.node import LATEST, Node
from agents_offchain.primitives.hexes import encode_hex

MAGIC = bytes.fromhex("1626ba7e")
"""Selector of `isValidSignature(bytes32,bytes)`, which is also its answer for a good signature."""
GAS = 400_000
"""What a stranger's contract may spend on the check; the largest known verifiers need less."""


class ContractWallets:
    """Asks wallets of one chain."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def is_signed(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        """True when code stands at the wallet and says that the signature of this digest (32 bytes) is its own.

        The answer is one of the newest block: a contract may change its mind, so ask again each time.

        Raises:
            NodeUnavailable: the chain cannot be asked.
        """
        data = MAGIC + encode(["bytes32", "bytes"], [digest, signature])
        call = {"to": encode_hex(wallet), "data": encode_hex(data), "gas": hex(GAS)}
        try:
            answer = await self._node.request("eth_call", call, LATEST)
        except RpcRefused:
            return False  # it reverts, or spends too much: no
        return str(answer).lower() == encode_hex(MAGIC.ljust(32, b"\0"))
