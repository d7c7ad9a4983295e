// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IMilestoneDesk} from "../interfaces/IMilestoneDesk.sol";
import {HiringDesk} from "./HiringDesk.sol";

/// @title Milestones as linked jobs (R17)
/// @dev Promises and assumptions are in {IMilestoneDesk}. A plan is kept as the hash of its terms; every call brings
/// the terms along.
contract MilestoneDesk is IMilestoneDesk, HiringDesk {
    uint256 public constant MAX_STEPS = 32;

    /// @inheritdoc IMilestoneDesk
    uint256 public planCount;
    mapping(uint256 planId => Plan) private _plans;

    constructor(IJobEscrow escrow) HiringDesk(escrow) {}

    /// @inheritdoc IMilestoneDesk
    function planOf(uint256 planId) external view returns (Plan memory) {
        return _planNamed(planId);
    }

    /// @inheritdoc IMilestoneDesk
    function openPlan(PlanTerms calldata terms)
        external
        nonReentrant
        returns (uint256 planId, uint256 jobId)
    {
        // Check
        if (terms.steps.length == 0 || terms.steps.length > MAX_STEPS) {
            revert MilestoneDesk_StepsOutOfRange(terms.steps.length, MAX_STEPS);
        }
        // Effect
        planId = ++planCount;
        Plan storage plan = _plans[planId];
        plan.client = msg.sender;
        plan.termsHash = keccak256(abi.encode(terms));
        // Event
        emit PlanOpened(planId, msg.sender, terms.provider, terms);
        // Interaction
        jobId = _hireNext(planId, plan, terms);
    }

    /// @inheritdoc IMilestoneDesk
    function advance(uint256 planId, PlanTerms calldata terms) external nonReentrant returns (uint256 jobId) {
        // Check
        Plan storage plan = _planNamed(planId);
        bytes32 termsHash = keccak256(abi.encode(terms));
        if (termsHash != plan.termsHash) revert MilestoneDesk_TermsDiffer(termsHash, plan.termsHash);
        if (!terms.isAutomatic && msg.sender != plan.client) {
            revert MilestoneDesk_NotClient(msg.sender, plan.client);
        }
        if (plan.isStopped) revert MilestoneDesk_Stopped(planId);
        if (plan.stepsHired == terms.steps.length) revert MilestoneDesk_AllHired(planId);
        IERC8183.JobStatus status = ESCROW.jobOf(plan.lastJobId).status;
        if (status != IERC8183.JobStatus.Completed) revert MilestoneDesk_NotPassed(plan.lastJobId, status);
        // Interaction
        jobId = _hireNext(planId, plan, terms);
    }

    /// @inheritdoc IMilestoneDesk
    function stopPlan(uint256 planId) external {
        // Check
        Plan storage plan = _planNamed(planId);
        if (msg.sender != plan.client) revert MilestoneDesk_NotClient(msg.sender, plan.client);
        if (plan.isStopped) revert MilestoneDesk_Stopped(planId);
        // Effect
        plan.isStopped = true;
        // Event
        emit PlanStopped(planId);
    }

    /// @dev Under the lock: a step cannot be hired twice.
    function _hireNext(
        uint256 planId,
        Plan storage plan,
        PlanTerms calldata terms
    ) private returns (uint256 jobId) {
        uint256 index = plan.stepsHired;
        Step calldata step = terms.steps[index];
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) at most MAX_STEPS
        plan.stepsHired = uint8(index + 1);
        // Interaction
        jobId = _hireFor({
            client: plan.client,
            terms: IJobEscrow.HireTerms({
                provider: terms.provider,
                policyId: terms.policyId,
                budget: step.budget,
                expiredAt: _expiredAt(terms.policyId, step.workSeconds),
                agentId: terms.agentId,
                listingId: terms.listingId,
                description: step.description
            })
        });
        // Effect and event, with the number that only the escrow knows
        plan.lastJobId = jobId;
        emit MilestoneHired(planId, index, jobId);
    }

    function _planNamed(uint256 planId) private view returns (Plan storage plan) {
        plan = _plans[planId];
        if (plan.client == address(0)) revert MilestoneDesk_UnknownPlan(planId);
    }
}
