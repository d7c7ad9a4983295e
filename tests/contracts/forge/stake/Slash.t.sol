// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {IRulings} from "../../../../contracts/interfaces/IRulings.sol";
import {VmMore} from "../support/VmMore.sol";
import {StakeTest} from "./StakeTest.sol";

/// @dev R14: what two verdicts on one submission cost.
contract SlashTest is StakeTest {
    uint256 private _jobId;

    function setUp() public override {
        super.setUp();
        _jobId = _hireAndSubmit();
    }

    function test_R14_slashEquivocation__when_a_reporter_signed_two_scores__takes_the_whole_stake() public {
        address guilty = reporterSet[0];
        IReporterStake.SignedVerdict memory one = _single(0, 70);
        IReporterStake.SignedVerdict memory two = _single(0, 10);
        vm.expectEmit(true, true, true, true, address(stake));
        emit IReporterStake.Slashed(guilty, _jobId, "equivocation", MIN_STAKE, stranger, MIN_STAKE / 4);
        vm.prank(stranger);
        stake.slashEquivocation(one, two);
        (uint256 amount, bool isOnRoll) = stake.stakeOf(guilty);
        vm.assertTrue(amount == 0 && !isOnRoll, "nothing left, off the roll");
        vm.assertEq(token.balanceOf(stranger), MIN_STAKE / 4, "a quarter to who brought the proof");
        vm.assertEq(stake.treasuryDue(), MIN_STAKE - MIN_STAKE / 4, "the rest to the treasury");
        stake.payTreasury();
        vm.assertEq(token.balanceOf(treasury), MIN_STAKE - MIN_STAKE / 4, "paid");
        vm.assertEq(token.balanceOf(address(stake)), stake.owedOf(token), "every unit is somebody's");
        vm.expectRevert(IReporterStake.ReporterStake_NothingDue.selector);
        stake.payTreasury();
    }

    function test_R14_slashEquivocation__when_the_two_differ_in_report_or_deliverable_alone__takes_it_too()
        public
    {
        IResultOracle.Verdict memory other = _verdict(_jobId, 70);
        other.reportHash = keccak256("another report");
        stake.slashEquivocation(_single(0, 70), _signed(0, other));
        other = _verdict(_jobId, 70);
        other.deliverable = keccak256("another deliverable");
        stake.slashEquivocation(_signed(1, other), _single(1, 70));
    }

    function test_R14_slashEquivocation__when_one_of_them_is_a_row_of_a_batch__takes_it_too() public {
        stake.slashEquivocation(_single(0, 70), _row(0, 1, 10));
        IReporterStake.SignedVerdict memory batch = _row(1, 0, 10);
        IReporterStake.SignedVerdict memory next = _row(1, 0, 10);
        // One batch that names the job twice.
        next.index = 1;
        batch.rows[3] = bytes32(uint256(batch.rows[0]) ^ 3);
        next.rows[3] = batch.rows[3];
        batch.signature = _signature(reporterKeys[1], oracle.batchDigest(batch.rows, 1));
        next.signature = batch.signature;
        stake.slashEquivocation(batch, next);
    }

    function test_R14_slashEquivocation__when_both_say_the_same__reverts() public {
        _expect(_single(0, 70), _single(0, 70), IReporterStake.ReporterStake_SameVerdict.selector);
        IResultOracle.Verdict memory later = _verdict(_jobId, 70);
        later.epoch = 2;
        _expect(_single(0, 70), _signed(0, later), IReporterStake.ReporterStake_SameVerdict.selector);
        // The row of a batch with the report of the single verdict.
        IReporterStake.SignedVerdict memory row = _row(0, 0, 70);
        row.rows[2] = _verdict(_jobId, 70).reportHash;
        row.signature = _signature(reporterKeys[0], oracle.batchDigest(row.rows, 1));
        _expect(_single(0, 70), row, IReporterStake.ReporterStake_SameVerdict.selector);
    }

    function test_R14_slashEquivocation__when_they_are_of_two_signers_or_submissions__reverts() public {
        _expect(_single(0, 70), _single(1, 10), IReporterStake.ReporterStake_OtherSigner.selector);
        IResultOracle.Verdict memory other = _verdict(_jobId, 10);
        other.submittedAt += 1;
        _expect(_single(0, 70), _signed(0, other), IReporterStake.ReporterStake_OtherSubmission.selector);
        other = _verdict(_jobId, 10);
        other.jobId += 1;
        _expect(_single(0, 70), _signed(0, other), IReporterStake.ReporterStake_OtherSubmission.selector);
    }

    function test_R14_slashEquivocation__when_a_signature_is_none_or_a_row_is_missing__reverts() public {
        IReporterStake.SignedVerdict memory broken = _single(0, 10);
        broken.signature = "";
        _expect(_single(0, 70), broken, IReporterStake.ReporterStake_SignatureInvalid.selector);
        IReporterStake.SignedVerdict memory beyond = _row(0, 1, 10);
        beyond.index = 2;
        _expect(_single(0, 70), beyond, IReporterStake.ReporterStake_NoSuchRow.selector);
    }

    function test_R14_slashEquivocation__when_the_signer_has_no_stake__reverts() public {
        IResultOracle.Verdict memory one = _verdict(_jobId, 70);
        IResultOracle.Verdict memory two = _verdict(_jobId, 10);
        bytes memory first = _signature(spareKeys[0], oracle.verdictDigest(one));
        bytes memory second = _signature(spareKeys[0], oracle.verdictDigest(two));
        _expect(_of(one, first), _of(two, second), IReporterStake.ReporterStake_NotStaked.selector);
    }

    function test_R14_slashEquivocation__given_it_was_punished__reverts_for_the_same_submission() public {
        stake.slashEquivocation(_single(0, 70), _single(0, 10));
        _stake(reporterSet[0], MIN_STAKE);
        _expect(_single(0, 70), _single(0, 10), IReporterStake.ReporterStake_AlreadySlashed.selector);
        _expect(_single(0, 70), _single(0, 11), IReporterStake.ReporterStake_AlreadySlashed.selector);
    }

    function test_R14_slashEquivocation__given_the_reporter_leaves__takes_what_waits() public {
        _startLeaving(reporterSet[0]);
        _rotate();
        vm.warp(block.timestamp + 99 days);
        stake.slashEquivocation(_single(0, 70), _single(0, 10));
        vm.warp(block.timestamp + 1 days);
        vm.prank(reporterSet[0]);
        stake.unstake();
        vm.assertEq(token.balanceOf(reporterSet[0]), 0, "nothing comes back");
    }

    function test_R14_slashOverturned__given_the_court_overturned_a_posted_pass__takes_a_fifth_from_each_signer_once()
        public
    {
        _post(_jobId, 70);
        _overturn();
        stake.slashOverturned(_single(0, 70));
        stake.slashOverturned(_row(1, 0, 60));
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 amount,) = stake.stakeOf(reporterSet[i]);
            vm.assertEq(amount, MIN_STAKE - MIN_STAKE / 5, "a fifth");
        }
        _expectOverturned(_single(0, 70), IReporterStake.ReporterStake_AlreadySlashed.selector);
        _expectOverturned(_single(0, 80), IReporterStake.ReporterStake_AlreadySlashed.selector);
    }

    function test_R14_slashOverturned__given_the_court_overturned_a_posted_pass__spares_who_said_the_opposite()
        public
    {
        _post(_jobId, 70);
        _overturn();
        _expectOverturned(_single(2, 59), IReporterStake.ReporterStake_NotOverturned.selector);
    }

    function test_R14_slashOverturned__given_no_ruling__reverts() public {
        _post(_jobId, 70);
        _expectOverturned(_single(0, 70), IReporterStake.ReporterStake_NotOverturned.selector);
    }

    function test_R14_slashOverturned__when_the_verdict_is_on_another_submission__reverts() public {
        _post(_jobId, 70);
        _overturn();
        IResultOracle.Verdict memory other = _verdict(_jobId, 70);
        other.submittedAt += 1;
        _expectOverturned(_signed(0, other), IReporterStake.ReporterStake_OtherSubmission.selector);
    }

    /* ---------- internal ---------- */

    function _overturn() private {
        VmMore(address(vm))
            .mockCall(address(oracle), abi.encodeCall(IRulings.isOverturned, (_jobId)), abi.encode(true));
    }

    function _expectOverturned(IReporterStake.SignedVerdict memory signed, bytes4 fault) private {
        (bool success, bytes memory answer) =
            address(stake).call(abi.encodeCall(stake.slashOverturned, (signed)));
        vm.assertFalse(success, "refused");
        if (answer.length != 0) vm.assertEq(bytes32(bytes4(answer)), bytes32(fault), "for its fault");
    }

    function _single(uint256 who, uint8 score) private view returns (IReporterStake.SignedVerdict memory) {
        return _signed(who, _verdict(_jobId, score));
    }

    function _signed(
        uint256 who,
        IResultOracle.Verdict memory verdict
    ) private view returns (IReporterStake.SignedVerdict memory) {
        return _of(verdict, _signature(reporterKeys[who], oracle.verdictDigest(verdict)));
    }

    function _of(
        IResultOracle.Verdict memory verdict,
        bytes memory signature
    ) private pure returns (IReporterStake.SignedVerdict memory signed) {
        signed.verdict = verdict;
        signed.signature = signature;
    }

    /// @dev A batch of two rows, of which one is about the job.
    function _row(
        uint256 who,
        uint256 index,
        uint8 score
    ) private view returns (IReporterStake.SignedVerdict memory signed) {
        signed.rows = new bytes32[](6);
        signed.rows[index * 3] =
            bytes32((_jobId << 40) | (uint256(escrow.jobOf(_jobId).submittedAt) << 8) | score);
        (signed.rows[index * 3 + 1], signed.rows[index * 3 + 2]) = (DELIVERABLE, keccak256("report"));
        (signed.epoch, signed.index) = (1, index);
        signed.signature = _signature(reporterKeys[who], oracle.batchDigest(signed.rows, 1));
    }

    function _expect(
        IReporterStake.SignedVerdict memory first,
        IReporterStake.SignedVerdict memory second,
        bytes4 fault
    ) private {
        (bool success, bytes memory answer) =
            address(stake).call(abi.encodeCall(stake.slashEquivocation, (first, second)));
        vm.assertFalse(success, "refused");
        vm.assertEq(bytes32(bytes4(answer)), bytes32(fault), "for its fault");
    }
}
