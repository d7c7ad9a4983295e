// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The randomness of a past block, proven by its header
/// @notice A block's prevrandao can be read in that block alone. Its header holds the same value (`mixHash`), and the hash
/// of the header can be read for 256 blocks, for 8,191 where EIP-2935 is in force. So whoever brings the header brings
/// the one value that was fixed when the block was named; nobody chooses.
library BlockSeed {
    /// @notice Contract of EIP-2935 that serves 8,191 hashes.
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    /// @dev Fields before `mixHash` in a header.
    uint256 private constant FIELDS_BEFORE = 13;

    error BlockSeed_OutOfReach(uint256 blockNumber);
    error BlockSeed_OtherHeader(bytes32 hash, bytes32 expected);
    error BlockSeed_NoSeed(uint256 blockNumber);

    /// @notice prevrandao of block `blockNumber`.
    /// @param header The block's header, RLP.
    function seedOf(uint256 blockNumber, bytes calldata header) internal view returns (bytes32) {
        bytes32 expected = hashOf(blockNumber);
        if (expected == 0) revert BlockSeed_OutOfReach(blockNumber);
        bytes32 hash = keccak256(header);
        if (hash != expected) revert BlockSeed_OtherHeader(hash, expected);
        uint256 position = uint8(header[0]) < 0xf8 ? 1 : uint256(uint8(header[0])) - 0xf6;
        for (uint256 i = 0; i < FIELDS_BEFORE; ++i) {
            position += _lengthAt(header, position);
        }
        if (uint8(header[position]) != 0xa0) revert BlockSeed_NoSeed(blockNumber);
        return bytes32(header[position + 1:position + 33]);
    }

    /// @notice Hash of a past block; zero if it is not past or too long ago.
    function hashOf(uint256 blockNumber) internal view returns (bytes32 hash) {
        if (blockNumber >= block.number) return 0;
        hash = blockhash(blockNumber);
        if (hash != 0) return hash;
        (bool success, bytes memory answer) = HISTORY.staticcall(abi.encode(blockNumber));
        if (success && answer.length == 32) hash = abi.decode(answer, (bytes32));
    }

    /// @dev Bytes of the RLP item at `position`, its prefix included. The hash has shown that the bytes are a header.
    function _lengthAt(bytes calldata rlp, uint256 position) private pure returns (uint256 length) {
        uint256 prefix = uint8(rlp[position]);
        if (prefix < 0x80) return 1;
        if (prefix < 0xb8) return prefix - 0x7f;
        uint256 lengthBytes = prefix - 0xb7;
        for (uint256 i = 1; i <= lengthBytes; ++i) {
            length = length << 8 | uint8(rlp[position + i]);
        }
        length += 1 + lengthBytes;
    }
}
