// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {JobLib} from "../types/Job.sol";
import {PolicyRow, RowTerms, RowTermsLib} from "../types/PolicyRow.sol";

/// @title Policy rows of the escrow: terms found by hash, never changed, retired one way
/// @dev The owner announces fees and allows tokens and hooks for rows to come. It reaches no job and no money, and
/// may give the power up for good by {Ownable-renounceOwnership}.
abstract contract PolicyBook is IJobEscrow, Ownable2Step {
    /* ---------- types ---------- */

    /// @dev One slot. Until `effectiveAt` the first pair is the fee, from then on the second.
    struct FeeSchedule {
        uint16 feeBps;
        uint16 poolShareBps;
        uint16 nextFeeBps;
        uint16 nextPoolShareBps;
        uint64 effectiveAt;
    }

    /* ---------- constants and immutables ---------- */

    uint16 public constant MAX_FEE_BPS = 1_000;
    uint16 public constant MAX_POOL_SHARE_BPS = 10_000;
    uint8 public constant MAX_PASS_MARK = 100;
    uint32 public constant MIN_WINDOW_SECONDS = 60;
    uint32 public constant MIN_GRACE_SECONDS = 7 days;
    uint32 public constant MAX_WINDOW_SECONDS = 30 days;
    uint256 public constant FEE_DELAY = 2 days;

    /// @notice Evaluator of every house job.
    address public immutable RESULT_ORACLE;
    /// @notice Token of every job made by {createJob}.
    address public immutable DEFAULT_TOKEN;

    /* ---------- storage ---------- */

    mapping(uint32 policyId => PolicyRow) internal _rows;
    mapping(bytes32 policyHash => uint32 policyId) private _hashToId;
    /// @dev The row that {createJob} takes: the first open one with the default token.
    mapping(address evaluator => mapping(address hook => uint32 policyId)) private _usualId;
    /// @notice True if new house rows may name the token.
    mapping(address token => bool) public isTokenAllowed;
    /// @notice True if new house rows may name the hook.
    mapping(address hook => bool) public isHookAllowed;
    FeeSchedule private _fee;
    /// @notice Number of rows ever made; ids run from 1 to this.
    uint32 public policyCount;

    /* ---------- constructor ---------- */

    constructor(
        address owner_,
        address resultOracle,
        address defaultToken,
        uint16 feeBps,
        uint16 poolShareBps
    ) Ownable(owner_) {
        if (resultOracle == address(0)) revert JobEscrow_AddressIsZero("resultOracle");
        if (defaultToken == address(0)) revert JobEscrow_AddressIsZero("defaultToken");
        _requireFeeInBounds(feeBps, poolShareBps);
        RESULT_ORACLE = resultOracle;
        DEFAULT_TOKEN = defaultToken;
        isTokenAllowed[defaultToken] = true;
        _fee.feeBps = feeBps;
        _fee.poolShareBps = poolShareBps;
        _fee.nextFeeBps = feeBps;
        _fee.nextPoolShareBps = poolShareBps;
        emit TokenAllowed(defaultToken);
        emit FeeAnnounced(feeBps, poolShareBps, block.timestamp);
    }

    /* ---------- views ---------- */

    /// @inheritdoc IJobEscrow
    function policyOf(uint32 policyId) external view returns (Policy memory policy) {
        RowTerms terms = _termsOf(policyId);
        PolicyRow storage row = _rows[policyId];
        policy.evaluator = row.evaluator;
        policy.token = terms.token();
        policy.hook = row.hook;
        policy.feeBps = terms.feeBps();
        policy.poolShareBps = terms.poolShareBps();
        policy.passMark = terms.passMark();
        policy.verdictSeconds = row.verdictSeconds;
        policy.reviewSeconds = row.reviewSeconds;
        policy.courtSeconds = row.courtSeconds;
        policy.graceSeconds = terms.tailSeconds() - row.verdictSeconds - row.reviewSeconds - row.courtSeconds;
        policy.isLedgerOnly = terms.isLedgerOnly();
    }

    /// @inheritdoc IJobEscrow
    function isHirable(uint32 policyId) external view returns (bool) {
        RowTerms terms = _rows[policyId].terms;
        return terms.isHouse() && !terms.isRetired();
    }

    /// @inheritdoc IJobEscrow
    function tailOf(uint32 policyId) external view returns (uint256) {
        return _termsOf(policyId).tailSeconds();
    }

    /// @inheritdoc IJobEscrow
    function minExpiry(address evaluator) external view returns (uint256) {
        uint32 policyId = _usualId[evaluator][address(0)];
        if (policyId == 0 && evaluator == RESULT_ORACLE) {
            revert JobEscrow_NoHousePolicy(evaluator, address(0));
        }
        return block.timestamp + _rows[policyId].terms.tailSeconds() + 1;
    }

    /// @inheritdoc IJobEscrow
    function currentFee() public view returns (uint16 feeBps, uint16 poolShareBps) {
        FeeSchedule memory fee = _fee;
        if (block.timestamp < fee.effectiveAt) return (fee.feeBps, fee.poolShareBps);
        return (fee.nextFeeBps, fee.nextPoolShareBps);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IJobEscrow
    function registerPolicy(Policy calldata policy) external returns (uint32 policyId) {
        // Check
        if (policy.evaluator != RESULT_ORACLE) revert JobEscrow_NotHousePolicy(policy.evaluator);
        if (!isTokenAllowed[policy.token]) revert JobEscrow_TokenNotAllowed(policy.token);
        if (policy.hook != address(0) && !isHookAllowed[policy.hook]) {
            revert JobEscrow_HookNotAllowed(policy.hook);
        }
        if (policy.passMark == 0 || policy.passMark > MAX_PASS_MARK) {
            revert JobEscrow_PassMarkOutOfRange(policy.passMark, 1, MAX_PASS_MARK);
        }
        _requireWindow("verdictSeconds", policy.verdictSeconds, MIN_WINDOW_SECONDS);
        _requireWindow("reviewSeconds", policy.reviewSeconds, MIN_WINDOW_SECONDS);
        _requireWindow("courtSeconds", policy.courtSeconds, 0);
        _requireWindow("graceSeconds", policy.graceSeconds, MIN_GRACE_SECONDS);
        (uint16 feeBps, uint16 poolShareBps) = currentFee();
        if (policy.feeBps != feeBps || policy.poolShareBps != poolShareBps) {
            revert JobEscrow_FeeNotCurrent(feeBps, poolShareBps);
        }
        // Effect
        policyId = _ensureRow(policy);
        if (msg.sender == owner() || policyId == 1) _makeUsual(policyId, policy);
    }

    /// @inheritdoc IJobEscrow
    function retirePolicy(uint32 policyId) external {
        // Check
        RowTerms terms = _termsOf(policyId);
        if (terms.isRetired()) revert JobEscrow_PolicyIsRetired(policyId);
        (uint16 feeBps, uint16 poolShareBps) = currentFee();
        bool isCurrent = terms.feeBps() == feeBps && terms.poolShareBps() == poolShareBps;
        if (isCurrent && msg.sender != owner()) revert JobEscrow_PolicyIsCurrent(policyId);
        // Effect
        PolicyRow storage row = _rows[policyId];
        row.terms = terms.retired();
        address evaluator = row.evaluator;
        address hook = row.hook;
        if (_usualId[evaluator][hook] == policyId) delete _usualId[evaluator][hook];
        // Event
        emit PolicyRetired(policyId);
    }

    /* ---------- owner ---------- */

    /// @inheritdoc IJobEscrow
    function announceFee(uint16 feeBps, uint16 poolShareBps) external onlyOwner {
        // Check
        _requireFeeInBounds(feeBps, poolShareBps);
        // Effect
        (uint16 feeBpsNow, uint16 poolShareBpsNow) = currentFee();
        uint256 effectiveAt = block.timestamp + FEE_DELAY;
        _fee = FeeSchedule({
            feeBps: feeBpsNow,
            poolShareBps: poolShareBpsNow,
            nextFeeBps: feeBps,
            nextPoolShareBps: poolShareBps,
            effectiveAt: uint64(effectiveAt)
        });
        // Event
        emit FeeAnnounced(feeBps, poolShareBps, effectiveAt);
    }

    /// @inheritdoc IJobEscrow
    function allowToken(address token) external onlyOwner {
        if (token == address(0)) revert JobEscrow_AddressIsZero("token");
        isTokenAllowed[token] = true;
        emit TokenAllowed(token);
    }

    /// @inheritdoc IJobEscrow
    function allowHook(address hook) external onlyOwner {
        if (hook == address(0)) revert JobEscrow_AddressIsZero("hook");
        _requireHookInterface(hook);
        isHookAllowed[hook] = true;
        emit HookAllowed(hook);
    }

    /* ---------- internal ---------- */

    /// @dev The row for {createJob}; made on the spot for an evaluator that is not the house's.
    function _usualRowFor(address evaluator, address hook) internal returns (uint32 policyId) {
        policyId = _usualId[evaluator][hook];
        if (policyId != 0) return policyId;
        if (evaluator == RESULT_ORACLE) revert JobEscrow_NoHousePolicy(evaluator, hook);
        if (hook != address(0)) _requireHookInterface(hook);
        Policy memory policy;
        policy.evaluator = evaluator;
        policy.token = DEFAULT_TOKEN;
        policy.hook = hook;
        (policy.feeBps, policy.poolShareBps) = currentFee();
        policyId = _ensureRow(policy);
        _makeUsual(policyId, policy);
    }

    /// @dev Reverts if the row does not exist.
    function _termsOf(uint32 policyId) internal view returns (RowTerms terms) {
        terms = _rows[policyId].terms;
        if (terms.token() == address(0)) revert JobEscrow_UnknownPolicy(policyId);
    }

    /// @dev Saves a read for house rows, whose evaluator is immutable.
    function _evaluatorOf(uint32 policyId, RowTerms terms) internal view returns (address) {
        return terms.isHouse() ? RESULT_ORACLE : _rows[policyId].evaluator;
    }

    /// @dev Reverts unless `hook` answers ERC-165 for {IERC8183Hook}.
    function _requireHookInterface(address hook) internal view virtual;

    function _ensureRow(Policy memory policy) private returns (uint32 policyId) {
        bytes32 policyHash = keccak256(abi.encode(policy));
        policyId = _hashToId[policyHash];
        if (policyId != 0 && !_rows[policyId].terms.isRetired()) return policyId;
        // Check
        if (policyCount == JobLib.MAX_POLICY_ID) revert JobEscrow_TooManyPolicies();
        // Effect
        policyId = ++policyCount;
        _hashToId[policyHash] = policyId;
        _storeRow(_rows[policyId], policy);
        // Event
        emit PolicyRegistered(policyId, policyHash, policy);
    }

    /// @dev The row that `createJob`, which cannot name one, gets for this evaluator and hook, unless there is one. Of
    /// house rows only the owner's and the first qualify: a stranger must not choose the terms of others' jobs.
    function _makeUsual(uint32 policyId, Policy memory policy) private {
        if (policy.token == DEFAULT_TOKEN && _usualId[policy.evaluator][policy.hook] == 0) {
            _usualId[policy.evaluator][policy.hook] = policyId;
        }
    }

    function _storeRow(PolicyRow storage row, Policy memory policy) private {
        row.terms = RowTermsLib.pack({
            token_: policy.token,
            tailSeconds_: policy.verdictSeconds + policy.reviewSeconds + policy.courtSeconds
                + policy.graceSeconds,
            feeBps_: policy.feeBps,
            poolShareBps_: policy.poolShareBps,
            passMark_: policy.passMark
        }).withFlags({
            isHouse_: policy.evaluator == RESULT_ORACLE,
            isLedgerOnly_: policy.isLedgerOnly,
            isHooked_: policy.hook != address(0)
        });
        row.evaluator = policy.evaluator;
        row.verdictSeconds = policy.verdictSeconds;
        row.reviewSeconds = policy.reviewSeconds;
        row.courtSeconds = policy.courtSeconds;
        if (policy.hook != address(0)) row.hook = policy.hook;
    }

    function _requireFeeInBounds(uint16 feeBps, uint16 poolShareBps) private pure {
        if (feeBps > MAX_FEE_BPS) revert JobEscrow_FeeTooHigh(feeBps, MAX_FEE_BPS);
        if (poolShareBps > MAX_POOL_SHARE_BPS) {
            revert JobEscrow_ShareTooHigh(poolShareBps, MAX_POOL_SHARE_BPS);
        }
    }

    function _requireWindow(bytes32 window, uint32 value, uint32 min) private pure {
        if (value < min || value > MAX_WINDOW_SECONDS) {
            revert JobEscrow_WindowOutOfRange(window, value, min, MAX_WINDOW_SECONDS);
        }
    }
}
