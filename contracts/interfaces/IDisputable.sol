// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IJobEscrow} from "./IJobEscrow.sol";

/// @title What the oracle lets its desk of disputes do: freeze a job within its window, and end what it froze
interface IDisputable {
    /// @dev A job at the moment at which it was frozen.
    struct Frozen {
        IJobEscrow.JobView job;
        bool isPosted;
        /// @dev The row's time for the court.
        uint32 courtSeconds;
    }

    error ResultOracle_NotDesk(address caller);
    error ResultOracle_NotDisputable(uint256 jobId, uint256 nowSeconds, uint256 opensAt, uint256 closesAt);
    error ResultOracle_AlreadyDisputed(uint256 jobId);
    error ResultOracle_NotDisputed(uint256 jobId);
    error ResultOracle_DeskIsZero();

    /// @notice The desk freezes a submitted house job: from its verdict, or the end of the verdict window without one,
    /// for the review window (R5). Once a job, for good: only {endDisputed} and the parties together end it.
    function freeze(uint256 jobId) external returns (Frozen memory);

    /// @notice The desk ends a frozen job by {IJobEscrow-split}.
    /// @param hasOverturned The posted verdict was wrong; kept for {isOverturned}.
    function endDisputed(uint256 jobId, uint96 providerAmount, bytes32 reason, bool hasOverturned) external;

    /// @notice What a job would come to without a dispute.
    function standingOf(uint256 jobId) external view returns (bool isPosted, bool isPassed);

    /// @notice True if the job was disputed, also after its end.
    function isDisputed(uint256 jobId) external view returns (bool);

    /// @notice True if the court has overturned the posted verdict of the job.
    function isOverturned(uint256 jobId) external view returns (bool);

    /// @notice True for the client, the provider, the oracle and its reporters.
    function isTied(uint256 jobId, address account) external view returns (bool);
}
