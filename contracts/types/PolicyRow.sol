// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice The part of a policy that every job needs, in one word. From the lowest bit: token 160, tail 32, fee 16,
/// pool share 16, pass mark 8, then four flags of 1 bit: house, retired, ledger only, hooked.
type RowTerms is uint256;

/// @notice A policy in storage. A house job reads slot 0 alone on its way in and out.
struct PolicyRow {
    // slot 0; no token: the row does not exist
    RowTerms terms;
    // slot 1
    address evaluator;
    uint32 verdictSeconds;
    uint32 reviewSeconds;
    uint32 courtSeconds;
    // slot 2, read only if the flag says so
    address hook;
}

using RowTermsLib for RowTerms global;

/// @title Packs and reads the first slot of a policy row
library RowTermsLib {
    uint256 private constant TAIL_AT = 160;
    uint256 private constant FEE_AT = 192;
    uint256 private constant POOL_SHARE_AT = 208;
    uint256 private constant PASS_MARK_AT = 224;
    uint256 private constant HOUSE = 1 << 232;
    uint256 private constant RETIRED = 1 << 233;
    uint256 private constant LEDGER_ONLY = 1 << 234;
    uint256 private constant HOOKED = 1 << 235;

    /// @notice Terms that are not retired, with the flags to be added.
    /// @param tailSeconds_ verdict + review + court + grace.
    function pack(
        address token_,
        uint32 tailSeconds_,
        uint16 feeBps_,
        uint16 poolShareBps_,
        uint8 passMark_
    ) internal pure returns (RowTerms) {
        return RowTerms.wrap(
            uint256(uint160(token_)) | (uint256(tailSeconds_) << TAIL_AT) | (uint256(feeBps_) << FEE_AT)
                | (uint256(poolShareBps_) << POOL_SHARE_AT) | (uint256(passMark_) << PASS_MARK_AT)
        );
    }

    /// @notice The same terms with the flags that hold.
    function withFlags(
        RowTerms self,
        bool isHouse_,
        bool isLedgerOnly_,
        bool isHooked_
    ) internal pure returns (RowTerms) {
        return RowTerms.wrap(
            RowTerms.unwrap(self) | (isHouse_ ? HOUSE : 0) | (isLedgerOnly_ ? LEDGER_ONLY : 0)
                | (isHooked_ ? HOOKED : 0)
        );
    }

    /// @notice The same terms, retired.
    function retired(RowTerms self) internal pure returns (RowTerms) {
        return RowTerms.wrap(RowTerms.unwrap(self) | RETIRED);
    }

    /// @notice Zero if the row does not exist.
    function token(RowTerms self) internal pure returns (address) {
        return address(uint160(RowTerms.unwrap(self)));
    }

    /// @notice verdict + review + court + grace
    function tailSeconds(RowTerms self) internal pure returns (uint32) {
        return uint32(RowTerms.unwrap(self) >> TAIL_AT);
    }

    function feeBps(RowTerms self) internal pure returns (uint16) {
        return uint16(RowTerms.unwrap(self) >> FEE_AT);
    }

    function poolShareBps(RowTerms self) internal pure returns (uint16) {
        return uint16(RowTerms.unwrap(self) >> POOL_SHARE_AT);
    }

    function passMark(RowTerms self) internal pure returns (uint8) {
        return uint8(RowTerms.unwrap(self) >> PASS_MARK_AT);
    }

    /// @notice The evaluator is the house's oracle.
    function isHouse(RowTerms self) internal pure returns (bool) {
        return RowTerms.unwrap(self) & HOUSE != 0;
    }

    /// @notice Takes no new money.
    function isRetired(RowTerms self) internal pure returns (bool) {
        return RowTerms.unwrap(self) & RETIRED != 0;
    }

    function isLedgerOnly(RowTerms self) internal pure returns (bool) {
        return RowTerms.unwrap(self) & LEDGER_ONLY != 0;
    }

    function isHooked(RowTerms self) internal pure returns (bool) {
        return RowTerms.unwrap(self) & HOOKED != 0;
    }
}
