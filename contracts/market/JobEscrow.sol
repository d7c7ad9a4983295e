// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {Job, JobLib} from "../types/Job.sol";
import {PolicyRow, RowTerms} from "../types/PolicyRow.sol";
import {CreditLedger} from "./CreditLedger.sol";
import {HireDoors} from "./HireDoors.sol";
import {PolicyBook} from "./PolicyBook.sol";

/// @title Escrow of paid jobs
/// @dev Promises and assumptions are in {IJobEscrow}; the rows in {PolicyBook}, the ledger in {CreditLedger}, the ways
/// to hire in {HireDoors}, the end of a job in {JobBook}. Every function that changes a job holds the transient lock, and keeps the order Check, Effect, Event, Interaction: the
/// hook asked before a step is the one interaction that comes first, and it cannot enter again.
contract JobEscrow is HireDoors {
    /* ---------- constants ---------- */

    bytes32 private constant CANCEL_TYPEHASH =
        keccak256("Cancel(uint256 jobId,uint96 providerAmount,uint256 deadline)");
    bytes32 private constant ACCEPTANCE_TYPEHASH = keccak256(
        "Acceptance(uint256 jobId,address provider,uint96 budget,bytes32 deliverable,uint256 deadline)"
    );
    bytes32 private constant REASON_ACCEPTED = "accepted";
    bytes32 private constant REASON_DECLINED = "declined";
    bytes32 private constant REASON_NO_SHOW = "no-show";
    bytes32 private constant REASON_CANCELLED = "cancelled";

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

    /// @inheritdoc IJobEscrow
    function acceptanceDigest(
        uint256 jobId,
        address provider,
        uint96 budget,
        bytes32 deliverable,
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(ACCEPTANCE_TYPEHASH, jobId, provider, budget, deliverable, deadline))
        );
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
        jobId = _nextJobId();
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
        if (job.isHooked()) {
            data = abi.encode(provider, optParams);
            _before(jobId, job, IERC8183.setProvider.selector, data);
        }
        // Effect
        job.terms = JobLib.packTerms(provider, job.budget());
        _jobs[jobId].terms = job.terms;
        // Event
        emit ProviderSet(jobId, provider);
        if (job.isHooked()) _after(jobId, job, IERC8183.setProvider.selector, data);
    }

    /// @inheritdoc IERC8183
    function setBudget(uint256 jobId, uint256 amount, bytes calldata optParams) external nonReentrant {
        // Check
        Job memory job = _jobNamed(jobId);
        if (msg.sender != job.provider()) _requireClient(job);
        _requireStatus(jobId, job, JobStatus.Open);
        if (amount > type(uint96).max) revert JobEscrow_BudgetTooBig(amount, type(uint96).max);
        bytes memory data;
        if (job.isHooked()) {
            data = abi.encode(amount, optParams);
            _before(jobId, job, IERC8183.setBudget.selector, data);
        }
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        job.terms = JobLib.packTerms(job.provider(), uint96(amount));
        _jobs[jobId].terms = job.terms;
        // Event
        emit BudgetSet(jobId, amount);
        if (job.isHooked()) _after(jobId, job, IERC8183.setBudget.selector, data);
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
        if (job.isHooked()) _before(jobId, job, IERC8183.fund.selector, optParams);
        // Effect
        job.setStatus(JobStatus.Funded);
        _jobs[jobId].state = job.state;
        // Event
        emit JobFunded(jobId, job.client(), job.budget());
        // Interaction
        _pullExact(terms.token(), job.client(), job.budget());
        if (job.isHooked()) _after(jobId, job, IERC8183.fund.selector, optParams);
    }

    /* ---------- the standard: from the work to the end ---------- */

    /// @inheritdoc IERC8183
    function submit(uint256 jobId, bytes32 deliverable, bytes calldata optParams) external nonReentrant {
        _submit(jobId, _jobNamed(jobId), deliverable, optParams);
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
        _finish(jobId, job, terms, job.budget(), job.client(), REASON_ACCEPTED, _noParams());
    }

    /// @inheritdoc IJobEscrow
    function submitWithAcceptance(
        uint256 jobId,
        bytes32 deliverable,
        uint256 deadline,
        bytes calldata clientSignature
    ) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        if (block.timestamp > deadline) revert JobEscrow_DeadlinePassed(block.timestamp, deadline);
        _requireSignature(
            job.client(),
            acceptanceDigest(jobId, job.provider(), job.budget(), deliverable, deadline),
            clientSignature
        );
        _submit(jobId, job, deliverable, _noParams());
        _finish(jobId, job, terms, job.budget(), job.client(), REASON_ACCEPTED, _noParams());
    }

    /// @inheritdoc IJobEscrow
    function handOver(uint256 jobId, address provider) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        address hook = _rows[job.policyId()].hook;
        if (msg.sender != hook) revert JobEscrow_NotHook(msg.sender, hook);
        _requireStatus(jobId, job, JobStatus.Funded);
        if (block.timestamp > job.workBy()) revert JobEscrow_DeadlinePassed(block.timestamp, job.workBy());
        _requireProvider(provider, RESULT_ORACLE, terms.token());
        // Effect
        _jobs[jobId].terms = JobLib.packTerms(provider, job.budget());
        // Event
        emit ProviderSet(jobId, provider);
    }

    /// @inheritdoc IJobEscrow
    function decline(uint256 jobId) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireProviderCalls(job);
        _requireStatus(jobId, job, JobStatus.Funded);
        _finish(jobId, job, terms, 0, job.provider(), REASON_DECLINED, _noParams());
    }

    /// @inheritdoc IJobEscrow
    function noShow(uint256 jobId) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireStatus(jobId, job, JobStatus.Funded);
        if (block.timestamp <= job.workBy()) {
            revert JobEscrow_TooEarly(block.timestamp, uint256(job.workBy()) + 1);
        }
        _finish(jobId, job, terms, 0, RESULT_ORACLE, REASON_NO_SHOW, _noParams());
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
        // Nothing earned by agreement is no failed delivery: without a submission nobody can rate it as one.
        if (providerAmount == 0) job.clearSubmitted();
        _finish(jobId, job, terms, providerAmount, job.client(), REASON_CANCELLED, _noParams());
    }

    /// @inheritdoc IJobEscrow
    function split(uint256 jobId, uint96 providerAmount, bytes32 reason) external nonReentrant {
        // Check
        (Job memory job, RowTerms terms) = _houseJobNamed(jobId);
        _requireEvaluator(job, terms);
        _requireStatus(jobId, job, JobStatus.Submitted);
        if (providerAmount > job.budget()) revert JobEscrow_SplitTooBig(providerAmount, job.budget());
        _finish(jobId, job, terms, providerAmount, msg.sender, reason, _noParams());
    }

    /* ---------- internal ---------- */

    function _submit(uint256 jobId, Job memory job, bytes32 deliverable, bytes calldata optParams) private {
        // Check
        _requireProviderCalls(job);
        _requireStatus(jobId, job, JobStatus.Funded);
        if (block.timestamp > job.workBy()) revert JobEscrow_DeadlinePassed(block.timestamp, job.workBy());
        bytes memory data;
        if (job.isHooked()) {
            data = abi.encode(deliverable, optParams);
            _before(jobId, job, IERC8183.submit.selector, data);
        }
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) block times are below workBy
        job.setSubmitted(uint32(block.timestamp));
        _jobs[jobId].state = job.state;
        // Event
        emit JobSubmitted(jobId, msg.sender, deliverable);
        if (job.isHooked()) _after(jobId, job, IERC8183.submit.selector, data);
    }
}
