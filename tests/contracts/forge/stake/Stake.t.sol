// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {ReporterStake} from "../../../../contracts/oracle/stake/ReporterStake.sol";
import {StakeTest} from "./StakeTest.sol";

/// @dev R14: what reporters have at stake, and for how long.
contract StakeBookTest is StakeTest {
    function test_R14_stake__when_a_reporter_stakes_the_least__is_on_the_roll_and_sits_in_the_next_epoch()
        public
    {
        address reporter = vm.addr(spareKeys[0]);
        _stake(reporter, MIN_STAKE);
        (uint256 amount, bool isOnRoll) = stake.stakeOf(reporter);
        vm.assertTrue(amount == MIN_STAKE && isOnRoll, "on the roll");
        vm.assertEq(stake.roll().length, 4, "the roll");
        vm.assertEq(oracle.seatOf(1, reporter), 0, "not in the set in force");
        uint32 epoch = _rotate();
        vm.assertTrue(oracle.seatOf(epoch, reporter) != 0, "in the next");
        vm.assertEq(token.balanceOf(address(stake)), 4 * MIN_STAKE, "held");
        vm.assertEq(stake.owedOf(token), 4 * MIN_STAKE, "and owed");
    }

    function test_R14_stake__when_somebody_else_stakes_for_it__the_stake_is_the_reporters() public {
        token.mint(stranger, MIN_STAKE);
        vm.startPrank(stranger);
        token.approve(address(stake), MIN_STAKE);
        stake.stakeFor(vm.addr(spareKeys[0]), MIN_STAKE);
        vm.expectRevert(abi.encodeWithSelector(IReporterStake.ReporterStake_NotStaked.selector, stranger));
        stake.startLeaving();
        vm.stopPrank();
        _startLeaving(vm.addr(spareKeys[0]));
    }

    function test_R14_stake__when_it_is_less_than_the_least__reverts_with_what_is_needed() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_TooLittle.selector, MIN_STAKE - 1, MIN_STAKE)
        );
        stake.stakeFor(stranger, MIN_STAKE - 1);
    }

    function test_R14_stake__when_nothing_or_for_nobody_or_too_much__reverts_for_it() public {
        vm.expectRevert(IReporterStake.ReporterStake_AmountIsZero.selector);
        stake.stakeFor(stranger, 0);
        vm.expectRevert(IReporterStake.ReporterStake_ReporterIsZero.selector);
        stake.stakeFor(address(0), MIN_STAKE);
        uint256 much = uint256(type(uint128).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(IReporterStake.ReporterStake_TooMuch.selector, much));
        stake.stakeFor(stranger, much);
        vm.expectRevert(IReporterStake.ReporterStake_AmountIsZero.selector);
        new ReporterStake(token, oracle, treasury, 0);
    }

    function test_R14_stake__when_the_token_takes_a_fee__reverts_with_what_came() public {
        FeeOnTransferToken taxed = new FeeOnTransferToken();
        ReporterStake other = new ReporterStake(IERC20(address(taxed)), oracle, treasury, 1_000);
        taxed.mint(stranger, 10_000);
        vm.startPrank(stranger);
        taxed.approve(address(other), 10_000);
        (bool success, bytes memory answer) =
            address(other).call(abi.encodeCall(other.stakeFor, (stranger, 10_000)));
        vm.stopPrank();
        vm.assertFalse(success, "refused");
        vm.assertTrue(bytes4(answer) == IReporterStake.ReporterStake_UnexpectedReceipt.selector, "for it");
    }

    function test_R14_stake__given_a_stake__more_can_be_added() public {
        _stake(reporterSet[0], 1);
        (uint256 amount,) = stake.stakeOf(reporterSet[0]);
        vm.assertEq(amount, MIN_STAKE + 1, "the sum");
        vm.assertEq(stake.roll().length, 3, "one place each");
    }

    function test_R14_stake__given_a_reporter_of_the_first_set__its_seat_is_noted_when_it_stakes() public {
        _startLeaving(reporterSet[0]);
        vm.assertEq(stake.unstakeAt(reporterSet[0]), 0, "it still sits");
    }

    function test_R14_stake__given_a_full_roll__a_larger_stake_takes_the_place_of_the_smallest() public {
        _fillRoll();
        _stake(stranger, MIN_STAKE + 1);
        vm.assertEq(stake.roll().length, 64, "still full");
        (uint256 amount, bool isOnRoll) = stake.stakeOf(reporterSet[0]);
        vm.assertTrue(amount == MIN_STAKE && !isOnRoll, "displaced, and its stake its own");
        (, isOnRoll) = stake.stakeOf(stranger);
        vm.assertTrue(isOnRoll, "in its place");
        _stake(reporterSet[0], 2);
        (, isOnRoll) = stake.stakeOf(reporterSet[0]);
        vm.assertTrue(isOnRoll, "back with more");
    }

    function test_R14_stake__given_a_full_roll__an_equal_stake_is_refused() public {
        _fillRoll();
        token.mint(stranger, MIN_STAKE);
        vm.startPrank(stranger);
        token.approve(address(stake), MIN_STAKE);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_TooLittle.selector, MIN_STAKE, MIN_STAKE + 1)
        );
        stake.stakeFor(stranger, MIN_STAKE);
        vm.stopPrank();
    }

    function test_R14_stake__given_a_set__the_quorums_stake_is_that_of_its_poorest_quorum() public {
        vm.assertEq(stake.quorumStake(), 2 * MIN_STAKE, "two of three");
        _stake(reporterSet[0], 5);
        vm.assertEq(stake.quorumStake(), 2 * MIN_STAKE, "the others could lie");
        _stake(reporterSet[2], 3);
        vm.assertEq(stake.quorumStake(), 2 * MIN_STAKE + 3, "the two poorest");
        _stake(vm.addr(spareKeys[0]), 9 * MIN_STAKE);
        vm.assertEq(stake.quorumStake(), 2 * MIN_STAKE + 3, "who does not sit does not count");
        _rotate();
        vm.assertEq(stake.quorumStake(), 3 * MIN_STAKE + 8, "three of four");
    }

    function test_R14_stake__when_a_stranger_seats_reporters__reverts_for_the_caller() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_NotOracle.selector, address(this))
        );
        stake.seatReporters(7);
    }

    function test_R14_unstake__when_the_caller_does_not_leave__reverts() public {
        vm.prank(reporterSet[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_NotLeaving.selector, reporterSet[0])
        );
        stake.unstake();
    }

    function test_R14_unstake__when_who_has_no_stake_leaves_or_who_leaves_leaves_again__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_NotStaked.selector, address(this))
        );
        stake.startLeaving();
        _startLeaving(reporterSet[0]);
        vm.prank(reporterSet[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_IsLeaving.selector, reporterSet[0])
        );
        stake.startLeaving();
    }

    function test_R14_unstake__given_a_leaver_still_sits__reverts_for_its_epoch() public {
        _startLeaving(reporterSet[0]);
        vm.warp(block.timestamp + 1_000 days);
        vm.prank(reporterSet[0]);
        vm.expectRevert(abi.encodeWithSelector(IReporterStake.ReporterStake_StillSeated.selector, 1));
        stake.unstake();
    }

    function test_R14_unstake__given_a_leaver_sat__waits_from_the_end_of_its_epoch() public {
        _startLeaving(reporterSet[0]);
        vm.warp(block.timestamp + 30 days);
        oracle.advanceEpoch();
        uint256 earliest = block.timestamp + 100 days;
        vm.assertEq(stake.unstakeAt(reporterSet[0]), earliest, "from the end of its last epoch");
        vm.warp(earliest - 1);
        vm.prank(reporterSet[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_TooEarly.selector, earliest - 1, earliest)
        );
        stake.unstake();
        vm.warp(earliest);
        vm.prank(reporterSet[0]);
        stake.unstake();
        vm.assertEq(token.balanceOf(reporterSet[0]), MIN_STAKE, "the whole stake");
        vm.assertEq(stake.owedOf(token), 2 * MIN_STAKE, "owed no more");
    }

    function test_R14_unstake__given_a_leaver_never_sat__waits_from_its_leaving() public {
        address reporter = vm.addr(spareKeys[0]);
        _stake(reporter, MIN_STAKE);
        vm.warp(block.timestamp + 5 days);
        _startLeaving(reporter);
        vm.assertEq(stake.unstakeAt(reporter), block.timestamp + 100 days, "from its leaving");
    }

    function test_R14_unstake__given_a_leaver__cannot_be_staked_for() public {
        _startLeaving(reporterSet[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IReporterStake.ReporterStake_IsLeaving.selector, reporterSet[0])
        );
        stake.stakeFor(reporterSet[0], 1);
    }

    function test_R14_unstake__given_a_leaver__joins_again_once_it_has_unstaked() public {
        _startLeaving(reporterSet[0]);
        _rotate();
        vm.warp(block.timestamp + 100 days);
        vm.prank(reporterSet[0]);
        stake.unstake();
        _stake(reporterSet[0], MIN_STAKE);
        uint32 epoch = _rotate();
        vm.assertTrue(oracle.seatOf(epoch, reporterSet[0]) != 0, "sits again");
    }

    function test_R14_unstake__given_the_longest_windows_of_an_escrow__the_wait_is_longer_than_all_of_them_together()
        public
        view
    {
        vm.assertTrue(
            stake.UNSTAKE_SECONDS() > 3 * uint256(escrow.MAX_WINDOW_SECONDS()),
            "verdict, review and court, one after the other"
        );
    }

    function _fillRoll() private {
        for (uint160 i = 0; i < 61; ++i) {
            _stake(address(0x7000 + i), MIN_STAKE);
        }
    }
}
