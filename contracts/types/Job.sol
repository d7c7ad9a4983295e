// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IERC8183} from "../interfaces/IERC8183.sol";

/// @notice A job in memory. `expiredAt` is `workBy` plus the tail of its policy row.
struct Job {
    address client;
    /// @dev Unix seconds; the last in which the provider may submit.
    uint32 workBy;
    /// @dev Unix seconds, zero before.
    uint32 submittedAt;
    /// @dev Below 2^28.
    uint32 policyId;
    IERC8183.JobStatus status;
    bool isHooked;
    address provider;
    /// @dev Smallest units of the row's token.
    uint96 budget;
}

/// @notice A job in storage: two slots, written by hand so that each takes one write.
struct JobSlots {
    // slot A, from the lowest bit: client 160, workBy 32, submittedAt 32, isHooked 1, status 3, policyId 28
    uint256 state;
    // slot B, from the lowest bit: provider 160, budget 96
    uint256 terms;
}

using JobSlotsLib for JobSlots global;

/// @title Packs and unpacks jobs
library JobSlotsLib {
    /// @notice Largest policy id that fits.
    uint32 internal constant MAX_POLICY_ID = (1 << 28) - 1;

    /// @notice Both slots; a job that never existed has a zero client.
    function load(JobSlots storage self) internal view returns (Job memory job) {
        loadStateInto(self, job);
        uint256 terms = self.terms;
        job.provider = address(uint160(terms));
        job.budget = uint96(terms >> 160);
    }

    /// @notice Slot A alone; provider and budget stay zero.
    function loadState(JobSlots storage self) internal view returns (Job memory job) {
        loadStateInto(self, job);
    }

    /// @notice Writes client, times, policy, status and hook bit.
    function storeState(JobSlots storage self, Job memory job) internal {
        self.state = uint256(uint160(job.client)) | (uint256(job.workBy) << 160)
            | (uint256(job.submittedAt) << 192) | ((job.isHooked ? uint256(1) : 0) << 224)
            | (uint256(job.status) << 225) | (uint256(job.policyId) << 228);
    }

    /// @notice Writes provider and budget.
    function storeTerms(JobSlots storage self, Job memory job) internal {
        self.terms = uint256(uint160(job.provider)) | (uint256(job.budget) << 160);
    }

    function loadStateInto(JobSlots storage self, Job memory job) private view {
        uint256 state = self.state;
        job.client = address(uint160(state));
        job.workBy = uint32(state >> 160);
        job.submittedAt = uint32(state >> 192);
        job.isHooked = (state >> 224) & 1 == 1;
        job.status = IERC8183.JobStatus((state >> 225) & 7);
        job.policyId = uint32(state >> 228);
    }
}
