// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputeDesk} from "../../../../contracts/interfaces/IDisputeDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {ArbitratorDouble} from "../../../../contracts/mocks/ArbitratorDouble.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @dev What a silent court means, and an arbitrator that misbehaves (R7).
contract SilenceTest is DisputeTest {
    function test_E11_silence__given_a_passing_verdict__it_stands_and_the_bonds_go_back() public {
        uint256 jobId = _referred();
        vm.prank(provider);
        desk.counterBond(jobId);
        (uint256 ofClient, uint256 ofProvider) = (token.balanceOf(client), token.balanceOf(provider));
        _afterCourt(jobId);
        vm.prank(stranger);
        desk.rule(jobId);
        (uint256 paid,,) = _fees(BUDGET);
        vm.assertEq(token.balanceOf(client), ofClient + 2 * TENTH, "R7: the bond is back whole");
        vm.assertEq(token.balanceOf(provider), ofProvider + paid + 2 * TENTH, "R7: the verdict stands");
        _assertNothingLeft();
    }

    function test_E11_silence__given_a_failing_verdict__it_stands_and_the_bond_goes_back() public {
        uint256 jobId = _judged(59);
        _dispute(provider, jobId);
        desk.refer(jobId);
        (uint256 ofClient, uint256 ofProvider) = (token.balanceOf(client), token.balanceOf(provider));
        _afterCourt(jobId);
        desk.rule(jobId);
        vm.assertEq(token.balanceOf(client), ofClient + BUDGET, "R7: refunded");
        vm.assertEq(token.balanceOf(provider), ofProvider + 2 * TENTH, "R7: the bond is back whole");
        vm.assertFalse(oracle.isOverturned(jobId), "nobody decided");
        _assertNothingLeft();
    }

    function test_E11_silence__given_no_verdict__half_each_and_the_bond_goes_back() public {
        uint256 jobId = _submitted();
        vm.warp(block.timestamp + VERDICT_SECONDS);
        _dispute(client, jobId);
        desk.refer(jobId);
        (uint256 ofClient, uint256 ofProvider) = (token.balanceOf(client), token.balanceOf(provider));
        _afterCourt(jobId);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCompleted(jobId, address(oracle), "court-silent");
        desk.rule(jobId);
        (uint256 paid,,) = _fees(BUDGET / 2);
        vm.assertEq(token.balanceOf(provider), ofProvider + paid, "R7: half, rounded down");
        vm.assertEq(token.balanceOf(client), ofClient + BUDGET - BUDGET / 2 + TENTH, "R7: half and the bond");
        _assertNothingLeft();
    }

    function test_E11_silence__given_nobody_referred_it__the_whole_bond_goes_back() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        uint256 ofClient = token.balanceOf(client);
        _afterCourt(jobId);
        desk.rule(jobId);
        vm.assertEq(token.balanceOf(client), ofClient + 2 * TENTH, "R7: no court, no cost");
        vm.assertEq(token.balanceOf(address(arbitrator)), 0, "nothing paid");
        _assertNothingLeft();
    }

    function test_E11_silence__given_the_court_reverts__it_is_silent_and_the_bond_goes_back_less_the_cost()
        public
    {
        _assertSilentAndUnpaid(ArbitratorDouble.Manner.Revert);
    }

    function test_E11_silence__given_the_court_answers_nonsense__it_counts_as_silent() public {
        _assertSilentAndUnpaid(ArbitratorDouble.Manner.Nonsense);
    }

    function test_E11_silence__given_the_court_lies_about_its_refund__only_what_came_is_given_back() public {
        // Another dispute's bond is in the desk: nobody may be paid from it.
        uint256 other = _judged(100);
        _dispute(client, other);
        _assertSilentAndUnpaid(ArbitratorDouble.Manner.Keep);
        vm.assertEq(token.balanceOf(address(desk)), 2 * TENTH, "INV-DIS-01: the other bond is untouched");
    }

    function test_E11_silence__given_the_last_second_of_the_court__silence_does_not_decide_yet() public {
        uint256 jobId = _referred();
        uint256 ruleBy = desk.disputeOf(jobId).ruleBy;
        vm.warp(ruleBy);
        vm.expectRevert(_fault(IDisputeDesk.DisputeDesk_TooEarly.selector, ruleBy, ruleBy + 1));
        desk.rule(jobId);
    }

    function _assertSilentAndUnpaid(ArbitratorDouble.Manner manner) private {
        uint256 jobId = _referred();
        arbitrator.setManner(manner);
        _afterCourt(jobId);
        uint256 ofClient = token.balanceOf(client);
        vm.expectEmit(true, true, true, true, address(desk));
        emit IDisputeDesk.DisputeEnded(jobId, false, 10_000, BUDGET, false);
        desk.rule(jobId);
        vm.assertEq(token.balanceOf(client), ofClient + 2 * TENTH - COST, "what did not come back is lost");
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
    }
}
