// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IJobEscrow} from "./IJobEscrow.sol";
import {IReporterStake} from "./IReporterStake.sol";

/// @title Evaluator of house jobs: a quorum of reporters, a review window, settlement by anybody
/// @notice Reporters re-execute a submitted job off chain and sign one verdict over one report. A verdict is worth
/// something only with a quorum of signatures over the same hash. After the window anybody settles: a passing or
/// missing verdict pays the provider, a failing one refunds the client (no news is good news).
///
/// The escrow keeps no copy of the deliverable. `submittedAt` ties a verdict to the submission, `deliverable` and
/// `reportHash` tie it to the evidence that anybody can check off chain.
///
/// A dispute freezes settlement until its desk ends it: {IDisputable}, {IDisputeDesk}.
///
/// SAFETY assumes: fewer than `quorum` reporters lie together about the same job; the escrow follows {IJobEscrow}.
/// LIVENESS assumes: nothing; with every reporter silent the provider is paid after both windows.
interface IResultOracle {
    /// @notice What reporters sign, by EIP-712.
    struct Verdict {
        uint256 jobId;
        /// @dev Unix seconds; must be the escrow's.
        uint32 submittedAt;
        /// @dev sha2-256 of the result document that was checked.
        bytes32 deliverable;
        /// @dev sha2-256 of the canonical report.
        bytes32 reportHash;
        /// @dev 0 to 100.
        uint8 score;
        /// @dev Signer set; must be the one in force when the work was submitted.
        uint32 epoch;
    }

    /// @param signerBitmap Bit i is set if `reportersOf(epoch)[i]` signed.
    event VerdictPosted(
        uint256 indexed jobId,
        bytes32 indexed reportHash,
        bytes32 deliverable,
        uint8 score,
        uint32 epoch,
        uint256 signerBitmap
    );
    /// @notice A row of {postVerdicts} or {postVerdictBatch} was left out; `reason` is the selector of its error.
    event VerdictSkipped(uint256 indexed jobId, bytes4 reason);
    /// @param reason ASCII: "verdict-passed", "verdict-failed" or "no-verdict".
    event JobSettled(uint256 indexed jobId, bool isPaid, bytes32 reason);
    /// @param reporters Ascending; bit i of a signer bitmap of this epoch is the i-th.
    event EpochBegan(uint32 indexed epoch, address[] reporters, uint256 quorum);

    error ResultOracle_NotHouseJob(uint256 jobId, address evaluator);
    error ResultOracle_NotSubmitted(uint256 jobId);
    error ResultOracle_WrongSubmission(uint32 submittedAt, uint32 expected);
    error ResultOracle_WrongEpoch(uint32 epoch, uint32 expected);
    error ResultOracle_ScoreTooHigh(uint8 score, uint8 max);
    error ResultOracle_AlreadyPosted(uint256 jobId);
    error ResultOracle_VerdictTooLate(uint256 nowSeconds, uint256 deadline);
    error ResultOracle_TooFewSignatures(uint256 count, uint256 quorum);
    error ResultOracle_SignatureInvalid(uint256 index);
    error ResultOracle_SignersNotAscending(address previous, address signer);
    error ResultOracle_NotReporter(address signer);
    error ResultOracle_LengthMismatch(uint256 verdicts, uint256 signatures);
    error ResultOracle_RowsIncomplete(uint256 words);
    error ResultOracle_ReporterSetInvalid(address reporter);
    error ResultOracle_TooManyReporters(uint256 count, uint256 max);
    error ResultOracle_QuorumOutOfRange(uint256 quorum, uint256 min, uint256 max);
    error ResultOracle_EscrowIsZero();
    /// @notice A ready job cannot be given the gas that settling may take; send more gas or fewer jobs.
    error ResultOracle_GasTooLow(uint256 gasLeft, uint256 needed);
    error ResultOracle_UnknownEpoch(uint32 epoch);
    error ResultOracle_EpochTooYoung(uint256 nowSeconds, uint256 earliest);
    error ResultOracle_StakeIsZero();

