// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJurorPool} from "../../../../contracts/interfaces/IJurorPool.sol";
import {CourtTest} from "./CourtTest.sol";

/// @dev Tickets, leaving and the stake's way out.
contract PoolTest is CourtTest {
    function test_O5_stake__when_tickets_are_bought__stake_and_places_are_counted() public {
        _enlist(stranger, 3);
        vm.assertEq(court.jurorOf(stranger).balance, 3 * uint256(TICKET), "stake");
        vm.assertEq(court.poolSize(), JURORS + 3, "places");
        vm.assertEq(court.ticketAt(JURORS), stranger, "its place");
        vm.assertEq(court.heldOf(address(stakeToken)), (JURORS + 3) * TICKET, "held");
    }

    function test_O5_stake__when_nothing_or_too_much_is_bought__reverts_with_the_limit() public {
        vm.expectRevert(IJurorPool.JurorPool_NoTickets.selector);
        court.stake(0);
        vm.expectRevert(abi.encodeWithSelector(IJurorPool.JurorPool_TooManyTickets.selector, 65, 64));
        court.stake(65);
    }

    function test_O5_stake__given_a_juror_that_left__it_gets_its_stake_after_the_delay() public {
        _leave(_juror(0));
        vm.warp(block.timestamp + UNSTAKE);
        vm.prank(stranger);
        court.unstake(_juror(0));
        vm.assertEq(stakeToken.balanceOf(_juror(0)), TICKET, "all of it");
        vm.expectRevert(abi.encodeWithSelector(IJurorPool.JurorPool_NothingStaked.selector, _juror(0)));
        court.unstake(_juror(0));
    }

    function test_O5_stake__given_a_juror_that_left__it_gets_nothing_before_the_delay() public {
        vm.expectRevert(abi.encodeWithSelector(IJurorPool.JurorPool_NotFrozen.selector, _juror(0)));
        court.unstake(_juror(0));
        _leave(_juror(0));
        uint256 leavableAt = block.timestamp + UNSTAKE;
        vm.warp(leavableAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJurorPool.JurorPool_TooEarly.selector, leavableAt - 1, leavableAt)
        );
        court.unstake(_juror(0));
    }

    function test_O5_stake__given_a_juror_that_left__it_cannot_buy_or_leave_again() public {
        _leave(_juror(0));
        bytes memory fault = abi.encodeWithSelector(IJurorPool.JurorPool_Frozen.selector, _juror(0));
        vm.startPrank(_juror(0));
        vm.expectRevert(fault);
        court.stake(1);
        vm.expectRevert(fault);
        court.announceLeave();
        vm.stopPrank();
    }

    function test_O5_stake__given_a_juror_that_left__its_places_are_pruned_and_it_may_come_back() public {
        _enlist(_juror(0), 1);
        _leave(_juror(0));
        uint256[] memory places = new uint256[](3);
        (places[0], places[1], places[2]) = (JURORS, 3, 999);
        court.prune(places);
        places[2] = 0;
        vm.assertEq(court.poolSize(), JURORS + 1, "its stake is in: nothing is pruned");
        vm.warp(block.timestamp + UNSTAKE);
        court.unstake(_juror(0));
        court.prune(places);
        vm.assertEq(court.poolSize(), JURORS - 1, "both places, and no other");
        vm.assertEq(court.jurorOf(_juror(0)).tickets, 0, "forgotten");
        for (uint256 i = 0; i < court.poolSize(); ++i) {
            vm.assertTrue(court.ticketAt(i) != _juror(0), "gone from the pool");
        }
        _enlist(_juror(0), 1);
        vm.assertEq(court.poolSize(), JURORS, "back");
    }

    function test_O5_stake__given_a_juror_with_an_open_seat__its_stake_waits_for_the_close() public {
        uint256 disputeId = _drawn();
        address juror = _seated(disputeId, 0);
        _leave(juror);
        vm.warp(block.timestamp + UNSTAKE);
        vm.expectRevert(abi.encodeWithSelector(IJurorPool.JurorPool_HasSeats.selector, juror, 1));
        court.unstake(juror);
        court.close(disputeId);
        court.unstake(juror);
        vm.assertEq(stakeToken.balanceOf(juror), TICKET - TICKET / 5, "O5: penalised before it goes");
    }

    function test_O5_stake__given_a_draw_waits__nothing_is_pruned() public {
        _ask();
        vm.expectRevert(abi.encodeWithSelector(IJurorPool.JurorPool_DrawWaits.selector, 1));
        court.prune(new uint256[](0));
    }

    function test_O5_stake__given_a_stranger__has_nothing_to_take_out() public {
        vm.expectRevert(abi.encodeWithSelector(IJurorPool.JurorPool_NothingStaked.selector, stranger));
        vm.prank(stranger);
        court.announceLeave();
        vm.expectRevert(
            abi.encodeWithSelector(IJurorPool.JurorPool_NoCredit.selector, address(money), stranger)
        );
        court.withdrawFor(address(money), stranger);
    }

    function test_O5_stake__given_a_credit__anybody_sends_it_to_its_owner() public {
        uint256 disputeId = _ruled(1, 1, 1);
        court.close(disputeId);
        address juror = _seated(disputeId, 2);
        vm.prank(stranger);
        court.withdrawFor(address(money), juror);
        vm.assertEq(money.balanceOf(juror), FEE, "paid");
        vm.assertEq(court.heldOf(address(money)), 2 * uint256(FEE), "the others wait");
    }

    function _leave(address juror) private {
        vm.prank(juror);
        court.announceLeave();
    }
}
