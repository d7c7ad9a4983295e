// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IArbitrator} from "./IArbitrator.sol";
import {IJurorPool} from "./IJurorPool.sol";

/// @title A court of staked jurors: drawn by lot, voting in secret, open to one appeal
/// @notice A dispute asks for a draw. Its seed is the randomness of a block still to come, fixed in the request; anybody
/// brings that block's header and the seats are drawn, each ticket with the same chance, nobody twice, nobody with a
/// stake in the outcome. Jurors commit to a share for the provider, then reveal it; the median of the revealed votes is
/// the ruling if more than half of the seats asked for revealed. Anybody may pay for one appeal, before more jurors. No
/// vote of the appeal: the first ruling stands. No ruling at all: the fee goes back ({IArbitrator-takeRefund}), and who
/// brought the dispute says what silence means.
///
/// A juror that does not reveal loses a fifth of a ticket, one further than {COHERENCE_BPS} from the ruling a twentieth.
/// Penalties and fees go in equal parts to the jurors near the ruling, of a round without one to those that revealed.
/// What cannot be given to anybody is carried to the next dispute that closes.
///
/// SAFETY assumes: fewer than half of the drawn seats are bribed; proposers skip few blocks to steer a draw (each skip is
/// one more try, the threat model has the figures). LIVENESS assumes: somebody draws while the header can be proven.
interface IJurorCourt is IArbitrator, IJurorPool {
    enum Phase {
        None,
        Draw,
        Commit,
        Reveal,
        Appeal,
        Over
    }

    /// @notice What the court is made with; never changed.
    struct CourtTerms {
        address stakeToken;
        uint96 ticketUnits;
        uint32 unstakeSeconds;
        /// @dev Blocks between a request and the block whose randomness draws.
        uint16 seedDelayBlocks;
        uint32 drawSeconds;
        uint32 commitSeconds;
        uint32 revealSeconds;
        uint32 appealSeconds;
        /// @dev Odd.
        uint8 seats;
        /// @dev Odd, more than `seats`.
        uint8 appealSeats;
    }

    /// @notice A round as the world sees it.
    struct RoundView {
        uint40 requestBlock;
        uint40 seedBlock;
        /// @dev Tickets that count.
        uint32 poolSize;
        uint32 drawBy;
        /// @dev Zero before the draw.
        uint32 commitBy;
        uint32 revealBy;
        /// @dev Seats asked for.
        uint8 asked;
        uint8 drawn;
        /// @dev Seats that have yet to commit.
        uint8 waiting;
        /// @dev Commitments that wait to be revealed or were.
        uint8 committed;
        /// @dev Places of the pool looked at so far.
        uint16 attempts;
    }

    event DisputeCreated(
        uint256 indexed disputeId,
        address indexed arbitrable,
        uint256 indexed subject,
        address token,
        uint256 fee
    );
    event DrawRequested(uint256 indexed disputeId, uint8 round, uint256 seedBlock, uint256 drawBy);
    event SeatDrawn(uint256 indexed disputeId, uint8 round, uint8 seat, address indexed juror);
    event SeatExcused(uint256 indexed disputeId, uint8 round, uint8 seat, address indexed juror);
    event CommitOpened(uint256 indexed disputeId, uint8 round, uint256 commitBy, uint256 revealBy);
    event VoteCommitted(uint256 indexed disputeId, uint8 round, uint8 seat, address indexed juror);
    event VoteRevealed(
        uint256 indexed disputeId, uint8 round, uint8 seat, address indexed juror, uint16 providerBps
    );
    event Appealed(uint256 indexed disputeId, address indexed appellant, uint256 fee);
    event JurorPenalised(uint256 indexed disputeId, address indexed juror, uint256 amount, bool hasRevealed);
    event DisputeClosed(uint256 indexed disputeId, bool hasRuling, uint16 providerBps);
    event DisputeRefunded(uint256 indexed disputeId, address to, uint256 amount);
    event FeeAnnounced(address indexed token, uint96 feePerJuror, uint256 effectiveAt);