    /// @notice Posts one verdict. Anybody carries it.
    /// @param signatures By distinct reporters in ascending order of address, 65 bytes or 64 (ERC-2098), low s.
    function postVerdict(Verdict calldata verdict, bytes[] calldata signatures) external;

    /// @notice Posts many; a bad row is skipped and named by {VerdictSkipped}.
    function postVerdicts(Verdict[] calldata verdicts, bytes[][] calldata signatures) external;

    /// @notice Posts many verdicts that the same reporters signed together, once. The cheapest way per verdict. Anybody
    /// carries it; a bad row is skipped and named by {VerdictSkipped}.
    /// @param rows Three words a verdict: from the lowest bit score 8, submittedAt 32, jobId 216; then the deliverable;
    /// then the hash of the report. They mean what they mean in {Verdict}.
    /// @param epoch Of all rows; a row that another set judges is skipped.
    /// @param signatures Over {batchDigest}; otherwise as for {postVerdict}.
    function postVerdictBatch(bytes32[] calldata rows, uint32 epoch, bytes[] calldata signatures) external;

    /// @notice Settles every job of the list that is ready; skips the others. Anybody may. Needs a little more than a
    /// million gas to spare at the last ready job, most of which is not used.
    function settle(uint256[] calldata jobIds) external returns (uint256 settledCount);

    /// @notice The posted verdict of a job.
    function verdictOf(uint256 jobId) external view returns (uint8 score, uint32 postedAt, bool isPosted);

    /// @notice Unix seconds from which {settle} ends the job; 0 if it is not submitted, not this oracle's or disputed.
    function settleableAt(uint256 jobId) external view returns (uint256);

    /// @notice Begins the next epoch with the reporters whose stake counts now. Anybody may, once an epoch has lasted
    /// {MIN_EPOCH_SECONDS}. With fewer staked reporters than make a set it begins empty: nobody judges without a stake,
    /// and silence pays the performer. Work submitted before is still judged by the set that was in force then.
    function advanceEpoch() external returns (uint32 begun);

    /// @notice Sends what the escrow owes this contract, the reporters' part of the fees, to {STAKE}. Anybody may.
    function forwardFees(address token) external;

    /// @notice The reporters in force now, ascending, in the order of their bits.
    function reporters() external view returns (address[] memory);

    /// @notice Signatures that a verdict on work submitted now needs.
    function quorum() external view returns (uint256);

    /// @notice Number of the signer set in force; the first is 1.
    function epoch() external view returns (uint32);

    /// @notice The epoch whose set judges work submitted at this time; 0 before the first. Costs a step an epoch back.
    /// @param time Unix seconds, not after now.
    function epochAt(uint256 time) external view returns (uint32);

    /// @notice The set of an epoch; reverts if it never was.
    function reportersOf(uint32 epoch) external view returns (address[] memory);

    /// @notice When an epoch ran and how large its set is; `endsAt` is 0 while it runs; reverts if it never was.
    function termOf(uint32 epoch)
        external
        view
        returns (uint32 startsAt, uint32 endsAt, uint8 size, uint8 quorum);

    /// @notice One more than the bit of a reporter in an epoch, 0 for strangers.
    function seatOf(uint32 epoch, address reporter) external view returns (uint256 seat);

    /// @notice Reverts unless a quorum of the epoch's set signed `digest`; the bits of who did.
    function requireQuorum(
        uint32 epoch,
        bytes32 digest,
        bytes[] calldata signatures
    ) external view returns (uint256 signerBitmap);

    /// @notice Least seconds between two rotations.
    function MIN_EPOCH_SECONDS() external view returns (uint256);

    /// @notice Where reporters stake, are slashed and are paid.
    function STAKE() external view returns (IReporterStake);

    /// @notice The escrow whose jobs are judged here.
    function ESCROW() external view returns (IJobEscrow);

    /// @notice The digest that reporters sign.
    function verdictDigest(Verdict calldata verdict) external view returns (bytes32);

    /// @notice The digest that reporters sign for a batch: `VerdictBatch(bytes32[] rows,uint32 epoch)`.
    function batchDigest(bytes32[] calldata rows, uint32 epoch) external view returns (bytes32);
}
