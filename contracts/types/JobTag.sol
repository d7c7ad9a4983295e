// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IERC8183} from "../interfaces/IERC8183.sol";

/// @notice The last 32 bits of a job's first slot: policy id (28 bits), status (3 bits), hooked (1 bit).
type JobTag is uint32;

using JobTagLib for JobTag global;

/// @title Reads and changes a JobTag
library JobTagLib {
    /// @notice Largest policy id that fits.
    uint32 internal constant MAX_POLICY_ID = (1 << 28) - 1;

    function pack(uint32 policyId_, IERC8183.JobStatus status_, bool isHooked_) internal pure returns (JobTag) {
        return JobTag.wrap((policyId_ << 4) | (uint32(status_) << 1) | (isHooked_ ? 1 : 0));
    }

    function policyId(JobTag tag) internal pure returns (uint32) {
        return JobTag.unwrap(tag) >> 4;
    }

    function status(JobTag tag) internal pure returns (IERC8183.JobStatus) {
        return IERC8183.JobStatus((JobTag.unwrap(tag) >> 1) & 7);
    }

    function isHooked(JobTag tag) internal pure returns (bool) {
        return JobTag.unwrap(tag) & 1 == 1;
    }

    function withStatus(JobTag tag, IERC8183.JobStatus newStatus) internal pure returns (JobTag) {
        return JobTag.wrap((JobTag.unwrap(tag) & ~uint32(14)) | (uint32(newStatus) << 1));
    }
}
