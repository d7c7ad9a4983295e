"""DecisionLedger, read: when a root was anchored; and the calldata that anchors one."""

from __future__ import annotations

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.node import LATEST, Node

ABI = load_abi("DecisionLedger")


class DecisionLedgerProxy:
    """Views of one DecisionLedger."""

    def __init__(self, node: Node, address: bytes) -> None:
        self._node = node
        self.address = address

    async def anchored_at(self, root: bytes, *, block: int | str = LATEST) -> int:
        """Chain time (unix seconds) of a root's anchor; 0 while there is none."""
        return int(await self._node.call(ABI, self.address, "anchoredAt", root, block=block))


def anchor_calldata(root: bytes) -> bytes:
    return ABI.encode_call("anchor", root)
