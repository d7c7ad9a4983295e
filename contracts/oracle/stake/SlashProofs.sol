// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IJobEscrow} from "../../interfaces/IJobEscrow.sol";
import {IReporterStake} from "../../interfaces/IReporterStake.sol";
import {IResultOracle} from "../../interfaces/IResultOracle.sol";
import {IRulings} from "../../interfaces/IRulings.sol";
import {Signatures} from "../../libraries/Signatures.sol";
import {StakeBook} from "./StakeBook.sol";

/// @title Proofs that cost a reporter its stake
/// @dev Promises and assumptions are in {IReporterStake}. Each proof is facts and signatures; nobody decides.
abstract contract SlashProofs is StakeBook, EIP712 {
    /* ---------- types ---------- */

    /// @dev What a signed verdict says about which submission, and who signed it.
    struct Statement {
        address signer;
        uint256 jobId;
        uint32 submittedAt;
        uint8 score;
        /// @dev Hash of deliverable, report and score.
        bytes32 content;
    }

    /* ---------- constants ---------- */

    bytes32 private constant COMMIT_TYPEHASH =
        keccak256("Commit(uint256 jobId,uint32 submittedAt,bytes32 commitment)");
    bytes private constant COMMIT_LABEL = "aitbc.commit/1";
    /// @notice What two verdicts on one submission cost, in 1/10_000 of the stake.
    uint256 public constant EQUIVOCATION_BPS = 10_000;
    /// @notice What a verdict costs that the court overturned, in 1/10_000 of the stake: less than a lie that is proven,
    /// since a judgement can be wrong in good faith.
    uint256 public constant OVERTURNED_BPS = 2_000;
    /// @notice What an unrevealed commitment costs, in 1/10_000 of the stake.
    uint256 public constant SILENCE_BPS = 500;
    /// @notice From the first posted commitment of a submission; in this time the others are posted, none revealed.
    uint256 public constant COMMIT_SECONDS = 2 minutes;
    /// @notice From then on; in this time posted commitments are revealed.
    uint256 public constant REVEAL_SECONDS = 1 days;
    /// @dev Words of a verdict in a batch.
    uint256 private constant ROW_WORDS = 3;
    /// @dev A commitment that was revealed.
    bytes32 private constant REVEALED = bytes32(uint256(1));

    /* ---------- storage ---------- */

    /// @notice End of the commit phase of a submission, by hash of job and submission; 0 if nothing was posted.
    mapping(bytes32 submission => uint256) private _commitUntil;
    mapping(bytes32 submission => mapping(address reporter => bytes32)) private _commitments;
    mapping(bytes32 offence => bool) private _isPunished;

    /* ---------- views ---------- */

    /// @inheritdoc IReporterStake
    function commitDigest(Commit calldata commit) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(COMMIT_TYPEHASH, commit.jobId, commit.submittedAt, commit.commitment))
        );
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IReporterStake
    function slashEquivocation(
        SignedVerdict calldata first,
        SignedVerdict calldata second
    ) external nonReentrant {
        // Check
        Statement memory one = _statementOf(first);
        Statement memory two = _statementOf(second);
        if (one.signer != two.signer) revert ReporterStake_OtherSigner(one.signer, two.signer);
        if (one.jobId != two.jobId || one.submittedAt != two.submittedAt) {
            revert ReporterStake_OtherSubmission();
        }
        if (one.content == two.content) revert ReporterStake_SameVerdict();
        // Effect and interaction
        _punish(one.signer, one.jobId, one.submittedAt, "equivocation", EQUIVOCATION_BPS);
    }

    /// @inheritdoc IReporterStake
    function slashOverturned(SignedVerdict calldata signed) external nonReentrant {
        // Check
        Statement memory said = _statementOf(signed);
        if (!IRulings(address(ORACLE)).isOverturned(said.jobId)) {
            revert ReporterStake_NotOverturned(said.jobId);
        }
        IJobEscrow.Assessment memory job = ORACLE.ESCROW().assessmentOf(said.jobId);
        (uint8 posted,,) = ORACLE.verdictOf(said.jobId);
        if (said.submittedAt != job.submittedAt) revert ReporterStake_OtherSubmission();
        // Who said the opposite of what was posted was right.
        if ((said.score >= job.passMark) != (posted >= job.passMark)) {
            revert ReporterStake_NotOverturned(said.jobId);
        }
        // Effect and interaction
        _punish(said.signer, said.jobId, said.submittedAt, "overturned", OVERTURNED_BPS);
    }

    /// @inheritdoc IReporterStake
    function postCommit(Commit calldata commit, bytes calldata signature) external {
        // Check
        address reporter = Signatures.recoverCalldataOrZero(commitDigest(commit), signature);
        if (reporter == address(0)) revert ReporterStake_SignatureInvalid();
        uint32 epoch = ORACLE.epochAt(commit.submittedAt);
        if (ORACLE.seatOf(epoch, reporter) == 0) revert ReporterStake_NotReporter(reporter, epoch);
        bytes32 submission = _submission(commit.jobId, commit.submittedAt);
        uint256 until = _commitUntil[submission];
        if (until == 0) {
            _requireWaiting(commit.jobId, commit.submittedAt);
            until = block.timestamp + COMMIT_SECONDS;
            _commitUntil[submission] = until;
        } else if (block.timestamp >= until) {
            revert ReporterStake_TooLate(block.timestamp, until);
        }
        if (_commitments[submission][reporter] != 0) {
            revert ReporterStake_AlreadyCommitted(reporter, commit.jobId);
        }
        // Effect
        _commitments[submission][reporter] = commit.commitment;
        // Event
        emit CommitPosted(commit.jobId, commit.submittedAt, reporter, commit.commitment, until);
    }

    /// @inheritdoc IReporterStake
    function reveal(address reporter, IResultOracle.Verdict calldata verdict, bytes32 salt) external {
        // Check
        bytes32 submission = _submission(verdict.jobId, verdict.submittedAt);
        bytes32 commitment = _openCommitment(submission, reporter, verdict.jobId);
        uint256 opens = _commitUntil[submission];
        if (block.timestamp < opens) revert ReporterStake_TooEarly(block.timestamp, opens);
        if (block.timestamp >= opens + REVEAL_SECONDS) {
            revert ReporterStake_TooLate(block.timestamp, opens + REVEAL_SECONDS);
        }
        bytes32 digest = ORACLE.verdictDigest(verdict);
        if (sha256(abi.encodePacked(COMMIT_LABEL, digest, reporter, salt)) != commitment) {
            revert ReporterStake_RevealDiffers();
        }
        // Effect
        _commitments[submission][reporter] = REVEALED;
        // Event
        emit CommitRevealed(verdict.jobId, verdict.submittedAt, reporter, verdict.reportHash, verdict.score);
    }

    /// @inheritdoc IReporterStake
    function slashSilence(uint256 jobId, uint32 submittedAt, address reporter) external nonReentrant {
        // Check
        bytes32 submission = _submission(jobId, submittedAt);
        _openCommitment(submission, reporter, jobId);
        uint256 ends = _commitUntil[submission] + REVEAL_SECONDS;
        if (block.timestamp < ends) revert ReporterStake_TooEarly(block.timestamp, ends);
        // Effect and interaction
        _punish(reporter, jobId, submittedAt, "silence", SILENCE_BPS);
    }

    /* ---------- internal ---------- */

    /// @dev What a signed verdict says. The digests are the oracle's, so a statement for another chain or contract is
    /// a stranger's.
    function _statementOf(SignedVerdict calldata signed) internal view returns (Statement memory statement) {
        bytes32 digest;
        if (signed.rows.length == 0) {
            IResultOracle.Verdict calldata verdict = signed.verdict;
            digest = ORACLE.verdictDigest(verdict);
            statement.jobId = verdict.jobId;
            statement.submittedAt = verdict.submittedAt;
            statement.score = verdict.score;
            statement.content = keccak256(abi.encode(verdict.deliverable, verdict.reportHash, verdict.score));
        } else {
            uint256 first = signed.index * ROW_WORDS;
            if (first + ROW_WORDS > signed.rows.length) {
                revert ReporterStake_NoSuchRow(signed.index, signed.rows.length / ROW_WORDS);
            }
            uint256 head = uint256(signed.rows[first]);
            digest = ORACLE.batchDigest(signed.rows, signed.epoch);
            statement.jobId = head >> 40;
            // forge-lint: disable-start(unsafe-typecast) the cut to the lowest bits is the point
            statement.submittedAt = uint32(head >> 8);
            statement.score = uint8(head);
            // forge-lint: disable-end(unsafe-typecast)
            statement.content =
                keccak256(abi.encode(signed.rows[first + 1], signed.rows[first + 2], statement.score));
        }
        statement.signer = Signatures.recoverCalldataOrZero(digest, signed.signature);
        if (statement.signer == address(0)) revert ReporterStake_SignatureInvalid();
    }

    /// @dev Slashes once for each kind of offence, submission and reporter.
    function _punish(
        address reporter,
        uint256 jobId,
        uint32 submittedAt,
        bytes32 offence,
        uint256 bps
    ) internal {
        bytes32 key = keccak256(abi.encode(offence, jobId, submittedAt, reporter));
        if (_isPunished[key]) revert ReporterStake_AlreadySlashed(reporter, jobId);
        _isPunished[key] = true;
        _slash(reporter, bps, jobId, offence);
    }

    /// @dev A commitment may be posted only while a verdict may: later it could do nothing but hurt.
    function _requireWaiting(uint256 jobId, uint32 submittedAt) private view {
        IJobEscrow escrow = ORACLE.ESCROW();
        (address evaluator, uint32 found, uint32 verdictSeconds) = escrow.submissionOf(jobId);
        if (evaluator != address(ORACLE) || found != submittedAt) {
            revert ReporterStake_NotSubmitted(jobId, submittedAt);
        }
        uint256 latest = uint256(submittedAt) + verdictSeconds;
        if (block.timestamp > latest) revert ReporterStake_TooLate(block.timestamp, latest);
    }

    function _openCommitment(
        bytes32 submission,
        address reporter,
        uint256 jobId
    ) private view returns (bytes32 commitment) {
        commitment = _commitments[submission][reporter];
        if (commitment == 0 || commitment == REVEALED) revert ReporterStake_NoCommit(reporter, jobId);
    }

    function _submission(uint256 jobId, uint32 submittedAt) private pure returns (bytes32) {
        return keccak256(abi.encode(jobId, submittedAt));
    }
}
