"""An ERC-20, read; and the calldata of approve and of the test dollar's faucet."""

from __future__ import annotations

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import LATEST, Node
from agents_offchain.primitives.units import TokenUnits

ABI = load_abi("TestDollar")


class TokenProxy:
    """Views of one ERC-20."""

    def __init__(self, node: Node, address: bytes) -> None:
        self._node = node
        self.address = address

    async def balance(self, account: bytes, *, block: int | str = LATEST) -> TokenUnits:
        return TokenUnits(await self._node.call(ABI, self.address, "balanceOf", account, block=block))

    async def decimals(self) -> int:
        return int(await self._node.call(ABI, self.address, "decimals"))

    async def symbol(self) -> str:
        """Untrusted text of a foreign contract, cut to 32 characters."""
        return str(await self._node.call(ABI, self.address, "symbol"))[:32]


def approve_calldata(spender: bytes, amount: int) -> bytes:
    return ABI.encode_call("approve", spender, amount)


def mint_calldata(to: bytes, amount: int) -> bytes:
    """The test dollar's open faucet."""
    return ABI.encode_call("mint", to, amount)
