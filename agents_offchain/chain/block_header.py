"""A block's header as its hash was taken over: RLP, from what a node says of the block.

In: the answer of `eth_getBlockByNumber`. Out: the bytes whose keccak-256 is the block's hash; a court draws jurors from
the randomness inside (`contracts/libraries/BlockSeed.sol`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from agents_offchain.chain.errors import NodeUnavailable
from agents_offchain.primitives.hexes import decode_hex

_FIELDS = (
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
)
_LATER = (
    ("baseFeePerGas", True),
    ("withdrawalsRoot", False),
    ("blobGasUsed", True),
    ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False),
    ("requestsHash", False),
)
"""Fields that forks have added, in their order; a header has the first of them up to its fork's. True: a number."""


def header_bytes(block: Mapping[str, Any]) -> bytes:
    """The header of `block`, as `eth_getBlockByNumber` describes it.

    Raises:
        NodeUnavailable: the bytes do not hash to the block's hash: the node leaves a field out, or the chain has a
            fork that this release does not know.
    """
    fields = [_item(block[name], is_number) for name, is_number in _FIELDS]
    for name, is_number in _LATER:
        if block.get(name) is None:
            break
        fields.append(_item(block[name], is_number))
    header: bytes = rlp.encode(fields)
    if keccak(header) != decode_hex(block["hash"]):
        raise NodeUnavailable("The node's description of the block does not hash to the block's hash.")
    return header


def _item(value: str, is_number: bool) -> bytes:
    if not is_number:
        return decode_hex(value)
    number = int(value, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
