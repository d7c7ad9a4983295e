// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice The part of a policy that every job needs, in memory.
struct RowTerms {
    /// @dev Zero if the row does not exist.
    address token;
    /// @dev verdict + review + court + grace
    uint32 tailSeconds;
    uint16 feeBps;
    uint16 poolShareBps;
    uint8 passMark;
    /// @dev The evaluator is the house's oracle.
    bool isHouse;
    /// @dev Takes no new money.
    bool isRetired;
    bool isLedgerOnly;
    bool isHooked;
}

/// @notice A policy in storage. A house job reads slot 0 alone on its way in and out.
struct PolicyRow {
    // slot 0, from the lowest bit: token 160, tail 32, fee 16, pool share 16, pass mark 8, then four flags of 1 bit:
    // house, retired, ledger only, hooked
    uint256 terms;
    // slot 1
    address evaluator;
    uint32 verdictSeconds;
    uint32 reviewSeconds;
    uint32 courtSeconds;
    // slot 2, read only if the flag says so
    address hook;
}

using PolicyRowLib for PolicyRow global;

/// @title Packs and unpacks the first slot of a policy row
library PolicyRowLib {
    uint256 private constant HOUSE = 1 << 232;
    uint256 private constant RETIRED = 1 << 233;
    uint256 private constant LEDGER_ONLY = 1 << 234;
    uint256 private constant HOOKED = 1 << 235;

    function loadTerms(PolicyRow storage self) internal view returns (RowTerms memory terms) {
        uint256 word = self.terms;
        terms.token = address(uint160(word));
        terms.tailSeconds = uint32(word >> 160);
        terms.feeBps = uint16(word >> 192);
        terms.poolShareBps = uint16(word >> 208);
        terms.passMark = uint8(word >> 224);
        terms.isHouse = word & HOUSE != 0;
        terms.isRetired = word & RETIRED != 0;
        terms.isLedgerOnly = word & LEDGER_ONLY != 0;
        terms.isHooked = word & HOOKED != 0;
    }

    function storeTerms(PolicyRow storage self, RowTerms memory terms) internal {
        self.terms = uint256(uint160(terms.token)) | (uint256(terms.tailSeconds) << 160)
            | (uint256(terms.feeBps) << 192) | (uint256(terms.poolShareBps) << 208)
            | (uint256(terms.passMark) << 224) | (terms.isHouse ? HOUSE : 0) | (terms.isRetired ? RETIRED : 0)
            | (terms.isLedgerOnly ? LEDGER_ONLY : 0) | (terms.isHooked ? HOOKED : 0);
    }
}
