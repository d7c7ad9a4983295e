// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Text of at most 32 bytes, right-padded with zero bytes
library ShortText {
    /// @notice The text without its padding.
    function unpad(bytes32 padded) internal pure returns (string memory) {
        uint256 length = 0;
        while (length < 32 && padded[length] != 0) {
            ++length;
        }
        bytes memory text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = padded[i];
        }
        return string(text);
    }
}
