// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice The revealed votes of a round in one word: 16 bits a seat, the share plus one; zero means not revealed.
type VoteSheet is uint256;

using VoteSheetLib for VoteSheet global;

/// @title Reads and fills a VoteSheet
library VoteSheetLib {
    /// @notice Seats that fit.
    uint256 internal constant MAX_SEATS = 15;

    /// @notice The same sheet with the share of a seat that had none.
    /// @param shareBps At most 10,000.
    function with(VoteSheet self, uint256 seat, uint16 shareBps) internal pure returns (VoteSheet) {
        return VoteSheet.wrap(VoteSheet.unwrap(self) | (uint256(shareBps) + 1) << (seat << 4));
    }

    /// @notice The share of a seat, and whether it was revealed.
    function voteAt(VoteSheet self, uint256 seat) internal pure returns (bool isRevealed, uint16 shareBps) {
        // forge-lint: disable-next-line(unsafe-typecast) the cut to 16 bits is the point
        uint16 entry = uint16(VoteSheet.unwrap(self) >> (seat << 4));
        return entry == 0 ? (false, 0) : (true, entry - 1);
    }

    /// @notice Revealed votes.
    function count(VoteSheet self) internal pure returns (uint256 revealed) {
        for (uint256 word = VoteSheet.unwrap(self); word != 0; word >>= 16) {
            if (word & 0xffff != 0) ++revealed;
        }
    }

    /// @notice The median of the revealed votes, the lower one of two; so it is always somebody's vote.
    /// @dev At least one vote was revealed.
    function median(VoteSheet self) internal pure returns (uint16) {
        uint256[MAX_SEATS] memory sorted;
        uint256 length;
        for (uint256 word = VoteSheet.unwrap(self); word != 0; word >>= 16) {
            uint256 entry = word & 0xffff;
            if (entry == 0) continue;
            uint256 place = length++;
            for (; place != 0 && sorted[place - 1] > entry; --place) {
                sorted[place] = sorted[place - 1];
            }
            sorted[place] = entry;
        }
        // forge-lint: disable-next-line(unsafe-typecast) an entry has 16 bits
        return uint16(sorted[(length - 1) / 2] - 1);
    }
}
