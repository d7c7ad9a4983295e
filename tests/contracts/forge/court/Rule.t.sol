// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputeDesk} from "../../../../contracts/interfaces/IDisputeDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @dev What a ruling does to budget and bonds (E2, E8, R2, R13), with an arbitrator from outside.
contract RuleTest is DisputeTest {
    function test_E8_rule__given_the_last_second_of_everything__the_court_has_its_whole_time_and_the_performer_the_whole_grace()
        public
    {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = courtRow;
        terms.expiredAt += COURT_SECONDS;
        vm.prank(client);
        uint256 jobId = escrow.hire(terms);
        uint256 expiredAt = escrow.jobOf(jobId).expiredAt;
        vm.warp(escrow.jobOf(jobId).workBy);
        _submit(jobId);
        vm.warp(block.timestamp + VERDICT_SECONDS);
        _post(jobId, 0);
        vm.warp(block.timestamp + REVIEW_SECONDS - 1);
        _dispute(provider, jobId);
        uint256 ruleBy = desk.disputeOf(jobId).ruleBy;
        vm.warp(ruleBy - LONGEST_SECONDS);
        desk.refer(jobId);
        vm.warp(ruleBy);
        _giveRuling(jobId, 10_000);
        vm.assertGe(expiredAt, ruleBy + 7 days, "E8: the whole grace");
        vm.warp(expiredAt - 1);
        vm.expectRevert(_fault(IJobEscrow.JobEscrow_TooEarly.selector, expiredAt - 1, expiredAt));
        escrow.claimRefund(jobId);
        uint256 balance = token.balanceOf(provider);
        vm.prank(stranger);
        desk.rule(jobId);
        (uint256 paid,,) = _fees(BUDGET);
        vm.assertEq(
            token.balanceOf(provider),
            balance + paid + 2 * TENTH - COST,
            "E8: pay, and the bond of the winner"
        );
        _assertNothingLeft();
    }

    function test_E8_rule__given_the_court_has_not_ruled__reverts_as_too_early() public {
        uint256 jobId = _referred();
        uint256 earliest = uint256(desk.disputeOf(jobId).ruleBy) + 1;
        vm.expectRevert(_fault(IDisputeDesk.DisputeDesk_TooEarly.selector, block.timestamp, earliest));
        desk.rule(jobId);
    }

    function test_E8_rule__given_the_court_gives_all_to_the_provider__the_provider_takes_the_clients_bond_less_the_cost()
        public
    {
        uint256 jobId = _referred();
        _giveRuling(jobId, 10_000);
        uint256 ofProvider = token.balanceOf(provider);
        vm.expectEmit(true, true, true, true, address(desk));
        emit IDisputeDesk.DisputeEnded(jobId, true, 10_000, BUDGET, false);
        desk.rule(jobId);
        (uint256 paid,,) = _fees(BUDGET);
        vm.assertEq(token.balanceOf(provider), ofProvider + paid + 2 * TENTH - COST, "R13: the loser's bond");
        vm.assertEq(token.balanceOf(address(arbitrator)), COST, "the court is paid once");
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
        _assertNothingLeft();
    }

    function test_E8_rule__given_the_court_gives_all_to_the_client__the_client_gets_budget_and_bond_back_less_the_cost()
        public
    {
        uint256 jobId = _referred();
        uint256 ofClient = token.balanceOf(client);
        _giveRuling(jobId, 0);
        desk.rule(jobId);
        vm.assertEq(token.balanceOf(client), ofClient + BUDGET + 2 * TENTH - COST, "R13: whole but the cost");
        _assertStatus(jobId, IERC8183.JobStatus.Rejected);
        _assertNothingLeft();
    }

    function test_E8_rule__given_the_court_overturns_a_passing_verdict__it_is_kept_for_whoever_asks() public {
        uint256 upheld = _referred();
        uint256 split = _referred();
        uint256 overturned = _referred();
        _giveRuling(upheld, 10_000);
        _giveRuling(split, 2_501);
        _giveRuling(overturned, 2_500);
        desk.rule(upheld);
        desk.rule(split);
        desk.rule(overturned);
        vm.assertFalse(oracle.isOverturned(upheld), "R14: upheld");
        vm.assertFalse(oracle.isOverturned(split), "R14: a split overturns nobody");
        vm.assertTrue(oracle.isOverturned(overturned), "R14: overturned");
        vm.assertTrue(oracle.isDisputed(overturned), "and was disputed");
        (uint8 score,, bool isPosted) = oracle.verdictOf(overturned);
        vm.assertTrue(isPosted && score == 100, "O4: the verdict stays as it was posted");
    }

    function test_E8_rule__given_the_court_splits__the_opener_has_its_bond_back_less_the_cost() public {
        uint256 jobId = _referred();
        (uint256 ofClient, uint256 ofProvider) = (token.balanceOf(client), token.balanceOf(provider));
        _giveRuling(jobId, 5_000);
        desk.rule(jobId);
        uint256 earned = BUDGET / 2;
        (uint256 paid,,) = _fees(earned);
        vm.assertEq(token.balanceOf(provider), ofProvider + paid, "the provider's half");
        vm.assertEq(token.balanceOf(client), ofClient + BUDGET - earned + 2 * TENTH - COST, "the client's");
        _assertNothingLeft();
    }

    function test_E8_rule__given_the_court_splits__both_have_their_bonds_back_less_half_the_cost_each()
        public
    {
        uint256 jobId = _referred();
        _counter(provider, jobId);
        (uint256 ofClient, uint256 ofProvider) = (token.balanceOf(client), token.balanceOf(provider));
        _giveRuling(jobId, 5_000);
        desk.rule(jobId);
        (uint256 paid,,) = _fees(BUDGET / 2);
        vm.assertEq(token.balanceOf(provider), ofProvider + paid + 2 * TENTH - COST / 2, "half the cost");
        vm.assertEq(
            token.balanceOf(client), ofClient + BUDGET - BUDGET / 2 + 2 * TENTH - COST / 2, "half the cost"
        );
        _assertNothingLeft();
    }

    function test_E8_rule__given_a_counter_bond_and_a_loser__the_winner_takes_both_less_the_cost() public {
        uint256 jobId = _referred();
        _counter(provider, jobId);
        uint256 ofClient = token.balanceOf(client);
        _giveRuling(jobId, 0);
        desk.rule(jobId);
        vm.assertEq(token.balanceOf(client), ofClient + BUDGET + 4 * TENTH - COST, "R13: both bonds");
        _assertNothingLeft();
    }

    function test_E8_rule__given_no_dispute__reverts_as_nothing_to_rule() public {
        uint256 jobId = _referred();
        _giveRuling(jobId, 0);
        desk.rule(jobId);
        vm.expectRevert(_noDispute(jobId));
        desk.rule(jobId);
        vm.expectRevert(_noDispute(999));
        desk.rule(999);
    }

    function test_E8_rule__given_the_job_was_accepted_after_it_went_to_court__the_bond_waits_for_the_court_and_comes_back_less_the_cost()
        public
    {
        uint256 jobId = _referred();
        vm.prank(client);
        escrow.accept(jobId);
        uint256 earliest = uint256(desk.disputeOf(jobId).ruleBy) + 1;
        vm.expectRevert(_fault(IDisputeDesk.DisputeDesk_TooEarly.selector, block.timestamp, earliest));
        desk.rule(jobId);
        _giveRuling(jobId, 10_000);
        uint256 ofClient = token.balanceOf(client);
        desk.rule(jobId);
        vm.assertEq(token.balanceOf(client), ofClient + 2 * TENTH - COST, "who gave in loses the cost alone");
        vm.assertFalse(oracle.isOverturned(jobId), "nothing was decided");
        _assertNothingLeft();
    }

    function test_E8_rule__given_a_winner_that_the_token_blocks__its_bond_waits_as_a_credit() public {
        BlockListToken picky = new BlockListToken();
        picky.mint(client, 1_000e6);
        vm.prank(owner);
        escrow.allowToken(address(picky));
        IJobEscrow.Policy memory policy = _policy(address(oracle), address(picky));
        policy.courtSeconds = COURT_SECONDS;
        courtRow = escrow.registerPolicy(policy);
        vm.startPrank(client);
        picky.approve(address(escrow), type(uint256).max);
        picky.approve(address(desk), type(uint256).max);
        vm.stopPrank();
        uint256 jobId = _referred();
        _giveRuling(jobId, 10_000);
        picky.setBlocked(provider, true, BlockListToken.Manner.ReturnFalse);
        desk.rule(jobId);
        vm.assertEq(desk.creditOf(address(picky), provider), 2 * TENTH - COST, "E5: its bond waits");
        picky.setBlocked(provider, false, BlockListToken.Manner.ReturnFalse);
        desk.withdrawFor(address(picky), provider);
        vm.assertEq(picky.balanceOf(provider), 2 * TENTH - COST, "withdrawn");
        vm.assertEq(picky.balanceOf(address(desk)), 0, "INV-DIS-01");
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeDesk.DisputeDesk_NoCredit.selector, address(picky), provider)
        );
        desk.withdrawFor(address(picky), provider);
    }

    function test_E8_rule__given_nobody_but_a_stranger_is_awake__a_stranger_refers_and_rules() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        vm.startPrank(stranger);
        desk.refer(jobId);
        _giveRuling(jobId, 10_000);
        desk.rule(jobId);
        vm.stopPrank();
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
    }

    function testFuzz_E2_rule__whatever_the_ruling__every_unit_is_accounted_for(
        uint16 providerBps,
        uint8 score,
        bool isByClient,
        bool isCountered,
        uint96 budget
    ) public {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = courtRow;
        terms.expiredAt += COURT_SECONDS;
        terms.budget = 1 + budget % 900e6;
        vm.prank(client);
        uint256 jobId = escrow.hire(terms);
        _submit(jobId);
        _post(jobId, score % 101);
        _dispute(isByClient ? client : provider, jobId);
        desk.refer(jobId);
        if (isCountered) _counter(isByClient ? provider : client, jobId);
        uint256 held = token.balanceOf(address(desk)) + terms.budget;
        uint256 before = token.balanceOf(client) + token.balanceOf(provider);
        _giveRuling(jobId, providerBps % 10_001);
        desk.rule(jobId);
        uint256 earned = uint256(terms.budget) * (providerBps % 10_001) / 10_000;
        (, uint256 house, uint256 pool) = _fees(earned);
        vm.assertEq(
            token.balanceOf(client) + token.balanceOf(provider),
            before + held - house - pool,
            "E2: budget and bonds less the fee"
        );
        _assertNothingLeft();
    }

    function _counter(address party, uint256 jobId) private {
        vm.prank(party);
        desk.counterBond(jobId);
    }
}
