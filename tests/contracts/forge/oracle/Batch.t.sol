// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {ResultOracle} from "../../../../contracts/oracle/ResultOracle.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev INV-ORA-02, INV-ORA-03 and INV-ORA-05 for verdicts that were signed together.
contract BatchTest is MarketTest {
    bytes32 private constant REPORT = keccak256("report");

    function test_postVerdictBatch__when_two_reporters_signed_the_rows_together__posts_every_verdict_as_a_single_one_is_posted()
        public
    {
        // Nine jobs fill one word of lanes and begin the next.
        uint256[] memory jobIds = new uint256[](9);
        for (uint256 i = 0; i < jobIds.length; ++i) {
            jobIds[i] = _hireAndSubmit();
        }
        bytes32[] memory rows = new bytes32[](27);
        for (uint256 i = 0; i < jobIds.length; ++i) {
            _setRow(rows, i, jobIds[i], uint8(i * 12));
        }
        bytes[] memory signatures = _sign(rows, 2);
        vm.warp(block.timestamp + 100);
        for (uint256 i = 0; i < jobIds.length; ++i) {
            vm.expectEmit(true, true, true, true, address(oracle));
            emit IResultOracle.VerdictPosted(jobIds[i], REPORT, DELIVERABLE, uint8(i * 12), 1, 3);
        }
        vm.prank(stranger);
        oracle.postVerdictBatch(rows, 1, signatures);
        for (uint256 i = 0; i < jobIds.length; ++i) {
            (uint8 score, uint32 postedAt, bool isPosted) = oracle.verdictOf(jobIds[i]);
            vm.assertEq(score, i * 12, "score");
            vm.assertEq(postedAt, block.timestamp, "postedAt");
            vm.assertTrue(isPosted, "posted");
        }
        vm.warp(block.timestamp + REVIEW_SECONDS);
        vm.assertEq(oracle.settle(jobIds), 9, "all settle");
        for (uint256 i = 0; i < jobIds.length; ++i) {
            vm.assertTrue(
                (uint256(_status(jobIds[i])) == 3) == (i * 12 >= 60), "INV-ORA-01: paid from the mark on"
            );
        }
    }

    function test_postVerdictBatch__when_a_row_is_changed_or_moved_or_left_out_after_signing__reverts()
        public
    {
        bytes32[] memory rows = new bytes32[](6);
        _setRow(rows, 0, _hireAndSubmit(), 70);
        _setRow(rows, 1, _hireAndSubmit(), 10);
        bytes[] memory signatures = _sign(rows, 2);
        for (uint256 i = 0; i < rows.length; ++i) {
            bytes32 kept = rows[i];
            rows[i] = bytes32(uint256(kept) ^ 1);
            _expectRefused(rows, signatures);
            rows[i] = kept;
        }
        for (uint256 i = 0; i < 3; ++i) {
            (rows[i], rows[i + 3]) = (rows[i + 3], rows[i]);
        }
        _expectRefused(rows, signatures);
        bytes32[] memory first = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            first[i] = rows[i + 3];
        }
        _expectRefused(first, signatures);
    }

    function test_postVerdictBatch__when_the_words_are_not_three_a_row__reverts_for_the_words() public {
        bytes32[] memory rows = new bytes32[](4);
        bytes[] memory signatures = _sign(rows, 2);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_RowsIncomplete.selector, 4));
        oracle.postVerdictBatch(rows, 1, signatures);
    }

    function test_postVerdictBatch__when_one_reporter_signed_the_batch__reverts_for_the_quorum() public {
        bytes32[] memory rows = new bytes32[](3);
        _setRow(rows, 0, _hireAndSubmit(), 70);
        bytes[] memory signatures = _sign(rows, 1);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_TooFewSignatures.selector, 1, 2));
        oracle.postVerdictBatch(rows, 1, signatures);
    }

    function test_postVerdictBatch__when_a_row_is_bad__is_skipped_by_its_reason_and_costs_the_others_nothing()
        public
    {
        uint256 late = _hireAndSubmit();
        vm.warp(block.timestamp + VERDICT_SECONDS + 1);
        uint256 good = _hireAndSubmit();
        uint256 tooHigh = _hireAndSubmit();
        uint256 otherTime = _hireAndSubmit();
        uint256 posted = _hireAndSubmit();
        _post(posted, 90);
        uint256 standard = _fundStandardJob();
        _submit(standard);
        uint256 funded = _hire();
        bytes32[] memory rows = new bytes32[](24);
        _setRow(rows, 0, late, 70);
        _setRow(rows, 1, tooHigh, 101);
        _setRow(rows, 2, otherTime, 70);
        rows[6] = bytes32(uint256(rows[6]) ^ (1 << 8));
        _setRow(rows, 3, posted, 10);
        _setRow(rows, 4, standard, 70);
        _setRow(rows, 5, funded, 70);
        rows[18] = bytes32((uint256(type(uint216).max) << 40) | 70);
        _setRow(rows, 7, good, 70);
        bytes[] memory signatures = _sign(rows, 2);
        _expectSkipped(late, IResultOracle.ResultOracle_VerdictTooLate.selector);
        _expectSkipped(tooHigh, IResultOracle.ResultOracle_ScoreTooHigh.selector);
        _expectSkipped(otherTime, IResultOracle.ResultOracle_WrongSubmission.selector);
        _expectSkipped(posted, IResultOracle.ResultOracle_AlreadyPosted.selector);
        _expectSkipped(standard, IResultOracle.ResultOracle_NotHouseJob.selector);
        _expectSkipped(funded, IResultOracle.ResultOracle_NotSubmitted.selector);
        _expectSkipped(type(uint216).max, IResultOracle.ResultOracle_NotSubmitted.selector);
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictPosted(good, REPORT, DELIVERABLE, 70, 1, 3);
        oracle.postVerdictBatch(rows, 1, signatures);
        (uint8 score,,) = oracle.verdictOf(posted);
        vm.assertEq(score, 90, "INV-ORA-03: a posted verdict never changes");
        (,, bool isPosted) = oracle.verdictOf(good);
        vm.assertTrue(isPosted, "INV-ORA-05: the good row stands");
    }

    function test_postVerdictBatch__when_a_job_is_named_twice__takes_the_first_row() public {
        uint256 jobId = _hireAndSubmit();
        bytes32[] memory rows = new bytes32[](6);
        _setRow(rows, 0, jobId, 70);
        _setRow(rows, 1, jobId, 20);
        bytes[] memory signatures = _sign(rows, 2);
        _expectSkippedAfterPost(jobId);
        oracle.postVerdictBatch(rows, 1, signatures);
        (uint8 score,,) = oracle.verdictOf(jobId);
        vm.assertEq(score, 70, "the first");
        _expectSkipped(jobId, IResultOracle.ResultOracle_AlreadyPosted.selector);
        oracle.postVerdictBatch(rows, 1, signatures);
    }

    function test_postVerdictBatch__when_a_signature_of_a_single_verdict_is_brought__reverts_as_of_a_stranger()
        public
    {
        uint256 jobId = _hireAndSubmit();
        bytes32[] memory rows = new bytes32[](3);
        _setRow(rows, 0, jobId, 70);
        IResultOracle.Verdict memory verdict = _verdict(jobId, 70);
        verdict.reportHash = REPORT;
        _expectRefused(rows, _signatures(verdict, 2));
        // And a batch for another oracle.
        ResultOracle other = new ResultOracle(escrow, stake, reporterSet, 2, address(desk));
        vm.assertTrue(
            other.batchDigest(rows, 1) != oracle.batchDigest(rows, 1), "INV-ORA-02: this contract alone"
        );
        vm.chainId(2);
        vm.assertTrue(_digestOn(31_337, rows) != oracle.batchDigest(rows, 1), "INV-ORA-02: this chain alone");
        vm.assertEq(_digestOn(2, rows), oracle.batchDigest(rows, 1), "the digest is EIP-712's");
    }

    function test_postVerdictBatch__when_nothing_is_in_the_batch__posts_nothing() public {
        bytes32[] memory rows = new bytes32[](0);
        bytes[] memory signatures = _sign(rows, 3);
        vm.recordLogs();
        oracle.postVerdictBatch(rows, 1, signatures);
        vm.assertEq(vm.getRecordedLogs().length, 0, "no event");
    }

    /* ---------- internal ---------- */

    function _setRow(bytes32[] memory rows, uint256 index, uint256 jobId, uint8 score) private view {
        rows[index * 3] = bytes32((jobId << 40) | (uint256(escrow.jobOf(jobId).submittedAt) << 8) | score);
        rows[index * 3 + 1] = DELIVERABLE;
        rows[index * 3 + 2] = REPORT;
    }

    function _sign(bytes32[] memory rows, uint256 count) private view returns (bytes[] memory signatures) {
        bytes32 digest = oracle.batchDigest(rows, 1);
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = _signature(reporterKeys[i], digest);
        }
    }

    /// @dev Other rows recover other signers: strangers, or unsorted ones.
    function _expectRefused(bytes32[] memory rows, bytes[] memory signatures) private {
        (bool isDone, bytes memory fault) =
            address(oracle).call(abi.encodeCall(oracle.postVerdictBatch, (rows, 1, signatures)));
        bytes4 selector = bytes4(fault);
        vm.assertFalse(isDone, "INV-ORA-02: only what was signed");
        vm.assertTrue(
            selector == IResultOracle.ResultOracle_NotReporter.selector
                || selector == IResultOracle.ResultOracle_SignersNotAscending.selector
                || selector == IResultOracle.ResultOracle_SignatureInvalid.selector,
            "INV-ORA-02: refused for the signatures"
        );
    }

    function _expectSkipped(uint256 jobId, bytes4 reason) private {
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictSkipped(jobId, reason);
    }

    function _expectSkippedAfterPost(uint256 jobId) private {
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictPosted(jobId, REPORT, DELIVERABLE, 70, 1, 3);
        _expectSkipped(jobId, IResultOracle.ResultOracle_AlreadyPosted.selector);
    }

    function _digestOn(uint256 chainId, bytes32[] memory rows) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("AITBC ResultOracle"),
                keccak256("1"),
                chainId,
                address(oracle)
            )
        );
        bytes32 batch = keccak256(
            abi.encode(
                keccak256("VerdictBatch(bytes32[] rows,uint32 epoch)"),
                keccak256(abi.encodePacked(rows)),
                uint32(1)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, batch));
    }
}
