// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Decisions: anchored from off chain, or voted by agents on chain
/// @notice Three things, from cheap to strong.
///
/// **Roots.** Anybody writes down that a digest existed at a time.
///
/// **Certified decisions.** A council is the list of its members' keys and a quorum, named by their hash; nothing is
/// registered. {certify} writes down that a quorum of a council signed a digest. Who trusts the council named by that
/// hash trusts the decision.
///
/// **Polls.** Somebody opens a vote of named agents. The roll of voters and weights is fixed in that call, before voting
/// starts: equal, by delegated votes of the token one second before, or by reputation earned with paid jobs.
/// Delegation among agents is followed at that moment, transitively; a circle or a chain of more than
/// {MAX_DELEGATION_DEPTH} leaves the weight where it is. Voters vote themselves or sign a ballot that anybody carries
/// in batches. Nothing here executes anything or holds money.
///
/// SAFETY assumes: the identity registry, the votes token and the reputation registry answer truthfully; who reads
/// a poll's outcome checks who opened it, whom it asked and by which weights.
/// LIVENESS assumes: nothing; there is no role and no pause.
interface IDecisionLedger {
    enum Weighing {
        Equal,
        Stake,
        Reputation
    }

    /// @dev In the order of {Governor}'s votes.
    enum Choice {
        Against,
        For,
        Abstain
    }

    enum Outcome {
        Unknown,
        Pending,
        Active,
        Passed,
        Failed
    }

    /// @notice A signature in the form of ERC-2098.
    struct CompactSig {
        bytes32 r;
        bytes32 yParityAndS;
    }

    /// @notice Who signed what.
    struct Certificate {
        /// @dev Digest of the decision's document.
        bytes32 digest;
        /// @dev Strictly ascending, at most MAX_MEMBERS.
        address[] members;
        /// @dev More than half of the members.
        uint256 quorum;
        /// @dev Bit i is set if `members[i]` signed.
        uint256 signerBitmap;
        /// @dev One for each bit, from the lowest, over `Decision(bytes32 councilId,bytes32 digest)`.
        CompactSig[] signatures;
    }

    struct PollTerms {
        /// @dev Digest of what is asked.
        bytes32 subject;
        Weighing weighing;
        /// @dev Part of all weight that must vote, in 1/10_000.
        uint16 quorumBps;
        /// @dev Part of For and Against that must be For, in 1/10_000; 5_001 to 10_000, so that a tie fails.
        uint16 thresholdBps;
        /// @dev Unix seconds, after now.
        uint32 startsAt;
        uint32 endsAt;
        /// @dev In strictly ascending order of the agents' wallets; the wallets vote.
        uint256[] agentIds;
    }

    struct Poll {
        bytes32 subject;
        address opener;
        Weighing weighing;
        uint16 quorumBps;
        uint16 thresholdBps;
        uint32 startsAt;
        uint32 endsAt;
        uint16 voterCount;
        /// @dev Sum of the roll.
        uint128 totalWeight;
        uint80 againstWeight;
        uint80 forWeight;
        uint80 abstainWeight;
        /// @dev Bit i is set if voter i voted.
        uint256 votedBitmap;
    }

    /// @notice A signed ballot in a batch: `Ballot(uint256 pollId,uint8 choice)`.
    struct BallotRow {
        /// @dev Place on the roll.
        uint8 index;
        uint8 choice;
        bytes32 r;
        /// @dev ERC-2098.
        bytes32 yParityAndS;
    }

    event RootAnchored(bytes32 indexed root, address indexed author);
    event DecisionCertified(bytes32 indexed councilId, bytes32 indexed digest, uint256 signerBitmap);
    event Delegated(address indexed from, address indexed to);
    event PollOpened(
        uint256 indexed pollId, address indexed opener, bytes32 indexed subject, PollTerms terms
    );
    /// @notice A place on the roll. Weight 0 may mean that it was delegated.
    event VoterListed(uint256 indexed pollId, uint256 index, address indexed voter, uint256 weight);
    /// @param ballots One word for each ballot that counts: place 8 bits, choice 8 bits, from the lowest.
    event BallotsCast(uint256 indexed pollId, uint256[] ballots);
    event PollConcluded(
        uint256 indexed pollId, bool isPassed, uint80 forWeight, uint80 againstWeight, uint80 abstainWeight
    );

