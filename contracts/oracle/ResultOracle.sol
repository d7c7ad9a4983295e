// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDisputable} from "../interfaces/IDisputable.sol";
import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IReporterStake} from "../interfaces/IReporterStake.sol";
import {IResultOracle} from "../interfaces/IResultOracle.sol";
import {SignerTerm} from "../types/SignerTerm.sol";
import {VerdictLane, VerdictLaneLib} from "../types/VerdictLane.sol";
import {SignerSets} from "./SignerSets.sol";

/// @title Evaluator of house jobs
/// @dev Promises and assumptions are in {IResultOracle} and {IDisputable}. There is no role; the signer sets are {SignerSets}.
contract ResultOracle is SignerSets, IDisputable, EIP712 {
    using SafeERC20 for IERC20;
    using VerdictLaneLib for mapping(uint256 word => uint256);

    /* ---------- types ---------- */

    /// @dev How a job ends if it is settled now.
    struct Outcome {
        uint256 settleableAt;
        bool isPaid;
        bytes32 reason;
    }

    /// @dev What the rows of one batch share.
    struct Batch {
        uint32 epoch;
        uint256 signerBitmap;
    }

    /* ---------- constants and immutables ---------- */

    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "Verdict(uint256 jobId,uint32 submittedAt,bytes32 deliverable,bytes32 reportHash,uint8 score,uint32 epoch)"
    );
    bytes32 private constant BATCH_TYPEHASH = keccak256("VerdictBatch(bytes32[] rows,uint32 epoch)");
    /// @dev Words that one verdict takes in a batch.
    uint256 private constant ROW_WORDS = 3;
    uint8 public constant MAX_SCORE = 100;
    /// @notice Gas that settling one job of a batch gets; a row that needs more is skipped, not the batch.
    uint256 public constant SETTLE_GAS = 1_000_000;
    /// @dev What must be left for one verdict of {postVerdicts}, and for each of its signatures on top: a row that runs
    /// out of gas would be skipped, and silence would pay.
    uint256 private constant VERDICT_GAS = 150_000;
    uint256 private constant SIGNATURE_GAS = 12_000;
    /// @dev What must be left for a call to be given {SETTLE_GAS}: the caller keeps a 64th (EIP-150), and the call costs.
    uint256 private constant GAS_BEFORE_SETTLE = SETTLE_GAS + SETTLE_GAS / 32;
    bytes32 private constant REASON_PASSED = "verdict-passed";
    bytes32 private constant REASON_FAILED = "verdict-failed";
    bytes32 private constant REASON_SILENCE = "no-verdict";

    IJobEscrow public immutable ESCROW;

    /// @notice Where disputes are opened and ended.
    address public immutable DISPUTE_DESK;

    /* ---------- storage ---------- */

    mapping(uint256 word => uint256) private _lanes;

    /* ---------- constructor ---------- */

    /// @param reporters_ The first set; see {SignerSets}.
    constructor(
        IJobEscrow escrow,
        IReporterStake stake,
        address[] memory reporters_,
        uint256 quorum_,
        address disputeDesk
    ) SignerSets(stake, reporters_, quorum_) EIP712("AITBC ResultOracle", "1") {
        if (address(escrow) == address(0)) revert ResultOracle_EscrowIsZero();
        if (disputeDesk == address(0)) revert ResultOracle_DeskIsZero();
        ESCROW = escrow;
        DISPUTE_DESK = disputeDesk;
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

    /// @inheritdoc IResultOracle
    function batchDigest(bytes32[] calldata rows, uint32 epoch_) public view returns (bytes32) {
        return
            _hashTypedDataV4(keccak256(abi.encode(BATCH_TYPEHASH, keccak256(abi.encodePacked(rows)), epoch_)));
    }

    /// @inheritdoc IDisputable
    function standingOf(uint256 jobId) external view returns (bool isPosted, bool isPassed) {
        VerdictLane lane = _lanes.laneOf(jobId);
        return (lane.isPosted(), lane.score() >= ESCROW.assessmentOf(jobId).passMark);
    }

    /// @inheritdoc IDisputable
    function isDisputed(uint256 jobId) external view returns (bool) {
        return _lanes.laneOf(jobId).isDisputed();
    }

    /// @inheritdoc IDisputable
    function isOverturned(uint256 jobId) external view returns (bool) {
        return _lanes.laneOf(jobId).isOverturned();
    }

    /// @inheritdoc IDisputable
    function isTied(uint256 jobId, address account) external view returns (bool) {
        IJobEscrow.JobView memory job = ESCROW.jobOf(jobId);
        return account == job.client || account == job.provider || account == address(this)
            || seatOf(epochAt(job.submittedAt), account) != 0;
    }

    /* ---------- the desk ---------- */

    /// @inheritdoc IDisputable
    function freeze(uint256 jobId) external returns (Frozen memory frozen) {
        // Check
        if (msg.sender != DISPUTE_DESK) revert ResultOracle_NotDesk(msg.sender);
        frozen.job = ESCROW.jobOf(jobId);
        if (frozen.job.evaluator != address(this)) {
            revert ResultOracle_NotHouseJob(jobId, frozen.job.evaluator);
        }
        if (frozen.job.status != IERC8183.JobStatus.Submitted) revert ResultOracle_NotSubmitted(jobId);
        VerdictLane lane = _lanes.laneOf(jobId);
        if (lane.isDisputed()) revert ResultOracle_AlreadyDisputed(jobId);
        IJobEscrow.Policy memory policy = ESCROW.policyOf(frozen.job.policyId);
        frozen.isPosted = lane.isPosted();
        frozen.courtSeconds = policy.courtSeconds;
        uint256 opensAt =
            uint256(frozen.job.submittedAt) + (frozen.isPosted ? lane.delaySeconds() : policy.verdictSeconds);
        uint256 closesAt = opensAt + policy.reviewSeconds;
        if (block.timestamp < opensAt || block.timestamp >= closesAt) {
            revert ResultOracle_NotDisputable(jobId, block.timestamp, opensAt, closesAt);
        }
        // Effect
        _lanes.mark(jobId, VerdictLaneLib.DISPUTED);
    }

    /// @inheritdoc IDisputable
    function endDisputed(uint256 jobId, uint96 providerAmount, bytes32 reason, bool hasOverturned) external {
        // Check
        if (msg.sender != DISPUTE_DESK) revert ResultOracle_NotDesk(msg.sender);
        if (!_lanes.laneOf(jobId).isDisputed()) revert ResultOracle_NotDisputed(jobId);
        // Effect
        if (hasOverturned) _lanes.mark(jobId, VerdictLaneLib.OVERTURNED);
        // Interaction
        ESCROW.split(jobId, providerAmount, reason);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IResultOracle
    function postVerdict(Verdict calldata verdict, bytes[] calldata signatures) external {
        // Check
        (SignerTerm term, uint32 delaySeconds) = _requireFits(verdict);
        uint256 signerBitmap = _requireQuorum(term, verdictDigest(verdict), signatures);
        // Effect
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
            uint256 needed = VERDICT_GAS + SIGNATURE_GAS * signatures[i].length;
            if (gasleft() < needed) revert ResultOracle_GasTooLow(gasleft(), needed);
            try this.postVerdict(verdicts[i], signatures[i]) {}
            catch (bytes memory fault) {
                emit VerdictSkipped(verdicts[i].jobId, bytes4(fault));
            }
        }
    }

    /// @inheritdoc IResultOracle
    function postVerdictBatch(bytes32[] calldata rows, uint32 epoch_, bytes[] calldata signatures) external {
        // Check
        if (rows.length % ROW_WORDS != 0) revert ResultOracle_RowsIncomplete(rows.length);
        SignerTerm term = _termOf(epoch_);
        Batch memory batch = Batch(epoch_, _requireQuorum(term, batchDigest(rows, epoch_), signatures));
        for (uint256 i = 0; i < rows.length; i += ROW_WORDS) {
            uint256 head;
            bytes32 deliverable;
            bytes32 reportHash;
            // Three words within bounds: the length was checked.
            assembly ("memory-safe") {
                let row := add(rows.offset, shl(5, i))
                head := calldataload(row)
                deliverable := calldataload(add(row, 32))
                reportHash := calldataload(add(row, 64))
            }
            _postRow(batch, term, head, deliverable, reportHash);
        }
    }

    /// @inheritdoc IResultOracle
    /// @dev All that this contract holds is the reporters'; bonds are held elsewhere.
    function forwardFees(address token) external {
        if (ESCROW.creditOf(token, address(this)) != 0) ESCROW.withdrawFor(token, address(this));
        IERC20(token).safeTransfer(address(STAKE), IERC20(token).balanceOf(address(this)));
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

    /// @dev One verdict of a batch, whose quorum was checked.
    function _postRow(
        Batch memory batch,
        SignerTerm term,
        uint256 head,
        bytes32 deliverable,
        bytes32 reportHash
    ) private {
        uint256 jobId = head >> 40;
        // Check and effect
        bytes4 fault = _tryFillRow(jobId, head, term);
        // Event
        if (fault == 0) {
            // forge-lint: disable-next-line(unsafe-typecast) the cut to the lowest bits is the point
            emit VerdictPosted(jobId, reportHash, deliverable, uint8(head), batch.epoch, batch.signerBitmap);
        } else {
            emit VerdictSkipped(jobId, fault);
        }
    }

    /// @dev The checks of {_requireFits}, with the selector of the error in place of a revert; zero if the verdict
    /// stands now.
    function _tryFillRow(uint256 jobId, uint256 head, SignerTerm term) private returns (bytes4 fault) {
        // forge-lint: disable-next-line(unsafe-typecast) the cut to the lowest bits is the point
        uint8 score = uint8(head);
        (address evaluator, uint256 submittedAt, uint256 verdictSeconds) = _submissionOf(jobId);
        if (submittedAt == 0) return ResultOracle_NotSubmitted.selector;
        if (evaluator != address(this)) return ResultOracle_NotHouseJob.selector;
        // forge-lint: disable-next-line(unsafe-typecast) the cut to the lowest bits is the point
        if (uint32(head >> 8) != submittedAt) return ResultOracle_WrongSubmission.selector;
        // forge-lint: disable-next-line(unsafe-typecast) 32 bits in the escrow
        if (!term.isJudgeOf(uint32(submittedAt))) return ResultOracle_WrongEpoch.selector;
        if (score > MAX_SCORE) return ResultOracle_ScoreTooHigh.selector;
        uint256 delaySeconds = block.timestamp - submittedAt;
        if (delaySeconds > verdictSeconds) return ResultOracle_VerdictTooLate.selector;
        // forge-lint: disable-next-line(unsafe-typecast) at most verdictSeconds
        bool isNew = _lanes.tryFillLane(jobId, VerdictLaneLib.pack(score, uint32(delaySeconds)));
        return isNew ? bytes4(0) : ResultOracle_AlreadyPosted.selector;
    }

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
    /// verdict window, and silence passes (rules R5 and R6). A disputed job waits for its desk.
    function _outcomeOf(uint256 jobId) private view returns (Outcome memory outcome) {
        IJobEscrow.Assessment memory job = ESCROW.assessmentOf(jobId);
        if (job.evaluator != address(this) || job.status != IERC8183.JobStatus.Submitted) return outcome;
        VerdictLane lane = _lanes.laneOf(jobId);
        if (lane.isDisputed()) return outcome;
        bool isPosted = lane.isPosted();
        outcome.settleableAt = uint256(job.submittedAt) + job.reviewSeconds
            + (isPosted ? lane.delaySeconds() : job.verdictSeconds);
        outcome.isPaid = !isPosted || lane.score() >= job.passMark;
        outcome.reason = !isPosted ? REASON_SILENCE : outcome.isPaid ? REASON_PASSED : REASON_FAILED;
    }

    /// @return term The set that judges the submission.
    /// @return delaySeconds From the submission to now, within the verdict window.
    function _requireFits(Verdict calldata verdict)
        private
        view
        returns (SignerTerm term, uint32 delaySeconds)
    {
        (address evaluator, uint256 submittedAt, uint256 verdictSeconds) = _submissionOf(verdict.jobId);
        if (submittedAt == 0) revert ResultOracle_NotSubmitted(verdict.jobId);
        if (evaluator != address(this)) revert ResultOracle_NotHouseJob(verdict.jobId, evaluator);
        // forge-lint: disable-start(unsafe-typecast) 32 bits in the escrow; the delay is at most verdictSeconds
        if (verdict.submittedAt != submittedAt) {
            revert ResultOracle_WrongSubmission(verdict.submittedAt, uint32(submittedAt));
        }
        term = _requireTerm(verdict.epoch, verdict.submittedAt);
        if (verdict.score > MAX_SCORE) revert ResultOracle_ScoreTooHigh(verdict.score, MAX_SCORE);
        uint256 deadline = submittedAt + verdictSeconds;
        if (block.timestamp > deadline) revert ResultOracle_VerdictTooLate(block.timestamp, deadline);
        delaySeconds = uint32(block.timestamp - submittedAt);
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev {IJobEscrow-submissionOf} for less: every row of a batch asks. The escrow is this contract's own immutable
    /// and answers three words or reverts.
    function _submissionOf(uint256 jobId)
        private
        view
        returns (address evaluator, uint256 submittedAt, uint256 verdictSeconds)
    {
        address escrow = address(ESCROW);
        bytes4 selector = IJobEscrow.submissionOf.selector;
        assembly ("memory-safe") {
            let answer := mload(0x40)
            mstore(answer, selector)
            mstore(add(answer, 4), jobId)
            if iszero(staticcall(gas(), escrow, answer, 36, answer, 96)) { revert(0, 0) }
            evaluator := mload(answer)
            submittedAt := mload(add(answer, 32))
            verdictSeconds := mload(add(answer, 64))
        }
    }
}
