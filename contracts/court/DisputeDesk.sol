// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IArbitrable, IArbitrator} from "../interfaces/IArbitrator.sol";
import {IDisputable} from "../interfaces/IDisputable.sol";
import {IDisputeDesk} from "../interfaces/IDisputeDesk.sol";
import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {Signatures} from "../libraries/Signatures.sol";

/// @title Disputes over house jobs
/// @dev Promises and assumptions are in {IDisputeDesk}. It holds bonds and nothing else. Per token: balance >= open bonds
/// less what the court was paid + credits, equal without donations (INV-DIS-01).
contract DisputeDesk is IDisputeDesk, IArbitrable, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* ---------- types ---------- */

    /// @dev One slot, 248 bits; `ruleBy` is zero when no dispute is open.
    struct Dispute {
        uint96 bond;
        uint96 fee;
        uint32 ruleBy;
        bool isByClient;
        bool isCountered;
        bool isReferred;
    }

    /// @dev How a dispute ends if it ends now.
    struct Ending {
        bool isByCourt;
        uint16 providerBps;
        bool isOverturned;
    }

    /* ---------- constants and immutables ---------- */

    bytes32 private constant DISPUTE_TYPEHASH =
        keccak256("Dispute(uint256 jobId,bytes32 evidence,uint256 maxBond,uint256 deadline)");
    uint256 private constant BPS = 10_000;
    /// @notice Bond as a part of the budget, rounded up.
    uint256 public constant BOND_BPS = 1_000;
    /// @notice Who is awarded at least this has won the bonds.
    uint256 public constant WIN_BPS = 7_500;
    /// @notice What a row's `courtSeconds` must leave beyond the court's longest case, for somebody to {refer}.
    uint256 public constant REFER_SECONDS = 10 minutes;
    bytes32 private constant REASON_RULING = "ruling";
    bytes32 private constant REASON_SILENCE = "court-silent";

    IJobEscrow public immutable ESCROW;
    IDisputable public immutable ORACLE;
    IArbitrator public immutable ARBITRATOR;
    /// @notice Knows the owners of agents, who must not judge their agents' jobs.
    IERC8004Identity public immutable AGENT_REGISTRY;

    /* ---------- storage ---------- */

    mapping(uint256 jobId => Dispute) private _disputes;
    mapping(uint256 jobId => uint256) private _disputeIds;
    /// @inheritdoc IDisputeDesk
    mapping(address token => mapping(address account => uint256)) public creditOf;

    /* ---------- constructor ---------- */

    constructor(
        IJobEscrow escrow,
        IDisputable oracle,
        IArbitrator arbitrator,
        IERC8004Identity agentRegistry
    ) EIP712("AITBC DisputeDesk", "1") {
        if (address(escrow) == address(0)) {
            revert DisputeDesk_AddressIsZero("escrow");
        }
        if (address(oracle) == address(0)) revert DisputeDesk_AddressIsZero("oracle");
        if (address(arbitrator) == address(0)) revert DisputeDesk_AddressIsZero("arbitrator");
        if (address(agentRegistry) == address(0)) revert DisputeDesk_AddressIsZero("agentRegistry");
        ESCROW = escrow;
        ORACLE = oracle;
        ARBITRATOR = arbitrator;
        AGENT_REGISTRY = agentRegistry;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IDisputeDesk
    function disputeOf(uint256 jobId) external view returns (DisputeView memory) {
        Dispute memory found = _disputes[jobId];
        return DisputeView({
            bond: found.bond,
            fee: found.fee,
            ruleBy: found.ruleBy,
            isByClient: found.isByClient,
            isCountered: found.isCountered,
            isReferred: found.isReferred,
            disputeId: _disputeIds[jobId]
        });
    }

    /// @inheritdoc IDisputeDesk
    function bondFor(uint256 jobId) external view returns (uint256) {
        IJobEscrow.JobView memory job = ESCROW.jobOf(jobId);
        (uint256 cost,) = ARBITRATOR.quote(job.token);
        (bool isPosted,) = ORACLE.standingOf(jobId);
        return _bondOf(job.budget, cost, isPosted);
    }

    /// @inheritdoc IDisputeDesk
    function disputeDigest(
        uint256 jobId,
        bytes32 evidence,
        uint256 maxBond,
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(DISPUTE_TYPEHASH, jobId, evidence, maxBond, deadline)));
    }

    /// @inheritdoc IArbitrable
    /// @dev Parties, the oracle and its reporters never judge. Evidence is the ABI encoding of an agent's id: who may act
    /// for an agent whose wallet is a party's does not judge either.
    function isConflicted(
        uint256 subject,
        address juror,
        bytes calldata evidence
    ) external view returns (bool) {
        if (ORACLE.isTied(subject, juror)) return true;
        if (evidence.length == 0) return false;
        uint256 agentId = abi.decode(evidence, (uint256));
        IJobEscrow.JobView memory job = ESCROW.jobOf(subject);
        address wallet = AGENT_REGISTRY.getAgentWallet(agentId);
        if (wallet != job.client && wallet != job.provider) return false;
        return AGENT_REGISTRY.isAuthorizedOrOwner(juror, agentId);
    }

    /* ---------- client and provider ---------- */

    /// @inheritdoc IDisputeDesk
    function dispute(uint256 jobId, bytes32 evidence, uint256 maxBond) external nonReentrant {
        _open(msg.sender, jobId, evidence, maxBond);
    }

    /// @inheritdoc IDisputeDesk
    function disputeFor(
        address party,
        uint256 jobId,
        bytes32 evidence,
        uint256 maxBond,
        uint256 deadline,
        bytes calldata signature
    ) external nonReentrant {
        if (block.timestamp > deadline) {
            revert DisputeDesk_TooLate(block.timestamp, deadline);
        }
        bytes32 digest = disputeDigest(jobId, evidence, maxBond, deadline);
        if (!Signatures.isBy(party, digest, signature)) revert DisputeDesk_SignatureInvalid(party);
        _open(party, jobId, evidence, maxBond);
    }

    /// @inheritdoc IDisputeDesk
    function counterBond(uint256 jobId) external nonReentrant {
        // Check
        Dispute memory found = _openDispute(jobId);
        if (found.isCountered) revert DisputeDesk_AlreadyCountered(jobId);
        IJobEscrow.JobView memory job = _submittedJob(jobId);
        if (msg.sender != (found.isByClient ? job.provider : job.client)) {
            revert DisputeDesk_NotParty(msg.sender);
        }
        // Effect
        _disputes[jobId].isCountered = true;
        // Event
        emit DisputeCountered(jobId, msg.sender, found.bond);
        // Interaction
        _pullExact(job.token, msg.sender, found.bond);
    }

    /// @inheritdoc IDisputeDesk
    function addEvidence(uint256 jobId, bytes32 evidence) external {
        _openDispute(jobId);
        IJobEscrow.JobView memory job = _submittedJob(jobId);
        if (msg.sender != job.client && msg.sender != job.provider) revert DisputeDesk_NotParty(msg.sender);
        emit EvidenceAdded(jobId, msg.sender, evidence);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IDisputeDesk
    function refer(uint256 jobId) external nonReentrant {
        // Check
        Dispute memory found = _openDispute(jobId);
        if (found.isReferred) revert DisputeDesk_AlreadyReferred(jobId);
        address token = _submittedJob(jobId).token;
        (uint256 cost, uint32 longestSeconds) = ARBITRATOR.quote(token);
        uint256 latest = uint256(found.ruleBy) - longestSeconds;
        if (block.timestamp > latest) revert DisputeDesk_TooLate(block.timestamp, latest);
        if (cost > found.bond) revert DisputeDesk_CostAboveBond(cost, found.bond);
        // Effect
        found.isReferred = true;
        // forge-lint: disable-next-line(unsafe-typecast) at most the bond
        found.fee = uint96(cost);
        _disputes[jobId] = found;
        // Interaction: the lock keeps others out until the number is known
        IERC20(token).safeTransfer(address(ARBITRATOR), cost);
        uint256 disputeId = ARBITRATOR.createDispute(jobId, token);
        _disputeIds[jobId] = disputeId;
        emit DisputeReferred(jobId, address(ARBITRATOR), disputeId, cost);
    }

    /// @inheritdoc IDisputeDesk
    function rule(uint256 jobId) external nonReentrant {
        // Check
        Dispute memory found = _openDispute(jobId);
        IJobEscrow.JobView memory job = ESCROW.jobOf(jobId);
        bool isSubmitted = job.status == IERC8183.JobStatus.Submitted;
        uint256 disputeId = _disputeIds[jobId];
        Ending memory ending = _endingOf(jobId, found, disputeId, isSubmitted);
        // What the parties settled before the court was asked needs no waiting.
        bool mustWait = !ending.isByCourt && (isSubmitted || found.isReferred);
        if (mustWait && block.timestamp <= found.ruleBy) {
            revert DisputeDesk_TooEarly(block.timestamp, uint256(found.ruleBy) + 1);
        }
        // Effect
        delete _disputes[jobId];
        delete _disputeIds[jobId];
        uint256 earned = isSubmitted ? (uint256(job.budget) * ending.providerBps) / BPS : 0;
        // Event
        emit DisputeEnded(jobId, ending.isByCourt, ending.providerBps, earned, ending.isOverturned);
        // Interaction
        if (isSubmitted) {
            ORACLE.endDisputed({
                jobId: jobId,
                // forge-lint: disable-next-line(unsafe-typecast) at most the budget
                providerAmount: uint96(earned),
                reason: ending.isByCourt ? REASON_RULING : REASON_SILENCE,
                hasOverturned: ending.isOverturned
            });
        }
        uint256 refund = ending.isByCourt || !found.isReferred ? 0 : _takeRefund(job.token, disputeId);
        _returnBonds(jobId, job, found, ending, refund);
    }

    /// @inheritdoc IDisputeDesk
    function withdrawFor(address token, address account) external nonReentrant {
        // Check
        uint256 amount = creditOf[token][account];
        if (amount == 0) revert DisputeDesk_NoCredit(token, account);
        // Effect
        delete creditOf[token][account];
        // Event
        emit CreditWithdrawn(token, account, amount);
        // Interaction
        IERC20(token).safeTransfer(account, amount);
    }

    /* ---------- internal: opening ---------- */

    function _open(address party, uint256 jobId, bytes32 evidence, uint256 maxBond) private {
        // Check: the oracle knows the window; it freezes and tells what it froze
        IDisputable.Frozen memory frozen = ORACLE.freeze(jobId);
        IJobEscrow.JobView memory job = frozen.job;
        if (party != job.client && party != job.provider) revert DisputeDesk_NotParty(party);
        (uint256 cost, uint32 longestSeconds) = ARBITRATOR.quote(job.token);
        if (frozen.courtSeconds < longestSeconds + REFER_SECONDS) revert DisputeDesk_VerdictIsFinal(jobId);
        uint256 bond = _bondOf(job.budget, cost, frozen.isPosted);
        if (maxBond > type(uint96).max) maxBond = type(uint96).max;
        if (bond > maxBond) revert DisputeDesk_BondTooHigh(bond, maxBond);
        uint256 ruleBy = block.timestamp + frozen.courtSeconds;
        // Effect
        _disputes[jobId] = Dispute({
            // forge-lint: disable-next-line(unsafe-typecast) checked above
            bond: uint96(bond),
            fee: 0,
            // forge-lint: disable-next-line(unsafe-typecast) before the job's expiredAt (R2), which is below 2^32
            ruleBy: uint32(ruleBy),
            isByClient: party == job.client,
            isCountered: false,
            isReferred: false
        });
        // Event
        emit DisputeOpened(jobId, party, party == job.client, bond, ruleBy, evidence);
        // Interaction
        _pullExact(job.token, party, bond);
    }

    function _bondOf(uint256 budget, uint256 cost, bool isPosted) private pure returns (uint256 bond) {
        bond = (budget * BOND_BPS + BPS - 1) / BPS;
        if (cost > bond) bond = cost;
        if (isPosted) bond *= 2;
    }

    /* ---------- internal: ending ---------- */

    /// @dev The ruling if there is one, else what silence means (R7). An arbitrator that reverts or answers nonsense is
    /// silent. Its answer gets 63/64 of the gas; what is left must still split the job, so that nobody can make it silent
    /// by sending little.
    function _endingOf(
        uint256 jobId,
        Dispute memory found,
        uint256 disputeId,
        bool isSubmitted
    ) private view returns (Ending memory ending) {
        (bool isPosted, bool isPassed) = ORACLE.standingOf(jobId);
        if (found.isReferred) {
            try ARBITRATOR.rulingOf(disputeId) returns (bool isFinal, uint16 providerBps) {
                if (isFinal && providerBps <= BPS) {
                    ending.isByCourt = true;
                    ending.providerBps = providerBps;
                    ending.isOverturned = isPosted && isSubmitted
                        && (isPassed ? providerBps <= BPS - WIN_BPS : providerBps >= WIN_BPS);
                    return ending;
                }
            } catch {}
        }
        // forge-lint: disable-next-line(unsafe-typecast) constants below 2^16
        ending.providerBps = !isPosted ? uint16(BPS / 2) : isPassed ? uint16(BPS) : 0;
    }

    /// @dev What the arbitrator really gave back, whatever it says.
    function _takeRefund(address token, uint256 disputeId) private returns (uint256) {
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        try ARBITRATOR.takeRefund(disputeId, address(this)) {} catch {}
        return IERC20(token).balanceOf(address(this)) - balanceBefore;
    }

    /// @dev Rule R13. The pot is at least zero: the court's cost is at most one bond.
    function _returnBonds(
        uint256 jobId,
        IJobEscrow.JobView memory job,
        Dispute memory found,
        Ending memory ending,
        uint256 refund
    ) private {
        uint256 pot =
            uint256(found.bond) * (found.isCountered ? 2 : 1) + refund - found.fee;
        (address opener, address other) =
            found.isByClient ? (job.client, job.provider) : (job.provider, job.client);
        uint256 openerBps = found.isByClient ? BPS - ending.providerBps : ending.providerBps;
        uint256 toOther;
        bool isDecided = ending.isByCourt && job.status == IERC8183.JobStatus.Submitted;
        if (isDecided && openerBps <= BPS - WIN_BPS) toOther = pot;
        else if ((!isDecided || openerBps < WIN_BPS) && found.isCountered) toOther = pot / 2;
        _payBond(jobId, job.token, other, toOther);
        _payBond(jobId, job.token, opener, pot - toOther);
    }

    function _payBond(uint256 jobId, address token, address account, uint256 amount) private {
        if (amount == 0) return;
        emit BondReturned(jobId, account, amount);
        if (IERC20(token).trySafeTransfer(account, amount)) return;
        creditOf[token][account] += amount;
        emit CreditAdded(token, account, amount);
    }

    /* ---------- internal: checks ---------- */

    function _openDispute(uint256 jobId) private view returns (Dispute memory found) {
        found = _disputes[jobId];
        if (found.ruleBy == 0) revert DisputeDesk_NoDispute(jobId);
    }

    function _submittedJob(uint256 jobId) private view returns (IJobEscrow.JobView memory job) {
        job = ESCROW.jobOf(jobId);
        if (job.status != IERC8183.JobStatus.Submitted) revert DisputeDesk_NotSubmitted(jobId);
    }

    /// @dev Takes exactly `amount` or reverts.
    function _pullExact(address token, address from, uint256 amount) private {
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - balanceBefore;
        if (received != amount) revert DisputeDesk_UnexpectedReceipt(received, amount);
    }
}
