// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What a late delivery costs of a bond
/// @notice Nothing up to `dueAt`, `bond * lateBps / 10_000` at `workBy`, in proportion between; rounded down once.
library LatePenalty {
    uint256 internal constant BPS = 10_000;

    /// @param bond Smallest units, below 2^96.
    /// @param lateBps At most BPS.
    /// @param dueAt Unix seconds, at most `workBy`.
    /// @param workBy Unix seconds; the last in which a delivery is possible.
    /// @param deliveredAt Unix seconds; zero or on time costs nothing.
    function roundedDown(
        uint256 bond,
        uint256 lateBps,
        uint256 dueAt,
        uint256 workBy,
        uint256 deliveredAt
    ) internal pure returns (uint256) {
        if (deliveredAt <= dueAt || workBy <= dueAt) return 0;
        uint256 late = (deliveredAt < workBy ? deliveredAt : workBy) - dueAt;
        return bond * lateBps * late / (BPS * (workBy - dueAt));
    }
}
