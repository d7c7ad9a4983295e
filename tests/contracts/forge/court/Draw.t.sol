// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJurorCourt} from "../../../../contracts/interfaces/IJurorCourt.sol";
import {BlockSeed} from "../../../../contracts/libraries/BlockSeed.sol";
import {CourtTest} from "./CourtTest.sol";
import {Header} from "./Header.sol";

/// @dev Who is drawn, and that nobody chooses (O4).
contract DrawTest is CourtTest {
    function test_O4_draw__given_the_seed_block_has_not_come__reverts_as_out_of_reach() public {
        uint256 disputeId = _ask();
        uint256 seedBlock = block.number + SEED_DELAY;
        vm.assertEq(court.roundOf(disputeId, 0).seedBlock, seedBlock, "fixed at the request");
        vm.roll(seedBlock);
        vm.expectRevert(abi.encodeWithSelector(BlockSeed.BlockSeed_OutOfReach.selector, seedBlock));
        court.draw(disputeId, "");
    }

    function test_O4_draw__when_the_header_is_another__reverts_as_another_header() public {
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        bytes memory other = Header.encode(keccak256("parent"), keccak256("chosen"), block.number - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                BlockSeed.BlockSeed_OtherHeader.selector, keccak256(other), keccak256(header)
            )
        );
        court.draw(disputeId, other);
    }

    function test_O4_draw__when_the_header_is_right__three_jurors_are_seated_and_nobody_twice() public {
        uint256 disputeId = _drawn();
        IJurorCourt.RoundView memory round = court.roundOf(disputeId, 0);
        vm.assertTrue(round.drawn == 3 && round.waiting == 3, "three seats");
        vm.assertEq(round.commitBy, block.timestamp + COMMIT, "time to commit");
        address[3] memory jurors = [_seated(disputeId, 0), _seated(disputeId, 1), _seated(disputeId, 2)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(court.jurorOf(jurors[i]).openSeats, 1, "E9: nobody twice");
        }
        vm.expectRevert(_wrongPhase(disputeId, IJurorCourt.Phase.Commit, IJurorCourt.Phase.Draw));
        court.draw(disputeId, "");
    }

    function test_O4_draw__when_somebody_else_draws_later__the_same_jurors_are_seated() public {
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        uint256 state = vm.snapshotState();
        court.draw(disputeId, header);
        address[3] memory jurors = [_seated(disputeId, 0), _seated(disputeId, 1), _seated(disputeId, 2)];
        vm.revertToState(state);
        vm.roll(block.number + 100);
        vm.warp(block.timestamp + DRAW);
        vm.prank(_juror(5));
        court.draw(disputeId, header);
        for (uint8 seat = 0; seat < 3; ++seat) {
            vm.assertEq(_seated(disputeId, seat), jurors[seat], "O4: nobody chooses");
        }
    }

    function test_O4_draw__given_a_juror_with_a_stake_in_the_outcome__it_is_never_seated() public {
        for (uint256 i = 0; i < 5; ++i) {
            asker.refuse(_juror(i));
        }
        uint256 disputeId = _drawn();
        for (uint8 seat = 0; seat < 3; ++seat) {
            vm.assertFalse(asker.isRefused(_seated(disputeId, seat)), "O4: excluded");
        }
    }

    function test_O4_draw__given_a_juror_that_left_before_the_request__it_is_not_seated() public {
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(_juror(i));
            court.announceLeave();
        }
        vm.roll(block.number + 1);
        uint256 disputeId = _drawn();
        for (uint8 seat = 0; seat < 3; ++seat) {
            vm.assertEq(court.jurorOf(_seated(disputeId, seat)).frozenAtBlock, 0, "gone jurors do not sit");
        }
    }

    function test_O4_draw__given_a_juror_that_leaves_after_the_request__nothing_moves() public {
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        uint256 state = vm.snapshotState();
        court.draw(disputeId, header);
        address first = _seated(disputeId, 0);
        vm.revertToState(state);
        vm.prank(first);
        court.announceLeave();
        court.draw(disputeId, header);
        vm.assertEq(_seated(disputeId, 0), first, "O4: leaving moves no draw");
    }

    function test_O4_draw__given_tickets_bought_after_the_request__they_do_not_count() public {
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        uint256 state = vm.snapshotState();
        court.draw(disputeId, header);
        address first = _seated(disputeId, 0);
        vm.revertToState(state);
        _enlist(stranger, 64);
        court.draw(disputeId, header);
        vm.assertEq(_seated(disputeId, 0), first, "O4: buying moves no draw");
    }

    function test_O4_draw__given_too_few_jurors__reverts_and_silence_follows() public {
        for (uint256 i = 0; i < 7; ++i) {
            asker.refuse(_juror(i));
        }
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_TooFewJurors.selector, 1, 2));
        court.draw(disputeId, header);
        vm.warp(block.timestamp + DRAW + 1);
        _assertPhase(disputeId, IJurorCourt.Phase.Over);
        vm.assertEq(asker.takeBack(disputeId), COST, "E9: too few jurors, no court");
        court.close(disputeId);
        vm.assertEq(court.pendingDraws(), 0, "nothing waits");
    }

    function test_O4_draw__given_the_block_fell_out_of_reach__anybody_names_a_new_seed() public {
        uint256 disputeId = _ask();
        uint256 seedBlock = court.roundOf(disputeId, 0).seedBlock;
        vm.roll(seedBlock + 257);
        vm.prank(stranger);
        court.renewDraw(disputeId);
        vm.assertEq(court.roundOf(disputeId, 0).seedBlock, block.number + SEED_DELAY, "again to come");
        _draw(disputeId);
        _assertPhase(disputeId, IJurorCourt.Phase.Commit);
    }

    function test_O4_draw__given_the_block_is_in_reach__nobody_can_name_another() public {
        uint256 disputeId = _ask();
        uint256 seedBlock = court.roundOf(disputeId, 0).seedBlock;
        bytes memory fault = abi.encodeWithSelector(IJurorCourt.JurorCourt_SeedInReach.selector, seedBlock);
        vm.expectRevert(fault);
        court.renewDraw(disputeId);
        vm.roll(seedBlock);
        vm.expectRevert(fault);
        court.renewDraw(disputeId);
        _header(disputeId);
        vm.expectRevert(fault);
        court.renewDraw(disputeId);
    }

    function test_O4_draw__given_the_block_is_in_the_history_of_EIP_2935__its_hash_is_read_there() public {
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        uint256 seedBlock = court.roundOf(disputeId, 0).seedBlock;
        vm.roll(seedBlock + 300);
        // A stand-in for the system contract: answers the same hash whatever is asked.
        vm.etch(BlockSeed.HISTORY, abi.encodePacked(hex"7f", keccak256(header), hex"5f5260205ff3"));
        court.draw(disputeId, header);
        _assertPhase(disputeId, IJurorCourt.Phase.Commit);
    }

    function test_O4_draw__given_the_time_to_draw_is_over__there_is_no_ruling() public {
        uint256 disputeId = _ask();
        bytes memory header = _header(disputeId);
        vm.warp(block.timestamp + DRAW + 1);
        vm.expectRevert(_wrongPhase(disputeId, IJurorCourt.Phase.Over, IJurorCourt.Phase.Draw));
        court.draw(disputeId, header);
        _assertNoRuling(disputeId);
    }

    function test_O4_draw__given_a_seated_juror_with_a_tie__is_excused_and_the_next_ticket_takes_the_seat()
        public
    {
        uint256 disputeId = _drawn();
        address tied = _seated(disputeId, 1);
        _commit(disputeId, 1, 10_000);
        asker.tie(tied);
        vm.expectEmit(true, true, true, true, address(court));
        emit IJurorCourt.SeatExcused(disputeId, 0, 1, tied);
        court.excuse(disputeId, 1, abi.encode(tied));
        address next = _seated(disputeId, 1);
        vm.assertTrue(next != tied && next != address(0), "the seat is taken by another");
        vm.assertEq(court.jurorOf(tied).openSeats, 0, "O4: excused");
        (, bytes32 commitment) = court.seatOf(disputeId, 0, 1);
        vm.assertEq(commitment, 0, "its vote is gone");
        _vote(disputeId, _three(1, 1, 1));
        _pass(disputeId, IJurorCourt.Phase.Appeal);
        _assertRuling(disputeId, 1);
        court.close(disputeId);
        _assertConserved();
    }

    function test_O4_draw__given_a_seated_juror_without_a_tie__nobody_can_excuse_it() public {
        uint256 disputeId = _drawn();
        address juror = _seated(disputeId, 0);
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_NotConflicted.selector, juror));
        court.excuse(disputeId, 0, abi.encode(juror));
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_NotSeated.selector, address(0), 3));
        court.excuse(disputeId, 3, "");
    }

    function test_O4_draw__given_no_one_is_left_for_an_excused_seat__it_stays_empty_and_keeps_nobody_waiting()
        public
    {
        for (uint256 i = 3; i < JURORS; ++i) {
            asker.refuse(_juror(i));
        }
        uint256 disputeId = _drawn();
        address tied = _seated(disputeId, 0);
        _commit(disputeId, 1, 4_000);
        _commit(disputeId, 2, 4_000);
        asker.tie(tied);
        court.excuse(disputeId, 0, abi.encode(tied));
        vm.assertEq(_seated(disputeId, 0), address(0), "empty");
        vm.warp(block.timestamp + 1);
        court.revealVote(disputeId, 1, 4_000, SALT);
        court.revealVote(disputeId, 2, 4_000, SALT);
        vm.warp(block.timestamp + 1 + APPEAL);
        _assertRuling(disputeId, 4_000);
        court.close(disputeId);
        vm.assertEq(court.jurorOf(tied).balance, TICKET, "an excused juror loses nothing");
        _assertConserved();
    }

    function testFuzz_O4_draw__given_more_tickets__the_chance_grows_with_them(uint256 salt) public {
        // Of 8 + 56 tickets 56 are one juror's: over a few draws it sits nearly always in the first seats.
        _enlist(stranger, 56);
        uint256 seated;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 disputeId = _ask();
            uint256 seedBlock = court.roundOf(disputeId, 0).seedBlock;
            vm.roll(seedBlock + 1);
            bytes memory header = Header.encode(keccak256("p"), keccak256(abi.encode(salt, i)), seedBlock);
            vm.setBlockhash(seedBlock, keccak256(header));
            court.draw(disputeId, header);
            for (uint8 seat = 0; seat < 3; ++seat) {
                if (_seated(disputeId, seat) == stranger) ++seated;
            }
        }
        vm.assertGe(seated, 3, "weight counts: 7/8 a first seat, and never twice");
        vm.assertLe(seated, 4, "never twice in a round");
    }
}
