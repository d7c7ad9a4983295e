// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJurorCourt} from "../../../../contracts/interfaces/IJurorCourt.sol";
import {CourtTest} from "./CourtTest.sol";

/// @dev Commit, reveal, median, pay and penalties (O5, E9).
contract VoteTest is CourtTest {
    function test_O5_vote__when_a_foreign_account_commits__reverts_as_not_seated() public {
        uint256 disputeId = _drawn();
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_NotSeated.selector, stranger, 0));
        vm.prank(stranger);
        court.commitVote(disputeId, 0, keccak256("vote"));
        address juror = _seated(disputeId, 1);
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_NotSeated.selector, juror, 0));
        vm.prank(juror);
        court.commitVote(disputeId, 0, keccak256("vote"));
    }

    function test_O5_vote__when_a_seat_commits_twice__the_second_reverts() public {
        uint256 disputeId = _drawn();
        _commit(disputeId, 0, 1);
        address juror = _seated(disputeId, 0);
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_AlreadyCommitted.selector, 0));
        vm.prank(juror);
        court.commitVote(disputeId, 0, keccak256("another"));
    }

    function test_O5_vote__when_the_commitment_is_empty__reverts_as_nothing() public {
        uint256 disputeId = _drawn();
        address juror = _seated(disputeId, 0);
        vm.expectRevert(IJurorCourt.JurorCourt_CommitmentIsZero.selector);
        vm.prank(juror);
        court.commitVote(disputeId, 0, 0);
    }

    function test_O5_vote__when_a_vote_is_revealed_before_the_end_of_the_commits__reverts_as_too_early()
        public
    {
        uint256 disputeId = _drawn();
        _commit(disputeId, 0, 9_000);
        (,, uint256 endsAt) = court.phaseOf(disputeId);
        vm.warp(endsAt);
        vm.expectRevert(_wrongPhase(disputeId, IJurorCourt.Phase.Commit, IJurorCourt.Phase.Reveal));
        court.revealVote(disputeId, 0, 9_000, SALT);
        vm.warp(endsAt + 1);
        court.revealVote(disputeId, 0, 9_000, SALT);
    }

    function test_O5_vote__given_everybody_has_committed__the_reveal_opens_at_once() public {
        uint256 disputeId = _drawn();
        for (uint8 seat = 0; seat < 3; ++seat) {
            _commit(disputeId, seat, 100);
        }
        vm.warp(block.timestamp + 1);
        _assertPhase(disputeId, IJurorCourt.Phase.Reveal);
        vm.assertEq(court.roundOf(disputeId, 0).revealBy, block.timestamp - 1 + REVEAL, "the whole reveal");
    }

    function test_O5_vote__when_another_dispute_seat_juror_share_or_salt_is_revealed__reverts_as_another_vote()
        public
    {
        uint256 disputeId = _drawn();
        uint256 other = _drawn();
        _commit(disputeId, 0, 100);
        // A copied commitment is worthless: it binds the first juror.
        (, bytes32 copied) = court.seatOf(disputeId, 0, 0);
        address copier = _seated(disputeId, 1);
        vm.prank(copier);
        court.commitVote(disputeId, 1, copied);
        address elsewhere = _seated(other, 0);
        vm.prank(elsewhere);
        court.commitVote(other, 0, copied);
        _pass(disputeId, IJurorCourt.Phase.Commit);
        _expectOther(0);
        court.revealVote(disputeId, 0, 101, SALT);
        _expectOther(0);
        court.revealVote(disputeId, 0, 100, 0);
        _expectOther(1);
        court.revealVote(disputeId, 1, 100, SALT);
        _expectOther(0);
        court.revealVote(other, 0, 100, SALT);
        _expectOther(2);
        court.revealVote(disputeId, 2, 100, SALT);
        court.revealVote(disputeId, 0, 100, SALT);
    }

    function test_O5_vote__when_a_vote_is_revealed_twice__the_second_reverts() public {
        uint256 disputeId = _drawn();
        _commit(disputeId, 0, 100);
        _commit(disputeId, 1, 100);
        _pass(disputeId, IJurorCourt.Phase.Commit);
        court.revealVote(disputeId, 0, 100, SALT);
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_AlreadyRevealed.selector, 0));
        court.revealVote(disputeId, 0, 100, SALT);
    }

    function test_O5_vote__when_a_share_is_above_all__reverts_as_too_high() public {
        uint256 disputeId = _drawn();
        _commit(disputeId, 0, 10_001);
        _pass(disputeId, IJurorCourt.Phase.Commit);
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_ShareTooHigh.selector, 10_001, 10_000));
        court.revealVote(disputeId, 0, 10_001, SALT);
    }

    function test_O5_vote__when_the_reveal_is_over__reverts_as_too_late() public {
        uint256 disputeId = _drawn();
        _commit(disputeId, 0, 100);
        _pass(disputeId, IJurorCourt.Phase.Commit);
        _pass(disputeId, IJurorCourt.Phase.Reveal);
        vm.expectRevert(_wrongPhase(disputeId, IJurorCourt.Phase.Over, IJurorCourt.Phase.Reveal));
        court.revealVote(disputeId, 0, 100, SALT);
    }

    function test_O5_vote__when_the_median_is_taken__it_is_the_middle_vote() public {
        _assertRuling(_ruled(10_000, 0, 4_000), 4_000);
        _assertRuling(_ruled(10_000, 10_000, 0), 10_000);
        uint256 disputeId = _drawn();
        uint16[] memory two = new uint16[](2);
        (two[0], two[1]) = (9_000, 2_000);
        _vote(disputeId, two);
        _pass(disputeId, IJurorCourt.Phase.Appeal);
        _assertRuling(disputeId, 2_000);
    }

    function test_O5_vote__given_a_juror_that_does_not_reveal__it_loses_a_fifth_of_a_ticket_to_those_that_did()
        public
    {
        uint256 disputeId = _drawn();
        uint16[] memory two = new uint16[](2);
        (two[0], two[1]) = (5_000, 5_000);
        _vote(disputeId, two);
        address[3] memory jurors = [_seated(disputeId, 0), _seated(disputeId, 1), _seated(disputeId, 2)];
        _pass(disputeId, IJurorCourt.Phase.Appeal);
        vm.expectEmit(true, true, true, true, address(court));
        emit IJurorCourt.JurorPenalised(disputeId, jurors[2], TICKET / 5, false);
        court.close(disputeId);
        vm.assertEq(court.jurorOf(jurors[2]).balance, TICKET - TICKET / 5, "O5: no reveal is slashed");
        vm.assertEq(court.creditOf(address(money), jurors[2]), 0, "and not paid");
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(court.creditOf(address(money), jurors[i]), COST / 2, "half the fee");
            vm.assertEq(court.creditOf(address(stakeToken), jurors[i]), TICKET / 10, "half the penalty");
        }
        _assertConserved();
    }

    function test_O5_vote__given_a_juror_far_from_the_ruling__it_loses_a_twentieth_and_is_paid_nothing()
        public
    {
        uint256 disputeId = _ruled(8_000, 10_000, 5_999);
        address near = _seated(disputeId, 1);
        address far = _seated(disputeId, 2);
        court.close(disputeId);
        vm.assertEq(court.jurorOf(far).balance, TICKET - TICKET / 20, "moderately");
        vm.assertEq(court.creditOf(address(money), far), 0, "unpaid");
        vm.assertEq(court.creditOf(address(money), near), COST / 2, "2,000 away is near");
        vm.assertEq(court.jurorOf(near).balance, TICKET, "and costs nothing");
        _assertConserved();
    }

    function test_O5_vote__given_too_few_votes__there_is_no_ruling_and_the_fee_goes_back() public {
        uint256 disputeId = _drawn();
        uint16[] memory one = new uint16[](1);
        one[0] = 10_000;
        _vote(disputeId, one);
        _assertPhase(disputeId, IJurorCourt.Phase.Over);
        _assertNoRuling(disputeId);
        uint256 balance = money.balanceOf(address(asker));
        vm.assertEq(asker.takeBack(disputeId), COST, "E9: one of three is too few");
        vm.assertEq(money.balanceOf(address(asker)), balance + COST, "the fee is back");
        court.close(disputeId);
        vm.assertEq(
            court.creditOf(address(stakeToken), _seated(disputeId, 0)), 2 * (TICKET / 5), "who voted is paid"
        );
        _assertConserved();
    }

    function test_O5_vote__given_nobody_votes__the_penalties_are_carried_to_the_next_dispute() public {
        uint256 silent = _drawn();
        _vote(silent, new uint16[](0));
        court.close(silent);
        asker.takeBack(silent);
        uint256 held = court.heldOf(address(stakeToken));
        vm.assertEq(held, JURORS * TICKET, "nothing left the court");
        vm.assertEq(court.carriedOf(address(stakeToken)), 3 * (TICKET / 5), "carried");
        uint256 disputeId = _ruled(1, 1, 1);
        court.close(disputeId);
        uint256 sum;
        for (uint8 seat = 0; seat < 3; ++seat) {
            sum += court.creditOf(address(stakeToken), _seated(disputeId, seat));
        }
        vm.assertEq(sum, 3 * (TICKET / 5), "to those who voted in the next");
        vm.assertEq(court.carriedOf(address(stakeToken)), 0, "once");
        _assertConserved();
    }

    function test_O5_vote__given_a_juror_that_lost_more_than_half__it_is_drawn_no_more() public {
        // Five seats of eight, again and again silent: everybody loses a fifth each time it was drawn.
        for (uint256 i = 0; i < 20; ++i) {
            uint256 disputeId = _ask();
            bytes memory header = _header(disputeId);
            try court.draw(disputeId, header) {} catch {}
            vm.warp(block.timestamp + COMMIT + REVEAL + DRAW + 2);
            court.close(disputeId);
        }
        uint256 suspended;
        for (uint256 i = 0; i < JURORS; ++i) {
            if (court.jurorOf(_juror(i)).balance * 2 < TICKET) {
                ++suspended;
                vm.assertTrue(court.jurorOf(_juror(i)).frozenAtBlock != 0, "suspended");
            } else {
                vm.assertEq(court.jurorOf(_juror(i)).frozenAtBlock, 0, "still drawn");
            }
        }
        vm.assertGe(suspended, 6, "O5: silence ends a juror");
    }

    function test_O5_vote__given_a_dispute_that_is_not_over__close_reverts_and_no_ruling_is_told() public {
        uint256 disputeId = _ask();
        _expectNotOver(disputeId, IJurorCourt.Phase.Draw);
        _draw(disputeId);
        _expectNotOver(disputeId, IJurorCourt.Phase.Commit);
        for (uint8 seat = 0; seat < 3; ++seat) {
            _commit(disputeId, seat, 0);
        }
        vm.warp(block.timestamp + 1);
        _expectNotOver(disputeId, IJurorCourt.Phase.Reveal);
        for (uint8 seat = 0; seat < 3; ++seat) {
            court.revealVote(disputeId, seat, 0, SALT);
        }
        vm.warp(block.timestamp + 1);
        _expectNotOver(disputeId, IJurorCourt.Phase.Appeal);
        vm.warp(block.timestamp + APPEAL);
        _assertRuling(disputeId, 0);
    }

    function testFuzz_O5_median__whatever_the_votes__half_are_on_either_side(uint16[15] memory votes) public {
        uint16[] memory shares = _three(votes[0] % 10_001, votes[1] % 10_001, votes[2] % 10_001);
        uint256 disputeId = _ruled(shares[0], shares[1], shares[2]);
        (, uint16 ruling) = court.rulingOf(disputeId);
        uint256 below;
        uint256 above;
        for (uint256 i = 0; i < 3; ++i) {
            if (shares[i] <= ruling) ++below;
            if (shares[i] >= ruling) ++above;
        }
        vm.assertTrue(below >= 2 && above >= 2, "median");
        court.close(disputeId);
        _assertConserved();
    }

    function _expectOther(uint256 seat) private {
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_RevealMismatch.selector, seat));
    }

    function _expectNotOver(uint256 disputeId, IJurorCourt.Phase phase) private {
        _assertPhase(disputeId, phase);
        _assertNoRuling(disputeId);
        vm.expectRevert(_wrongPhase(disputeId, phase, IJurorCourt.Phase.Over));
        court.close(disputeId);
    }
}
