// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {FeeSplit} from "../libraries/FeeSplit.sol";
import {ShortText} from "../libraries/ShortText.sol";
import {TagBook, Tags} from "../libraries/TagBook.sol";
import {Feedback, FeedbackEntryLib} from "../types/FeedbackEntry.sol";
import {ScoreTally} from "../types/ScoreTally.sol";
import {FeedbackBook} from "./FeedbackBook.sol";

/// @title Agents' reputation
/// @dev Promises and assumptions are in {IReputationRegistry}; the standard's list in {FeedbackBook}. This part binds
/// wallets to agents and weighs job feedback. It holds no money and calls only the two contracts it was made with.
contract ReputationRegistry is FeedbackBook {
    using ShortText for bytes32;
    using TagBook for Tags;

    /* ---------- types ---------- */

    /// @dev Of a policy row, read once and kept: rows never change.
    struct KnownFee {
        bool isKnown;
        uint16 feeBps;
        uint16 poolShareBps;
    }

    /* ---------- constants and immutables ---------- */

    uint8 public constant MAX_SCORE = 100;
    string private constant TAG_STARRED = "starred";
    uint32 private constant TAG_STARRED_ID = 1;
    /// @dev Tally of all services together.
    uint32 private constant ALL_SERVICES = 0;

    IJobEscrow public immutable JOB_ESCROW;
    /// @notice Evaluator of house jobs.
    address public immutable RESULT_ORACLE;
    /// @notice The token whose fees weigh.
    address public immutable WEIGHED_TOKEN;
    /// @notice Smallest units of the weighed token in one weight unit.
    uint256 public immutable WEIGHT_UNIT;
    /// @notice What one client can weigh for one agent at most, in weight units.
    uint256 public immutable CLIENT_CAP;

    /* ---------- storage ---------- */

    mapping(address wallet => WalletBinding) private _bindings;
    mapping(uint256 agentId => uint256) private _epochCounts;
    mapping(uint256 agentId => mapping(address owner => uint256 epoch)) private _epochs;
    mapping(uint256 tallyKey => ScoreTally) private _tallies;
    mapping(uint256 word => uint256) private _ratedJobs;
    mapping(uint32 policyId => KnownFee) private _knownFees;

    /* ---------- constructor ---------- */

    /// @param resultOracle Evaluator of the escrow's house jobs.
    /// @param weighedToken The escrow's default token.
    /// @param weightUnit Smallest units in a weight unit: 1 for a token of 6 decimals, 10^12 for one of 18.
    /// @param clientCap Weight units, at least 1 and below 2^40.
    constructor(
        IERC8004Identity agentRegistry,
        IJobEscrow jobEscrow,
        address resultOracle,
        address weighedToken,
        uint256 weightUnit,
        uint256 clientCap
    ) FeedbackBook(agentRegistry) {
        if (address(jobEscrow) == address(0)) {
            revert ReputationRegistry_AddressIsZero("jobEscrow");
        }
        if (resultOracle == address(0)) revert ReputationRegistry_AddressIsZero("resultOracle");
        if (weighedToken == address(0)) revert ReputationRegistry_AddressIsZero("weighedToken");
        if (clientCap == 0 || clientCap > FeedbackEntryLib.MAX_WEIGHT) {
            revert ReputationRegistry_CapOutOfRange(clientCap, FeedbackEntryLib.MAX_WEIGHT);
        }
        JOB_ESCROW = jobEscrow;
        RESULT_ORACLE = resultOracle;
        WEIGHED_TOKEN = weighedToken;
        WEIGHT_UNIT = weightUnit == 0 ? 1 : weightUnit;
        CLIENT_CAP = clientCap;
        assert(_tagId(TAG_STARRED) == TAG_STARRED_ID);
    }

    /* ---------- views ---------- */

    /// @inheritdoc IReputationRegistry
    function bindingOf(address wallet) external view returns (WalletBinding memory) {
        return _bindings[wallet];
    }

    /// @inheritdoc IReputationRegistry
    function jobSummary(uint256 agentId, bytes32 serviceType) external view returns (JobSummary memory) {
        return _summary(agentId, _ownerOf(agentId), serviceType);
    }

    /// @inheritdoc IReputationRegistry
    function jobSummaryOf(
        uint256 agentId,
        address owner,
        bytes32 serviceType
    ) external view returns (JobSummary memory) {
        return _summary(agentId, owner, serviceType);
    }

    /// @inheritdoc IReputationRegistry
    function proofOfPayment(uint256 jobId) external view returns (PaymentProof memory) {
        IJobEscrow.JobView memory job = JOB_ESCROW.jobOf(jobId);
        return PaymentProof({
            chainId: block.chainid,
            escrow: address(JOB_ESCROW),
            fromAddress: job.client,
            toAddress: job.provider,
            token: job.token,
            budget: job.budget,
            status: job.status,
            hasFeedback: _ratedJobs[jobId >> 8] & (1 << (jobId & 255)) != 0
        });
    }

    /// @inheritdoc IReputationRegistry
    function weightOf(uint256 agentId, address client, uint256 treasuryFee) external view returns (uint256) {
        return _weightDown(_records[agentId][client].feeTotal, treasuryFee / WEIGHT_UNIT);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IReputationRegistry
    function bindWallet(uint256 agentId) external returns (address wallet) {
        wallet = AGENT_REGISTRY.getAgentWallet(agentId);
        WalletBinding memory binding = _bindings[wallet];
        if (binding.isBound) revert ReputationRegistry_AlreadyBound(wallet, binding.agentId);
        _bind(agentId, wallet);
    }

    /* ---------- client of a job ---------- */

    /// @inheritdoc IReputationRegistry
    function giveJobFeedback(JobFeedback calldata feedback) external returns (uint64 feedbackIndex) {
        // Check
        if (feedback.score > MAX_SCORE) revert ReputationRegistry_ScoreTooHigh(feedback.score, MAX_SCORE);
        uint256 length = bytes(feedback.serviceType).length;
        if (length > 32) revert ReputationRegistry_ServiceTypeTooLong(length, 32);
        IJobEscrow.JobView memory job = JOB_ESCROW.jobOf(feedback.jobId);
        bool isFailure = _requireRatable(feedback.jobId, job);
        // Only the owner itself: an approval is the agent's to give, and must not silence the client that it names.
        if (_ownerOf(feedback.agentId) == msg.sender) {
            revert ReputationRegistry_SelfFeedback(msg.sender, feedback.agentId);
        }
        // Effect
        _markRated(feedback.jobId);
        Feedback memory entry;
        entry.value = int128(uint128(feedback.score));
        entry.tag1Id = TAG_STARRED_ID;
        entry.tag2Id = _tagId(feedback.serviceType);
        entry.epoch = _epochOfWorker(feedback.agentId, job.provider);
        entry.isFailure = isFailure;
        entry.isJobBacked = true;
        uint256 treasuryFee = isFailure ? 0 : _treasuryFee(job);
        feedbackIndex = _weighAndAppend(feedback.agentId, entry, treasuryFee, job.token == WEIGHED_TOKEN);
        // Event
        _announce(feedback, feedbackIndex);
        emit JobFeedbackGiven(
            feedback.jobId,
            feedback.agentId,
            msg.sender,
            feedbackIndex,
            feedback.score,
            entry.weight,
            treasuryFee,
            entry.epoch
        );
    }

    /// @dev Event. The standard's, as for any feedback.
    function _announce(JobFeedback memory feedback, uint64 feedbackIndex) private {
        emit NewFeedback(
            feedback.agentId,
            msg.sender,
            feedbackIndex,
            int128(uint128(feedback.score)),
            0,
            TAG_STARRED,
            TAG_STARRED,
            feedback.serviceType,
            feedback.endpoint,
            feedback.feedbackURI,
            feedback.feedbackHash
        );
    }

    /* ---------- internal: weight ---------- */

    function _weighAndAppend(
        uint256 agentId,
        Feedback memory entry,
        uint256 treasuryFee,
        bool isWeighed
    ) private returns (uint64 index) {
        uint256 feeUnits = isWeighed ? treasuryFee / WEIGHT_UNIT : 0;
        // forge-lint: disable-next-line(unsafe-typecast) at most CLIENT_CAP
        entry.weight = uint64(_weightDown(_records[agentId][msg.sender].feeTotal, feeUnits));
        _addTo(_tallies[_tallyKey(agentId, entry.epoch, ALL_SERVICES)], entry);
        if (entry.tag2Id != ALL_SERVICES) {
            _addTo(_tallies[_tallyKey(agentId, entry.epoch, entry.tag2Id)], entry);
        }
        return _append(agentId, entry, feeUnits);
    }

    /// @dev What `feeUnits` add to `cap * f / (cap + f)`, whose slope is at most 1. Both terms are rounded down, so the
    /// sum of a client's weights is the damped sum of its fees, to the unit, whatever the parts. The difference may
    /// exceed the fee by one unit of rounding; the minimum keeps weight <= fee for every single feedback.
    function _weightDown(uint256 feeTotal, uint256 feeUnits) private view returns (uint256) {
        uint256 gain = _dampedDown(feeTotal + feeUnits) - _dampedDown(feeTotal);
        return gain < feeUnits ? gain : feeUnits;
    }

    function _dampedDown(uint256 feeUnits) private view returns (uint256) {
        return CLIENT_CAP * feeUnits / (CLIENT_CAP + feeUnits);
    }

    function _addTo(ScoreTally storage stored, Feedback memory entry) private {
        ScoreTally memory tally = stored;
        if (entry.isFailure) {
            ++tally.failedCount;
        } else {
            ++tally.count;
            tally.weight += entry.weight;
            tally.scoreSum += _scoreTimesWeight(entry);
        }
        _store(stored, tally);
    }

    /// @inheritdoc FeedbackBook
    function _onRevoked(uint256 agentId, Feedback memory entry) internal override {
        _takeFrom(_tallies[_tallyKey(agentId, entry.epoch, ALL_SERVICES)], entry);
        if (entry.tag2Id != ALL_SERVICES) {
            _takeFrom(_tallies[_tallyKey(agentId, entry.epoch, entry.tag2Id)], entry);
        }
    }

    function _takeFrom(ScoreTally storage stored, Feedback memory entry) private {
        ScoreTally memory tally = stored;
        if (entry.isFailure) {
            --tally.failedCount;
        } else {
            --tally.count;
            tally.weight -= entry.weight;
            tally.scoreSum -= _scoreTimesWeight(entry);
        }
        _store(stored, tally);
    }

    /// @dev One write for the whole slot.
    function _store(ScoreTally storage stored, ScoreTally memory tally) private {
        stored.count = tally.count;
        stored.failedCount = tally.failedCount;
        stored.weight = tally.weight;
        stored.scoreSum = tally.scoreSum;
    }

    /// @dev Of a job-backed entry, whose value is a score.
    function _scoreTimesWeight(Feedback memory entry) private pure returns (uint96) {
        return uint96(uint128(entry.value)) * uint96(entry.weight);
    }

    /// @dev Fee of a completed job net to the treasury, as the escrow splits it.
    function _treasuryFee(IJobEscrow.JobView memory job) private returns (uint256 toTreasury) {
        KnownFee memory fee = _knownFees[job.policyId];
        if (!fee.isKnown) {
            IJobEscrow.Policy memory policy = JOB_ESCROW.policyOf(job.policyId);
            fee = KnownFee({isKnown: true, feeBps: policy.feeBps, poolShareBps: policy.poolShareBps});
            _knownFees[job.policyId] = fee;
        }
        (, toTreasury,) =
            FeeSplit.splitDown({earned: job.budget, feeBps: fee.feeBps, poolShareBps: fee.poolShareBps});
    }

    function _summary(
        uint256 agentId,
        address owner,
        bytes32 serviceType
    ) private view returns (JobSummary memory summary) {
        uint256 epoch = _epochs[agentId][owner];
        (uint256 tagId, bool isKnown) = _tags.find(serviceType.unpad());
        if (epoch == 0) return summary;
        // forge-lint: disable-next-line(unsafe-typecast) at most MAX_EPOCH
        summary.epoch = uint32(epoch);
        if (!isKnown) return summary;
        ScoreTally memory tally = _tallies[_tallyKey(agentId, epoch, tagId)];
        summary.count = tally.count;
        summary.failedCount = tally.failedCount;
        summary.weight = tally.weight;
        summary.scoreSum = tally.scoreSum;
        // forge-lint: disable-next-line(unsafe-typecast) a mean of scores is at most 100
        if (tally.weight != 0) summary.meanScoreBps = uint16(uint256(tally.scoreSum) * 100 / tally.weight);
    }

    function _tallyKey(uint256 agentId, uint256 epoch, uint256 tagId) private pure returns (uint256) {
        return (agentId << 64) | (epoch << 32) | tagId;
    }

    /* ---------- internal: who worked ---------- */

    /// @dev The epoch to which work of `provider` counts. Binds the agent's current wallet if it is still free.
    function _epochOfWorker(uint256 agentId, address provider) private returns (uint32) {
        WalletBinding memory binding = _bindings[provider];
        if (!binding.isBound) {
            if (AGENT_REGISTRY.getAgentWallet(agentId) != provider) {
                revert ReputationRegistry_NotAgentsWallet(provider, agentId);
            }
            return _bind(agentId, provider);
        }
        if (binding.agentId != agentId) revert ReputationRegistry_NotAgentsWallet(provider, agentId);
        return binding.epoch;
    }

    function _bind(uint256 agentId, address wallet) private returns (uint32 epoch) {
        // Check
        if (agentId > type(uint64).max) revert ReputationRegistry_AgentIdTooBig(agentId);
        if (wallet == address(0)) revert ReputationRegistry_NotAgentsWallet(wallet, agentId);
        // Effect
        address owner = _ownerOf(agentId);
        epoch = _ensureEpoch(agentId, owner);
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        _bindings[wallet] = WalletBinding({agentId: uint64(agentId), epoch: epoch, isBound: true});
        // Event
        emit WalletBound(agentId, wallet, owner, epoch);
    }

    function _ensureEpoch(uint256 agentId, address owner) private returns (uint32) {
        uint256 epoch = _epochs[agentId][owner];
        if (epoch == 0) {
            if (_epochCounts[agentId] == FeedbackEntryLib.MAX_EPOCH) {
                revert ReputationRegistry_TooManyEpochs(agentId);
            }
            epoch = ++_epochCounts[agentId];
            _epochs[agentId][owner] = epoch;
        }
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        return uint32(epoch);
    }

    function _ownerOf(uint256 agentId) private view returns (address) {
        return IERC721(address(AGENT_REGISTRY)).ownerOf(agentId);
    }

    /* ---------- internal: checks ---------- */

    /// @return isFailure The job was delivered and rejected.
    function _requireRatable(
        uint256 jobId,
        IJobEscrow.JobView memory job
    ) private view returns (bool isFailure) {
        if (msg.sender != job.client) {
            revert ReputationRegistry_NotClient(msg.sender, job.client);
        }
        if (msg.sender == job.provider) revert ReputationRegistry_ClientIsProvider(msg.sender);
        if (job.evaluator != RESULT_ORACLE) revert ReputationRegistry_NotHouseJob(jobId, job.evaluator);
        isFailure = job.status == IERC8183.JobStatus.Rejected && job.submittedAt != 0;
        if (!isFailure && job.status != IERC8183.JobStatus.Completed) {
            revert ReputationRegistry_NotSettled(jobId, job.status);
        }
    }

    function _markRated(uint256 jobId) private {
        uint256 bit = 1 << (jobId & 255);
        uint256 word = _ratedJobs[jobId >> 8];
        if (word & bit != 0) revert ReputationRegistry_AlreadyRated(jobId);
        _ratedJobs[jobId >> 8] = word | bit;
    }
}
