// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice A posted verdict in 32 bits, eight jobs a slot: posted (1 bit), score (7 bits), disputed (1 bit), overturned
/// (1 bit), delay (22 bits), the delay being the seconds from submit to post. Zero means that nothing was posted and
/// nothing is disputed.
type VerdictLane is uint32;

using VerdictLaneLib for VerdictLane global;

/// @title Reads and makes a VerdictLane
library VerdictLaneLib {
    uint32 internal constant DISPUTED = 1 << 23;
    uint32 internal constant OVERTURNED = 1 << 22;
    uint32 private constant POSTED = 1 << 31;
    uint32 private constant MAX_DELAY_SECONDS = (1 << 22) - 1;

    /// @param delaySeconds_ At most a verdict window, 30 days, which is below 2^22 seconds.
    function pack(uint8 score_, uint32 delaySeconds_) internal pure returns (VerdictLane) {
        assert(score_ < 128 && delaySeconds_ <= MAX_DELAY_SECONDS);
        return VerdictLane.wrap(POSTED | (uint32(score_) << 24) | delaySeconds_);
    }

    function isPosted(VerdictLane lane) internal pure returns (bool) {
        return VerdictLane.unwrap(lane) & POSTED != 0;
    }

    /// @notice A dispute was opened; it never closes again for {settle}, only the ruling ends the job.
    function isDisputed(VerdictLane lane) internal pure returns (bool) {
        return VerdictLane.unwrap(lane) & DISPUTED != 0;
    }

    /// @notice The court decided against the posted verdict.
    function isOverturned(VerdictLane lane) internal pure returns (bool) {
        return VerdictLane.unwrap(lane) & OVERTURNED != 0;
    }

    function score(VerdictLane lane) internal pure returns (uint8) {
        return uint8((VerdictLane.unwrap(lane) >> 24) & 127);
    }

    function delaySeconds(VerdictLane lane) internal pure returns (uint32) {
        return VerdictLane.unwrap(lane) & MAX_DELAY_SECONDS;
    }

    /// @notice The lane of a job in its word.
    function laneOf(
        mapping(uint256 word => uint256) storage lanes,
        uint256 jobId
    ) internal view returns (VerdictLane) {
        // forge-lint: disable-next-line(unsafe-typecast) the cut to 32 bits is the point
        return VerdictLane.wrap(uint32(lanes[jobId >> 3] >> ((jobId & 7) << 5)));
    }

    /// @notice Writes a lane if it is empty.
    /// @return wasEmpty False if something stands there; it stays as it is.
    function tryFillLane(
        mapping(uint256 word => uint256) storage lanes,
        uint256 jobId,
        VerdictLane lane
    ) internal returns (bool wasEmpty) {
        uint256 word = lanes[jobId >> 3];
        uint256 shift = (jobId & 7) << 5;
        // forge-lint: disable-next-line(unsafe-typecast) the cut to 32 bits is the point
        if (uint32(word >> shift) != 0) return false;
        lanes[jobId >> 3] = word | (uint256(VerdictLane.unwrap(lane)) << shift);
        return true;
    }

    /// @notice Sets {DISPUTED} or {OVERTURNED} in the lane of a job; what stands there stays.
    function mark(mapping(uint256 word => uint256) storage lanes, uint256 jobId, uint32 flag) internal {
        lanes[jobId >> 3] |= uint256(flag) << ((jobId & 7) << 5);
    }
}
