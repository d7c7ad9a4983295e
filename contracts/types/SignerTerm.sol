// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice An epoch of the reporters in one slot, from the lowest bit: the account whose code is the set (160 bits),
/// first second (32), first second of the next epoch or zero (32), size of the set (8), quorum (8). Zero means that
/// the epoch never was.
type SignerTerm is uint256;

using SignerTermLib for SignerTerm global;

/// @title Reads and makes a SignerTerm
library SignerTermLib {
    // forge-lint: disable-start(unsafe-typecast) the cuts to the lowest bits are the point

    function pack(
        address members_,
        uint256 startsAt_,
        uint256 size_,
        uint256 quorum_
    ) internal pure returns (SignerTerm) {
        assert(startsAt_ <= type(uint32).max && size_ <= type(uint8).max && quorum_ <= type(uint8).max);
        return
            SignerTerm.wrap(
                uint256(uint160(members_)) | (startsAt_ << 160) | (size_ << 224) | (quorum_ << 232)
            );
    }

    /// @notice The same term, ended.
    function endedAt(SignerTerm term, uint256 endsAt_) internal pure returns (SignerTerm) {
        assert(endsAt_ <= type(uint32).max);
        return SignerTerm.wrap(SignerTerm.unwrap(term) | (endsAt_ << 192));
    }

    function exists(SignerTerm term) internal pure returns (bool) {
        return SignerTerm.unwrap(term) != 0;
    }

    function members(SignerTerm term) internal pure returns (address) {
        return address(uint160(SignerTerm.unwrap(term)));
    }

    function startsAt(SignerTerm term) internal pure returns (uint32) {
        return uint32(SignerTerm.unwrap(term) >> 160);
    }

    function endsAt(SignerTerm term) internal pure returns (uint32) {
        return uint32(SignerTerm.unwrap(term) >> 192);
    }

    function size(SignerTerm term) internal pure returns (uint8) {
        return uint8(SignerTerm.unwrap(term) >> 224);
    }

    function quorum(SignerTerm term) internal pure returns (uint8) {
        return uint8(SignerTerm.unwrap(term) >> 232);
    }

    // forge-lint: disable-end(unsafe-typecast)

    /// @notice True if this epoch's set judges what was submitted then.
    function isJudgeOf(SignerTerm term, uint32 submittedAt) internal pure returns (bool) {
        uint32 end = term.endsAt();
        return term.exists() && submittedAt >= term.startsAt() && (end == 0 || submittedAt < end);
    }
}
