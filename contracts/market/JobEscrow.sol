// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {FeeSplit} from "../libraries/FeeSplit.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Job, JobLib} from "../types/Job.sol";
import {PolicyRow, RowTerms} from "../types/PolicyRow.sol";
import {CreditLedger} from "./CreditLedger.sol";
import {HookCaller} from "./HookCaller.sol";
import {PolicyBook} from "./PolicyBook.sol";

/// @title Escrow of paid jobs
/// @dev Promises and assumptions are in {IJobEscrow}; the rows in {PolicyBook}, the ledger in {CreditLedger}. Every
/// function that changes a job holds the transient lock, and keeps the order Check, Effect, Event, Interaction: the
/// hook asked before a step is the one interaction that comes first, and it cannot enter again.
contract JobEscrow is HookCaller, CreditLedger, EIP712 {
    /* ---------- constants ---------- */

    bytes32 private constant CANCEL_TYPEHASH =
        keccak256("Cancel(uint256 jobId,uint96 providerAmount,uint256 deadline)");
    bytes32 private constant REASON_ACCEPTED = "accepted";
    bytes32 private constant REASON_DECLINED = "declined";
    bytes32 private constant REASON_NO_SHOW = "no-show";
    bytes32 private constant REASON_CANCELLED = "cancelled";

    /* ---------- storage ---------- */

    /// @inheritdoc IJobEscrow
    uint256 public jobCount;
    mapping(uint256 jobId => Job) private _jobs;

    /* ---------- constructor ---------- */

    /// @param owner_ May announce fees and allow tokens and hooks for rows to come.
    /// @param treasury Owner of the house's part of the fees.
    /// @param resultOracle Evaluator of house jobs and owner of the reporters' part of the fees.
    /// @param defaultToken Token of the standard's `createJob`, and the first that house rows may name.
    constructor(
        address owner_,
        address treasury,
        address resultOracle,
        address defaultToken,
        uint16 feeBps,
        uint16 poolShareBps
    )
        PolicyBook(owner_, resultOracle, defaultToken, feeBps, poolShareBps)
        CreditLedger(treasury, resultOracle)
        EIP712("AITBC JobEscrow", "1")
    {}

    /* ---------- views ---------- */

    /// @inheritdoc IJobEscrow
    function jobOf(uint256 jobId) external view returns (JobView memory) {
        Job memory job = _jobNamed(jobId);
        RowTerms terms = _termsOf(job.policyId());
        return JobView({
            client: job.client(),
            provider: job.provider(),
            evaluator: _evaluatorOf(job.policyId(), terms),
            token: terms.token(),
            policyId: job.policyId(),
            budget: job.budget(),
            workBy: job.workBy(),
            expiredAt: job.workBy() + terms.tailSeconds(),
            submittedAt: job.submittedAt(),
            status: job.status()
        });
    }

    /// @inheritdoc IJobEscrow
    function assessmentOf(uint256 jobId) external view returns (Assessment memory assessment) {
        Job memory job;
        job.state = _jobs[jobId].state;
        PolicyRow storage row = _rows[job.policyId()];
        assessment.status = job.status();
        assessment.submittedAt = job.submittedAt();
        assessment.passMark = row.terms.passMark();
        assessment.evaluator = row.evaluator;
        assessment.verdictSeconds = row.verdictSeconds;
        assessment.reviewSeconds = row.reviewSeconds;
    }

    /// @inheritdoc IJobEscrow
    function submissionOf(uint256 jobId)
        external
        view
        returns (address evaluator, uint32 submittedAt, uint32 verdictSeconds)
    {
        Job memory job;
        job.state = _jobs[jobId].state;
        if (job.status() != JobStatus.Submitted) return (address(0), 0, 0);
        PolicyRow storage row = _rows[job.policyId()];
        return (row.evaluator, job.submittedAt(), row.verdictSeconds);
    }

    /// @inheritdoc IJobEscrow
    function cancelDigest(
        uint256 jobId,
        uint96 providerAmount,
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CANCEL_TYPEHASH, jobId, providerAmount, deadline)));
    }

    /* ---------- the standard: before the work ---------- */

    /// @inheritdoc IERC8183
    function createJob(
        address provider,
        address evaluator,
        uint256 expiredAt,
        string calldata description,
        address hook
    ) external nonReentrant returns (uint256 jobId) {
        // Check
        if (evaluator == address(0)) revert JobEscrow_EvaluatorIsZero();
        // Effect
        uint32 policyId = _usualRowFor(evaluator, hook);
        jobId = ++jobCount;
        Job storage job = _jobs[jobId];
        job.state = JobLib.packState({
            client_: msg.sender,
            workBy_: _workBy(_termsOf(policyId), expiredAt),
            policyId_: policyId,
            status_: JobStatus.Open,
            isHooked_: hook != address(0)
        });
        if (provider != address(0)) job.terms = JobLib.packTerms(provider, 0);
        // Event
        emit JobCreated(jobId, msg.sender, provider, evaluator, expiredAt, hook);
        emit JobDescribed(jobId, type(uint256).max, 0, policyId, description);
    }

    /// @inheritdoc IERC8183
    function setProvider(uint256 jobId, address provider, bytes calldata optParams) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        _requireClient(job);
        _requireStatus(jobId, job, JobStatus.Open);
        if (job.provider() != address(0)) revert JobEscrow_ProviderAlreadySet(job.provider());
        if (provider == address(0)) revert JobEscrow_ProviderIsZero();
        bytes memory data;
        if (job.isHooked()) data = abi.encode(provider, optParams);
        _before(jobId, job, IERC8183.setProvider.selector, data);
        // Effect
        job.terms = JobLib.packTerms(provider, job.budget());
        _jobs[jobId].terms = job.terms;
        // Event
        emit ProviderSet(jobId, provider);
        _after(jobId, job, IERC8183.setProvider.selector, data);
    }

    /// @inheritdoc IERC8183
    function setBudget(uint256 jobId, uint256 amount, bytes calldata optParams) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        if (msg.sender != job.provider()) _requireClient(job);
        _requireStatus(jobId, job, JobStatus.Open);
        if (amount > type(uint96).max) revert JobEscrow_BudgetTooBig(amount, type(uint96).max);
        bytes memory data;
        if (job.isHooked()) data = abi.encode(amount, optParams);
        _before(jobId, job, IERC8183.setBudget.selector, data);
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        job.terms = JobLib.packTerms(job.provider(), uint96(amount));
        _jobs[jobId].terms = job.terms;
        // Event
        emit BudgetSet(jobId, amount);
        _after(jobId, job, IERC8183.setBudget.selector, data);
    }

    /// @inheritdoc IERC8183
    function fund(uint256 jobId, uint256 expectedBudget, bytes calldata optParams) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        _requireClient(job);
        _requireStatus(jobId, job, JobStatus.Open);
        if (job.budget() != expectedBudget) revert JobEscrow_BudgetMismatch(job.budget(), expectedBudget);
        if (job.budget() == 0) revert JobEscrow_BudgetIsZero();
        RowTerms terms = _termsOf(job.policyId());
        if (terms.isRetired()) revert JobEscrow_PolicyIsRetired(job.policyId());
        _requireProvider(job.provider(), _evaluatorOf(job.policyId(), terms), terms.token());
        if (block.timestamp >= job.workBy()) revert JobEscrow_DeadlinePassed(block.timestamp, job.workBy());
        _before(jobId, job, IERC8183.fund.selector, optParams);
        // Effect
        job.setStatus(JobStatus.Funded);
        _jobs[jobId].state = job.state;
        // Event
        emit JobFunded(jobId, job.client(), job.budget());
        // Interaction
        _pullExact(terms.token(), job.client(), job.budget());
        _after(jobId, job, IERC8183.fund.selector, optParams);
    }

    /// @inheritdoc IJobEscrow
    function hire(HireTerms calldata terms) external nonReentrant returns (uint256 jobId) {
        // Check
        RowTerms row = _termsOf(terms.policyId);
        if (!row.isHouse()) revert JobEscrow_NotHousePolicy(_evaluatorOf(terms.policyId, row));
        if (row.isRetired()) revert JobEscrow_PolicyIsRetired(terms.policyId);
        if (terms.budget == 0) revert JobEscrow_BudgetIsZero();
        _requireProvider(terms.provider, RESULT_ORACLE, row.token());
        // Effect
        Job memory job = Job({
            state: JobLib.packState({
                client_: msg.sender,
                workBy_: _workBy(row, terms.expiredAt),
                policyId_: terms.policyId,
                status_: JobStatus.Funded,
                isHooked_: row.isHooked()
            }),
            terms: JobLib.packTerms(terms.provider, terms.budget)
        });
        jobId = ++jobCount;
        _jobs[jobId] = job;
        // Event
        emit JobCreated(
            jobId,
            msg.sender,
            terms.provider,
            RESULT_ORACLE,
            terms.expiredAt,
            row.isHooked() ? _rows[terms.policyId].hook : address(0)
        );
        emit BudgetSet(jobId, terms.budget);
        emit JobFunded(jobId, msg.sender, terms.budget);
        emit JobDescribed(jobId, terms.agentId, terms.listingId, terms.policyId, terms.description);
        // Interaction
        _before(jobId, job, IERC8183.fund.selector, "");
        _pullExact(row.token(), msg.sender, terms.budget);
        _after(jobId, job, IERC8183.fund.selector, "");
    }

    /* ---------- the standard: from the work to the end ---------- */

    /// @inheritdoc IERC8183
    function submit(uint256 jobId, bytes32 deliverable, bytes calldata optParams) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        _requireProviderCalls(job);
        _requireStatus(jobId, job, JobStatus.Funded);
        if (block.timestamp > job.workBy()) revert JobEscrow_DeadlinePassed(block.timestamp, job.workBy());
        bytes memory data;
        if (job.isHooked()) data = abi.encode(deliverable, optParams);
        _before(jobId, job, IERC8183.submit.selector, data);
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) block times are below workBy
        job.setSubmitted(uint32(block.timestamp));
        _jobs[jobId].state = job.state;
        // Event
        emit JobSubmitted(jobId, msg.sender, deliverable);
        _after(jobId, job, IERC8183.submit.selector, data);
    }

    /// @inheritdoc IERC8183
    function complete(uint256 jobId, bytes32 reason, bytes calldata optParams) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        RowTerms terms = _termsOf(job.policyId());
        _requireEvaluator(job, terms);
        _requireStatus(jobId, job, JobStatus.Submitted);
        _finish(jobId, job, terms, job.budget(), msg.sender, reason, optParams);
    }

    /// @inheritdoc IERC8183
    function reject(uint256 jobId, bytes32 reason, bytes calldata optParams) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        RowTerms terms = _termsOf(job.policyId());
        if (job.status() == JobStatus.Open) {
            _requireClient(job);
            _finishUnfunded(jobId, job, reason, optParams);
            return;
        }
        _requireEvaluator(job, terms);
        _requireHoldsMoney(jobId, job);
        _finish(jobId, job, terms, 0, msg.sender, reason, optParams);
    }

    /// @inheritdoc IERC8183
    function claimRefund(uint256 jobId) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        _requireHoldsMoney(jobId, job);
        RowTerms terms = _termsOf(job.policyId());
        uint256 expiredAt = uint256(job.workBy()) + terms.tailSeconds();
        if (block.timestamp < expiredAt) revert JobEscrow_TooEarly(block.timestamp, expiredAt);
        // Effect
        job.setStatus(JobStatus.Expired);
        _jobs[jobId].state = job.state;
        // Event
        emit JobExpired(jobId);
        emit Refunded(jobId, job.client(), job.budget());
        // Interaction
        _payOrCredit(terms.token(), job.client(), job.budget(), terms.isLedgerOnly());
    }

    /* ---------- the house: exits that need no evaluator ---------- */

    /// @inheritdoc IJobEscrow
    function accept(uint256 jobId) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireClient(job);
        _requireStatus(jobId, job, JobStatus.Submitted);
        _finish(jobId, job, terms, job.budget(), job.client(), REASON_ACCEPTED, "");
    }

    /// @inheritdoc IJobEscrow
    function decline(uint256 jobId) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireProviderCalls(job);
        _requireStatus(jobId, job, JobStatus.Funded);
        _finish(jobId, job, terms, 0, job.provider(), REASON_DECLINED, "");
    }

    /// @inheritdoc IJobEscrow
    function noShow(uint256 jobId) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireStatus(jobId, job, JobStatus.Funded);
        if (block.timestamp <= job.workBy()) {
            revert JobEscrow_TooEarly(block.timestamp, uint256(job.workBy()) + 1);
        }
        _finish(jobId, job, terms, 0, RESULT_ORACLE, REASON_NO_SHOW, "");
    }

    /// @inheritdoc IJobEscrow
    function cancel(
        uint256 jobId,
        uint96 providerAmount,
        uint256 deadline,
        bytes calldata clientSignature,
        bytes calldata providerSignature
    ) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireHoldsMoney(jobId, job);
        if (providerAmount > job.budget()) revert JobEscrow_SplitTooBig(providerAmount, job.budget());
        if (block.timestamp > deadline) revert JobEscrow_DeadlinePassed(block.timestamp, deadline);
        bytes32 digest = cancelDigest(jobId, providerAmount, deadline);
        _requireSignature(job.client(), digest, clientSignature);
        _requireSignature(job.provider(), digest, providerSignature);
        _finish(jobId, job, terms, providerAmount, job.client(), REASON_CANCELLED, "");
    }

    /// @inheritdoc IJobEscrow
    function split(uint256 jobId, uint96 providerAmount, bytes32 reason) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireEvaluator(job, terms);
        _requireStatus(jobId, job, JobStatus.Submitted);
        if (providerAmount > job.budget()) revert JobEscrow_SplitTooBig(providerAmount, job.budget());
        _finish(jobId, job, terms, providerAmount, msg.sender, reason, "");
    }

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
        bytes memory optParams
    ) private {
        bytes4 selector = earned == 0 ? IERC8183.reject.selector : IERC8183.complete.selector;
        bytes memory data;
        if (job.isHooked()) data = abi.encode(reason, optParams);
        _before(jobId, job, selector, data);
        // Effect
        job.setStatus(earned == 0 ? JobStatus.Rejected : JobStatus.Completed);
        _jobs[jobId].state = job.state;
        uint256 refund = job.budget() - earned;
        if (earned != 0 && refund != 0) {
            // A split leaves what was earned as the budget: reputation weighs it, and only its fee was paid.
            // forge-lint: disable-next-line(unsafe-typecast) less than the budget
            job.setBudget(uint96(earned));
            _jobs[jobId].terms = job.terms;
        }
        uint256 paid = earned == 0 ? 0 : _takeFee(jobId, terms, earned);
        // Event
        if (earned == 0) emit JobRejected(jobId, decider, reason);
        else emit JobCompleted(jobId, decider, reason);
        if (earned != 0) emit PaymentReleased(jobId, job.provider(), paid);
        if (refund != 0) emit Refunded(jobId, job.client(), refund);
        // Interaction
        bool isLedgerOnly = terms.isLedgerOnly();
        _payOrCredit(terms.token(), job.provider(), paid, isLedgerOnly);
        _payOrCredit(terms.token(), job.client(), refund, isLedgerOnly);
        _after(jobId, job, selector, data);
    }

    function _takeFee(uint256 jobId, RowTerms terms, uint256 earned) private returns (uint256 paid) {
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
    ) private {
        bytes memory data;
        if (job.isHooked()) data = abi.encode(reason, optParams);
        _before(jobId, job, IERC8183.reject.selector, data);
        // Effect
        job.setStatus(JobStatus.Rejected);
        _jobs[jobId].state = job.state;
        // Event
        emit JobRejected(jobId, job.client(), reason);
        _after(jobId, job, IERC8183.reject.selector, data);
    }

    /* ---------- internal: hooks ---------- */

    function _before(uint256 jobId, Job memory job, bytes4 selector, bytes memory data) private {
        if (!job.isHooked()) return;
        _askBefore(jobId, _rows[job.policyId()].hook, selector, data, _mayRefuse(job, selector));
    }

    function _after(uint256 jobId, Job memory job, bytes4 selector, bytes memory data) private {
        if (!job.isHooked()) return;
        _askAfter(jobId, _rows[job.policyId()].hook, selector, data, _mayRefuse(job, selector));
    }

    /// @dev No hook stands between a house job's money and its owner.
    function _mayRefuse(Job memory job, bytes4 selector) private view returns (bool) {
        bool isExit = selector == IERC8183.complete.selector || selector == IERC8183.reject.selector;
        return !isExit || !_rows[job.policyId()].terms.isHouse();
    }

    /* ---------- internal: checks ---------- */

    function _jobNamed(uint256 jobId) private view returns (Job memory job) {
        job = _jobs[jobId];
        if (job.client() == address(0)) revert JobEscrow_UnknownJob(jobId);
    }

    function _houseJobNamed(uint256 jobId) private view returns (Job memory job, RowTerms terms) {
        job = _jobNamed(jobId);
        terms = _termsOf(job.policyId());
        if (!terms.isHouse()) revert JobEscrow_NotHouseJob(jobId);
    }

    /// @dev Rule R2: room for the tail must remain after `workBy`.
    function _workBy(RowTerms terms, uint256 expiredAt) private view returns (uint32) {
        uint256 earliest = block.timestamp + terms.tailSeconds() + 1;
        if (expiredAt < earliest) revert JobEscrow_ExpiryTooShort(earliest);
        if (expiredAt > type(uint32).max) revert JobEscrow_ExpiryTooLong(expiredAt, type(uint32).max);
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        return uint32(expiredAt - terms.tailSeconds());
    }

    /// @dev Rule R9.
    function _requireProvider(address provider, address evaluator, address token) private view {
        if (provider == address(0)) revert JobEscrow_ProviderIsZero();
        if (provider == evaluator || provider == token || provider == address(this)) {
            revert JobEscrow_ProviderRefused(provider);
        }
    }

    function _requireStatus(uint256 jobId, Job memory job, JobStatus expected) private pure {
        JobStatus status = job.status();
        if (status != expected) revert JobEscrow_WrongStatus(jobId, status);
    }

    function _requireHoldsMoney(uint256 jobId, Job memory job) private pure {
        JobStatus status = job.status();
        if (status != JobStatus.Funded && status != JobStatus.Submitted) {
            revert JobEscrow_WrongStatus(jobId, status);
        }
    }

    function _requireClient(Job memory job) private view {
        if (msg.sender != job.client()) revert JobEscrow_NotClient(msg.sender, job.client());
    }

    function _requireProviderCalls(Job memory job) private view {
        if (msg.sender != job.provider()) revert JobEscrow_NotProvider(msg.sender, job.provider());
    }

    function _requireEvaluator(Job memory job, RowTerms terms) private view {
        address evaluator = _evaluatorOf(job.policyId(), terms);
        if (msg.sender != evaluator) revert JobEscrow_NotEvaluator(msg.sender, evaluator);
    }

    function _requireSignature(address signer, bytes32 digest, bytes calldata signature) private view {
        if (!Signatures.isBy(signer, digest, signature)) revert JobEscrow_SignatureInvalid(signer);
    }
}
