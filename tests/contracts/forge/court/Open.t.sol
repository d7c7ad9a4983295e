// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputable} from "../../../../contracts/interfaces/IDisputable.sol";
import {IDisputeDesk} from "../../../../contracts/interfaces/IDisputeDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @dev Opening a dispute: who, when, for what bond, and what it freezes (O4, R5, R13).
contract OpenTest is DisputeTest {
    function test_O4_dispute__given_no_verdict_and_its_window_is_open__reverts_as_too_early() public {
        uint256 jobId = _submitted();
        uint256 opensAt = block.timestamp + VERDICT_SECONDS;
        vm.warp(opensAt - 1);
        vm.expectRevert(_notDisputable(jobId, opensAt));
        _dispute(client, jobId);
    }

    function test_O4_dispute__given_no_verdict_and_its_window_is_over__opens_for_one_tenth() public {
        uint256 jobId = _submitted();
        vm.warp(block.timestamp + VERDICT_SECONDS);
        vm.expectEmit(true, true, true, true, address(desk));
        emit IDisputeDesk.DisputeOpened(jobId, client, true, TENTH, block.timestamp + COURT_SECONDS, EVIDENCE);
        _dispute(client, jobId);
        IDisputeDesk.DisputeView memory found = desk.disputeOf(jobId);
        vm.assertEq(found.bond, TENTH, "R13: a tenth, rounded up");
        vm.assertEq(found.ruleBy, block.timestamp + COURT_SECONDS, "R7: when silence decides");
        vm.assertTrue(found.isByClient, "opener");
        vm.assertEq(token.balanceOf(address(desk)), TENTH, "held");
    }

    function test_O4_dispute__given_a_posted_verdict__opens_for_twice_the_bond() public {
        uint256 jobId = _judged(0);
        vm.assertEq(desk.bondFor(jobId), 2 * TENTH, "told before");
        _dispute(provider, jobId);
        vm.assertEq(desk.disputeOf(jobId).bond, 2 * TENTH, "R13: doubled");
        vm.assertFalse(desk.disputeOf(jobId).isByClient, "opener");
    }

    function test_O4_dispute__given_the_last_second_of_the_review__opens() public {
        uint256 jobId = _judged(100);
        vm.warp(block.timestamp + REVIEW_SECONDS - 1);
        _dispute(client, jobId);
        vm.assertTrue(oracle.isDisputed(jobId), "disputed");
    }

    function test_O4_dispute__given_the_review_is_over__reverts_as_too_late() public {
        uint256 jobId = _judged(100);
        uint256 opensAt = block.timestamp;
        vm.warp(opensAt + REVIEW_SECONDS);
        vm.expectRevert(_notDisputable(jobId, opensAt));
        _dispute(client, jobId);
    }

    function test_O4_dispute__given_a_row_without_a_court__reverts_because_the_verdict_is_final() public {
        uint256 jobId = _hireAndSubmit();
        _post(jobId, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_VerdictIsFinal.selector, jobId));
        _dispute(provider, jobId);
        vm.assertTrue(oracle.settleableAt(jobId) != 0, "not frozen");
    }

    function test_O4_dispute__given_a_row_whose_court_has_too_little_time__reverts_because_the_verdict_is_final_there()
        public
    {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.courtSeconds = LONGEST_SECONDS + 10 minutes - 1;
        courtRow = escrow.registerPolicy(policy);
        uint256 jobId = _judged(0);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_VerdictIsFinal.selector, jobId));
        _dispute(provider, jobId);
    }

    function test_O4_dispute__given_the_court_costs_more_than_a_tenth__the_bond_is_the_cost() public {
        arbitrator.setCost(TENTH + 1);
        uint256 jobId = _judged(0);
        _dispute(provider, jobId);
        vm.assertEq(desk.disputeOf(jobId).bond, 2 * (TENTH + 1), "R13: the jurors' fee is the floor");
    }

    function test_O4_dispute__when_a_stranger_disputes__reverts_as_no_party() public {
        uint256 jobId = _judged(0);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_NotParty.selector, stranger));
        _dispute(stranger, jobId);
    }

    function test_O4_dispute__given_a_dispute__another_one_reverts() public {
        uint256 jobId = _judged(0);
        _dispute(provider, jobId);
        vm.expectRevert(abi.encodeWithSelector(IDisputable.ResultOracle_AlreadyDisputed.selector, jobId));
        _dispute(client, jobId);
    }

    function test_O4_dispute__given_a_dispute__nothing_settles_the_job() public {
        uint256 jobId = _judged(100);
        _dispute(client, jobId);
        vm.warp(escrow.jobOf(jobId).expiredAt - 1);
        vm.assertEq(oracle.settleableAt(jobId), 0, "frozen");
        vm.assertEq(oracle.settle(_list(jobId)), 0, "O4: no settlement");
        vm.expectRevert(
            _fault(IJobEscrow.JobEscrow_TooEarly.selector, block.timestamp, escrow.jobOf(jobId).expiredAt)
        );
        escrow.claimRefund(jobId);
    }

    function test_O4_dispute__given_a_dispute__no_verdict_overwrites_what_stands() public {
        uint256 jobId = _judged(10);
        _dispute(provider, jobId);
        IResultOracle.Verdict memory verdict = _verdict(jobId, 90);
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_AlreadyPosted.selector, jobId));
        oracle.postVerdict(verdict, signatures);
        (uint8 score,, bool isPosted) = oracle.verdictOf(jobId);
        vm.assertTrue(isPosted && score == 10, "O4: a challenge freezes, never overwrites");
    }

    function test_O4_dispute__given_a_dispute__the_client_may_still_accept() public {
        uint256 jobId = _judged(0);
        _dispute(provider, jobId);
        vm.prank(client);
        escrow.accept(jobId);
        uint256 balance = token.balanceOf(provider);
        desk.rule(jobId);
        vm.assertEq(token.balanceOf(provider), balance + 2 * TENTH, "the bond is back at once");
        _assertNothingLeft();
    }

    function test_O4_dispute__given_a_dispute__both_may_still_cancel() public {
        uint256 jobId = _judged(0);
        _dispute(provider, jobId);
        bytes32 digest = escrow.cancelDigest(jobId, 1, type(uint256).max);
        escrow.cancel(
            jobId, 1, type(uint256).max, _signature(CLIENT_KEY, digest), _signature(PROVIDER_KEY, digest)
        );
        desk.rule(jobId);
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
        _assertNothingLeft();
    }

    function test_O4_dispute__given_a_standard_job__reverts_as_no_house_job() public {
        uint256 jobId = _fundStandardJob();
        _submit(jobId);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_NotHouseJob.selector, jobId, stranger)
        );
        _dispute(client, jobId);
    }

    function test_O4_dispute__given_a_funded_job__reverts_as_not_submitted() public {
        uint256 jobId = _hire();
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_NotSubmitted.selector, jobId));
        _dispute(client, jobId);
    }

    function test_O4_dispute__when_the_bond_is_above_what_the_party_allows__reverts_with_both() public {
        uint256 jobId = _judged(0);
        vm.expectRevert(_fault(IDisputeDesk.DisputeDesk_BondTooHigh.selector, 2 * TENTH, 2 * TENTH - 1));
        vm.prank(provider);
        desk.dispute(jobId, EVIDENCE, 2 * TENTH - 1);
    }

    function test_O4_dispute__when_a_stranger_freezes_or_ends_a_job_at_the_oracle__reverts_as_not_the_desk()
        public
    {
        uint256 jobId = _judged(0);
        address[4] memory others = [client, provider, owner, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory fault = abi.encodeWithSelector(IDisputable.ResultOracle_NotDesk.selector, others[i]);
            vm.expectRevert(fault);
            vm.prank(others[i]);
            oracle.freeze(jobId);
            vm.expectRevert(fault);
            vm.prank(others[i]);
            oracle.endDisputed(jobId, BUDGET, 0, false);
        }
        vm.expectRevert(abi.encodeWithSelector(IDisputable.ResultOracle_NotDisputed.selector, jobId));
        vm.prank(address(desk));
        oracle.endDisputed(jobId, BUDGET, 0, false);
    }

    function test_O4_dispute__when_evidence_is_added__parties_are_heard_and_strangers_are_not() public {
        uint256 jobId = _judged(0);
        vm.expectRevert(_noDispute(jobId));
        vm.prank(client);
        desk.addEvidence(jobId, EVIDENCE);
        _dispute(provider, jobId);
        vm.expectEmit(true, true, true, true, address(desk));
        emit IDisputeDesk.EvidenceAdded(jobId, client, EVIDENCE);
        vm.prank(client);
        desk.addEvidence(jobId, EVIDENCE);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_NotParty.selector, stranger));
        vm.prank(stranger);
        desk.addEvidence(jobId, EVIDENCE);
    }

    function test_O4_dispute__given_a_token_that_keeps_a_part__the_bond_is_refused() public {
        FeeOnTransferToken greedy = new FeeOnTransferToken();
        uint256 jobId = _judged(0);
        // The desk reads the token from the job: it turns greedy under a job that was funded before.
        greedy.mint(provider, 1e12);
        vm.etch(address(token), address(greedy).code);
        FeeOnTransferToken(address(token)).mint(provider, 1e12);
        vm.prank(provider);
        FeeOnTransferToken(address(token)).approve(address(desk), type(uint256).max);
        uint256 kept = 2 * TENTH / 100;
        vm.expectRevert(
            _fault(IDisputeDesk.DisputeDesk_UnexpectedReceipt.selector, 2 * TENTH - kept, 2 * TENTH)
        );
        _dispute(provider, jobId);
    }

    function _notDisputable(uint256 jobId, uint256 opensAt) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IDisputable.ResultOracle_NotDisputable.selector,
            jobId,
            block.timestamp,
            opensAt,
            opensAt + REVIEW_SECONDS
        );
    }
}
