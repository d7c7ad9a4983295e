// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Splits an amount by shares in 1/10_000 whose sum is the whole
library ShareSplit {
    uint256 internal constant BPS = 10_000;

    /// @notice Each part is rounded down; what is left over, less than one unit for each share, goes to the first.
    /// @param amount Below 2^96.
    /// @param bps In 1/10_000; the caller guarantees at least one and that they sum to BPS.
    /// @return parts In the order of `bps`; they sum to `amount`.
    function partsDown(uint256 amount, uint16[] memory bps) internal pure returns (uint256[] memory parts) {
        parts = new uint256[](bps.length);
        uint256 left = amount;
        for (uint256 i = 0; i < bps.length; ++i) {
            parts[i] = amount * bps[i] / BPS;
            left -= parts[i];
        }
        parts[0] += left;
    }
}
