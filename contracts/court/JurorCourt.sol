// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IArbitrable, IArbitrator} from "../interfaces/IArbitrator.sol";
import {IJurorCourt} from "../interfaces/IJurorCourt.sol";
import {BlockSeed} from "../libraries/BlockSeed.sol";
import {VoteSheet} from "../types/VoteSheet.sol";
import {CaseBook} from "./CaseBook.sol";

/// @title A court of staked jurors
/// @dev Promises and assumptions are in {IJurorCourt}; jurors and money in {JurorPool}, what a dispute
/// has come to in {CaseBook}.
contract JurorCourt is CaseBook {
    using SafeERC20 for IERC20;

    /* ---------- constants ---------- */

    /// @notice Stake that a juror loses for a vote that it did not reveal, in 1/10_000 of a ticket.
    uint256 public constant NO_REVEAL_BPS = 2_000;
    /// @notice The same for a vote far from the ruling.
    uint256 public constant INCOHERENT_BPS = 500;
    /// @notice Votes this near to the ruling are paid.
    uint16 public constant COHERENCE_BPS = 2_000;
    /// @notice Places of the pool that one round looks at, at most.
    uint256 public constant MAX_ATTEMPTS = 512;

    /* ---------- storage ---------- */

    /// @inheritdoc IJurorCourt
    mapping(address token => uint256) public carriedOf;

    /* ---------- constructor ---------- */

    /// @param owner_ May announce fees; nothing else.
    /// @param feeToken First token in which disputes are paid.
    /// @param feePerJuror In its smallest unit.
    constructor(
        address owner_,
        CourtTerms memory terms,
        address feeToken,
        uint96 feePerJuror
    ) CaseBook(owner_, terms, feeToken, feePerJuror) {}

    /* ---------- arbitrables ---------- */

    /// @inheritdoc IArbitrator
    function createDispute(uint256 subject, address token) external nonReentrant returns (uint256 disputeId) {
        // Check
        (uint256 cost,) = quote(token);
        uint256 received = IERC20(token).balanceOf(address(this)) - heldOf[token];
        if (received < cost) revert JurorCourt_FeeMissing(received, cost);
        // Effect
        heldOf[token] += cost;
        disputeId = ++disputeCount;
        Case storage opened = _cases[disputeId];
        opened.arbitrable = msg.sender;
        opened.token = token;
        // forge-lint: disable-next-line(unsafe-typecast) at most MAX_SEATS times a fee below 2^90
        opened.fee = uint96(cost);
        opened.subject = subject;
        // Event
        emit DisputeCreated(disputeId, msg.sender, subject, token, cost);
        _requestDraw({disputeId: disputeId, round: 0, asked: SEATS});
    }

    /// @inheritdoc IArbitrator
    function takeRefund(uint256 disputeId, address to) external nonReentrant returns (uint256 amount) {
        // Check
        Case storage found = _cases[disputeId];
        if (msg.sender != found.arbitrable) {
            revert JurorCourt_NotArbitrable(msg.sender, found.arbitrable);
        }
        Standing memory standing = _standingOf(disputeId);
        if (standing.phase != Phase.Over || standing.hasRuling || found.isRefunded) return 0;
        // Effect
        found.isRefunded = true;
        amount = found.fee;
        heldOf[found.token] -= amount;
        // Event
        emit DisputeRefunded(disputeId, to, amount);
        // Interaction
        IERC20(found.token).safeTransfer(to, amount);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IJurorCourt
    function draw(uint256 disputeId, bytes calldata header) external nonReentrant {
        // Check
        uint8 round = _requirePhase(disputeId, Phase.Draw);
        Round storage open = _rounds[disputeId][round];
        RoundView memory state = open.state;
        bytes32 seed =
            keccak256(abi.encode(BlockSeed.seedOf(state.seedBlock, header), address(this), disputeId, round));
        // Effect
        open.seed = seed;
        --pendingDraws;
        while (state.drawn < state.asked) {
            address juror = _nextJuror(disputeId, round, seed, state, "");
            if (juror == address(0)) break;
            _seat(disputeId, round, state.drawn++, juror);
        }
        uint256 needed = _majority(state.asked);
        if (state.drawn < needed) revert JurorCourt_TooFewJurors(state.drawn, needed);
        state.waiting = state.drawn;
        // forge-lint: disable-next-line(unsafe-typecast) times stay below 2^32 until 2106
        state.commitBy = uint32(block.timestamp) + COMMIT_SECONDS;
        state.revealBy = state.commitBy + REVEAL_SECONDS;
        open.state = state;
        // Event
        emit CommitOpened(disputeId, round, state.commitBy, state.revealBy);
    }

    /// @inheritdoc IJurorCourt
    function renewDraw(uint256 disputeId) external {
        // Check
        uint8 round = _requirePhase(disputeId, Phase.Draw);
        RoundView storage state = _rounds[disputeId][round].state;
        uint256 seedBlock = state.seedBlock;
        if (block.number <= seedBlock || BlockSeed.hashOf(seedBlock) != 0) {
            revert JurorCourt_SeedInReach(seedBlock);
        }
        // Effect
        _nameSeed(state);
        // Event
        emit DrawRequested(disputeId, round, state.seedBlock, state.drawBy);
    }

    /// @inheritdoc IJurorCourt
    function excuse(uint256 disputeId, uint8 seat, bytes calldata evidence) external nonReentrant {
        // Check
        uint8 round = _requirePhase(disputeId, Phase.Commit);
        Seat storage taken = _seats[disputeId][round][seat];
        address juror = taken.juror;
        if (juror == address(0)) revert JurorCourt_NotSeated(juror, seat);
        Case storage found = _cases[disputeId];
        if (!IArbitrable(found.arbitrable).isConflicted(found.subject, juror, evidence)) {
            revert JurorCourt_NotConflicted(juror);
        }
        // Effect
        Round storage open = _rounds[disputeId][round];
        RoundView memory state = open.state;
        bool hadCommitted = taken.commitment != 0;
        delete _seats[disputeId][round][seat];
        --_jurors[juror].openSeats;
        if (hadCommitted) --state.committed;
        address next = _nextJuror(disputeId, round, open.seed, state, evidence);
        // An empty seat keeps nobody waiting.
        if (next != address(0) && hadCommitted) ++state.waiting;
        if (next == address(0) && !hadCommitted) --state.waiting;
        // Event
        emit SeatExcused(disputeId, round, seat, juror);
        if (next != address(0)) _seat(disputeId, round, seat, next);
        if (state.waiting == 0) _openReveal(disputeId, round, state);
        open.state = state;
    }

    /// @inheritdoc IJurorCourt
    function appeal(uint256 disputeId) external nonReentrant {
        // Check
        _requirePhase(disputeId, Phase.Appeal);
        Case storage found = _cases[disputeId];
        uint256 cost = appealCost(disputeId);
        // Effect
        found.isAppealed = true;
        found.appellant = msg.sender;
        // forge-lint: disable-next-line(unsafe-typecast) at most 2 * MAX_SEATS times a fee below 2^90
        found.appealFee = uint96(cost);
        heldOf[found.token] += cost;
        // Event
        emit Appealed(disputeId, msg.sender, cost);
        _requestDraw({disputeId: disputeId, round: 1, asked: APPEAL_SEATS});
        // Interaction
        _pullExact(found.token, msg.sender, cost);
    }

    /// @inheritdoc IJurorCourt
    function close(uint256 disputeId) external nonReentrant {
        // Check
        Standing memory standing = _standingOf(disputeId);
        if (standing.phase != Phase.Over) {
            revert JurorCourt_WrongPhase(disputeId, standing.phase, Phase.Over);
        }
        Case storage found = _cases[disputeId];
        if (found.isClosed) revert JurorCourt_AlreadyClosed(disputeId);
        // Effect
        found.isClosed = true;
        if (_rounds[disputeId][standing.round].state.commitBy == 0) --pendingDraws;
        _deal({disputeId: disputeId, round: 0, fee: standing.hasRuling ? found.fee : 0, standing: standing});
        if (found.isAppealed) {
            bool hasVerdict = _hasRuling(_rounds[disputeId][1]);
            _deal({disputeId: disputeId, round: 1, fee: hasVerdict ? found.appealFee : 0, standing: standing});
            if (!hasVerdict) _credit(found.token, found.appellant, found.appealFee);
        }
        // Event
        emit DisputeClosed(disputeId, standing.hasRuling, standing.providerBps);
    }

    /* ---------- jurors ---------- */

    /// @inheritdoc IJurorCourt
    function commitVote(uint256 disputeId, uint8 seat, bytes32 commitment) external {
        // Check
        uint8 round = _requirePhase(disputeId, Phase.Commit);
        Seat storage taken = _seats[disputeId][round][seat];
        if (taken.juror != msg.sender) revert JurorCourt_NotSeated(msg.sender, seat);
        if (commitment == 0) revert JurorCourt_CommitmentIsZero();
        if (taken.commitment != 0) revert JurorCourt_AlreadyCommitted(seat);
        // Effect
        taken.commitment = commitment;
        RoundView memory state = _rounds[disputeId][round].state;
        ++state.committed;
        // Event
        emit VoteCommitted(disputeId, round, seat, msg.sender);
        if (--state.waiting == 0) _openReveal(disputeId, round, state);
        _rounds[disputeId][round].state = state;
    }

    /// @inheritdoc IJurorCourt
    function revealVote(uint256 disputeId, uint8 seat, uint16 providerBps, bytes32 salt) external {
        // Check
        uint8 round = _requirePhase(disputeId, Phase.Reveal);
        if (providerBps > BPS) revert JurorCourt_ShareTooHigh(providerBps, uint16(BPS));
        Seat memory taken = _seats[disputeId][round][seat];
        bytes32 commitment = commitmentOf(disputeId, round, seat, taken.juror, providerBps, salt);
        if (taken.commitment != commitment) revert JurorCourt_RevealMismatch(seat);
        Round storage open = _rounds[disputeId][round];
        VoteSheet votes = open.votes;
        (bool isRevealed,) = votes.voteAt(seat);
        if (isRevealed) revert JurorCourt_AlreadyRevealed(seat);
        // Effect
        votes = votes.with(seat, providerBps);
        open.votes = votes;
        // forge-lint: disable-next-line(unsafe-typecast) times stay below 2^32 until 2106
        if (votes.count() == open.state.committed) open.state.revealBy = uint32(block.timestamp);
        // Event
        emit VoteRevealed(disputeId, round, seat, taken.juror, providerBps);
    }

    /* ---------- internal: rounds ---------- */

    function _requestDraw(uint256 disputeId, uint8 round, uint8 asked) private {
        RoundView storage state = _rounds[disputeId][round].state;
        ++pendingDraws;
        state.asked = asked;
        // forge-lint: disable-next-line(unsafe-typecast) times stay below 2^32 until 2106
        state.drawBy = uint32(block.timestamp) + DRAW_SECONDS;
        _nameSeed(state);
        emit DrawRequested(disputeId, round, state.seedBlock, state.drawBy);
    }

    /// @dev Tickets, leaves and seed are those of this block; what happens later moves nothing.
    function _nameSeed(RoundView storage state) private {
        // forge-lint: disable-next-line(unsafe-typecast) blocks stay below 2^40
        state.requestBlock = uint40(block.number);
        // forge-lint: disable-next-line(unsafe-typecast) as above
        state.seedBlock = uint40(block.number + SEED_DELAY_BLOCKS);
        // forge-lint: disable-next-line(unsafe-typecast) tickets cost stake and gas
        state.poolSize = uint32(poolSize());
    }

    /// @dev The juror of the next ticket of the draw that may sit, zero if there is none. Counts attempts in `state`.
    function _nextJuror(
        uint256 disputeId,
        uint8 round,
        bytes32 seed,
        RoundView memory state,
        bytes memory evidence
    ) private view returns (address) {
        Case storage found = _cases[disputeId];
        while (state.poolSize != 0 && state.attempts < MAX_ATTEMPTS) {
            uint256 place = uint256(keccak256(abi.encode(seed, state.attempts++))) % state.poolSize;
            address juror = _drawable(place, state.requestBlock);
            if (juror == address(0) || _isSeated(disputeId, round, state.drawn, juror)) continue;
            if (!IArbitrable(found.arbitrable).isConflicted(found.subject, juror, evidence)) return juror;
        }
        return address(0);
    }

    function _isSeated(
        uint256 disputeId,
        uint8 round,
        uint256 drawn,
        address juror
    ) private view returns (bool) {
        for (uint256 seat = 0; seat < drawn; ++seat) {
            if (_seats[disputeId][round][seat].juror == juror) return true;
        }
        return false;
    }

    function _seat(uint256 disputeId, uint8 round, uint8 seat, address juror) private {
        _seats[disputeId][round][seat].juror = juror;
        ++_jurors[juror].openSeats;
        emit SeatDrawn(disputeId, round, seat, juror);
    }

    /// @dev Everybody has committed: nobody need wait for the rest of the period.
    function _openReveal(uint256 disputeId, uint8 round, RoundView memory state) private {
        // forge-lint: disable-next-line(unsafe-typecast) times stay below 2^32 until 2106
        state.commitBy = uint32(block.timestamp);
        state.revealBy = state.commitBy + REVEAL_SECONDS;
        emit CommitOpened(disputeId, round, state.commitBy, state.revealBy);
    }

    /* ---------- internal: money ---------- */

    /// @dev Penalties of a round, and what its jurors near the ruling get: the fee and the penalties in equal parts, the
    /// rest of the division to the first of them.
    function _deal(uint256 disputeId, uint8 round, uint256 fee, Standing memory standing) private {
        uint256 drawn = _rounds[disputeId][round].state.drawn;
        VoteSheet votes = _rounds[disputeId][round].votes;
        address[] memory paid = new address[](drawn);
        uint256 count;
        uint256 penalties;
        for (uint256 seat = 0; seat < drawn; ++seat) {
            address juror = _seats[disputeId][round][seat].juror;
            if (juror == address(0)) continue;
            --_jurors[juror].openSeats;
            (bool isRevealed, uint16 share) = votes.voteAt(seat);
            if (isRevealed && (!standing.hasRuling || _isNear(share, standing.providerBps))) {
                paid[count++] = juror;
                continue;
            }
            uint256 taken = _penalise(juror, isRevealed ? INCOHERENT_BPS : NO_REVEAL_BPS);
            penalties += taken;
            emit JurorPenalised(disputeId, juror, taken, isRevealed);
        }
        _share(_cases[disputeId].token, fee, paid, count);
        _share(STAKE_TOKEN, penalties, paid, count);
    }

    function _share(address token, uint256 amount, address[] memory paid, uint256 count) private {
        uint256 pot = amount + carriedOf[token];
        if (pot == 0) return;
        carriedOf[token] = count == 0 ? pot : 0;
        if (count == 0) return;
        uint256 part = pot / count;
        _credit(token, paid[0], pot - part * (count - 1));
        for (uint256 i = 1; i < count; ++i) {
            _credit(token, paid[i], part);
        }
    }

    function _isNear(uint16 share, uint16 ruling) private pure returns (bool) {
        return (share > ruling ? share - ruling : ruling - share) <= COHERENCE_BPS;
    }
}
