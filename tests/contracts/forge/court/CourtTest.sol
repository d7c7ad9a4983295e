// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JurorCourt} from "../../../../contracts/court/JurorCourt.sol";
import {IJurorCourt} from "../../../../contracts/interfaces/IJurorCourt.sol";
import {ArbitrableDouble} from "../../../../contracts/mocks/ArbitrableDouble.sol";
import {PlainToken} from "../../../../contracts/mocks/PlainToken.sol";
import {Header} from "./Header.sol";
import {VmCourt} from "./VmCourt.sol";

/// @title A court by itself: eight jurors with a ticket each, and somebody who brings disputes
abstract contract CourtTest {
    VmCourt internal constant vm = VmCourt(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint96 internal constant TICKET = 100e18;
    uint96 internal constant FEE = 2e6;
    uint256 internal constant COST = 3 * uint256(FEE);
    uint32 internal constant DRAW = 1 hours;
    uint32 internal constant COMMIT = 2 hours;
    uint32 internal constant REVEAL = 3 hours;
    uint32 internal constant APPEAL = 4 hours;
    uint32 internal constant UNSTAKE = 30 hours;
    uint16 internal constant SEED_DELAY = 3;
    uint256 internal constant JURORS = 8;
    bytes32 internal constant SALT = keccak256("salt");

    address internal owner = address(0x0A11CE);
    address internal stranger = address(0x57A9);
    PlainToken internal stakeToken;
    PlainToken internal money;
    JurorCourt internal court;
    ArbitrableDouble internal asker;

    function setUp() public virtual {
        stakeToken = new PlainToken();
        money = new PlainToken();
        court = new JurorCourt(owner, _terms(), address(money), FEE);
        asker = new ArbitrableDouble(court);
        money.mint(address(asker), 1_000e6);
        money.mint(stranger, 1_000e6);
        vm.prank(stranger);
        money.approve(address(court), type(uint256).max);
        for (uint256 i = 0; i < JURORS; ++i) {
            _enlist(_juror(i), 1);
        }
        vm.roll(100);
    }

    function _terms() internal view returns (IJurorCourt.CourtTerms memory) {
        return IJurorCourt.CourtTerms({
            stakeToken: address(stakeToken),
            ticketUnits: TICKET,
            unstakeSeconds: UNSTAKE,
            seedDelayBlocks: SEED_DELAY,
            drawSeconds: DRAW,
            commitSeconds: COMMIT,
            revealSeconds: REVEAL,
            appealSeconds: APPEAL,
            seats: 3,
            appealSeats: 5
        });
    }

    function _juror(uint256 i) internal pure returns (address) {
        return address(uint160(0x1000 + i));
    }

    function _enlist(address juror, uint32 tickets) internal {
        stakeToken.mint(juror, uint256(tickets) * TICKET);
        vm.startPrank(juror);
        stakeToken.approve(address(court), type(uint256).max);
        court.stake(tickets);
        vm.stopPrank();
    }

    function _ask() internal returns (uint256) {
        return asker.ask(7, address(money));
    }

    /// @dev Lets the seed block pass and gives it a header.
    function _header(uint256 disputeId) internal returns (bytes memory header) {
        (uint8 round,,) = court.phaseOf(disputeId);
        uint256 seedBlock = court.roundOf(disputeId, round).seedBlock;
        if (block.number <= seedBlock) vm.roll(seedBlock + 1);
        header =
            Header.encode(keccak256("parent"), keccak256(abi.encode("seed", disputeId, round)), seedBlock);
        vm.setBlockhash(seedBlock, keccak256(header));
    }

    function _draw(uint256 disputeId) internal {
        court.draw(disputeId, _header(disputeId));
    }

    function _drawn() internal returns (uint256 disputeId) {
        disputeId = _ask();
        _draw(disputeId);
    }

    function _seated(uint256 disputeId, uint8 seat) internal view returns (address juror) {
        (uint8 round,,) = court.phaseOf(disputeId);
        (juror,) = court.seatOf(disputeId, round, seat);
    }

    function _commit(uint256 disputeId, uint8 seat, uint16 share) internal {
        (uint8 round,,) = court.phaseOf(disputeId);
        address juror = _seated(disputeId, seat);
        bytes32 commitment = court.commitmentOf(disputeId, round, seat, juror, share, SALT);
        vm.prank(juror);
        court.commitVote(disputeId, seat, commitment);
    }

    /// @dev The first seats commit to these votes and reveal them; the others keep silent.
    function _vote(uint256 disputeId, uint16[] memory shares) internal {
        for (uint8 seat = 0; seat < shares.length; ++seat) {
            _commit(disputeId, seat, shares[seat]);
        }
        _pass(disputeId, IJurorCourt.Phase.Commit);
        for (uint8 seat = 0; seat < shares.length; ++seat) {
            court.revealVote(disputeId, seat, shares[seat], SALT);
        }
        _pass(disputeId, IJurorCourt.Phase.Reveal);
    }

    /// @dev Lets time pass until this phase is over, if it runs.
    function _pass(uint256 disputeId, IJurorCourt.Phase expected) internal {
        (, IJurorCourt.Phase phase, uint256 endsAt) = court.phaseOf(disputeId);
        if (phase == expected) vm.warp(endsAt + 1);
    }

    function _ruled(uint16 a, uint16 b, uint16 c) internal returns (uint256 disputeId) {
        disputeId = _drawn();
        _vote(disputeId, _three(a, b, c));
        _pass(disputeId, IJurorCourt.Phase.Appeal);
    }

    function _three(uint16 a, uint16 b, uint16 c) internal pure returns (uint16[] memory shares) {
        shares = new uint16[](3);
        (shares[0], shares[1], shares[2]) = (a, b, c);
    }

    function _five(uint16 share) internal pure returns (uint16[] memory shares) {
        shares = new uint16[](5);
        for (uint256 i = 0; i < 5; ++i) {
            shares[i] = share;
        }
    }

    function _assertPhase(uint256 disputeId, IJurorCourt.Phase expected) internal view {
        (, IJurorCourt.Phase phase,) = court.phaseOf(disputeId);
        vm.assertEq(uint256(phase), uint256(expected), "phase");
    }

    function _assertRuling(uint256 disputeId, uint16 expected) internal view {
        (bool isFinal, uint16 share) = court.rulingOf(disputeId);
        vm.assertTrue(isFinal, "final");
        vm.assertEq(share, expected, "ruling");
    }

    function _assertNoRuling(uint256 disputeId) internal view {
        (bool isFinal,) = court.rulingOf(disputeId);
        vm.assertFalse(isFinal, "O4: no ruling before it is final");
    }

    /// @dev What the court holds is what it answers for, and every part of that has an owner.
    function _assertConserved() internal view {
        uint256 stakes;
        uint256 owed =
            court.creditOf(address(money), address(asker)) + court.creditOf(address(money), stranger);
        uint256 penalties;
        for (uint256 i = 0; i < JURORS; ++i) {
            stakes += court.jurorOf(_juror(i)).balance;
            owed += court.creditOf(address(money), _juror(i));
            penalties += court.creditOf(address(stakeToken), _juror(i));
        }
        vm.assertEq(stakeToken.balanceOf(address(court)), stakes + penalties, "INV-CRT-01: stakes");
        vm.assertEq(money.balanceOf(address(court)), owed, "INV-CRT-01: fees");
    }

    function _wrongPhase(
        uint256 disputeId,
        IJurorCourt.Phase phase,
        IJurorCourt.Phase expected
    ) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IJurorCourt.JurorCourt_WrongPhase.selector, disputeId, phase, expected);
    }
}
