// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IERC8183} from "../interfaces/IERC8183.sol";
import {IERC8183Hook} from "../interfaces/IERC8183Hook.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IWorkDesk} from "../interfaces/IWorkDesk.sol";
import {LatePenalty} from "../libraries/LatePenalty.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {HiringDesk} from "./HiringDesk.sol";

/// @title Provider bond, late penalty, and another provider when the first stays silent
/// @dev Promises and assumptions are in {IWorkDesk}. What the escrow calls moves no token: it writes credits, so that
/// an exit of a job never hangs on a payee. Where the escrow's call failed all the same, {conclude} makes up for it.
contract WorkDesk is IWorkDesk, HiringDesk, EIP712 {
    /* ---------- constants ---------- */

    uint16 public constant MAX_LATE_BPS = 10_000;
    bytes32 private constant REASSIGN_TYPEHASH =
        keccak256("Reassign(uint256 jobId,address provider,uint256 deadline)");
    /// @dev The escrow's reason for an end that both signed.
    bytes32 private constant REASON_CANCELLED = "cancelled";

    /* ---------- storage ---------- */

    mapping(uint256 jobId => Deal) private _deals;

    constructor(IJobEscrow escrow) HiringDesk(escrow) EIP712("AITBC WorkDesk", "1") {}

    modifier onlyEscrow() {
        if (msg.sender != address(ESCROW)) revert WorkDesk_NotEscrow(msg.sender);
        _;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IWorkDesk
    function dealOf(uint256 jobId) external view returns (Deal memory) {
        return _deals[jobId];
    }

    /// @inheritdoc IWorkDesk
    function reassignDigest(uint256 jobId, address provider, uint256 deadline) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REASSIGN_TYPEHASH, jobId, provider, deadline)));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC8183Hook).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    /* ---------- client ---------- */

    /// @inheritdoc IWorkDesk
    function hire(
        IJobEscrow.HireTerms calldata terms,
        Care calldata care
    ) external nonReentrant returns (uint256 jobId) {
        // Check
        IJobEscrow.Policy memory row = ESCROW.policyOf(terms.policyId);
        if (row.hook != address(this)) revert WorkDesk_NotOurRow(terms.policyId, row.hook);
        if (care.lateBps > MAX_LATE_BPS) revert WorkDesk_LateShareTooHigh(care.lateBps, MAX_LATE_BPS);
        uint256 startBy = block.timestamp + care.startSeconds;
        uint256 dueAt = block.timestamp + care.dueSeconds;
        // Interaction; the escrow checks the terms of the job
        jobId = _hireFor(msg.sender, terms);
        uint32 workBy = ESCROW.jobOf(jobId).workBy;
        if (startBy > dueAt || dueAt > workBy) revert WorkDesk_TimesOutOfOrder(startBy, dueAt, workBy);
        // Effect, under the number that only the escrow knows
        Deal storage deal = _deals[jobId];
        deal.bond = care.bond;
        // forge-lint: disable-next-line(unsafe-typecast) not above workBy
        deal.startBy = uint32(startBy);
        // forge-lint: disable-next-line(unsafe-typecast) not above workBy
        deal.dueAt = uint32(dueAt);
        deal.workBy = workBy;
        deal.lateBps = care.lateBps;
        deal.isOpenToAll = care.isOpenToAll;
        deal.token = row.token;
        // Event
        emit DealMade(jobId, msg.sender, terms.provider, care);
    }

    /* ---------- providers ---------- */

    /// @inheritdoc IWorkDesk
    function start(uint256 jobId) external nonReentrant {
        // Check
        (Deal storage deal, IJobEscrow.JobView memory job) = _startable(jobId);
        if (msg.sender != job.provider) revert WorkDesk_NotProvider(msg.sender, job.provider);
        _begin(jobId, deal, false);
    }

    /// @inheritdoc IWorkDesk
    function take(uint256 jobId) external nonReentrant {
        // Check
        (Deal storage deal,) = _startable(jobId);
        if (!deal.isOpenToAll) revert WorkDesk_NotOpenToAll(jobId);
        _takeOver(jobId, deal);
    }

    /// @inheritdoc IWorkDesk
    function takeAssigned(
        uint256 jobId,
        uint256 deadline,
        bytes calldata clientSignature
    ) external nonReentrant {
        // Check
        (Deal storage deal, IJobEscrow.JobView memory job) = _startable(jobId);
        if (block.timestamp > deadline) revert WorkDesk_DeadlinePassed(block.timestamp, deadline);
        bytes32 digest = reassignDigest(jobId, msg.sender, deadline);
        if (!Signatures.isBy(job.client, digest, clientSignature)) {
            revert WorkDesk_SignatureInvalid(job.client);
        }
        _takeOver(jobId, deal);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IWorkDesk
    function conclude(uint256 jobId) external nonReentrant {
        // Check
        Deal memory deal = _dealNamed(jobId);
        if (deal.isConcluded) revert WorkDesk_AlreadyConcluded(jobId);
        IJobEscrow.JobView memory job = ESCROW.jobOf(jobId);
        if (job.status < IERC8183.JobStatus.Completed) revert WorkDesk_NotOver(jobId);
        bool isExcused = job.status == IERC8183.JobStatus.Expired && deal.deliveredAt != 0;
        bool isPaid = job.status == IERC8183.JobStatus.Completed;
        _conclude(jobId, deal, job.client, isExcused ? 0 : isPaid ? _penaltyOf(deal) : deal.bond);
    }

    /* ---------- the escrow ---------- */

    /// @inheritdoc IERC8183Hook
    /// @dev Refuses a delivery by a provider that did not start.
    function beforeAction(uint256 jobId, bytes4 selector, bytes calldata) external view onlyEscrow {
        if (selector != IERC8183.submit.selector) return;
        Deal storage deal = _deals[jobId];
        if (deal.workBy != 0 && deal.worker == address(0)) revert WorkDesk_NotStarted(jobId);
    }

    /// @inheritdoc IERC8183Hook
    function afterAction(uint256 jobId, bytes4 selector, bytes calldata data) external onlyEscrow {
        Deal memory deal = _deals[jobId];
        if (deal.workBy == 0 || deal.isConcluded) return;
        if (selector == IERC8183.submit.selector) {
            // forge-lint: disable-next-line(unsafe-typecast) not above workBy
            _deals[jobId].deliveredAt = uint32(block.timestamp);
            return;
        }
        bool isPaid = selector == IERC8183.complete.selector;
        if (!isPaid && selector != IERC8183.reject.selector) return;
        bool isExcused = !isPaid && bytes32(data[:32]) == REASON_CANCELLED;
        uint256 toClient = isPaid ? _penaltyOf(deal) : isExcused ? 0 : deal.bond;
        _conclude(jobId, deal, ESCROW.jobOf(jobId).client, toClient);
    }

    /* ---------- internal ---------- */

    /// @dev One hand-over: a job that was taken has started, and a started one cannot be taken.
    function _takeOver(uint256 jobId, Deal storage deal) private {
        // Check
        if (block.timestamp <= deal.startBy) revert WorkDesk_StillReserved(block.timestamp, deal.startBy);
        _begin(jobId, deal, true);
        // Interaction
        ESCROW.handOver(jobId, msg.sender);
    }

    function _begin(uint256 jobId, Deal storage deal, bool isHandedOver) private {
        // Effect
        deal.worker = msg.sender;
        deal.isHandedOver = isHandedOver;
        // Event
        emit JobStarted(jobId, msg.sender, deal.bond, isHandedOver);
        // Interaction
        _pullExact(deal.token, msg.sender, deal.bond);
    }

    /// @dev Credits only. A deal that nobody started holds no bond.
    function _conclude(uint256 jobId, Deal memory deal, address client, uint256 toClient) private {
        // Effect
        _deals[jobId].isConcluded = true;
        if (deal.worker == address(0)) return;
        uint256 toWorker = deal.bond - toClient;
        // Event
        emit DealConcluded(jobId, deal.worker, toWorker, toClient);
        _credit(deal.token, client, toClient);
        _credit(deal.token, deal.worker, toWorker);
    }

    function _penaltyOf(Deal memory deal) private pure returns (uint256) {
        return LatePenalty.roundedDown({
            bond: deal.bond,
            lateBps: deal.lateBps,
            dueAt: deal.dueAt,
            workBy: deal.workBy,
            deliveredAt: deal.deliveredAt
        });
    }

    function _startable(uint256 jobId)
        private
        view
        returns (Deal storage deal, IJobEscrow.JobView memory job)
    {
        deal = _deals[jobId];
        if (deal.workBy == 0) revert WorkDesk_NoDeal(jobId);
        if (deal.worker != address(0)) revert WorkDesk_AlreadyStarted(jobId, deal.worker);
        job = ESCROW.jobOf(jobId);
        if (job.status != IERC8183.JobStatus.Funded) revert WorkDesk_NotFunded(jobId);
        if (block.timestamp > deal.workBy) revert WorkDesk_DeadlinePassed(block.timestamp, deal.workBy);
    }

    function _dealNamed(uint256 jobId) private view returns (Deal memory deal) {
        deal = _deals[jobId];
        if (deal.workBy == 0) revert WorkDesk_NoDeal(jobId);
    }
}
