// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {StakeTest} from "./StakeTest.sol";

/// @dev R14 and N1: pay by epoch, equal parts, whatever the verdicts said; and the roots over them.
contract PayTest is StakeTest {
    bytes32 private constant ROOT = keccak256("root");

    function test_R14_payReporter__given_fees_of_an_ended_epoch__each_draws_an_equal_part_and_the_dust_goes_on()
        public
    {
        uint256 pool = _earnFee();
        vm.expectEmit(true, true, true, true, address(stake));
        emit IReporterStake.FeesCollected(address(token), 1, pool);
        stake.collect(token);
        _rotate();
        vm.warp(block.timestamp + 7 days);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(stake.payOf(token, 1, reporterSet[i]), pool / 3, "equal parts");
            vm.expectEmit(true, true, true, true, address(stake));
            emit IReporterStake.ReporterPaid(address(token), 1, reporterSet[i], pool / 3);
            stake.payReporter(token, 1, reporterSet[i]);
            vm.assertEq(token.balanceOf(reporterSet[i]), pool / 3, "drawn");
            _expectPay(1, reporterSet[i], IReporterStake.ReporterStake_NothingDue.selector);
            vm.assertEq(stake.payOf(token, 1, reporterSet[i]), 0, "nothing more");
        }
        vm.assertTrue(pool % 3 != 0, "the case has dust");
        stake.collect(token);
        vm.assertEq(stake.potOf(token, 2), pool % 3, "in the pot of the epoch that runs");
        vm.assertEq(token.balanceOf(address(stake)), stake.owedOf(token), "every unit is somebody's");
    }

    function test_R14_payReporter__given_a_verdict_failed_the_work__pays_the_same() public {
        uint256 jobId = _hireAndSubmit();
        _post(jobId, 0);
        vm.warp(block.timestamp + REVIEW_SECONDS);
        oracle.settle(_list(jobId));
        uint256 pool = _earnFee();
        stake.collect(token);
        _rotate();
        vm.warp(block.timestamp + 7 days);
        vm.assertEq(stake.payOf(token, 1, reporterSet[0]), pool / 3, "of what came in");
        vm.assertEq(stake.payOf(token, 1, reporterSet[2]), pool / 3, "also who did not sign");
    }

    function test_R14_payReporter__given_the_epoch_runs_or_may_still_be_closed__reverts() public {
        _earnFee();
        stake.collect(token);
        _expectPay(1, reporterSet[0], IReporterStake.ReporterStake_EpochRuns.selector);
        vm.assertEq(stake.payOf(token, 1, reporterSet[0]), 0, "not yet");
        _rotate();
        vm.warp(block.timestamp + 7 days - 1);
        _expectPay(1, reporterSet[0], IReporterStake.ReporterStake_TooEarly.selector);
        vm.assertEq(stake.payOf(token, 1, reporterSet[0]), 0, "not yet either");
    }

    function test_R14_payReporter__given_a_closing_names_two__the_two_share_at_once() public {
        uint256 pool = _earnFee();
        stake.collect(token);
        _rotate();
        _close(1, ROOT, 5);
        stake.payReporter(token, 1, reporterSet[0]);
        stake.payReporter(token, 1, reporterSet[2]);
        vm.assertEq(token.balanceOf(reporterSet[2]), pool / 2, "half each");
        _expectPay(1, reporterSet[1], IReporterStake.ReporterStake_DidNotTakePart.selector);
        vm.assertEq(stake.payOf(token, 1, reporterSet[1]), 0, "nothing for who was away");
    }

    function test_R14_payReporter__when_a_stranger_draws__reverts() public {
        _earnFee();
        stake.collect(token);
        _rotate();
        vm.warp(block.timestamp + 7 days);
        _expectPay(1, stranger, IReporterStake.ReporterStake_DidNotTakePart.selector);
        vm.assertEq(stake.payOf(token, 1, stranger), 0, "nothing");
    }

    function test_R14_collect__given_a_set_changed__each_epoch_has_its_own_pot() public {
        uint256 first = _earnFee();
        stake.collect(token);
        uint32 epoch = _replaceSet();
        uint256 second = _earnFee();
        second += _earnFee();
        // Brought to the oracle by somebody: still the reporters'.
        escrow.withdrawFor(address(token), address(oracle));
        stake.collect(token);
        vm.assertEq(stake.potOf(token, 1), first, "the first set's");
        vm.assertEq(stake.potOf(token, epoch), second, "the second set's");
        _rotate();
        vm.warp(block.timestamp + 7 days);
        stake.payReporter(token, 1, reporterSet[0]);
        stake.payReporter(token, epoch, vm.addr(spareKeys[3]));
        vm.assertEq(token.balanceOf(vm.addr(spareKeys[3])), second / 4, "four share");
        _expectPay(epoch, reporterSet[0], IReporterStake.ReporterStake_DidNotTakePart.selector);
    }

    function test_R14_collect__given_nothing_came__reverts() public {
        vm.expectRevert(IReporterStake.ReporterStake_NothingDue.selector);
        stake.collect(token);
    }

    function test_R14_collect__given_the_set_is_empty__reverts_and_the_fees_wait() public {
        uint256 pool = _earnFee();
        _startLeaving(reporterSet[0]);
        _rotate();
        vm.expectRevert(abi.encodeWithSelector(IReporterStake.ReporterStake_NobodyToPay.selector, 2));
        stake.collect(token);
        _stake(vm.addr(spareKeys[0]), MIN_STAKE);
        _rotate();
        stake.collect(token);
        vm.assertEq(stake.potOf(token, 3), pool, "for who sits next");
    }

    function test_N1_closeEpoch__when_the_root_is_zero__reverts() public {
        _rotate();
        _expectClose(0, 7, 2, IReporterStake.ReporterStake_RootIsZero.selector);
    }

    function test_N1_closeEpoch__when_nobody_or_no_seat_took_part__reverts() public {
        _rotate();
        _expectClose(ROOT, 0, 2, IReporterStake.ReporterStake_ParticipantsInvalid.selector);
        _expectClose(ROOT, 8, 2, IReporterStake.ReporterStake_ParticipantsInvalid.selector);
    }

    function test_N1_closeEpoch__when_fewer_than_a_quorum_signed__reverts() public {
        _rotate();
        _expectClose(ROOT, 7, 1, IResultOracle.ResultOracle_TooFewSignatures.selector);
    }

    function test_N1_closeEpoch__given_the_epoch_runs_or_was_closed_or_is_long_over__reverts() public {
        _expectClose(ROOT, 7, 2, IReporterStake.ReporterStake_EpochRuns.selector);
        _rotate();
        uint256 ended = block.timestamp;
        _close(1, ROOT, 7);
        _expectClose(keccak256("another"), 7, 2, IReporterStake.ReporterStake_AlreadyClosed.selector);
        vm.warp(ended + 7 days);
        _expectClose(ROOT, 7, 2, IReporterStake.ReporterStake_TooLate.selector);
    }

    function test_N1_closeEpoch__when_a_term_differs_from_the_signed_one__reverts() public {
        _rotate();
        bytes32 digest = stake.closingDigest(1, ROOT, 4, 7);
        bytes[] memory signatures = new bytes[](2);
        (signatures[0], signatures[1]) =
        (_signature(reporterKeys[0], digest), _signature(reporterKeys[1], digest));
        (bool success,) = address(stake).call(abi.encodeCall(stake.closeEpoch, (1, ROOT, 4, 3, signatures)));
        vm.assertFalse(success, "other participants");
        (success,) = address(stake).call(abi.encodeCall(stake.closeEpoch, (1, ROOT, 5, 7, signatures)));
        vm.assertFalse(success, "another count");
        stake.closeEpoch(1, ROOT, 4, 7, signatures);
    }

    function test_N1_isInEpoch__given_a_root_over_two_verdicts__finds_both_and_takes_no_inner_node() public {
        uint256 jobId = _hireAndSubmit();
        IResultOracle.Verdict memory one = _verdict(jobId, 70);
        IResultOracle.Verdict memory two = _verdict(jobId, 80);
        (bytes32 left, bytes32 right) = (_leaf(one), _leaf(two));
        bytes32 root = left < right
            ? keccak256(abi.encodePacked(left, right))
            : keccak256(abi.encodePacked(right, left));
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = right;
        vm.assertFalse(stake.isInEpoch(one, proof), "not closed");
        _rotate();
        _close(1, root, 7);
        vm.assertTrue(stake.isInEpoch(one, proof), "the one");
        proof[0] = left;
        vm.assertTrue(stake.isInEpoch(two, proof), "the other");
        two.score = 81;
        vm.assertFalse(stake.isInEpoch(two, proof), "nothing else");
        // Hashed once, a leaf would be found under a root that is that hash.
        vm.assertFalse(stake.isInEpoch(one, new bytes32[](0)), "a leaf alone is no root of two");
        vm.assertTrue(keccak256(abi.encode(one)) != left, "N1: leaves are hashed twice");
    }

    /* ---------- internal ---------- */

    function _earnFee() private returns (uint256 pool) {
        uint256 jobId = _hireAndSubmit();
        vm.prank(client);
        escrow.accept(jobId);
        (,, pool) = _fees(BUDGET);
    }

    function _leaf(IResultOracle.Verdict memory verdict) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(verdict))));
    }

    function _close(uint32 epoch, bytes32 root, uint256 participants) private {
        (bool success,) = address(stake).call(_closeCall(epoch, root, participants, 2));
        vm.assertTrue(success, "closed");
    }

    function _closeCall(
        uint32 epoch,
        bytes32 root,
        uint256 participants,
        uint256 count
    ) private view returns (bytes memory) {
        bytes32 digest = stake.closingDigest(epoch, root, 1, participants);
        bytes[] memory signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = _signature(reporterKeys[i], digest);
        }
        return abi.encodeCall(stake.closeEpoch, (epoch, root, 1, participants, signatures));
    }

    function _expectClose(bytes32 root, uint256 participants, uint256 count, bytes4 fault) private {
        (bool success, bytes memory answer) = address(stake).call(_closeCall(1, root, participants, count));
        vm.assertFalse(success, "refused");
        vm.assertEq(bytes32(bytes4(answer)), bytes32(fault), "for its fault");
    }

    function _expectPay(uint32 epoch, address reporter, bytes4 fault) private {
        (bool success, bytes memory answer) =
            address(stake).call(abi.encodeCall(stake.payReporter, (token, epoch, reporter)));
        vm.assertFalse(success, "refused");
        vm.assertEq(bytes32(bytes4(answer)), bytes32(fault), "for its fault");
    }
}
