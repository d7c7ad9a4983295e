// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IERC8183} from "../interfaces/IERC8183.sol";

/// @notice A job: two words, the same in storage and in memory, packed by hand so that each takes one read and one
/// write. A job that never existed has a zero client. `expiredAt` is `workBy` plus the tail of its policy row.
struct Job {
    // from the lowest bit: client 160, workBy 32, submittedAt 32, isHooked 1, status 3, policyId 28
    uint256 state;
    // from the lowest bit: provider 160, budget 96
    uint256 terms;
}

using JobLib for Job global;

/// @title Reads and packs the words of a job
library JobLib {
    /// @notice Largest policy id that fits.
    uint32 internal constant MAX_POLICY_ID = (1 << 28) - 1;
    uint256 private constant WORK_BY_AT = 160;
    uint256 private constant SUBMITTED_AT = 192;
    uint256 private constant HOOKED = 1 << 224;
    uint256 private constant STATUS_AT = 225;
    uint256 private constant STATUS_MASK = 7 << STATUS_AT;
    uint256 private constant SUBMITTED = uint256(IERC8183.JobStatus.Submitted) << STATUS_AT;
    uint256 private constant POLICY_AT = 228;
    uint256 private constant BUDGET_AT = 160;

    /* ---------- making ---------- */

    /// @notice The first word of a new job, not submitted.
    /// @param workBy_ Unix seconds; the last in which the provider may submit.
    /// @param policyId_ At most MAX_POLICY_ID.
    function packState(
        address client_,
        uint32 workBy_,
        uint32 policyId_,
        IERC8183.JobStatus status_,
        bool isHooked_
    ) internal pure returns (uint256) {
        return uint256(uint160(client_)) | (uint256(workBy_) << WORK_BY_AT) | (isHooked_ ? HOOKED : 0)
            | (uint256(status_) << STATUS_AT) | (uint256(policyId_) << POLICY_AT);
    }

    /// @notice The second word.
    /// @param budget_ Smallest units of the row's token.
    function packTerms(address provider_, uint96 budget_) internal pure returns (uint256) {
        return uint256(uint160(provider_)) | (uint256(budget_) << BUDGET_AT);
    }

    /// @notice Changes the status in memory.
    function setStatus(Job memory self, IERC8183.JobStatus status_) internal pure {
        self.state = (self.state & ~STATUS_MASK) | (uint256(status_) << STATUS_AT);
    }

    /// @notice Changes a funded job in memory to submitted, at a time in Unix seconds.
    function setSubmitted(Job memory self, uint32 submittedAt_) internal pure {
        self.state = (self.state & ~STATUS_MASK) | (uint256(submittedAt_) << SUBMITTED_AT) | SUBMITTED;
    }

    /// @notice Forgets in memory that a submitted job was submitted; its status is for the caller to set.
    function clearSubmitted(Job memory self) internal pure {
        self.state &= ~(uint256(type(uint32).max) << SUBMITTED_AT);
    }

    /* ---------- reading ---------- */

    function client(Job memory self) internal pure returns (address) {
        return address(uint160(self.state));
    }

    /// @notice Unix seconds; the last in which the provider may submit.
    function workBy(Job memory self) internal pure returns (uint32) {
        return uint32(self.state >> WORK_BY_AT);
    }

    /// @notice Unix seconds, zero before.
    function submittedAt(Job memory self) internal pure returns (uint32) {
        return uint32(self.state >> SUBMITTED_AT);
    }

    function isHooked(Job memory self) internal pure returns (bool) {
        return self.state & HOOKED != 0;
    }

    function status(Job memory self) internal pure returns (IERC8183.JobStatus) {
        return IERC8183.JobStatus((self.state & STATUS_MASK) >> STATUS_AT);
    }

    function policyId(Job memory self) internal pure returns (uint32) {
        return uint32(self.state >> POLICY_AT);
    }

    function provider(Job memory self) internal pure returns (address) {
        return address(uint160(self.terms));
    }

    /// @notice Smallest units of the row's token.
    function budget(Job memory self) internal pure returns (uint96) {
        return uint96(self.terms >> BUDGET_AT);
    }
}
