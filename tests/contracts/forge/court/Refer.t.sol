// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputeDesk} from "../../../../contracts/interfaces/IDisputeDesk.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @dev The way to the court: once, in time, paid from the bond; and who may not judge (O4).
contract ReferTest is DisputeTest {
    function test_O4_refer__when_called_twice__the_second_reverts() public {
        uint256 jobId = _referred();
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_AlreadyReferred.selector, jobId));
        desk.refer(jobId);
    }

    function test_O4_refer__given_less_than_the_courts_longest_case_is_left__reverts_as_too_late() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        uint256 latest = uint256(desk.disputeOf(jobId).ruleBy) - LONGEST_SECONDS;
        vm.warp(latest + 1);
        vm.expectRevert(_fault(IDisputeDesk.DisputeDesk_TooLate.selector, latest + 1, latest));
        desk.refer(jobId);
        vm.warp(latest);
        desk.refer(jobId);
    }

    function test_O4_refer__given_the_court_has_become_dearer_than_the_bond__reverts_with_both() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        arbitrator.setCost(2 * TENTH + 1);
        vm.expectRevert(_fault(IDisputeDesk.DisputeDesk_CostAboveBond.selector, 2 * TENTH + 1, 2 * TENTH));
        desk.refer(jobId);
    }

    function test_O4_refer__given_the_job_was_accepted__reverts_as_nothing_to_judge() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        vm.prank(client);
        escrow.accept(jobId);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_NotSubmitted.selector, jobId));
        desk.refer(jobId);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_NotSubmitted.selector, jobId));
        vm.prank(provider);
        desk.counterBond(jobId);
    }

    function test_O4_refer__when_it_goes_to_court__the_court_is_paid_and_knows_the_job() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        vm.expectEmit(true, true, true, true, address(desk));
        emit IDisputeDesk.DisputeReferred(jobId, address(arbitrator), 1, COST);
        desk.refer(jobId);
        (address arbitrable, uint256 subject, address paidIn,,) = arbitrator.asked(1);
        vm.assertEq(arbitrable, address(desk), "the desk asks");
        vm.assertEq(subject, jobId, "the job");
        vm.assertEq(paidIn, address(token), "the job's token");
        vm.assertEq(token.balanceOf(address(arbitrator)), COST, "paid");
        vm.assertEq(desk.disputeOf(jobId).fee, COST, "noted");
    }

    function test_O4_refer__given_parties_and_reporters__they_may_not_judge() public {
        uint256 jobId = _referred();
        address[4] memory tied = [client, provider, address(oracle), reporterSet[2]];
        for (uint256 i = 0; i < tied.length; ++i) {
            vm.assertTrue(desk.isConflicted(jobId, tied[i], ""), "O4: a stake in the outcome");
        }
        vm.assertFalse(desk.isConflicted(jobId, stranger, ""), "a stranger may");
    }

    function test_O4_refer__given_evidence_of_an_agents_owner__the_owner_may_not_judge() public {
        address agentsOwner = address(0xA6E);
        vm.prank(provider);
        uint256 agentId = registry.register("ipfs://agent");
        vm.prank(provider);
        registry.setApprovalForAll(agentsOwner, true);
        vm.prank(stranger);
        uint256 foreign = registry.register("ipfs://other");
        uint256 jobId = _referred();
        vm.assertFalse(desk.isConflicted(jobId, agentsOwner, ""), "not known without evidence");
        vm.assertTrue(desk.isConflicted(jobId, agentsOwner, abi.encode(agentId)), "O4: acts for the agent");
        vm.assertFalse(desk.isConflicted(jobId, stranger, abi.encode(agentId)), "does not");
        vm.assertFalse(desk.isConflicted(jobId, stranger, abi.encode(foreign)), "another agent's owner");
    }

    function test_O4_refer__when_a_counter_bond_is_put_up__only_the_other_party_may_and_only_once() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        address[2] memory others = [client, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_NotParty.selector, others[i]));
            vm.prank(others[i]);
            desk.counterBond(jobId);
        }
        vm.expectEmit(true, true, true, true, address(desk));
        emit IDisputeDesk.DisputeCountered(jobId, provider, 2 * TENTH);
        vm.startPrank(provider);
        desk.counterBond(jobId);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_AlreadyCountered.selector, jobId));
        desk.counterBond(jobId);
        vm.stopPrank();
    }
}
