"""The bloom filter of a block header (yellow paper, 4.3.1): what the block's logs are about, in 2,048 bits.

It never denies an address or topic that is there, so a provider whose header admits an event and whose answer lacks
it may be hiding a log. A filter that is mostly full admits everything and tells nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import ContractAbi
from agents_offchain.chain.node import Block, RawLog

BLOOM_BITS = 2_048
TELLING_BITS = BLOOM_BITS // 2
"""With more bits set than this, a filter admits an absent event too often to be asked."""


def bits_of(item: bytes) -> int:
    """The three bits that an address or topic sets, as an integer of 2,048 bits."""
    digest = keccak(item)
    bits = 0
    for start in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[start : start + 2], "big") % BLOOM_BITS)
    return bits


class LogAudit:
    """Compares what headers admit with the logs that were given.

    Args:
        abis: Watched contracts by address.
    """

    def __init__(self, abis: dict[bytes, ContractAbi]) -> None:
        self._masks = [
            ((address, topic), bits_of(address) | bits_of(topic))
            for address, abi in abis.items()
            for topic in abi.events
        ]

    def suspects(self, blocks: Collection[Block], logs: Iterable[RawLog]) -> list[Block]:
        """Blocks whose header admits an event of ours that is not among the logs."""
        given: dict[int, set[tuple[bytes, bytes]]] = {block.number: set() for block in blocks}
        for entry in logs:
            if entry.block_number in given and entry.topics:
                given[entry.block_number].add((entry.address, entry.topics[0]))
        return [block for block in blocks if self._admits_more(block, given[block.number])]

    def _admits_more(self, block: Block, given: set[tuple[bytes, bytes]]) -> bool:
        bloom = int.from_bytes(block.logs_bloom, "big")
        if not bloom or bloom.bit_count() > TELLING_BITS:
            return False
        return any(bloom & mask == mask and event not in given for event, mask in self._masks)
