// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title What the reporters' stake asks of the court
interface IRulings {
    /// @notice True if the court has overturned the posted verdict of the job.
    function isOverturned(uint256 jobId) external view returns (bool);
}
