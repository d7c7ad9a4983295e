// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VerdictLane, VerdictLaneLib} from "../../../../contracts/types/VerdictLane.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @title Lanes of verdicts, for every job and every word: one lane is written once and no neighbour moves
contract VerdictsSymbolic is SymbolicTest {
    using VerdictLaneLib for mapping(uint256 word => uint256);

    mapping(uint256 word => uint256) private _lanes;

    function check_lane__whatever_goes_in__comes_out(uint8 score, uint32 delay) external pure {
        vm.assume(score <= 100 && delay <= 30 days);
        VerdictLane lane = VerdictLaneLib.pack(score, delay);
        assert(lane.isPosted() && lane.score() == score && lane.delaySeconds() == delay);
    }

    /// @dev INV-ORA-03, and no job reads another's verdict.
    function check_fill__whatever_stood_there__changes_one_empty_lane_alone(
        uint256 word,
        uint256 jobId,
        uint256 other,
        uint8 score,
        uint32 delay
    ) external {
        vm.assume(score <= 100 && delay <= 30 days && other != jobId);
        _lanes[jobId >> 3] = word;
        uint32 before = VerdictLane.unwrap(_lanes.laneOf(jobId));
        uint32 neighbour = VerdictLane.unwrap(_lanes.laneOf(other));
        VerdictLane lane = VerdictLaneLib.pack(score, delay);
        bool wasEmpty = _lanes.tryFillLane(jobId, lane);
        assert(wasEmpty == (before == 0));
        assert(VerdictLane.unwrap(_lanes.laneOf(jobId)) == (wasEmpty ? VerdictLane.unwrap(lane) : before));
        assert(VerdictLane.unwrap(_lanes.laneOf(other)) == neighbour);
        assert(!_lanes.tryFillLane(jobId, lane));
    }
}
