// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IResultOracle} from "./IResultOracle.sol";

/// @title What reporters put at risk, lose and earn
/// @notice Stake: anybody joins the roll of reporters by staking; at every epoch the roll becomes the next signer set.
/// Who leaves gets the stake back {UNSTAKE_SECONDS} after the last epoch in which it sat, which is longer than any
/// verdict, review and court together, so that no judgement outlives the stake behind it.
///
/// Loss, by proof that anybody brings and nobody decides: two different signed verdicts on one submission cost all;
/// a signed verdict that was posted and overturned by the court {OVERTURNED_BPS};
/// a commitment that was posted and not revealed costs {SILENCE_BPS}. A quarter goes to who brought the proof, so that
/// it pays to bring it; the rest to the treasury, which cannot bring one by itself. A quarter and not more, since
/// an offender may bring its own proof and get that part back.
///
/// Pay: the reporters' part of the fees that came in during an epoch is shared equally by its set, whatever the
/// verdicts said (rule R14). A quorum may close an epoch with a root over its verdicts and name who took part; then
/// only those share.
///
/// There is no role. SAFETY assumes: the stake token moves what it says; the oracle follows {IResultOracle}; fewer than
/// a quorum of a set lie together about who took part. LIVENESS assumes: nothing; an epoch that nobody closes is paid
/// to the whole set after {CLOSING_SECONDS}.
interface IReporterStake {
    /// @notice A verdict that a reporter signed, alone or as one row of a batch.
    struct SignedVerdict {
        /// @dev Used if `rows` is empty.
        IResultOracle.Verdict verdict;
        /// @dev The whole batch, as for {IResultOracle.postVerdictBatch}; empty for a single verdict.
        bytes32[] rows;
        /// @dev Epoch of the batch.
        uint32 epoch;
        /// @dev Row that is meant, counted from 0.
        uint256 index;
        bytes signature;
    }

    /// @notice What a reporter signs before it tells its verdict, by EIP-712. Copied by another it is worthless, since
    /// the commitment names its reporter.
    struct Commit {
        uint256 jobId;
        uint32 submittedAt;
        /// @dev `sha256("aitbc.commit/1" ++ verdictDigest ++ reporter ++ salt)`.
        bytes32 commitment;
    }

    event Staked(address indexed reporter, address indexed from, uint256 amount, uint256 total);
    /// @notice The roll gained or lost a reporter; sets follow at the next epoch.
    event RollChanged(address indexed reporter, bool isOnRoll);
    event LeavingStarted(address indexed reporter);
    event Unstaked(address indexed reporter, uint256 amount);
    /// @param offence ASCII: "equivocation", "overturned" or "silence".
    event Slashed(
        address indexed reporter,
        uint256 indexed jobId,
        bytes32 offence,
        uint256 amount,
        address informer,
        uint256 reward
    );
    event TreasuryPaid(uint256 amount);
    event CommitPosted(
        uint256 indexed jobId,
        uint32 submittedAt,
        address indexed reporter,
        bytes32 commitment,
        uint256 commitUntil
    );
    event CommitRevealed(
        uint256 indexed jobId, uint32 submittedAt, address indexed reporter, bytes32 reportHash, uint8 score
    );
    event FeesCollected(address indexed token, uint32 indexed epoch, uint256 amount);
    event EpochClosed(uint32 indexed epoch, bytes32 indexed root, uint32 verdictCount, uint256 participants);
    event ReporterPaid(address indexed token, uint32 indexed epoch, address indexed reporter, uint256 amount);

    error ReporterStake_NotOracle(address caller);
    error ReporterStake_ReporterIsZero();
    error ReporterStake_AmountIsZero();
    error ReporterStake_UnexpectedReceipt(uint256 received, uint256 expected);
    error ReporterStake_TooLittle(uint256 stake, uint256 needed);
    error ReporterStake_TooMuch(uint256 stake);
    error ReporterStake_NotStaked(address reporter);
    error ReporterStake_IsLeaving(address reporter);
    error ReporterStake_NotLeaving(address reporter);
    error ReporterStake_StillSeated(uint32 epoch);
    error ReporterStake_TooEarly(uint256 nowSeconds, uint256 earliest);
    error ReporterStake_TooLate(uint256 nowSeconds, uint256 latest);
    error ReporterStake_SignatureInvalid();
    error ReporterStake_OtherSigner(address first, address second);
    error ReporterStake_OtherSubmission();
    error ReporterStake_SameVerdict();
    error ReporterStake_NoSuchRow(uint256 index, uint256 rows);
    error ReporterStake_AlreadySlashed(address reporter, uint256 jobId);
    error ReporterStake_NotOverturned(uint256 jobId);
    error ReporterStake_NotReporter(address signer, uint32 epoch);
    error ReporterStake_NotSubmitted(uint256 jobId, uint32 submittedAt);
    error ReporterStake_AlreadyCommitted(address reporter, uint256 jobId);
    error ReporterStake_NoCommit(address reporter, uint256 jobId);
    error ReporterStake_RevealDiffers();
    error ReporterStake_NothingDue();
    error ReporterStake_NobodyToPay(uint32 epoch);
    error ReporterStake_EpochRuns(uint32 epoch);
    error ReporterStake_AlreadyClosed(uint32 epoch);
    error ReporterStake_RootIsZero();
    error ReporterStake_ParticipantsInvalid(uint256 participants);
    error ReporterStake_DidNotTakePart(uint32 epoch, address reporter);

