// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {JurorCourt} from "../../../../contracts/court/JurorCourt.sol";
import {IJurorCourt} from "../../../../contracts/interfaces/IJurorCourt.sol";
import {IJurorPool} from "../../../../contracts/interfaces/IJurorPool.sol";
import {CourtTest} from "./CourtTest.sol";

/// @dev The court's fees, refunds, owner and terms (E9, U1).
contract FeesTest is CourtTest {
    function test_E9_court__when_the_fee_was_not_paid__the_dispute_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_FeeMissing.selector, COST - 1, COST));
        asker.askFor(COST - 1, address(money));
        // What others staked or paid is not a fee.
        _ask();
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_FeeMissing.selector, 0, COST));
        asker.askFor(0, address(money));
    }

    function test_E9_court__when_the_token_is_not_taken__the_dispute_is_refused_as_well() public {
        vm.expectRevert(
            abi.encodeWithSelector(IJurorCourt.JurorCourt_TokenNotTaken.selector, address(stakeToken))
        );
        asker.askFor(0, address(stakeToken));
    }

    function test_E9_court__when_anybody_but_the_arbitrable_asks_for_the_refund__reverts_as_foreign() public {
        uint256 disputeId = _ask();
        vm.warp(block.timestamp + DRAW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJurorCourt.JurorCourt_NotArbitrable.selector, stranger, address(asker))
        );
        vm.prank(stranger);
        court.takeRefund(disputeId, stranger);
    }

    function test_E9_court__given_a_ruling__nothing_is_refunded() public {
        uint256 disputeId = _ruled(1, 1, 1);
        vm.assertEq(asker.takeBack(disputeId), 0, "the jurors earned it");
    }

    function test_E9_court__given_silence__the_refund_goes_back_once() public {
        uint256 disputeId = _ask();
        vm.assertEq(asker.takeBack(disputeId), 0, "not yet");
        vm.warp(block.timestamp + DRAW + 1);
        vm.assertEq(asker.takeBack(disputeId), COST, "back");
        vm.assertEq(asker.takeBack(disputeId), 0, "once");
        court.close(disputeId);
        _assertConserved();
    }

    function test_E9_court__when_a_dispute_is_closed_twice__the_second_close_reverts() public {
        uint256 disputeId = _ruled(1, 1, 1);
        court.close(disputeId);
        vm.expectRevert(abi.encodeWithSelector(IJurorCourt.JurorCourt_AlreadyClosed.selector, disputeId));
        court.close(disputeId);
    }

    function test_E9_court__when_a_dispute_is_unknown__every_view_and_verb_reverts() public {
        bytes memory fault = abi.encodeWithSelector(IJurorCourt.JurorCourt_UnknownDispute.selector, 9);
        vm.expectRevert(fault);
        court.rulingOf(9);
        vm.expectRevert(fault);
        court.draw(9, "");
        vm.expectRevert(fault);
        court.close(9);
        vm.expectRevert(fault);
        court.commitVote(9, 0, "vote");
    }

    function test_E9_court__when_the_owner_announces_a_fee__it_comes_after_the_delay_and_within_a_factor_of_two()
        public
    {
        vm.startPrank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJurorCourt.JurorCourt_FeeOutOfRange.selector, 2 * FEE + 1, FEE / 2, 2 * FEE
            )
        );
        court.announceFee(address(money), 2 * FEE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJurorCourt.JurorCourt_FeeOutOfRange.selector, FEE / 2 - 1, FEE / 2, 2 * FEE
            )
        );
        court.announceFee(address(money), FEE / 2 - 1);
        court.announceFee(address(money), 2 * FEE);
        court.announceFee(address(stakeToken), 5e18);
        vm.stopPrank();
        (uint256 cost,) = court.quote(address(stakeToken));
        vm.assertEq(cost, 15e18, "a new token at once");
        (cost,) = court.quote(address(money));
        vm.assertEq(cost, COST, "not yet");
        vm.warp(block.timestamp + 2 days);
        (cost,) = court.quote(address(money));
        vm.assertEq(cost, 2 * COST, "after the delay");
    }

    function test_E9_court__when_a_stranger_announces_a_fee__reverts_as_not_the_owner() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        court.announceFee(address(money), FEE);
    }

    function test_E9_court__when_the_terms_are_out_of_bounds__the_court_is_not_made() public {
        IJurorCourt.CourtTerms memory terms = _terms();
        (, uint32 longest) = court.quote(address(money));
        terms.unstakeSeconds = longest;
        _expectRefused(terms, "unstakeSeconds", longest, longest + 1, 90 days);
        terms = _terms();
        terms.drawSeconds = 29;
        _expectRefused(terms, "drawSeconds", 29, 30, 7 days);
        terms = _terms();
        terms.seedDelayBlocks = 0;
        _expectRefused(terms, "seedDelayBlocks", 0, 1, 256);
        terms = _terms();
        terms.appealSeats = 4;
        _expectRefused(terms, "appealSeats", 4, 5, 15);
        terms.appealSeats = 6;
        _expectRefused(terms, "odd seats", 1, 2, 2);
        terms = _terms();
        terms.ticketUnits = 0;
        _expectRefused(terms, "ticketUnits", 0, 1, type(uint96).max / 64);
    }

    function _expectRefused(
        IJurorCourt.CourtTerms memory terms,
        bytes32 term,
        uint256 value,
        uint256 min,
        uint256 max
    ) private {
        vm.expectRevert(
            abi.encodeWithSelector(IJurorPool.JurorPool_TermOutOfRange.selector, term, value, min, max)
        );
        new JurorCourt(owner, terms, address(money), FEE);
    }
}
