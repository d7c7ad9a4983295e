// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MilestoneDesk} from "../../../../contracts/desks/MilestoneDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IMilestoneDesk} from "../../../../contracts/interfaces/IMilestoneDesk.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Milestones as linked jobs (MK-11, R17).
contract MilestoneTest is MarketTest {
    MilestoneDesk private _desk;

    function setUp() public override {
        super.setUp();
        _desk = new MilestoneDesk(escrow);
        vm.prank(client);
        token.approve(address(_desk), type(uint256).max);
    }

    function test_openPlan__when_the_terms_are_fine__hires_the_first_step_only() public {
        uint256 before = token.balanceOf(client);
        (uint256 planId, uint256 jobId) = _openPlan(false);
        vm.assertEq(escrow.jobCount(), 1, "one job");
        vm.assertEq(before - token.balanceOf(client), 100, "R17: later steps hold no money");
        vm.assertEq(escrow.jobOf(jobId).client, client, "client");
        vm.assertEq(_desk.planOf(planId).lastJobId, jobId, "linked");
    }

    function test_openPlan__when_there_are_no_or_too_many_steps__reverts() public {
        IMilestoneDesk.PlanTerms memory terms = _plan(false);
        terms.steps = new IMilestoneDesk.Step[](0);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_StepsOutOfRange.selector, 0, 32));
        _desk.openPlan(terms);
        terms.steps = new IMilestoneDesk.Step[](33);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_StepsOutOfRange.selector, 33, 32));
        _desk.openPlan(terms);
    }

    function test_advance__given_the_step_before_was_completed__hires_the_next_until_all_are() public {
        (uint256 planId, uint256 jobId) = _openPlan(false);
        for (uint256 i = 1; i < 3; ++i) {
            _complete(jobId);
            vm.expectEmit(true, true, true, true, address(_desk));
            emit IMilestoneDesk.MilestoneHired(planId, i, i + 1);
            vm.prank(client);
            jobId = _desk.advance(planId, _plan(false));
            vm.assertEq(escrow.jobOf(jobId).budget, 100 * (i + 1), "its own budget");
        }
        _complete(jobId);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_AllHired.selector, planId));
        vm.prank(client);
        _desk.advance(planId, _plan(false));
    }

    function test_advance__given_the_step_before_runs_or_failed__reverts() public {
        (uint256 planId, uint256 jobId) = _openPlan(false);
        vm.expectRevert(_notPassed(jobId, IERC8183.JobStatus.Funded));
        vm.prank(client);
        _desk.advance(planId, _plan(false));
        vm.prank(provider);
        escrow.decline(jobId);
        vm.expectRevert(_notPassed(jobId, IERC8183.JobStatus.Rejected));
        vm.prank(client);
        _desk.advance(planId, _plan(false));
    }

    function test_advance__when_a_stranger_calls__works_in_an_automatic_plan_only() public {
        (uint256 planId, uint256 jobId) = _openPlan(false);
        _complete(jobId);
        vm.expectRevert(
            abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_NotClient.selector, stranger, client)
        );
        vm.prank(stranger);
        _desk.advance(planId, _plan(false));
        (planId, jobId) = _openPlan(true);
        _complete(jobId);
        vm.prank(stranger);
        jobId = _desk.advance(planId, _plan(true));
        vm.assertEq(escrow.jobOf(jobId).client, client, "S4: still the client's job");
    }

    function test_advance__when_the_terms_differ_from_the_opened__reverts() public {
        (uint256 planId, uint256 jobId) = _openPlan(true);
        _complete(jobId);
        IMilestoneDesk.PlanTerms memory terms = _plan(true);
        terms.steps[1].budget += 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                IMilestoneDesk.MilestoneDesk_TermsDiffer.selector,
                keccak256(abi.encode(terms)),
                keccak256(abi.encode(_plan(true)))
            )
        );
        vm.prank(stranger);
        _desk.advance(planId, terms);
    }

    function test_stopPlan__when_it_was_stopped_or_never_opened__reverts() public {
        (uint256 planId,) = _openPlan(false);
        vm.startPrank(client);
        _desk.stopPlan(planId);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_Stopped.selector, planId));
        _desk.stopPlan(planId);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_UnknownPlan.selector, 99));
        _desk.stopPlan(99);
        vm.stopPrank();
    }

    function test_stopPlan__when_the_client_stops__no_further_step_is_hired() public {
        (uint256 planId, uint256 jobId) = _openPlan(true);
        vm.expectRevert(
            abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_NotClient.selector, stranger, client)
        );
        vm.prank(stranger);
        _desk.stopPlan(planId);
        vm.prank(client);
        _desk.stopPlan(planId);
        _complete(jobId);
        vm.expectRevert(abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_Stopped.selector, planId));
        _desk.advance(planId, _plan(true));
    }

    function _plan(bool isAutomatic) private view returns (IMilestoneDesk.PlanTerms memory terms) {
        terms.provider = provider;
        terms.policyId = policyId;
        terms.isAutomatic = isAutomatic;
        terms.steps = new IMilestoneDesk.Step[](3);
        for (uint96 i = 0; i < 3; ++i) {
            terms.steps[i] = IMilestoneDesk.Step(100 * (i + 1), WORK_SECONDS, "ipfs://step");
        }
    }

    function _openPlan(bool isAutomatic) private returns (uint256 planId, uint256 jobId) {
        vm.prank(client);
        return _desk.openPlan(_plan(isAutomatic));
    }

    function _complete(uint256 jobId) private {
        _submit(jobId);
        vm.prank(client);
        escrow.accept(jobId);
    }

    function _notPassed(uint256 jobId, IERC8183.JobStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMilestoneDesk.MilestoneDesk_NotPassed.selector, jobId, status);
    }
}
