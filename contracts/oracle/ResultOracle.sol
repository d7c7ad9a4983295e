// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IResultOracle} from "../interfaces/IResultOracle.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {VerdictLane, VerdictLaneLib} from "../types/VerdictLane.sol";
import {ReporterPay} from "./ReporterPay.sol";

/// @title Evaluator of house jobs
/// @dev Promises and assumptions are in {IResultOracle}. There is no role: the signer set is fixed at construction.
contract ResultOracle is ReporterPay, EIP712 {
    using VerdictLaneLib for mapping(uint256 word => uint256);

    /* ---------- types ---------- */

    /// @dev How a job ends if it is settled now.
    struct Outcome {
        uint256 settleableAt;
        bool isPaid;
        bytes32 reason;
    }

    /* ---------- constants and immutables ---------- */

    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "Verdict(uint256 jobId,uint32 submittedAt,bytes32 deliverable,bytes32 reportHash,uint8 score,uint32 epoch)"
    );
    uint8 public constant MAX_SCORE = 100;
    /// @notice Gas that settling one job of a batch gets; a row that needs more is skipped, not the batch.
    uint256 public constant SETTLE_GAS = 1_000_000;
    /// @dev What must be left for a call to be given {SETTLE_GAS}: the caller keeps a 64th (EIP-150), and the call costs.
    uint256 private constant GAS_BEFORE_SETTLE = SETTLE_GAS + SETTLE_GAS / 32;
    bytes32 private constant REASON_PASSED = "verdict-passed";
    bytes32 private constant REASON_FAILED = "verdict-failed";
    bytes32 private constant REASON_SILENCE = "no-verdict";

    /// @inheritdoc IResultOracle
    uint32 public constant epoch = 1;
    /// @inheritdoc IResultOracle
    uint256 public immutable quorum;

    /* ---------- storage ---------- */

    mapping(uint256 word => uint256) private _lanes;

    /* ---------- constructor ---------- */

    /// @param quorum_ More than half of the reporters, and no more than all.
    constructor(
        IJobEscrow escrow,
        address[] memory reporters_,
        uint256 quorum_
    ) ReporterPay(escrow, reporters_) EIP712("AITBC ResultOracle", "1") {
        uint256 min = reporters_.length / 2 + 1;
        if (quorum_ < min || quorum_ > reporters_.length) {
            revert ResultOracle_QuorumOutOfRange(quorum_, min, reporters_.length);
        }
        quorum = quorum_;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IResultOracle
    function verdictOf(uint256 jobId) external view returns (uint8 score, uint32 postedAt, bool isPosted) {
        VerdictLane lane = _lanes.laneOf(jobId);
        if (!lane.isPosted()) return (0, 0, false);
        return (lane.score(), ESCROW.assessmentOf(jobId).submittedAt + lane.delaySeconds(), true);
    }

    /// @inheritdoc IResultOracle
    function settleableAt(uint256 jobId) external view returns (uint256) {
        return _outcomeOf(jobId).settleableAt;
    }

    /// @inheritdoc IResultOracle
    function verdictDigest(Verdict calldata verdict) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    VERDICT_TYPEHASH,
                    verdict.jobId,
                    verdict.submittedAt,
                    verdict.deliverable,
                    verdict.reportHash,
                    verdict.score,
                    verdict.epoch
                )
            )
        );
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IResultOracle
    function postVerdict(Verdict calldata verdict, bytes[] calldata signatures) external {
        // Check
        IJobEscrow.Assessment memory job = ESCROW.assessmentOf(verdict.jobId);
        _requireFits(verdict, job);
        uint256 signerBitmap = _requireQuorum(verdictDigest(verdict), signatures);
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) within the verdict window, checked by _requireFits
        uint32 delaySeconds = uint32(block.timestamp - job.submittedAt);
        if (!_lanes.tryFillLane(verdict.jobId, VerdictLaneLib.pack(verdict.score, delaySeconds))) {
            revert ResultOracle_AlreadyPosted(verdict.jobId);
        }
        // Event
        emit VerdictPosted(
            verdict.jobId, verdict.reportHash, verdict.deliverable, verdict.score, verdict.epoch, signerBitmap
        );
    }

    /// @inheritdoc IResultOracle
    function postVerdicts(Verdict[] calldata verdicts, bytes[][] calldata signatures) external {
        if (verdicts.length != signatures.length) {
            revert ResultOracle_LengthMismatch(verdicts.length, signatures.length);
        }
        for (uint256 i = 0; i < verdicts.length; ++i) {
            try this.postVerdict(verdicts[i], signatures[i]) {}
            catch (bytes memory fault) {
                emit VerdictSkipped(verdicts[i].jobId, bytes4(fault));
            }
        }
    }

    /// @inheritdoc IResultOracle
    function settle(uint256[] calldata jobIds) external returns (uint256 settledCount) {
        for (uint256 i = 0; i < jobIds.length; ++i) {
            uint256 jobId = jobIds[i];
            Outcome memory outcome = _outcomeOf(jobId);
            if (outcome.settleableAt == 0 || block.timestamp < outcome.settleableAt) continue;
            if (!_settleOne(jobId, outcome)) continue;
            ++settledCount;
            emit JobSettled(jobId, outcome.isPaid, outcome.reason);
        }
    }

    /* ---------- internal ---------- */

    /// @dev Interaction. False if the escrow refused; the job stays as it was and can be settled later. Reverts rather
    /// than give a row less gas than promised: a gas estimate would take the least that skips every row.
    function _settleOne(uint256 jobId, Outcome memory outcome) private returns (bool) {
        uint256 gasLeft = gasleft();
        if (gasLeft < GAS_BEFORE_SETTLE) revert ResultOracle_GasTooLow(gasLeft, GAS_BEFORE_SETTLE);
        if (outcome.isPaid) {
            try ESCROW.complete{gas: SETTLE_GAS}(jobId, outcome.reason, "") {
                return true;
            } catch {
                return false;
            }
        }
        try ESCROW.reject{gas: SETTLE_GAS}(jobId, outcome.reason, "") {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev A posted verdict opens its review when it was posted; without one the review opens at the end of the
    /// verdict window, and silence passes (rules R5 and R6).
    function _outcomeOf(uint256 jobId) private view returns (Outcome memory outcome) {
        IJobEscrow.Assessment memory job = ESCROW.assessmentOf(jobId);
        if (job.evaluator != address(this) || job.status != IERC8183.JobStatus.Submitted) return outcome;
        VerdictLane lane = _lanes.laneOf(jobId);
        bool isPosted = lane.isPosted();
        outcome.settleableAt = uint256(job.submittedAt) + job.reviewSeconds
            + (isPosted ? lane.delaySeconds() : job.verdictSeconds);
        outcome.isPaid = !isPosted || lane.score() >= job.passMark;
        outcome.reason = !isPosted ? REASON_SILENCE : outcome.isPaid ? REASON_PASSED : REASON_FAILED;
    }

    function _requireFits(Verdict calldata verdict, IJobEscrow.Assessment memory job) private view {
        if (job.evaluator != address(this)) revert ResultOracle_NotHouseJob(verdict.jobId, job.evaluator);
        if (job.status != IERC8183.JobStatus.Submitted) revert ResultOracle_NotSubmitted(verdict.jobId);
        if (verdict.submittedAt != job.submittedAt) {
            revert ResultOracle_WrongSubmission(verdict.submittedAt, job.submittedAt);
        }
        if (verdict.epoch != epoch) revert ResultOracle_WrongEpoch(verdict.epoch, epoch);
        if (verdict.score > MAX_SCORE) revert ResultOracle_ScoreTooHigh(verdict.score, MAX_SCORE);
        uint256 deadline = uint256(job.submittedAt) + job.verdictSeconds;
        if (block.timestamp > deadline) revert ResultOracle_VerdictTooLate(block.timestamp, deadline);
    }

    function _requireQuorum(
        bytes32 digest,
        bytes[] calldata signatures
    ) private view returns (uint256 signerBitmap) {
        if (signatures.length < quorum) {
            revert ResultOracle_TooFewSignatures(signatures.length, quorum);
        }
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = Signatures.recoverOrZero(digest, signatures[i]);
            if (signer == address(0)) revert ResultOracle_SignatureInvalid(i);
            if (signer <= previous) revert ResultOracle_SignersNotAscending(previous, signer);
            uint256 seat = _seat(signer);
            if (seat == 0) revert ResultOracle_NotReporter(signer);
            signerBitmap |= 1 << (seat - 1);
            previous = signer;
        }
    }
}