    error JurorCourt_TokenNotTaken(address token);
    error JurorCourt_FeeMissing(uint256 received, uint256 cost);
    error JurorCourt_UnknownDispute(uint256 disputeId);
    error JurorCourt_WrongPhase(uint256 disputeId, Phase phase, Phase expected);
    error JurorCourt_TooFewJurors(uint256 drawn, uint256 needed);
    error JurorCourt_SeedInReach(uint256 seedBlock);
    error JurorCourt_NotSeated(address account, uint256 seat);
    error JurorCourt_NotConflicted(address juror);
    error JurorCourt_CommitmentIsZero();
    error JurorCourt_AlreadyCommitted(uint256 seat);
    error JurorCourt_AlreadyRevealed(uint256 seat);
    error JurorCourt_ShareTooHigh(uint16 providerBps, uint16 max);
    error JurorCourt_RevealMismatch(uint256 seat);
    error JurorCourt_NotArbitrable(address caller, address arbitrable);
    error JurorCourt_AlreadyClosed(uint256 disputeId);
    error JurorCourt_FeeOutOfRange(uint96 feePerJuror, uint96 min, uint96 max);

    /* ---------- anybody ---------- */

    /// @notice Draws the seats of the round that waits for it.
    /// @param header RLP header of the round's seed block.
    function draw(uint256 disputeId, bytes calldata header) external;

    /// @notice Names a new seed block when the header of the old one can be proven no more.
    function renewDraw(uint256 disputeId) external;

    /// @notice Removes a juror with a stake in the outcome before it is too late to commit; the next ticket of the same
    /// draw takes the seat, or it stays empty.
    /// @param evidence What {IArbitrable-isConflicted} needs to see the tie.
    function excuse(uint256 disputeId, uint8 seat, bytes calldata evidence) external;

    /// @notice Brings the ruling before {CourtTerms-appealSeats} jurors, at twice the fee a juror, from the caller's
    /// allowance. Once a dispute.
    function appeal(uint256 disputeId) external;

    /// @notice Deals out fees and penalties of a dispute that is over.
    function close(uint256 disputeId) external;

    /* ---------- jurors ---------- */

    /// @notice The juror on a seat commits to a vote, once.
    /// @param commitment {commitmentOf} its vote.
    function commitVote(uint256 disputeId, uint8 seat, bytes32 commitment) external;

    /// @notice Opens a committed vote; anybody who knows it carries it.
    /// @param providerBps The provider's share, 0 to 10,000.
    /// @param salt 32 bytes that nobody can guess.
    function revealVote(uint256 disputeId, uint8 seat, uint16 providerBps, bytes32 salt) external;

    /* ---------- owner: fees of disputes to come, within a factor of two ---------- */

    /// @notice Announces the fee of a juror for a token; at once for a token that had none, else after FEE_DELAY and at
    /// most twice and at least half of what it is.
    function announceFee(address token, uint96 feePerJuror) external;

    /* ---------- views ---------- */

    /// @notice The round that runs or ran last, its phase, and the last second of that phase (0 when over).
    function phaseOf(uint256 disputeId) external view returns (uint8 round, Phase phase, uint256 endsAt);

    function roundOf(uint256 disputeId, uint8 round) external view returns (RoundView memory);

    /// @notice Juror and commitment of a seat.
    function seatOf(
        uint256 disputeId,
        uint8 round,
        uint8 seat
    ) external view returns (address juror, bytes32 commitment);

    /// @notice What a seat revealed.
    function voteOf(
        uint256 disputeId,
        uint8 round,
        uint8 seat
    ) external view returns (bool isRevealed, uint16 providerBps);

    /// @notice What a juror commits to: it binds dispute, round, seat and juror.
    function commitmentOf(
        uint256 disputeId,
        uint8 round,
        uint8 seat,
        address juror,
        uint16 providerBps,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice What an appeal costs now.
    function appealCost(uint256 disputeId) external view returns (uint256);

    /// @notice What no juror could be given, for those near the ruling of the next dispute that closes.
    function carriedOf(address token) external view returns (uint256);

    /// @notice Number of disputes; ids run from 1 to this.
    function disputeCount() external view returns (uint256);
}
