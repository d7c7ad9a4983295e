// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {IERC3009} from "../interfaces/IERC3009.sol";
import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {Job, JobLib} from "../types/Job.sol";
import {RowTerms} from "../types/PolicyRow.sol";
import {JobBook} from "./JobBook.sol";

/// @title Ways to make and fund a house job in one call
/// @dev They differ only in where the budget comes from: the caller's allowance, a permit, the ledger, an ERC-3009
/// authorization, or a caller that pays for somebody else's job. Each is {_open}, the money, {_opened}.
abstract contract HireDoors is JobBook {
    bytes32 private constant HIRE_TYPEHASH = keccak256(
        "Hire(address provider,uint32 policyId,uint96 budget,uint256 expiredAt,uint256 agentId,uint256 listingId,string description,bytes32 salt)"
    );

    /* ---------- views ---------- */

    /// @inheritdoc IJobEscrow
    function hireNonce(HireTerms calldata terms, bytes32 salt) public pure returns (bytes32) {
        return keccak256(
            abi.encode(
                HIRE_TYPEHASH,
                terms.provider,
                terms.policyId,
                terms.budget,
                terms.expiredAt,
                terms.agentId,
                terms.listingId,
                keccak256(bytes(terms.description)),
                salt
            )
        );
    }

    /* ---------- doors ---------- */

    /// @inheritdoc IJobEscrow
    function hire(HireTerms calldata terms) external nonReentrant returns (uint256 jobId) {
        return _hireByAllowance(msg.sender, terms);
    }

    /// @inheritdoc IJobEscrow
    function hireFor(address client, HireTerms calldata terms) external nonReentrant returns (uint256 jobId) {
        if (client == address(0)) revert JobEscrow_AddressIsZero("client");
        return _hireByAllowance(client, terms);
    }

    /// @inheritdoc IJobEscrow
    function hireWithPermit(
        HireTerms calldata terms,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256 jobId) {
        RowTerms row;
        (jobId, row) = _open(msg.sender, terms);
        // A stranger may have carried the permit to the token first; then the allowance stands all the same.
        try IERC20Permit(row.token()).permit(msg.sender, address(this), terms.budget, deadline, v, r, s) {}
            catch {}
        _pullExact(row.token(), msg.sender, terms.budget);
        if (row.isHooked()) _tellOpened(jobId);
    }

    /// @inheritdoc IJobEscrow
    function hireFromLedger(HireTerms calldata terms) external nonReentrant returns (uint256 jobId) {
        RowTerms row;
        (jobId, row) = _open(msg.sender, terms);
        _spendCredit(row.token(), msg.sender, terms.budget);
        if (row.isHooked()) _tellOpened(jobId);
    }

    /// @inheritdoc IJobEscrow
    function hireWithAuthorization(
        HireTerms calldata terms,
        Authorization calldata authorization
    ) external nonReentrant returns (uint256 jobId) {
        RowTerms row;
        (jobId, row) = _open(authorization.client, terms);
        _receiveAuthorized(row.token(), terms.budget, hireNonce(terms, authorization.salt), authorization);
        if (row.isHooked()) _tellOpened(jobId);
    }

    /* ---------- internal ---------- */

    function _hireByAllowance(address client, HireTerms calldata terms) private returns (uint256 jobId) {
        RowTerms row;
        (jobId, row) = _open(client, terms);
        _pullExact(row.token(), msg.sender, terms.budget);
        if (row.isHooked()) _tellOpened(jobId);
    }

    /// @dev Check, effect and event of every door; the money and the hook's second question follow.
    function _open(address client, HireTerms calldata terms) private returns (uint256 jobId, RowTerms row) {
        uint32 policyId = terms.policyId;
        uint96 budget = terms.budget;
        address provider = terms.provider;
        uint256 expiredAt = terms.expiredAt;
        // Check
        row = _termsOf(policyId);
        if (!row.isHouse()) revert JobEscrow_NotHousePolicy(_evaluatorOf(policyId, row));
        if (row.isRetired()) revert JobEscrow_PolicyIsRetired(policyId);
        if (budget == 0) revert JobEscrow_BudgetIsZero();
        _requireProvider(provider, RESULT_ORACLE, row.token());
        // Effect
        jobId = _nextJobId();
        Job storage job = _jobs[jobId];
        job.state = JobLib.packState({
            client_: client,
            workBy_: _workBy(row, expiredAt),
            policyId_: policyId,
            status_: JobStatus.Funded,
            isHooked_: row.isHooked()
        });
        job.terms = JobLib.packTerms(provider, budget);
        // Event
        emit JobCreated(
            jobId,
            client,
            provider,
            RESULT_ORACLE,
            expiredAt,
            row.isHooked() ? _rows[policyId].hook : address(0)
        );
        emit BudgetSet(jobId, budget);
        emit JobFunded(jobId, client, budget);
        emit JobDescribed(jobId, terms.agentId, terms.listingId, policyId, terms.description);
        // Interaction
        if (row.isHooked()) _before(jobId, _jobs[jobId], IERC8183.fund.selector, "");
    }

    function _tellOpened(uint256 jobId) private {
        _after(jobId, _jobs[jobId], IERC8183.fund.selector, "");
    }

    /// @dev Interaction. Rule R10: only this contract can use the authorization, and only for these terms.
    function _receiveAuthorized(
        address token,
        uint256 amount,
        bytes32 nonce,
        Authorization calldata authorization
    ) private {
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC3009(token)
            .receiveWithAuthorization(
                authorization.client,
                address(this),
                amount,
                authorization.validAfter,
                authorization.validBefore,
                nonce,
                authorization.v,
                authorization.r,
                authorization.s
            );
        _requireReceived(token, balanceBefore, amount);
    }
}
