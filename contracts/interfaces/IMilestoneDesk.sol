// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC8183} from "./IERC8183.sol";
import {IHiringDesk} from "./IHiringDesk.sol";

/// @title Milestones as linked jobs (R17)
/// @notice Each milestone is a job of its own, with its own money, verdict and end. The desk links them: the next one is
/// hired only after the one before was completed. Opening a plan hires its first milestone.
///
/// Money is taken milestone by milestone, from the client's allowance to this desk. In an *automatic* plan anybody may
/// hire the next milestone, so that the provider need not wait for the client; the client agreed to exactly these
/// steps when it opened the plan, and ends it by {stopPlan} or by taking the allowance back.
interface IMilestoneDesk is IHiringDesk {
    struct Step {
        /// @dev Smallest units of the row's token.
        uint96 budget;
        /// @dev From the hire of this step to its delivery.
        uint32 workSeconds;
        /// @dev "ipfs://<cid>" of the step's request document.
        string description;
    }

    struct PlanTerms {
        address provider;
        uint32 policyId;
        uint256 agentId;
        /// @dev Zero for none.
        uint256 listingId;
        /// @dev Anybody may hire the next step once the one before is completed.
        bool isAutomatic;
        /// @dev 1 to 32.
        Step[] steps;
    }

    struct Plan {
        address client;
        uint8 stepsHired;
        bool isStopped;
        uint256 lastJobId;
        /// @dev keccak256(abi.encode(terms)).
        bytes32 termsHash;
    }

    event PlanOpened(
        uint256 indexed planId, address indexed client, address indexed provider, PlanTerms terms
    );
    /// @param index From 0.
    event MilestoneHired(uint256 indexed planId, uint256 indexed index, uint256 indexed jobId);
    event PlanStopped(uint256 indexed planId);

    error MilestoneDesk_UnknownPlan(uint256 planId);
    error MilestoneDesk_StepsOutOfRange(uint256 steps, uint256 max);
    error MilestoneDesk_TermsDiffer(bytes32 given, bytes32 opened);
    error MilestoneDesk_NotClient(address caller, address client);
    error MilestoneDesk_Stopped(uint256 planId);
    error MilestoneDesk_AllHired(uint256 planId);
    error MilestoneDesk_NotPassed(uint256 jobId, IERC8183.JobStatus status);

    /// @notice Opens a plan and hires its first milestone.
    /// @return planId The first is 1.
    function openPlan(PlanTerms calldata terms) external returns (uint256 planId, uint256 jobId);

    /// @notice Hires the next milestone. The client; anybody in an automatic plan.
    /// @param terms The same that opened the plan.
    function advance(uint256 planId, PlanTerms calldata terms) external returns (uint256 jobId);

    /// @notice The client hires no further milestone. A running one goes on.
    function stopPlan(uint256 planId) external;

    /// @notice The plan; reverts if it never existed.
    function planOf(uint256 planId) external view returns (Plan memory);

    /// @notice Number of plans ever opened; ids run from 1 to this.
    function planCount() external view returns (uint256);
}
