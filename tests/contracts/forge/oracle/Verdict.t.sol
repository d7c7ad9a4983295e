// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {ResultOracle} from "../../../../contracts/oracle/ResultOracle.sol";
import {MarketTest} from "../MarketTest.sol";

contract VerdictTest is MarketTest {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 private constant STRANGER_KEY = 0xBAD;

    uint256 private _jobId;

    function setUp() public override {
        super.setUp();
        _jobId = _hireAndSubmit();
    }

    function test_postVerdict__when_two_reporters_signed_the_same_report__is_posted_with_the_bits_of_its_signers()
        public
    {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 88);
        bytes32 digest = oracle.verdictDigest(verdict);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = _signature(reporterKeys[0], digest);
        signatures[1] = _signature(reporterKeys[2], digest);
        vm.warp(block.timestamp + 100);
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictPosted(_jobId, verdict.reportHash, DELIVERABLE, 88, 1, 5);
        vm.prank(stranger);
        oracle.postVerdict(verdict, signatures);
        (uint8 score, uint32 postedAt, bool isPosted) = oracle.verdictOf(_jobId);
        vm.assertEq(score, 88, "score");
        vm.assertEq(postedAt, block.timestamp, "postedAt");
        vm.assertTrue(isPosted, "posted");
        vm.assertEq(oracle.settleableAt(_jobId), block.timestamp + REVIEW_SECONDS, "early pay");
    }

    function test_postVerdict__when_three_reporters_signed__names_all_three() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 1);
        bytes[] memory signatures = _signatures(verdict, 3);
        vm.expectEmit(true, true, true, true, address(oracle));
        emit IResultOracle.VerdictPosted(_jobId, verdict.reportHash, DELIVERABLE, 1, 1, 7);
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_the_signatures_are_short_ones__is_posted_all_the_same() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        bytes32 digest = oracle.verdictDigest(verdict);
        bytes[] memory signatures = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(reporterKeys[i], digest);
            signatures[i] = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
            vm.assertEq(signatures[i].length, 64, "ERC-2098");
        }
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_one_reporter_signed__reverts() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        bytes[] memory signatures = _signatures(verdict, 1);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_TooFewSignatures.selector, 1, 2));
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_one_reporter_signed_twice__reverts_as_not_ascending() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        bytes[] memory signatures = _signatures(verdict, 2);
        signatures[1] = signatures[0];
        vm.expectRevert(
            abi.encodeWithSelector(
                IResultOracle.ResultOracle_SignersNotAscending.selector, reporterSet[0], reporterSet[0]
            )
        );
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_the_signers_are_unsorted__reverts_for_the_order() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        bytes[] memory signatures = _signatures(verdict, 2);
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        vm.expectRevert(
            abi.encodeWithSelector(
                IResultOracle.ResultOracle_SignersNotAscending.selector, reporterSet[1], reporterSet[0]
            )
        );
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_a_stranger_signed__reverts_for_the_stranger() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        bytes32 digest = oracle.verdictDigest(verdict);
        address foreigner = vm.addr(STRANGER_KEY);
        bytes[] memory signatures = new bytes[](2);
        bool isFirst = foreigner < reporterSet[0];
        signatures[isFirst ? 0 : 1] = _signature(STRANGER_KEY, digest);
        signatures[isFirst ? 1 : 0] = _signature(reporterKeys[0], digest);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_NotReporter.selector, foreigner));
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_a_signature_has_a_high_s__is_nobodys() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(reporterKeys[0], oracle.verdictDigest(verdict));
        bytes memory high =
            abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        _assertNobodys(verdict, high);
    }

    function test_postVerdict__when_a_signature_has_an_odd_v_or_a_zero_r_or_an_odd_length__is_nobodys_either()
        public
    {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(reporterKeys[0], oracle.verdictDigest(verdict));
        _assertNobodys(verdict, abi.encodePacked(r, s, uint8(29)));
        _assertNobodys(verdict, abi.encodePacked(r, s, uint8(v - 27)));
        _assertNobodys(verdict, abi.encodePacked(bytes32(0), s, v));
        _assertNobodys(verdict, abi.encodePacked(r, s, v, v));
        _assertNobodys(verdict, abi.encodePacked(r, bytes31(s)));
        _assertNobodys(verdict, "");
    }

    function test_postVerdict__when_signed_for_another_chain_or_contract__reverts_as_a_strangers() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        ResultOracle other = new ResultOracle(escrow, stake, reporterSet, 2, address(desk));
        bytes32 foreignDigest = other.verdictDigest(verdict);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = _signature(reporterKeys[0], foreignDigest);
        signatures[1] = _signature(reporterKeys[1], foreignDigest);
        _assertNotAccepted(verdict, signatures);
        signatures = _signatures(verdict, 2);
        vm.chainId(4);
        _assertNotAccepted(verdict, signatures);
        vm.chainId(31_337);
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_any_term_differs_from_the_signed_one__reverts() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        bytes[] memory signatures = _signatures(verdict, 2);
        verdict.score = 6;
        _assertNotAccepted(verdict, signatures);
        verdict.score = 5;
        verdict.deliverable = bytes32(uint256(1));
        _assertNotAccepted(verdict, signatures);
        verdict.deliverable = DELIVERABLE;
        verdict.reportHash = bytes32(uint256(1));
        _assertNotAccepted(verdict, signatures);
    }

    function test_postVerdict__when_submittedAt_is_not_the_escrows__reverts_with_both() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        uint32 right = verdict.submittedAt;
        verdict.submittedAt = right - 1;
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_WrongSubmission.selector, right - 1, right)
        );
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_the_epoch_is_not_the_current_one__reverts_with_both_epochs() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        verdict.epoch = 2;
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_WrongEpoch.selector, 2, 1));
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__when_the_score_exceeds_100__reverts_for_the_score() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 101);
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_ScoreTooHigh.selector, 101, 100));
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__given_a_verdict_was_posted__reverts_as_already_posted() public {
        _post(_jobId, 5);
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 100);
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_AlreadyPosted.selector, _jobId));
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__given_the_verdict_window_is_over__reverts_as_too_late() public {
        IResultOracle.Verdict memory verdict = _verdict(_jobId, 5);
        bytes[] memory signatures = _signatures(verdict, 2);
        uint256 deadline = uint256(verdict.submittedAt) + VERDICT_SECONDS;
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_VerdictTooLate.selector, deadline + 1, deadline)
        );
        oracle.postVerdict(verdict, signatures);
        vm.warp(deadline);
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__given_a_job_that_is_not_submitted__reverts_as_not_submitted() public {
        uint256 jobId = _hire();
        IResultOracle.Verdict memory verdict = _verdict(jobId, 5);
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_NotSubmitted.selector, jobId));
        oracle.postVerdict(verdict, signatures);
    }

    function test_postVerdict__given_a_job_of_another_evaluator__reverts_as_no_house_job() public {
        uint256 jobId = _fundStandardJob();
        _submit(jobId);
        IResultOracle.Verdict memory verdict = _verdict(jobId, 5);
        bytes[] memory signatures = _signatures(verdict, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_NotHouseJob.selector, jobId, stranger)
        );
        oracle.postVerdict(verdict, signatures);
    }

    function _assertNobodys(IResultOracle.Verdict memory verdict, bytes memory bad) private {
        bytes[] memory signatures = _signatures(verdict, 2);
        signatures[0] = bad;
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_SignatureInvalid.selector, 0));
        oracle.postVerdict(verdict, signatures);
    }

    /// @dev A signature over other bytes recovers to somebody else, in whatever order that falls.
    function _assertNotAccepted(IResultOracle.Verdict memory verdict, bytes[] memory signatures) private {
        (bool success, bytes memory answer) =
            address(oracle).call(abi.encodeCall(oracle.postVerdict, (verdict, signatures)));
        vm.assertFalse(success, "S1: refused");
        bytes4 fault = bytes4(answer);
        vm.assertTrue(
            fault == IResultOracle.ResultOracle_NotReporter.selector
                || fault == IResultOracle.ResultOracle_SignersNotAscending.selector,
            "S1: for its signer"
        );
    }
}
