// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IDecisionLedger} from "../interfaces/IDecisionLedger.sol";
import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {CompactSignature} from "../libraries/CompactSignature.sol";
import {RollBuilder} from "../libraries/RollBuilder.sol";
import {AnchorBook} from "./AnchorBook.sol";

/// @title Decisions of agents
/// @dev Promises and assumptions are in {IDecisionLedger}; roots and certificates in {AnchorBook}. A voter takes one slot
/// of the roll, a poll's count one slot, who voted one bit.
contract DecisionLedger is AnchorBook {
    using RollBuilder for mapping(address account => address);

    /* ---------- types ---------- */

    struct StoredPoll {
        // slot 0: 160 + 32 + 32 + 16 of 256 bits
        address opener;
        uint32 startsAt;
        uint32 endsAt;
        uint16 voterCount;
        // slot 1
        uint128 totalWeight;
        uint16 quorumBps;
        uint16 thresholdBps;
        Weighing weighing;
        bool isConcluded;
        // slot 2
        bytes32 subject;
        // slot 3: against, for, abstain, 80 bits each from the lowest, as the choices count
        uint256 tally;
        // slot 4
        uint256 votedBitmap;
    }

    /// @dev One slot.
    struct Voter {
        address account;
        uint96 weight;
    }

    /* ---------- constants and immutables ---------- */

    bytes32 private constant BALLOT_TYPEHASH = keccak256("Ballot(uint256 pollId,uint8 choice)");
    uint256 private constant BPS = 10_000;
    uint256 private constant LANE_BITS = 80;
    uint16 public constant MIN_THRESHOLD_BPS = 5_001;
    uint256 public constant MAX_VOTERS = 256;
    uint256 public constant MAX_DELEGATION_DEPTH = RollBuilder.MAX_DEPTH;
    /// @notice Smallest units of the votes token in one unit of weight.
    uint256 public constant STAKE_UNIT = 1e9;

    IERC8004Identity public immutable AGENT_REGISTRY;
    IVotes public immutable VOTES;
    IReputationRegistry public immutable REPUTATION;

    /* ---------- storage ---------- */

    /// @inheritdoc IDecisionLedger
    uint256 public pollCount;
    /// @inheritdoc IDecisionLedger
    mapping(address account => address) public delegateOf;
    mapping(uint256 pollId => StoredPoll) private _polls;
    mapping(uint256 pollId => mapping(uint256 index => Voter)) private _rolls;

    /* ---------- constructor ---------- */

    /// @param votes Counts by unix seconds.
    constructor(
        IERC8004Identity agentRegistry,
        IVotes votes,
        IReputationRegistry reputation
    ) EIP712("AITBC DecisionLedger", "1") {
        if (address(agentRegistry) == address(0)) {
            revert DecisionLedger_AddressIsZero("agentRegistry");
        }
        if (address(votes) == address(0)) revert DecisionLedger_AddressIsZero("votes");
        if (address(reputation) == address(0)) revert DecisionLedger_AddressIsZero("reputation");
        AGENT_REGISTRY = agentRegistry;
        VOTES = votes;
        REPUTATION = reputation;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IDecisionLedger
    function ballotDigest(uint256 pollId, Choice choice) external view returns (bytes32) {
        return _ballotDigest(_domainSeparatorV4(), pollId, uint256(choice));
    }

    /// @inheritdoc IDecisionLedger
    function pollOf(uint256 pollId) external view returns (Poll memory) {
        StoredPoll storage stored = _pollNamed(pollId);
        return Poll({
            subject: stored.subject,
            opener: stored.opener,
            weighing: stored.weighing,
            quorumBps: stored.quorumBps,
            thresholdBps: stored.thresholdBps,
            startsAt: stored.startsAt,
            endsAt: stored.endsAt,
            voterCount: stored.voterCount,
            totalWeight: stored.totalWeight,
            againstWeight: _lane(stored.tally, Choice.Against),
            forWeight: _lane(stored.tally, Choice.For),
            abstainWeight: _lane(stored.tally, Choice.Abstain),
            votedBitmap: stored.votedBitmap
        });
    }

    /// @inheritdoc IDecisionLedger
    function voterOf(uint256 pollId, uint256 index) external view returns (address voter, uint256 weight) {
        Voter storage place = _rolls[pollId][index];
        return (place.account, place.weight);
    }

    /// @inheritdoc IDecisionLedger
    function outcomeOf(uint256 pollId) external view returns (Outcome) {
        StoredPoll storage stored = _polls[pollId];
        if (stored.opener == address(0)) return Outcome.Unknown;
        if (block.timestamp < stored.startsAt) return Outcome.Pending;
        if (block.timestamp < stored.endsAt) return Outcome.Active;
        return _isPassed(stored) ? Outcome.Passed : Outcome.Failed;
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IDecisionLedger
    function delegate(address to) external {
        // Effect
        delegateOf[msg.sender] = to == msg.sender ? address(0) : to;
        // Event
        emit Delegated(msg.sender, to);
    }

    /// @inheritdoc IDecisionLedger
    function openPoll(PollTerms calldata terms) external returns (uint256 pollId) {
        // Check
        _requireTermsValid(terms);
        address[] memory roll = _rollOf(terms.agentIds);
        // Effect
        pollId = ++pollCount;
        StoredPoll storage stored = _polls[pollId];
        stored.opener = msg.sender;
        stored.startsAt = terms.startsAt;
        stored.endsAt = terms.endsAt;
        // forge-lint: disable-next-line(unsafe-typecast) at most MAX_VOTERS
        stored.voterCount = uint16(roll.length);
        stored.quorumBps = terms.quorumBps;
        stored.thresholdBps = terms.thresholdBps;
        stored.weighing = terms.weighing;
        stored.subject = terms.subject;
        // Event
        emit PollOpened(pollId, msg.sender, terms.subject, terms);
        stored.totalWeight = _writeRoll(pollId, roll, _weightsOf(terms, roll));
    }

    /// @inheritdoc IDecisionLedger
    function castBallots(uint256 pollId, BallotRow[] calldata rows) external returns (uint256 counted) {
        // Check
        StoredPoll storage stored = _activePollNamed(pollId);
        uint256 voted = stored.votedBitmap;
        uint256 tally = stored.tally;
        bytes32[3] memory digests = _ballotDigests(pollId);
        uint256[] memory ballots = new uint256[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            BallotRow calldata row = rows[i];
            uint256 index = row.index;
            uint256 choice = row.choice;
            if (choice > uint256(Choice.Abstain) || voted & (1 << index) != 0) continue;
            Voter memory voter = _rolls[pollId][index];
            address signer = CompactSignature.recoverOrZero({
                digest: digests[choice], r: row.r, yParityAndS: row.yParityAndS
            });
            if (signer == address(0) || signer != voter.account) continue;
            voted |= 1 << index;
            // A lane holds the whole weight of the roll: checked when the poll was opened.
            tally += uint256(voter.weight) << (LANE_BITS * choice);
            ballots[counted++] = index | (choice << 8);
        }
        // Effect
        stored.votedBitmap = voted;
        stored.tally = tally;
        // Event
        emit BallotsCast(pollId, _first(ballots, counted));
    }

    /// @inheritdoc IDecisionLedger
    function conclude(uint256 pollId) external returns (bool isPassed) {
        // Check
        StoredPoll storage stored = _pollNamed(pollId);
        if (block.timestamp < stored.endsAt) {
            revert DecisionLedger_NotOver(pollId, block.timestamp, stored.endsAt);
        }
        if (stored.isConcluded) revert DecisionLedger_AlreadyConcluded(pollId);
        // Effect
        stored.isConcluded = true;
        isPassed = _isPassed(stored);
        // Event
        uint256 tally = stored.tally;
        emit PollConcluded(
            pollId,
            isPassed,
            _lane(tally, Choice.For),
            _lane(tally, Choice.Against),
            _lane(tally, Choice.Abstain)
        );
    }

    /* ---------- voter ---------- */

    /// @inheritdoc IDecisionLedger
    function cast(uint256 pollId, uint256 index, Choice choice) external {
        // Check
        StoredPoll storage stored = _activePollNamed(pollId);
        Voter memory voter = _rolls[pollId][index];
        if (msg.sender != voter.account) revert DecisionLedger_NotVoter(msg.sender, voter.account);
        uint256 bit = 1 << index;
        if (stored.votedBitmap & bit != 0) revert DecisionLedger_AlreadyVoted(pollId, index);
        // Effect
        stored.votedBitmap |= bit;
        stored.tally += uint256(voter.weight) << (LANE_BITS * uint256(choice));
        // Event
        uint256[] memory ballots = new uint256[](1);
        ballots[0] = index | (uint256(choice) << 8);
        emit BallotsCast(pollId, ballots);
    }

    /* ---------- internal: the roll ---------- */

    function _rollOf(uint256[] calldata agentIds) private view returns (address[] memory roll) {
        uint256 count = agentIds.length;
        if (count == 0 || count > MAX_VOTERS) revert DecisionLedger_VoterCountOutOfRange(count, MAX_VOTERS);
        roll = new address[](count);
        address previous = address(0);
        for (uint256 i = 0; i < count; ++i) {
            address voter = AGENT_REGISTRY.getAgentWallet(agentIds[i]);
            // One account, one place: an agent without a wallet, or two with the same, are refused here.
            if (voter <= previous) revert DecisionLedger_VotersNotAscending(previous, voter);
            roll[i] = voter;
            previous = voter;
        }
    }

    /// @dev Weights before delegation, read in this block at the latest; voting starts in a later one.
    function _weightsOf(
        PollTerms calldata terms,
        address[] memory roll
    ) private view returns (uint256[] memory weights) {
        weights = new uint256[](roll.length);
        for (uint256 i = 0; i < roll.length; ++i) {
            if (terms.weighing == Weighing.Equal) {
                weights[i] = 1;
            } else if (terms.weighing == Weighing.Stake) {
                weights[i] = VOTES.getPastVotes(roll[i], block.timestamp - 1) / STAKE_UNIT;
            } else {
                weights[i] = REPUTATION.jobSummary(terms.agentIds[i], 0).scoreSum / 100;
            }
        }
    }

    function _writeRoll(
        uint256 pollId,
        address[] memory roll,
        uint256[] memory weights
    ) private returns (uint128) {
        uint256[] memory gathered = new uint256[](roll.length);
        uint256 total = 0;
        for (uint256 i = 0; i < roll.length; ++i) {
            gathered[delegateOf.placeOf(roll, i)] += weights[i];
            total += weights[i];
        }
        if (total > type(uint80).max) revert DecisionLedger_WeightTooBig(total, type(uint80).max);
        for (uint256 i = 0; i < roll.length; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast) at most `total`
            _rolls[pollId][i] = Voter({account: roll[i], weight: uint96(gathered[i])});
            emit VoterListed(pollId, i, roll[i], gathered[i]);
        }
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        return uint128(total);
    }

    /* ---------- internal: counting ---------- */

    function _ballotDigests(uint256 pollId) private view returns (bytes32[3] memory digests) {
        bytes32 domain = _domainSeparatorV4();
        for (uint256 choice = 0; choice < 3; ++choice) {
            digests[choice] = _ballotDigest(domain, pollId, choice);
        }
    }

    function _ballotDigest(bytes32 domain, uint256 pollId, uint256 choice) private pure returns (bytes32) {
        return
            MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(BALLOT_TYPEHASH, pollId, choice)));
    }

    function _isPassed(StoredPoll storage stored) private view returns (bool) {
        uint256 tally = stored.tally;
        uint256 inFavour = _lane(tally, Choice.For);
        uint256 decided = inFavour + _lane(tally, Choice.Against);
        uint256 turnout = decided + _lane(tally, Choice.Abstain);
        if (inFavour == 0 || turnout * BPS < uint256(stored.totalWeight) * stored.quorumBps) return false;
        return inFavour * BPS >= decided * stored.thresholdBps;
    }

    function _lane(uint256 tally, Choice choice) private pure returns (uint80) {
        // forge-lint: disable-next-line(unsafe-typecast) the cut to one lane is the point
        return uint80(tally >> (LANE_BITS * uint256(choice)));
    }

    function _first(uint256[] memory list, uint256 count) private pure returns (uint256[] memory part) {
        if (count == list.length) return list;
        part = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            part[i] = list[i];
        }
    }

    /* ---------- internal: checks ---------- */

    function _pollNamed(uint256 pollId) private view returns (StoredPoll storage stored) {
        stored = _polls[pollId];
        if (stored.opener == address(0)) revert DecisionLedger_UnknownPoll(pollId);
    }

    function _activePollNamed(uint256 pollId) private view returns (StoredPoll storage stored) {
        stored = _pollNamed(pollId);
        if (block.timestamp < stored.startsAt || block.timestamp >= stored.endsAt) {
            revert DecisionLedger_NotActive(pollId, block.timestamp, stored.startsAt, stored.endsAt);
        }
    }

    function _requireTermsValid(PollTerms calldata terms) private view {
        if (terms.startsAt <= block.timestamp || terms.endsAt <= terms.startsAt) {
            revert DecisionLedger_TimesOutOfOrder(block.timestamp, terms.startsAt, terms.endsAt);
        }
        bool isThresholdBad = terms.thresholdBps < MIN_THRESHOLD_BPS || terms.thresholdBps > BPS;
        if (isThresholdBad || terms.quorumBps > BPS) {
            revert DecisionLedger_ShareOutOfRange(terms.quorumBps, terms.thresholdBps);
        }
    }
}
