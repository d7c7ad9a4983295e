// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IArbitrator} from "../interfaces/IArbitrator.sol";
import {IJurorCourt} from "../interfaces/IJurorCourt.sol";
import {VoteSheet, VoteSheetLib} from "../types/VoteSheet.sol";
import {JurorPool} from "./JurorPool.sol";

/// @title The court's terms, fees and disputes, and how a dispute stands
/// @dev A ruling needs no transaction: it follows from the votes and the time, so that nobody can be late with it.
abstract contract CaseBook is IJurorCourt, JurorPool, Ownable2Step {
    /* ---------- types ---------- */

    struct Case {
        // slot 0
        address arbitrable;
        bool isAppealed;
        bool isRefunded;
        bool isClosed;
        // slot 1
        address token;
        uint96 fee;
        // slot 2
        uint256 subject;
        // slot 3, only after an appeal
        address appellant;
        uint96 appealFee;
    }

    struct Round {
        // slot 0
        RoundView state;
        // slot 1
        VoteSheet votes;
        // slot 2
        bytes32 seed;
    }

    struct Seat {
        address juror;
        bytes32 commitment;
    }

    /// @dev Fee of a juror; the second from `effectiveAt` on.
    struct FeeSchedule {
        uint96 fee;
        uint96 nextFee;
        uint64 effectiveAt;
    }

    /// @dev How a dispute stands.
    struct Standing {
        uint8 round;
        Phase phase;
        uint256 endsAt;
        bool hasRuling;
        uint16 providerBps;
    }

    /* ---------- constants and immutables ---------- */

    uint32 public constant MIN_PERIOD_SECONDS = 30;
    uint32 public constant MAX_PERIOD_SECONDS = 7 days;
    uint16 public constant MAX_SEED_DELAY_BLOCKS = 256;
    uint256 public constant FEE_DELAY = 2 days;
    uint256 private constant APPEAL_FEE_FACTOR = 2;

    uint16 public immutable SEED_DELAY_BLOCKS;
    uint32 public immutable DRAW_SECONDS;
    uint32 public immutable COMMIT_SECONDS;
    uint32 public immutable REVEAL_SECONDS;
    uint32 public immutable APPEAL_SECONDS;
    uint8 public immutable SEATS;
    uint8 public immutable APPEAL_SEATS;

    /* ---------- storage ---------- */

    /// @inheritdoc IJurorCourt
    uint256 public disputeCount;
    mapping(uint256 disputeId => Case) internal _cases;
    mapping(uint256 disputeId => mapping(uint256 round => Round)) internal _rounds;
    mapping(uint256 disputeId => mapping(uint256 round => mapping(uint256 seat => Seat))) internal _seats;
    mapping(address token => FeeSchedule) private _fees;

    /* ---------- constructor ---------- */

    /// @param owner_ May announce fees; nothing else.
    /// @param feeToken First token in which disputes are paid.
    /// @param feePerJuror In its smallest unit.
    constructor(
        address owner_,
        CourtTerms memory terms,
        address feeToken,
        uint96 feePerJuror
    ) JurorPool(terms.stakeToken, terms.ticketUnits, terms.unstakeSeconds, _longest(terms)) Ownable(owner_) {
        _requireTerm("seedDelayBlocks", terms.seedDelayBlocks, 1, MAX_SEED_DELAY_BLOCKS);
        _requireTerm("drawSeconds", terms.drawSeconds, MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS);
        _requireTerm("commitSeconds", terms.commitSeconds, MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS);
        _requireTerm("revealSeconds", terms.revealSeconds, MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS);
        _requireTerm("appealSeconds", terms.appealSeconds, MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS);
        _requireTerm("seats", terms.seats, 1, VoteSheetLib.MAX_SEATS - 2);
        _requireTerm("appealSeats", terms.appealSeats, terms.seats + 2, VoteSheetLib.MAX_SEATS);
        _requireTerm("odd seats", terms.seats % 2 + terms.appealSeats % 2, 2, 2);
        SEED_DELAY_BLOCKS = terms.seedDelayBlocks;
        DRAW_SECONDS = terms.drawSeconds;
        COMMIT_SECONDS = terms.commitSeconds;
        REVEAL_SECONDS = terms.revealSeconds;
        APPEAL_SECONDS = terms.appealSeconds;
        SEATS = terms.seats;
        APPEAL_SEATS = terms.appealSeats;
        _setFee(feeToken, feePerJuror);
    }

    /* ---------- views ---------- */

    /// @inheritdoc IArbitrator
    function quote(address token) public view returns (uint256 cost, uint32 longestSeconds) {
        return (uint256(SEATS) * _feeOf(token), longestCaseSeconds());
    }

    /// @notice Longest time from {createDispute} to a ruling.
    function longestCaseSeconds() public view returns (uint32) {
        return 2 * (DRAW_SECONDS + COMMIT_SECONDS + REVEAL_SECONDS) + APPEAL_SECONDS;
    }

    /// @inheritdoc IArbitrator
    function rulingOf(uint256 disputeId) external view returns (bool isFinal, uint16 providerBps) {
        Standing memory standing = _standingOf(disputeId);
        if (standing.phase != Phase.Over || !standing.hasRuling) return (false, 0);
        return (true, standing.providerBps);
    }

    /// @inheritdoc IJurorCourt
    function phaseOf(uint256 disputeId) external view returns (uint8 round, Phase phase, uint256 endsAt) {
        Standing memory standing = _standingOf(disputeId);
        return (standing.round, standing.phase, standing.endsAt);
    }

    /// @inheritdoc IJurorCourt
    function roundOf(uint256 disputeId, uint8 round) external view returns (RoundView memory) {
        return _rounds[disputeId][round].state;
    }

    /// @inheritdoc IJurorCourt
    function seatOf(
        uint256 disputeId,
        uint8 round,
        uint8 seat
    ) external view returns (address juror, bytes32 commitment) {
        Seat memory found = _seats[disputeId][round][seat];
        return (found.juror, found.commitment);
    }

    /// @inheritdoc IJurorCourt
    function voteOf(
        uint256 disputeId,
        uint8 round,
        uint8 seat
    ) external view returns (bool isRevealed, uint16 providerBps) {
        return _rounds[disputeId][round].votes.voteAt(seat);
    }

    /// @inheritdoc IJurorCourt
    function commitmentOf(
        uint256 disputeId,
        uint8 round,
        uint8 seat,
        address juror,
        uint16 providerBps,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(
            abi.encode(block.chainid, address(this), disputeId, round, seat, juror, providerBps, salt)
        );
    }

    /// @inheritdoc IJurorCourt
    function appealCost(uint256 disputeId) public view returns (uint256) {
        return APPEAL_FEE_FACTOR * APPEAL_SEATS * _feeOf(_cases[disputeId].token);
    }

    /* ---------- owner ---------- */

    /// @inheritdoc IJurorCourt
    function announceFee(address token, uint96 feePerJuror) external onlyOwner {
        _setFee(token, feePerJuror);
    }

    /* ---------- internal: how a dispute stands ---------- */

    function _standingOf(uint256 disputeId) internal view returns (Standing memory standing) {
        Case storage found = _cases[disputeId];
        if (found.arbitrable == address(0)) revert JurorCourt_UnknownDispute(disputeId);
        Round storage first = _rounds[disputeId][0];
        (standing.phase, standing.endsAt) = _phaseOf(first.state);
        if (standing.phase != Phase.Over || !_hasRuling(first)) return standing;
        standing.hasRuling = true;
        standing.providerBps = first.votes.median();
        if (!found.isAppealed) {
            standing.endsAt = uint256(first.state.revealBy) + APPEAL_SECONDS;
            if (block.timestamp <= standing.endsAt) standing.phase = Phase.Appeal;
            else standing.endsAt = 0;
            return standing;
        }
        standing.round = 1;
        Round storage second = _rounds[disputeId][1];
        (standing.phase, standing.endsAt) = _phaseOf(second.state);
        if (standing.phase == Phase.Over && _hasRuling(second)) standing.providerBps = second.votes.median();
    }

    /// @dev Of a round by itself: Over when it can change no more.
    function _phaseOf(RoundView memory state) private view returns (Phase, uint256 endsAt) {
        if (state.commitBy == 0) {
            return block.timestamp <= state.drawBy ? (Phase.Draw, state.drawBy) : (Phase.Over, 0);
        }
        if (block.timestamp <= state.commitBy) return (Phase.Commit, state.commitBy);
        if (block.timestamp <= state.revealBy) return (Phase.Reveal, state.revealBy);
        return (Phase.Over, 0);
    }

    function _hasRuling(Round storage round) internal view returns (bool) {
        return round.votes.count() >= _majority(round.state.asked);
    }

    function _majority(uint8 asked) internal pure returns (uint256) {
        return uint256(asked) / 2 + 1;
    }

    function _requirePhase(uint256 disputeId, Phase expected) internal view returns (uint8 round) {
        Standing memory standing = _standingOf(disputeId);
        if (standing.phase != expected) {
            revert JurorCourt_WrongPhase(disputeId, standing.phase, expected);
        }
        return standing.round;
    }

    /* ---------- internal: fees ---------- */

    function _feeOf(address token) private view returns (uint256) {
        FeeSchedule memory schedule = _fees[token];
        if (schedule.fee == 0) revert JurorCourt_TokenNotTaken(token);
        return block.timestamp < schedule.effectiveAt ? schedule.fee : schedule.nextFee;
    }

    function _setFee(address token, uint96 feePerJuror) private {
        // Check
        bool isNew = _fees[token].fee == 0;
        // forge-lint: disable-next-line(unsafe-typecast) fees are below 2^96
        uint96 fee = isNew ? feePerJuror : uint96(_feeOf(token));
        uint96 most = type(uint96).max / 64;
        uint96 min = isNew ? 1 : fee - fee / 2;
        uint96 max = isNew || fee > most / 2 ? most : fee * 2;
        if (feePerJuror < min || feePerJuror > max) revert JurorCourt_FeeOutOfRange(feePerJuror, min, max);
        // Effect
        uint256 effectiveAt = block.timestamp + (isNew ? 0 : FEE_DELAY);
        // forge-lint: disable-next-line(unsafe-typecast) times are below 2^64
        _fees[token] = FeeSchedule({fee: fee, nextFee: feePerJuror, effectiveAt: uint64(effectiveAt)});
        // Event
        emit FeeAnnounced(token, feePerJuror, effectiveAt);
    }

    function _longest(CourtTerms memory terms) private pure returns (uint32) {
        return 2 * (terms.drawSeconds + terms.commitSeconds + terms.revealSeconds) + terms.appealSeconds;
    }
}
