// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @title Token holders decide, the time-lock executes
/// @notice Weight is the token's delegated votes at the snapshot, strictly before voting starts. Votes come by call, with
/// a reason, or by signature. What passed waits in the {TimelockController} and lapses if nobody executes it within
/// LAPSE_SECONDS after it became ready: an old decision does not wait for the moment in which it hurts.
///
/// What the time-lock owns it governs within the constants of the owned contract: announced fees up to 10 %, tokens and
/// hooks for rows to come, lists of claims. What it can never do: move money of a job, a channel, a purse or a
/// split, change a row or an agreement that exists, pause a payment. No contract with money has such a function.
///
/// SAFETY assumes: proposer and canceller of the time-lock is this contract alone, and so is its executor.
/// LIVENESS assumes: enough votes are delegated to reach the quorum.
contract AitbcGovernor is
    Governor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl
{
    /// @notice How long a decision stays executable after its delay.
    uint256 public constant LAPSE_SECONDS = 14 days;

    /// @param votingDelaySeconds Between proposal and snapshot, at least 1: stake taken in the block of the proposal is
    /// counted, stake taken when voting starts is not.
    /// @param votingPeriodSeconds Length of the vote.
    /// @param threshold Votes that a proposer needs, smallest units.
    /// @param quorumPercent Of the supply at the snapshot, counted in For and Abstain.
    constructor(
        IVotes token,
        TimelockController timelock,
        uint48 votingDelaySeconds,
        uint32 votingPeriodSeconds,
        uint256 threshold,
        uint256 quorumPercent
    )
        Governor("AITBC Governor")
        GovernorSettings(votingDelaySeconds, votingPeriodSeconds, threshold)
        GovernorVotes(token)
        GovernorVotesQuorumFraction(quorumPercent)
        GovernorTimelockControl(timelock)
    {}

    /// @notice The standard's states; a queued proposal whose time has passed is Expired.
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        ProposalState current = super.state(proposalId);
        bool hasLapsed = block.timestamp > proposalEta(proposalId) + LAPSE_SECONDS;
        return current == ProposalState.Queued && hasLapsed ? ProposalState.Expired : current;
    }

    /// @notice Votes that a proposer needs.
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @notice True: every decision waits in the time-lock.
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
