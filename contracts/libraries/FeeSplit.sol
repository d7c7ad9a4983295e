// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Splits an earned amount into payment, treasury and reporters' pool
/// @notice Every unit is accounted for: paid + toTreasury + toPool == earned.
library FeeSplit {
    uint256 internal constant BPS = 10_000;

    /// @param earned Smallest units, below 2^96.
    /// @param feeBps At most BPS; the fee is rounded down.
    /// @param poolShareBps At most BPS; the pool's part of the fee is rounded down.
    function splitDown(
        uint256 earned,
        uint256 feeBps,
        uint256 poolShareBps
    ) internal pure returns (uint256 paid, uint256 toTreasury, uint256 toPool) {
        // Nothing overflows: 2^96 times BPS is below 2^256. Nothing underflows: no part is above its whole.
        unchecked {
            uint256 fee = (earned * feeBps) / BPS;
            toPool = (fee * poolShareBps) / BPS;
            toTreasury = fee - toPool;
            paid = earned - fee;
        }
    }
}
