// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice One feedback in one slot, from the lowest bit: value 128 (two's complement), decimals 5, revoked 1, failed 1,
/// tag1 28, tag2 28, epoch 24, weight 40, job 1. Zero means that it was never given: tags may be empty and values
/// zero, so the registry counts indices instead of looking for zero.
type FeedbackEntry is uint256;

/// @notice A FeedbackEntry in memory.
struct Feedback {
    int128 value;
    uint8 valueDecimals;
    bool isRevoked;
    /// @dev The job was rejected after its submission.
    bool isFailure;
    /// @dev Below 2^28, zero for the empty tag.
    uint32 tag1Id;
    uint32 tag2Id;
    /// @dev Below 2^24.
    uint32 epoch;
    /// @dev Weight units, below 2^40.
    uint64 weight;
    bool isJobBacked;
}

using FeedbackEntryLib for FeedbackEntry global;
using FeedbackEntryLib for Feedback global;

/// @title Packs and unpacks a FeedbackEntry
library FeedbackEntryLib {
    uint256 internal constant MAX_TAG_ID = (1 << 28) - 1;
    uint256 internal constant MAX_EPOCH = (1 << 24) - 1;
    uint256 internal constant MAX_WEIGHT = (1 << 40) - 1;
    uint256 private constant REVOKED = 1 << 133;

    /// @dev The caller keeps every field within its width.
    function pack(Feedback memory self) internal pure returns (FeedbackEntry) {
        return FeedbackEntry.wrap(
            uint256(uint128(self.value)) | (uint256(self.valueDecimals) << 128)
                | (self.isRevoked ? REVOKED : 0) | ((self.isFailure ? uint256(1) : 0) << 134)
                | (uint256(self.tag1Id) << 135) | (uint256(self.tag2Id) << 163) | (uint256(self.epoch) << 191)
                | (uint256(self.weight) << 215) | ((self.isJobBacked ? uint256(1) : 0) << 255)
        );
    }

    function unpack(FeedbackEntry entry) internal pure returns (Feedback memory self) {
        uint256 word = FeedbackEntry.unwrap(entry);
        self.value = int128(uint128(word));
        self.valueDecimals = uint8((word >> 128) & 31);
        self.isRevoked = word & REVOKED != 0;
        self.isFailure = (word >> 134) & 1 == 1;
        self.tag1Id = uint32((word >> 135) & MAX_TAG_ID);
        self.tag2Id = uint32((word >> 163) & MAX_TAG_ID);
        self.epoch = uint32((word >> 191) & MAX_EPOCH);
        self.weight = uint64((word >> 215) & MAX_WEIGHT);
        self.isJobBacked = word >> 255 == 1;
    }

    /// @notice The same entry, taken back.
    function revoked(FeedbackEntry entry) internal pure returns (FeedbackEntry) {
        return FeedbackEntry.wrap(FeedbackEntry.unwrap(entry) | REVOKED);
    }
}
