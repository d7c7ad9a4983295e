// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {FeeSplit} from "../libraries/FeeSplit.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Job, JobLib} from "../types/Job.sol";
import {RowTerms} from "../types/PolicyRow.sol";
import {CreditLedger} from "./CreditLedger.sol";
import {HookCaller} from "./HookCaller.sol";

/// @title Jobs of the escrow: where they are kept, what is asked of a caller, and the one way money leaves them
/// @dev The doors are in {HireDoors} and {JobEscrow}; each holds the lock before it comes here.
abstract contract JobBook is HookCaller, CreditLedger, EIP712 {
    /* ---------- storage ---------- */

    /// @inheritdoc IJobEscrow
    uint256 public jobCount;
    mapping(uint256 jobId => Job) internal _jobs;

    /* ---------- internal: the end of a job ---------- */

    /// @dev The one place where locked money leaves a job with a decision: `earned` to the provider less the fee, the
    /// rest to the client. Nothing earned is a rejection, anything earned a completion.
    function _finish(
        uint256 jobId,
        Job memory job,
        RowTerms terms,
        uint256 earned,
        address decider,
        bytes32 reason,
        bytes calldata optParams
    ) internal {
        bytes memory data;
        if (job.isHooked()) {
            data = abi.encode(reason, optParams);
            _before(jobId, job, _finishSelector(earned), data);
        }
        uint256 refund = job.budget() - earned;
        uint256 paid;
        if (earned == 0) {
            // Effect
            job.setStatus(JobStatus.Rejected);
            _jobs[jobId].state = job.state;
            // Event
            emit JobRejected(jobId, decider, reason);
        } else {
            // Effect
            job.setStatus(JobStatus.Completed);
            _jobs[jobId].state = job.state;
            // A split leaves what was earned as the budget: reputation weighs it, and only its fee was paid.
            // forge-lint: disable-next-line(unsafe-typecast) less than the budget
            if (refund != 0) _jobs[jobId].terms = JobLib.packTerms(job.provider(), uint96(earned));
            paid = _takeFee(jobId, terms, earned);
            // Event
            emit JobCompleted(jobId, decider, reason);
            emit PaymentReleased(jobId, job.provider(), paid);
        }
        if (refund != 0) emit Refunded(jobId, job.client(), refund);
        // Interaction
        if (paid != 0) _payOrCredit(terms.token(), job.provider(), paid, terms.isLedgerOnly());
        if (refund != 0) _payOrCredit(terms.token(), job.client(), refund, terms.isLedgerOnly());
        if (job.isHooked()) _after(jobId, job, _finishSelector(earned), data);
    }

    function _finishSelector(uint256 earned) private pure returns (bytes4) {
        return earned == 0 ? IERC8183.reject.selector : IERC8183.complete.selector;
    }

    /// @dev For exits that carry no parameters.
    function _noParams() internal pure returns (bytes calldata) {
        return msg.data[0:0];
    }

    function _takeFee(uint256 jobId, RowTerms terms, uint256 earned) internal returns (uint256 paid) {
        uint256 toTreasury;
        uint256 toReporters;
        (paid, toTreasury, toReporters) =
            FeeSplit.splitDown({earned: earned, feeBps: terms.feeBps(), poolShareBps: terms.poolShareBps()});
        _accrueFee({token: terms.token(), toTreasury: toTreasury, toReporters: toReporters});
        emit FeeTaken(jobId, toTreasury, toReporters);
    }

    function _finishUnfunded(
        uint256 jobId,
        Job memory job,
        bytes32 reason,
        bytes calldata optParams
    ) internal {
        bytes memory data;
        if (job.isHooked()) {
            data = abi.encode(reason, optParams);
            _before(jobId, job, IERC8183.reject.selector, data);
        }
        // Effect
        job.setStatus(JobStatus.Rejected);
        _jobs[jobId].state = job.state;
        // Event
        emit JobRejected(jobId, job.client(), reason);
        if (job.isHooked()) _after(jobId, job, IERC8183.reject.selector, data);
    }

    /* ---------- internal: hooks; for hooked jobs only ---------- */

    function _before(uint256 jobId, Job memory job, bytes4 selector, bytes memory data) internal {
        _askBefore(jobId, _rows[job.policyId()].hook, selector, data, _mayRefuse(job, selector));
    }

    function _after(uint256 jobId, Job memory job, bytes4 selector, bytes memory data) internal {
        _askAfter(jobId, _rows[job.policyId()].hook, selector, data, _mayRefuse(job, selector));
    }

    /// @dev No hook stands between a house job's money and its owner.
    function _mayRefuse(Job memory job, bytes4 selector) internal view returns (bool) {
        bool isExit = selector == IERC8183.complete.selector || selector == IERC8183.reject.selector;
        return !isExit || !_rows[job.policyId()].terms.isHouse();
    }

    /* ---------- internal: making ---------- */

    function _nextJobId() internal returns (uint256 jobId) {
        // One a call: it never comes near 2^256.
        unchecked {
            jobId = jobCount + 1;
        }
        jobCount = jobId;
    }

    /* ---------- internal: checks ---------- */

    function _jobNamed(uint256 jobId) internal view returns (Job memory job) {
        job = _jobs[jobId];
        if (job.client() == address(0)) revert JobEscrow_UnknownJob(jobId);
    }

    function _houseJobNamed(uint256 jobId) internal view returns (Job memory job, RowTerms terms) {
        job = _jobNamed(jobId);
        terms = _termsOf(job.policyId());
        if (!terms.isHouse()) revert JobEscrow_NotHouseJob(jobId);
    }

    /// @dev Rule R2: room for the tail must remain after `workBy`.
    function _workBy(RowTerms terms, uint256 expiredAt) internal view returns (uint32) {
        uint256 tail = terms.tailSeconds();
        // Below 2^32 each, and `expiredAt` is above the tail once it is late enough.
        unchecked {
            uint256 earliest = block.timestamp + tail + 1;
            if (expiredAt < earliest) revert JobEscrow_ExpiryTooShort(earliest);
            if (expiredAt > type(uint32).max) revert JobEscrow_ExpiryTooLong(expiredAt, type(uint32).max);
            // forge-lint: disable-next-line(unsafe-typecast) checked above
            return uint32(expiredAt - tail);
        }
    }

    /// @dev Rule R9.
    function _requireProvider(address provider, address evaluator, address token) internal view {
        if (provider == address(0)) revert JobEscrow_ProviderIsZero();
        if (provider == evaluator || provider == token || provider == address(this)) {
            revert JobEscrow_ProviderRefused(provider);
        }
    }

    function _requireStatus(uint256 jobId, Job memory job, JobStatus expected) internal pure {
        JobStatus status = job.status();
        if (status != expected) revert JobEscrow_WrongStatus(jobId, status);
    }

    function _requireHoldsMoney(uint256 jobId, Job memory job) internal pure {
        JobStatus status = job.status();
        if (status != JobStatus.Funded && status != JobStatus.Submitted) {
            revert JobEscrow_WrongStatus(jobId, status);
        }
    }

    function _requireClient(Job memory job) internal view {
        if (msg.sender != job.client()) revert JobEscrow_NotClient(msg.sender, job.client());
    }

    function _requireProviderCalls(Job memory job) internal view {
        if (msg.sender != job.provider()) revert JobEscrow_NotProvider(msg.sender, job.provider());
    }

    function _requireEvaluator(Job memory job, RowTerms terms) internal view {
        address evaluator = _evaluatorOf(job.policyId(), terms);
        if (msg.sender != evaluator) revert JobEscrow_NotEvaluator(msg.sender, evaluator);
    }

    function _requireSignature(address signer, bytes32 digest, bytes calldata signature) internal view {
        if (!Signatures.isBy(signer, digest, signature)) revert JobEscrow_SignatureInvalid(signer);
    }
}
