// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJurorCourt} from "../../../../contracts/interfaces/IJurorCourt.sol";
import {CourtTest} from "./CourtTest.sol";

/// @dev One appeal, before more jurors, at a higher fee.
contract AppealTest is CourtTest {
    uint256 private constant APPEAL_COST = 2 * 5 * uint256(FEE);

    function test_O5_appeal__when_paid_in_time__more_jurors_decide_anew() public {
        uint256 disputeId = _appealed(10_000);
        vm.assertEq(money.balanceOf(address(court)), COST + APPEAL_COST, "twice the fee a juror");
        _assertNoRuling(disputeId);
        _draw(disputeId);
        vm.assertEq(court.roundOf(disputeId, 1).drawn, 5, "more jurors");
        _vote(disputeId, _five(2_000));
        _assertRuling(disputeId, 2_000);
        court.close(disputeId);
        for (uint8 seat = 0; seat < 5; ++seat) {
            (address juror,) = court.seatOf(disputeId, 1, seat);
            vm.assertGe(court.creditOf(address(money), juror), APPEAL_COST / 5, "paid");
        }
        _assertConserved();
    }

    function test_O5_appeal__given_the_appeal_is_silent__the_first_ruling_stands_and_its_fee_goes_back()
        public
    {
        uint256 disputeId = _appealed(7_000);
        vm.warp(block.timestamp + DRAW + 1);
        _assertRuling(disputeId, 7_000);
        court.close(disputeId);
        vm.assertEq(court.creditOf(address(money), stranger), APPEAL_COST, "the appellant has it back");
        vm.assertEq(court.pendingDraws(), 0, "nothing waits");
        _assertConserved();
    }

    function test_O5_appeal__when_it_comes_too_late__reverts_in_that_phase() public {
        uint256 disputeId = _ruled(1, 1, 1);
        vm.expectRevert(_wrongPhase(disputeId, IJurorCourt.Phase.Over, IJurorCourt.Phase.Appeal));
        vm.prank(stranger);
        court.appeal(disputeId);
    }

    function test_O5_appeal__when_it_comes_twice__reverts_as_appealed_already() public {
        uint256 disputeId = _appealed(1);
        vm.expectRevert(_wrongPhase(disputeId, IJurorCourt.Phase.Draw, IJurorCourt.Phase.Appeal));
        vm.prank(stranger);
        court.appeal(disputeId);
        _draw(disputeId);
        _vote(disputeId, _five(1));
        vm.expectRevert(_wrongPhase(disputeId, IJurorCourt.Phase.Over, IJurorCourt.Phase.Appeal));
        vm.prank(stranger);
        court.appeal(disputeId);
    }

    function test_O5_appeal__given_jurors_of_the_first_round_that_the_second_contradicts__they_are_penalised_by_the_last_ruling()
        public
    {
        uint256 disputeId = _appealed(10_000);
        _draw(disputeId);
        _vote(disputeId, _five(0));
        uint256 staked;
        for (uint256 i = 0; i < JURORS; ++i) {
            staked += court.jurorOf(_juror(i)).balance;
        }
        court.close(disputeId);
        uint256 left;
        for (uint256 i = 0; i < JURORS; ++i) {
            left += court.jurorOf(_juror(i)).balance;
        }
        vm.assertEq(staked - left, 3 * (TICKET / 20), "three of the first round were far from it");
        // Their fee goes to those who were near: nobody of the first round was.
        uint256 paid;
        for (uint256 i = 0; i < JURORS; ++i) {
            paid += court.creditOf(address(money), _juror(i));
        }
        vm.assertEq(paid, COST + APPEAL_COST, "every unit is somebody's");
        _assertConserved();
    }

    function test_O5_appeal__given_the_longest_case__it_ends_within_what_was_quoted() public {
        (, uint32 longest) = court.quote(address(money));
        uint256 start = block.timestamp;
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        vm.warp(start + DRAW);
        court.draw(disputeId, header);
        _commit(disputeId, 0, 1);
        _commit(disputeId, 1, 1);
        vm.warp(block.timestamp + COMMIT + REVEAL);
        court.revealVote(disputeId, 0, 1, SALT);
        court.revealVote(disputeId, 1, 1, SALT);
        vm.warp(block.timestamp + APPEAL);
        vm.prank(stranger);
        court.appeal(disputeId);
        header = _header(disputeId);
        vm.warp(block.timestamp + DRAW);
        court.draw(disputeId, header);
        for (uint8 seat = 0; seat < 4; ++seat) {
            _commit(disputeId, seat, 9_000);
        }
        vm.warp(block.timestamp + COMMIT + REVEAL);
        for (uint8 seat = 0; seat < 4; ++seat) {
            court.revealVote(disputeId, seat, 9_000, SALT);
        }
        vm.assertEq(block.timestamp, start + longest, "E8: the last second of the longest case");
        vm.warp(block.timestamp + 1);
        _assertRuling(disputeId, 9_000);
    }

    function _appealed(uint16 share) private returns (uint256 disputeId) {
        disputeId = _drawn();
        _vote(disputeId, _three(share, share, share));
        vm.prank(stranger);
        court.appeal(disputeId);
    }
}
