// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

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
        /// @dev Signer set; must be the current one.
        uint32 epoch;
    }

    /// @param signerBitmap Bit i is set if `reporters()[i]` signed.
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
    event ReporterPaid(address indexed token, address indexed reporter, uint256 amount);

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
    error ResultOracle_NothingDue(address token, address reporter);

    /// @notice Posts one verdict. Anybody carries it.
    /// @param signatures By distinct reporters in ascending order of address, 65 bytes or 64 (ERC-2098), low s.
    function postVerdict(Verdict calldata verdict, bytes[] calldata signatures) external;

    /// @notice Posts many; a bad row is skipped and named by {VerdictSkipped}.
    function postVerdicts(Verdict[] calldata verdicts, bytes[][] calldata signatures) external;

    /// @notice Posts many verdicts that the same reporters signed together, once. The cheapest way per verdict. Anybody
    /// carries it; a bad row is skipped and named by {VerdictSkipped}.
    /// @param rows Three words a verdict: from the lowest bit score 8, submittedAt 32, jobId 216; then the deliverable;
    /// then the hash of the report. They mean what they mean in {Verdict}.
    /// @param signatures Over {batchDigest}; otherwise as for {postVerdict}.
    function postVerdictBatch(bytes32[] calldata rows, bytes[] calldata signatures) external;

    /// @notice Settles every job of the list that is ready; skips the others. Anybody may. Needs a little more than a
    /// million gas to spare at the last ready job, most of which is not used.
    function settle(uint256[] calldata jobIds) external returns (uint256 settledCount);

    /// @notice The posted verdict of a job.
    function verdictOf(uint256 jobId) external view returns (uint8 score, uint32 postedAt, bool isPosted);

    /// @notice Unix seconds from which {settle} ends the job; 0 if it is not submitted, not this oracle's or disputed.
    function settleableAt(uint256 jobId) external view returns (uint256);

    /// @notice The reporters, in the order of their bits.
    function reporters() external view returns (address[] memory);

    /// @notice Signatures that a verdict needs.
    function quorum() external view returns (uint256);

    /// @notice Number of the signer set; it never changes in this version.
    function epoch() external view returns (uint32);

    /// @notice The digest that reporters sign.
    function verdictDigest(Verdict calldata verdict) external view returns (bytes32);

    /// @notice The digest that reporters sign for a batch: `VerdictBatch(bytes32[] rows,uint32 epoch)`.
    function batchDigest(bytes32[] calldata rows) external view returns (bytes32);

    /// @notice A reporter's unpaid part of the fees received so far in `token`, equal parts rounded down.
    function reporterPayOf(address token, address reporter) external view returns (uint256);

    /// @notice Pays a reporter its part, fetching this contract's credit from the escrow first. Anybody may ask.
    function payReporter(address token, address reporter) external;
}
