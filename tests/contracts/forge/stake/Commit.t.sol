// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {StakeTest} from "./StakeTest.sol";

/// @dev O5: a commitment binds its sender and its submission, is revealed after the end and not before, and costs
/// stake if it is not.
contract CommitTest is StakeTest {
    bytes32 private constant SALT = keccak256("salt");
    uint256 private _jobId;
    IResultOracle.Verdict private _said;

    function setUp() public override {
        super.setUp();
        _jobId = _hireAndSubmit();
        _said = _verdict(_jobId, 70);
    }

    function test_O5_postCommit__when_a_reporter_signed_it__anybody_posts_it_and_the_others_have_their_time()
        public
    {
        uint256 until = block.timestamp + 120;
        vm.expectEmit(true, true, true, true, address(stake));
        emit IReporterStake.CommitPosted(_jobId, _said.submittedAt, reporterSet[0], _commitment(0), until);
        vm.prank(stranger);
        _post(0);
        vm.warp(until - 1);
        vm.expectEmit(true, true, true, true, address(stake));
        emit IReporterStake.CommitPosted(_jobId, _said.submittedAt, reporterSet[1], _commitment(1), until);
        _post(1);
    }

    function test_O5_postCommit__when_the_commit_time_is_over__reverts() public {
        _post(0);
        vm.warp(block.timestamp + 120);
        _expectPost(1, IReporterStake.ReporterStake_TooLate.selector);
    }

    function test_O5_postCommit__when_it_is_posted_twice__reverts() public {
        _post(0);
        _expectPost(0, IReporterStake.ReporterStake_AlreadyCommitted.selector);
        vm.warp(block.timestamp + 120);
        stake.reveal(reporterSet[0], _said, SALT);
        _expectPost(0, IReporterStake.ReporterStake_TooLate.selector);
    }

    function test_O5_postCommit__when_a_stranger_signed_it_or_nobody__reverts() public {
        IReporterStake.Commit memory commit = _commit(0);
        bytes memory signature = _signature(spareKeys[0], stake.commitDigest(commit));
        vm.expectRevert(
            abi.encodeWithSelector(
                IReporterStake.ReporterStake_NotReporter.selector, vm.addr(spareKeys[0]), 1
            )
        );
        stake.postCommit(commit, signature);
        vm.expectRevert(IReporterStake.ReporterStake_SignatureInvalid.selector);
        stake.postCommit(commit, "");
    }

    function test_O5_postCommit__when_the_job_waits_for_no_verdict__reverts() public {
        uint256 kept = _jobId;
        _jobId = _hire();
        _expectPost(0, IReporterStake.ReporterStake_NotSubmitted.selector);
        _jobId = _fundStandardJob();
        _submit(_jobId);
        _expectPost(0, IReporterStake.ReporterStake_NotSubmitted.selector);
        _jobId = kept;
        _said.submittedAt -= 1;
        (bool success,) = address(stake).call(_postCall(0));
        vm.assertFalse(success, "O5: another submission");
        _said.submittedAt += 1;
        vm.warp(block.timestamp + VERDICT_SECONDS + 1);
        _expectPost(0, IReporterStake.ReporterStake_TooLate.selector);
    }

    function test_O5_postCommit__when_another_brings_the_commitment_as_its_own__cannot_reveal_it() public {
        IReporterStake.Commit memory commit = _commit(0);
        stake.postCommit(commit, _signature(reporterKeys[1], stake.commitDigest(commit)));
        vm.warp(block.timestamp + 120);
        vm.expectRevert(IReporterStake.ReporterStake_RevealDiffers.selector);
        stake.reveal(reporterSet[1], _said, SALT);
    }

    function test_O5_reveal__given_the_commit_time_runs__reverts_with_its_end() public {
        _post(0);
        uint256 opens = block.timestamp + 120;
        vm.warp(opens - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_TooEarly.selector, opens - 1, opens)
        );
        stake.reveal(reporterSet[0], _said, SALT);
    }

    function test_O5_reveal__given_the_commit_time_is_over__anybody_reveals_and_nothing_is_lost() public {
        _post(0);
        vm.warp(block.timestamp + 120 + 1 days - 1);
        vm.expectEmit(true, true, true, true, address(stake));
        emit IReporterStake.CommitRevealed(_jobId, _said.submittedAt, reporterSet[0], _said.reportHash, 70);
        vm.prank(stranger);
        stake.reveal(reporterSet[0], _said, SALT);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_NoCommit.selector, reporterSet[0], _jobId)
        );
        stake.slashSilence(_jobId, _said.submittedAt, reporterSet[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_NoCommit.selector, reporterSet[0], _jobId)
        );
        stake.reveal(reporterSet[0], _said, SALT);
    }

    function test_O5_reveal__when_any_word_differs_from_the_committed__reverts() public {
        _post(0);
        vm.warp(block.timestamp + 120);
        vm.expectRevert(IReporterStake.ReporterStake_RevealDiffers.selector);
        stake.reveal(reporterSet[0], _said, keccak256("another salt"));
        _said.score = 71;
        vm.expectRevert(IReporterStake.ReporterStake_RevealDiffers.selector);
        stake.reveal(reporterSet[0], _said, SALT);
    }

    function test_O5_slashSilence__given_no_reveal_in_time__takes_a_twentieth_once() public {
        _post(0);
        uint256 ends = block.timestamp + 120 + 1 days;
        vm.warp(ends - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_TooEarly.selector, ends - 1, ends)
        );
        stake.slashSilence(_jobId, _said.submittedAt, reporterSet[0]);
        vm.warp(ends);
        vm.expectRevert(abi.encodeWithSelector(IReporterStake.ReporterStake_TooLate.selector, ends, ends));
        stake.reveal(reporterSet[0], _said, SALT);
        vm.prank(stranger);
        stake.slashSilence(_jobId, _said.submittedAt, reporterSet[0]);
        (uint256 amount, bool isOnRoll) = stake.stakeOf(reporterSet[0]);
        vm.assertEq(amount, MIN_STAKE - MIN_STAKE / 20, "a twentieth");
        vm.assertFalse(isOnRoll, "below the least stake: off the roll until it stakes again");
        vm.assertEq(token.balanceOf(stranger), MIN_STAKE / 80, "a quarter of it to who brought it");
        vm.expectRevert(
            abi.encodeWithSelector(
                IReporterStake.ReporterStake_AlreadySlashed.selector, reporterSet[0], _jobId
            )
        );
        stake.slashSilence(_jobId, _said.submittedAt, reporterSet[0]);
    }

    function test_O5_slashSilence__given_no_commit__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_NoCommit.selector, reporterSet[0], _jobId)
        );
        stake.slashSilence(_jobId, _said.submittedAt, reporterSet[0]);
    }

    /* ---------- internal ---------- */

    function _commitment(uint256 who) private view returns (bytes32) {
        return sha256(abi.encodePacked("aitbc.commit/1", oracle.verdictDigest(_said), reporterSet[who], SALT));
    }

    function _commit(uint256 who) private view returns (IReporterStake.Commit memory) {
        return IReporterStake.Commit(_jobId, _said.submittedAt, _commitment(who));
    }

    function _postCall(uint256 who) private view returns (bytes memory) {
        IReporterStake.Commit memory commit = _commit(who);
        bytes memory signature = _signature(reporterKeys[who], stake.commitDigest(commit));
        return abi.encodeCall(stake.postCommit, (commit, signature));
    }

    function _post(uint256 who) private {
        (bool success,) = address(stake).call(_postCall(who));
        vm.assertTrue(success, "posted");
    }

    function _expectPost(uint256 who, bytes4 fault) private {
        (bool success, bytes memory answer) = address(stake).call(_postCall(who));
        vm.assertFalse(success, "refused");
        vm.assertEq(bytes32(bytes4(answer)), bytes32(fault), "for its fault");
    }
}
