// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Job feedback in sum, one slot.
/// @dev A weight is below 2^40 and a score at most 100: 2^32 entries stay below 2^72 and 2^79. The counts are checked
/// by the compiler.
struct ScoreTally {
    // slot 0: 32 + 32 + 88 + 96 of 256 bits
    uint32 count;
    uint32 failedCount;
    /// @dev Weight units.
    uint88 weight;
    /// @dev Weight times score.
    uint96 scoreSum;
}