    error DecisionLedger_RootIsZero();
    error DecisionLedger_AlreadyAnchored(bytes32 root, uint256 anchoredAt);
    error DecisionLedger_MembersNotAscending(address previous, address member);
    error DecisionLedger_MemberCountOutOfRange(uint256 count, uint256 max);
    error DecisionLedger_QuorumOutOfRange(uint256 quorum, uint256 min, uint256 max);
    error DecisionLedger_TooFewSignatures(uint256 count, uint256 quorum);
    error DecisionLedger_SignatureCountMismatch(uint256 bits, uint256 signatures);
    error DecisionLedger_SignatureInvalid(uint256 index, address member);
    error DecisionLedger_VoterCountOutOfRange(uint256 count, uint256 max);
    error DecisionLedger_VotersNotAscending(address previous, address voter);
    error DecisionLedger_TimesOutOfOrder(uint256 nowSeconds, uint256 startsAt, uint256 endsAt);
    error DecisionLedger_ShareOutOfRange(uint16 quorumBps, uint16 thresholdBps);
    error DecisionLedger_WeightTooBig(uint256 weight, uint256 max);
    error DecisionLedger_UnknownPoll(uint256 pollId);
    error DecisionLedger_NotActive(uint256 pollId, uint256 nowSeconds, uint256 startsAt, uint256 endsAt);
    error DecisionLedger_NotOver(uint256 pollId, uint256 nowSeconds, uint256 endsAt);
    error DecisionLedger_AlreadyConcluded(uint256 pollId);
    error DecisionLedger_NotVoter(address caller, address voter);
    error DecisionLedger_AlreadyVoted(uint256 pollId, uint256 index);
    error DecisionLedger_AddressIsZero(bytes32 which);

    /// @notice Writes down that `root` exists now. Once for each root.
    function anchor(bytes32 root) external;

    /// @notice Writes down that a quorum of a council signed a digest. Anybody carries it, once.
    function certify(Certificate calldata certificate) external returns (bytes32 councilId);

    /// @notice In polls opened from now on the caller's weight goes to `to`; zero or itself takes it back.
    function delegate(address to) external;

    /// @notice Opens a vote and fixes its roll.
    function openPoll(PollTerms calldata terms) external returns (uint256 pollId);

    /// @notice The voter at `index` votes, once.
    function cast(uint256 pollId, uint256 index, Choice choice) external;

    /// @notice Casts signed ballots. A bad row is skipped; the others count.
    /// @return counted Number of ballots that count.
    function castBallots(uint256 pollId, BallotRow[] calldata rows) external returns (uint256 counted);

    /// @notice Anybody, after the end, once: writes the outcome into an event.
    function conclude(uint256 pollId) external returns (bool isPassed);

    /// @notice Unix seconds in which `root` was anchored, zero if never.
    function anchoredAt(bytes32 root) external view returns (uint256);

    /// @notice Unix seconds in which a council's decision was certified, zero if never.
    function certifiedAt(bytes32 councilId, bytes32 digest) external view returns (uint256);

    /// @notice The name of a council.
    function councilIdOf(uint256 quorum, address[] calldata members) external pure returns (bytes32);

    /// @notice What members sign.
    function decisionDigest(bytes32 councilId, bytes32 digest) external view returns (bytes32);

    /// @notice What voters sign.
    function ballotDigest(uint256 pollId, Choice choice) external view returns (bytes32);

    /// @notice To whom `account` delegated, zero if to nobody.
    function delegateOf(address account) external view returns (address);

    /// @notice A poll and its count. Reverts if unknown.
    function pollOf(uint256 pollId) external view returns (Poll memory);

    /// @notice A place on the roll.
    function voterOf(uint256 pollId, uint256 index) external view returns (address voter, uint256 weight);

    /// @notice What a poll says now.
    function outcomeOf(uint256 pollId) external view returns (Outcome);

    /// @notice Number of polls; ids run from 1 to this.
    function pollCount() external view returns (uint256);
}
