// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {StakeTest} from "../stake/StakeTest.sol";

/// @dev O2: a verdict is the set's that was in force when the work was submitted, and no other's.
contract RotationTest is StakeTest {
    function test_O2_advanceEpoch__given_the_epoch_is_young__reverts_with_the_earliest_time() public {
        uint256 earliest = block.timestamp + 1 days;
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_EpochTooYoung.selector, earliest - 1, earliest)
        );
        vm.warp(earliest - 1);
        oracle.advanceEpoch();
        vm.warp(earliest);
        vm.assertEq(oracle.advanceEpoch(), 2, "the second epoch");
    }

    function test_O2_advanceEpoch__given_reporters_staked__seats_the_roll_with_a_majority_for_a_quorum()
        public
    {
        uint32 epoch = _replaceSet();
        address[] memory set = oracle.reporters();
        vm.assertEq(set.length, 4, "the roll");
        for (uint256 i = 0; i < 4; ++i) {
            vm.assertEq(set[i], vm.addr(spareKeys[i]), "ascending");
        }
        vm.assertEq(oracle.quorum(), 3, "more than half of four");
        (uint32 startsAt, uint32 endsAt, uint8 size, uint8 quorum) = oracle.termOf(epoch);
        vm.assertTrue(startsAt == block.timestamp && endsAt == 0 && size == 4 && quorum == 3, "its term");
        (, endsAt,,) = oracle.termOf(1);
        vm.assertEq(endsAt, block.timestamp, "the old one ends where it begins");
        vm.assertEq(oracle.reportersOf(1)[2], reporterSet[2], "the old set stays readable");
    }

    function test_O2_advanceEpoch__given_reporters_staked__a_verdict_on_work_of_the_new_epoch_needs_the_new_set()
        public
    {
        uint32 epoch = _replaceSet();
        uint256 jobId = _hireAndSubmit();
        IResultOracle.Verdict memory old = _verdictIn(1, jobId, 70);
        bytes[] memory signatures = _signatures(old, 2);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_WrongEpoch.selector, 1, epoch));
        oracle.postVerdict(old, signatures);
        IResultOracle.Verdict memory verdict = _verdictIn(epoch, jobId, 70);
        signatures = _spareSignatures(oracle.verdictDigest(verdict));
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictPosted(jobId, verdict.reportHash, DELIVERABLE, 70, epoch, 7);
        oracle.postVerdict(verdict, signatures);
    }

    function test_O2_advanceEpoch__given_a_job_was_submitted_before_the_rotation__its_verdict_is_still_the_old_sets_to_the_end_of_its_window()
        public
    {
        vm.warp(block.timestamp + 1 days);
        uint256 jobId = _hireAndSubmit();
        _rotateAt(block.timestamp + 1);
        IResultOracle.Verdict memory verdict = _verdict(jobId, 10);
        vm.warp(verdict.submittedAt + VERDICT_SECONDS);
        oracle.postVerdict(verdict, _signatures(verdict, 2));
        vm.warp(block.timestamp + REVIEW_SECONDS);
        vm.assertEq(oracle.settle(_list(jobId)), 1, "and it settles");
        _assertStatus(jobId, IERC8183.JobStatus.Rejected);
    }

    function test_O2_advanceEpoch__given_a_job_was_submitted_before_the_rotation__a_batch_takes_the_rows_of_its_epoch_and_skips_the_others()
        public
    {
        vm.warp(block.timestamp + 1 days);
        uint256 older = _hireAndSubmit();
        _rotateAt(block.timestamp + 1);
        uint256 newer = _hireAndSubmit();
        bytes32[] memory rows = new bytes32[](6);
        uint256[2] memory jobIds = [newer, older];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 submittedAt = escrow.jobOf(jobIds[i]).submittedAt;
            rows[i * 3] = bytes32((jobIds[i] << 40) | (submittedAt << 8) | 50);
            (rows[i * 3 + 1], rows[i * 3 + 2]) = (DELIVERABLE, keccak256("report"));
        }
        bytes[] memory signatures = new bytes[](2);
        bytes32 digest = oracle.batchDigest(rows, 1);
        (signatures[0], signatures[1]) =
        (_signature(reporterKeys[0], digest), _signature(reporterKeys[1], digest));
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictSkipped(newer, IResultOracle.ResultOracle_WrongEpoch.selector);
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictPosted(older, keccak256("report"), DELIVERABLE, 50, 1, 3);
        oracle.postVerdictBatch(rows, 1, signatures);
    }

    function test_O2_advanceEpoch__given_a_job_was_submitted_before_the_rotation__the_new_sets_signatures_are_refused()
        public
    {
        vm.warp(block.timestamp + 1 days);
        uint256 jobId = _hireAndSubmit();
        for (uint256 i = 0; i < 4; ++i) {
            _stake(vm.addr(spareKeys[i]), MIN_STAKE);
        }
        _rotateAt(block.timestamp + 1);
        IResultOracle.Verdict memory verdict = _verdictIn(2, jobId, 70);
        bytes[] memory signatures = _spareSignatures(oracle.verdictDigest(verdict));
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_WrongEpoch.selector, 2, 1));
        oracle.postVerdict(verdict, signatures);
        verdict.epoch = 1;
        signatures = _spareSignatures(oracle.verdictDigest(verdict));
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_NotReporter.selector, vm.addr(spareKeys[0]))
        );
        oracle.postVerdict(verdict, signatures);
    }

    function test_O2_advanceEpoch__given_a_job_is_submitted_in_the_second_of_the_rotation__the_new_set_judges_it()
        public
    {
        vm.warp(block.timestamp + 1 days);
        uint256 jobId = _hireAndSubmit();
        oracle.advanceEpoch();
        IResultOracle.Verdict memory verdict = _verdictIn(2, jobId, 70);
        oracle.postVerdict(verdict, _signatures(verdict, 2));
        (,, bool isPosted) = oracle.verdictOf(jobId);
        vm.assertTrue(isPosted, "posted");
    }

    function test_O2_advanceEpoch__given_several_rotations__each_submission_finds_the_set_of_its_time()
        public
    {
        uint256 begun = block.timestamp;
        for (uint256 i = 0; i < 4; ++i) {
            _rotate();
        }
        vm.assertEq(oracle.epochAt(begun - 1), 0, "before all");
        for (uint256 i = 0; i < 5; ++i) {
            vm.assertEq(oracle.epochAt(begun + i * 1 days), i + 1, "its first second");
            vm.assertEq(oracle.epochAt(begun + (i + 1) * 1 days - 1), i + 1, "its last second");
        }
    }

    function test_O2_advanceEpoch__given_fewer_reporters_than_make_a_set__the_set_is_empty_and_silence_pays_the_performer()
        public
    {
        _startLeaving(reporterSet[1]);
        uint32 epoch = _rotate();
        vm.assertEq(oracle.reporters().length, 0, "nobody judges without enough stake beside it");
        uint256 jobId = _hireAndSubmit();
        IResultOracle.Verdict memory verdict = _verdictIn(epoch, jobId, 0);
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_NotReporter.selector, reporterSet[0])
        );
        oracle.postVerdict(verdict, signatures);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_TooFewSignatures.selector, 0, 1));
        oracle.postVerdict(verdict, new bytes[](0));
        vm.assertEq(stake.quorumStake(), 0, "R14: nothing is at stake, and the page can say so");
        vm.warp(block.timestamp + VERDICT_SECONDS + REVIEW_SECONDS);
        vm.assertEq(oracle.settle(_list(jobId)), 1, "INV-ORA-04");
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
    }

    function test_O2_advanceEpoch__when_an_epoch_never_was__reverts_as_unknown() public {
        for (uint32 epoch = 0; epoch < 4; epoch += 2) {
            vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_UnknownEpoch.selector, epoch));
            oracle.termOf(epoch);
            vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_UnknownEpoch.selector, epoch));
            oracle.reportersOf(epoch);
            vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_UnknownEpoch.selector, epoch));
            oracle.seatOf(epoch, stranger);
            vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_UnknownEpoch.selector, epoch));
            oracle.postVerdictBatch(new bytes32[](0), epoch, new bytes[](3));
        }
    }

    function _rotateAt(uint256 time) private {
        vm.warp(time);
        oracle.advanceEpoch();
    }
}