    /* ---------- stake ---------- */

    /// @notice Adds to a reporter's stake, from the caller's allowance. From {MIN_STAKE} on it is on the roll; when the
    /// roll is full it takes the place of the smallest stake below its own. While a reporter leaves nothing can be added.
    function stakeFor(address reporter, uint256 amount) external;

    /// @notice The caller steps off the roll; its seat ends with the current epoch.
    function startLeaving() external;

    /// @notice Sends the caller its whole stake, {UNSTAKE_SECONDS} after it started to leave and after the last epoch in
    /// which it sat.
    function unstake() external;

    /// @notice For the oracle alone: the set of a new epoch, whose seats are noted here.
    function seatReporters(uint32 epoch) external returns (address[] memory set);

    /* ---------- loss ---------- */

    /// @notice Takes the whole stake of a reporter that signed two different verdicts on one submission.
    function slashEquivocation(SignedVerdict calldata first, SignedVerdict calldata second) external;

    /// @notice Takes {OVERTURNED_BPS} of the stake of a reporter that signed what was posted and the court overturned: any
    /// verdict on the wrong side of the job's pass mark.
    function slashOverturned(SignedVerdict calldata signed) external;

    /// @notice Keeps a reporter's signed commitment; anybody may bring it while the submission waits for its verdict.
    /// The first of a submission opens {COMMIT_SECONDS} for the others, then {REVEAL_SECONDS} to reveal them.
    function postCommit(Commit calldata commit, bytes calldata signature) external;

    /// @notice Reveals the verdict behind a posted commitment; anybody may bring it, between the two ends.
    function reveal(address reporter, IResultOracle.Verdict calldata verdict, bytes32 salt) external;

    /// @notice Takes {SILENCE_BPS} of the stake of a reporter whose posted commitment was not revealed in time.
    function slashSilence(uint256 jobId, uint32 submittedAt, address reporter) external;

    /// @notice Sends the treasury its part of what was slashed. Anybody may ask.
    function payTreasury() external;

    /* ---------- pay ---------- */

    /// @notice Fetches the fees from the oracle into the pot of the epoch that runs. Anybody may. What is not fetched
    /// before an epoch ends belongs to the next.
    function collect(IERC20 token) external returns (uint256 amount);

    /// @notice Ends an ended epoch's book: the root over its verdicts, and who took part. A quorum of the epoch signed
    /// {closingDigest}; anybody carries it, up to {CLOSING_SECONDS} after the epoch.
    /// @param participants Bits of the epoch's set, at least one.
    function closeEpoch(
        uint32 epoch,
        bytes32 root,
        uint32 verdictCount,
        uint256 participants,
        bytes[] calldata signatures
    ) external;

    /// @notice Pays a reporter its part of an epoch's pot: equal parts of those who took part, rounded down; what does
    /// not divide goes to the pot of the epoch that runs. From the closing on, or from {CLOSING_SECONDS} after the end.
    function payReporter(IERC20 token, uint32 epoch, address reporter) external;

    /* ---------- reading ---------- */

    /// @notice A reporter's stake, and whether the next epoch seats it.
    function stakeOf(address reporter) external view returns (uint256 amount, bool isOnRoll);

    /// @notice Unix seconds from which a leaving reporter may unstake; 0 while it does not leave or still sits.
    function unstakeAt(address reporter) external view returns (uint256);

    /// @notice The reporters that the next epoch seats, in no order.
    function roll() external view returns (address[] memory);

    /// @notice The least that any quorum of the set in force has at stake: the sum of its smallest stakes (rule R14
    /// compares the open budgets with it; those are summed off chain, since a sum kept here would cost every job).
    function quorumStake() external view returns (uint256);

    /// @notice True if the verdict is under the root of its epoch. Leaves are
    /// `keccak256(keccak256(abi.encode(verdict)))`, hashed twice, so that an inner node is never a leaf.
    function isInEpoch(
        IResultOracle.Verdict calldata verdict,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice What an epoch's pot holds or held.
    function potOf(IERC20 token, uint32 epoch) external view returns (uint256);

    /// @notice What {payReporter} would pay now; 0 if nothing.
    function payOf(IERC20 token, uint32 epoch, address reporter) external view returns (uint256);

    /// @notice What reporters sign for {postCommit}.
    function commitDigest(Commit calldata commit) external view returns (bytes32);

    /// @notice What a quorum signs for {closeEpoch}:
    /// `EpochClosing(uint32 epoch,bytes32 root,uint32 verdictCount,uint256 participants)`.
    function closingDigest(
        uint32 epoch,
        bytes32 root,
        uint32 verdictCount,
        uint256 participants
    ) external view returns (bytes32);
}
