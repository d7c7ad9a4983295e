// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {MarketTest} from "../MarketTest.sol";

contract SettleTest is MarketTest {
    function test_settle__given_no_verdict_and_the_windows_are_over__a_stranger_pays_the_provider() public {
        uint256 jobId = _hireAndSubmit();
        uint256 settleableAt = oracle.settleableAt(jobId);
        vm.assertEq(settleableAt, block.timestamp + VERDICT_SECONDS + REVIEW_SECONDS, "both windows");
        vm.warp(settleableAt);
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.JobSettled(jobId, true, "no-verdict");
        vm.prank(stranger);
        vm.assertEq(oracle.settle(_list(jobId)), 1, "E3: settled by a stranger");
        _assertPaid(jobId);
    }

    function test_settle__given_no_verdict_and_the_windows_are_open__nothing_is_settled() public {
        uint256 jobId = _hireAndSubmit();
        vm.warp(oracle.settleableAt(jobId) - 1);
        vm.assertEq(oracle.settle(_list(jobId)), 0, "too early");
        _assertStatus(jobId, IERC8183.JobStatus.Submitted);
    }

    function test_settle__given_a_passing_verdict__nothing_is_settled_before_the_review_ends() public {
        uint256 jobId = _hireAndSubmit();
        _post(jobId, 100);
        vm.warp(block.timestamp + REVIEW_SECONDS - 1);
        vm.assertEq(oracle.settle(_list(jobId)), 0, "review");
    }

    function test_settle__given_a_passing_verdict__pays_at_the_end_of_the_review() public {
        uint256 jobId = _hireAndSubmit();
        _post(jobId, 100);
        vm.warp(block.timestamp + REVIEW_SECONDS);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCompleted(jobId, address(oracle), "verdict-passed");
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.JobSettled(jobId, true, "verdict-passed");
        oracle.settle(_list(jobId));
        _assertPaid(jobId);
        vm.assertEq(oracle.settleableAt(jobId), 0, "nothing left to settle");
    }

    function test_settle__given_a_verdict_at_the_pass_mark__pays() public {
        uint256 jobId = _hireAndSubmit();
        _post(jobId, 60);
        vm.warp(block.timestamp + REVIEW_SECONDS);
        oracle.settle(_list(jobId));
        _assertPaid(jobId);
    }

    function test_settle__given_a_failing_verdict__refunds_at_the_end_of_the_review() public {
        uint256 jobId = _hireAndSubmit();
        uint256 balance = token.balanceOf(client);
        _post(jobId, 59);
        vm.warp(block.timestamp + REVIEW_SECONDS);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobRejected(jobId, address(oracle), "verdict-failed");
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.JobSettled(jobId, false, "verdict-failed");
        oracle.settle(_list(jobId));
        vm.assertEq(token.balanceOf(client), balance + BUDGET, "refunded in full");
        vm.assertEq(token.balanceOf(provider), 0, "nothing paid");
        _assertConserved();
    }

    function test_settle__when_a_batch_holds_bad_rows__the_good_ones_are_settled_and_the_others_skipped()
        public
    {
        uint256[] memory jobIds = new uint256[](7);
        jobIds[0] = _hireAndSubmit();
        jobIds[1] = 0;
        jobIds[2] = 999;
        jobIds[3] = jobIds[0];
        jobIds[4] = _hire();
        jobIds[5] = _fundStandardJob();
        _submit(jobIds[5]);
        jobIds[6] = _hireAndSubmit();
        _post(jobIds[6], 0);
        vm.warp(block.timestamp + VERDICT_SECONDS + REVIEW_SECONDS);
        vm.assertEq(oracle.settle(jobIds), 2, "two were ready, each once");
        _assertStatus(jobIds[0], IERC8183.JobStatus.Completed);
        _assertStatus(jobIds[4], IERC8183.JobStatus.Funded);
        _assertStatus(jobIds[5], IERC8183.JobStatus.Submitted);
        _assertStatus(jobIds[6], IERC8183.JobStatus.Rejected);
    }

    function test_settle__when_a_batch_of_verdicts_holds_bad_rows__the_good_ones_are_posted_and_the_others_named()
        public
    {
        uint256[3] memory jobIds = [_hireAndSubmit(), _hire(), _hireAndSubmit()];
        IResultOracle.Verdict[] memory verdicts = new IResultOracle.Verdict[](3);
        bytes[][] memory signatures = new bytes[][](3);
        for (uint256 i = 0; i < 3; ++i) {
            verdicts[i] = _verdict(jobIds[i], 70);
            signatures[i] = _signatures(verdicts[i], 2);
        }
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictSkipped(jobIds[1], IResultOracle.ResultOracle_NotSubmitted.selector);
        oracle.postVerdicts(verdicts, signatures);
        _assertPosted(jobIds[0], true);
        _assertPosted(jobIds[1], false);
        _assertPosted(jobIds[2], true);
    }

    function test_settle__when_the_lists_of_a_batch_differ_in_length__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_LengthMismatch.selector, 1, 0));
        oracle.postVerdicts(new IResultOracle.Verdict[](1), new bytes[][](0));
    }

    function test_settle__given_the_row_needs_too_much_gas__is_skipped_and_can_be_settled_later() public {
        BlockListToken picky = new BlockListToken();
        picky.mint(client, BUDGET);
        vm.prank(client);
        picky.approve(address(escrow), BUDGET);
        vm.prank(owner);
        escrow.allowToken(address(picky));
        uint256 hungry = _hire(escrow.registerPolicy(_policy(address(oracle), address(picky))));
        _submit(hungry);
        uint256 good = _hireAndSubmit();
        picky.setBlocked(provider, true, BlockListToken.Manner.BurnGas);
        vm.warp(block.timestamp + VERDICT_SECONDS + REVIEW_SECONDS);
        uint256[] memory jobIds = new uint256[](2);
        (jobIds[0], jobIds[1]) = (hungry, good);
        vm.assertEq(oracle.settle(jobIds), 1, "R11: the good row is paid");
        _assertPaid(good);
        _assertStatus(hungry, IERC8183.JobStatus.Submitted);
        picky.setBlocked(provider, true, BlockListToken.Manner.Revert);
        vm.assertEq(oracle.settle(_list(hungry)), 1, "settled later");
    }

    function test_settle__when_too_little_gas_is_sent__reverts_instead_of_skipping() public {
        uint256 jobId = _hireAndSubmit();
        vm.warp(oracle.settleableAt(jobId));
        (bool isDone, bytes memory answer) =
            address(oracle).call{gas: 400_000}(abi.encodeCall(oracle.settle, (_list(jobId))));
        vm.assertFalse(isDone, "an estimate must not settle nothing");
        vm.assertTrue(bytes4(answer) == IResultOracle.ResultOracle_GasTooLow.selector, "says why");
        _assertStatus(jobId, IERC8183.JobStatus.Submitted);
    }

    function test_settle__given_the_last_second_of_work__anybody_settles_for_the_provider_before_expiry()
        public
    {
        uint256 jobId = _hire();
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.warp(job.workBy);
        _submit(jobId);
        vm.warp(uint256(job.workBy) + VERDICT_SECONDS);
        _post(jobId, 100);
        vm.warp(oracle.settleableAt(jobId));
        vm.assertGe(job.expiredAt - block.timestamp, 7 days, "E8: the whole grace remains");
        oracle.settle(_list(jobId));
        _assertPaid(jobId);
    }

    function test_settle__given_an_unknown_job__it_is_not_settleable() public view {
        vm.assertEq(oracle.settleableAt(0), 0, "no job 0");
        vm.assertEq(oracle.settleableAt(5), 0, "no job 5");
    }

    function _assertPaid(uint256 jobId) private view {
        (uint256 paid,,) = _fees(BUDGET);
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
        vm.assertEq(token.balanceOf(provider), paid, "provider is paid");
    }

    function _assertPosted(uint256 jobId, bool expected) private view {
        (,, bool isPosted) = oracle.verdictOf(jobId);
        vm.assertEq(isPosted ? 1 : 0, expected ? 1 : 0, "posted");
    }
}
