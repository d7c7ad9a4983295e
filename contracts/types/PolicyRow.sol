// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice A policy as stored, in the order in which jobs need it: a house job reads `terms` alone on its way in
/// and out, its oracle reads `windows` too, and `hook` is read only if the flag says so.
struct PolicyRow {
    // slot 0
    RowTerms terms;
    // slot 1
    RowWindows windows;
    // slot 2
    address hook;
}

/// @notice One slot: 160 + 32 + 16 + 16 + 8 + 8 of 256 bits.
struct RowTerms {
    address token;
    /// @dev verdict + review + court + grace
    uint32 tailSeconds;
    uint16 feeBps;
    uint16 poolShareBps;
    uint8 passMark;
    /// @dev See {PolicyFlags}; zero means that the row does not exist or is a standard one in use.
    uint8 flags;
}

/// @notice One slot: 160 + 3 * 32 of 256 bits.
struct RowWindows {
    address evaluator;
    uint32 verdictSeconds;
    uint32 reviewSeconds;
    uint32 courtSeconds;
}

/// @title Bits of `RowTerms.flags`
library PolicyFlags {
    uint8 internal constant HOUSE = 1;
    uint8 internal constant RETIRED = 2;
    uint8 internal constant LEDGER_ONLY = 4;
    uint8 internal constant HOOKED = 8;

    function has(RowTerms memory terms, uint8 flag) internal pure returns (bool) {
        return terms.flags & flag != 0;
    }
}
