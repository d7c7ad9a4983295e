// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC8004Reputation} from "./IERC8004Reputation.sol";
import {IERC8183} from "./IERC8183.sol";

/// @title Agents' reputation: ERC-8004 with custom errors, and feedback that a paid job backs
/// @notice Deviations from ERC-8004: custom errors where the reference reverts with strings. Nothing else.
///
/// Two kinds of feedback share one list. Anybody gives the standard's kind; it costs nothing and weighs nothing. The
/// client of a settled house job gives *job feedback*, once a job; only this kind enters {jobSummary}.
///
/// **Which agent.** The escrow keeps the provider of a job, an account, and announces the agent's id in an event that
/// no contract can read. So an account that works for an agent works for that agent alone: {bindWallet} writes down,
/// for good, whose wallet an account is, together with the epoch. Anybody may bind the current wallet of an agent; a
/// first job feedback binds by itself. A client that hires a bound wallet knows on chain whom its feedback will
/// name, and no later change of wallet or owner lets the agent escape it. Agents of one owner need a wallet each.
///
/// **Epochs.** The record of an agent belongs to the agent in the hands of one owner. After a transfer the summary is
/// empty; if the token comes back, so does the record, good or bad.
///
/// **Weight** is the fee that the job brought the treasury, in weight units, damped for each client: a client that paid
/// `f` in all weighs `cap * f / (cap + f)`. This is never more than the fee that was burnt, grows ever slower and ends
/// at the cap, so neither many small jobs nor many accounts of one purse gain more than they pay (R15). A job that
/// failed (rejected after its submission) weighs nothing and is counted by itself. A job in another token than the
/// escrow's default weighs nothing.
///
/// SAFETY assumes: the identity registry answers truthfully; the escrow's `jobOf` of a completed job gives as `budget`
/// what the provider earned before the fee; the policy rows of the escrow never change; the treasury does not
/// hand fees back to clients.
/// LIVENESS assumes: nothing; there is no role and no pause.
interface IReputationRegistry is IERC8004Reputation {
    /// @notice What a client says about a settled job.
    struct JobFeedback {
        uint256 jobId;
        /// @dev The agent that was hired; must own the provider's wallet.
        uint256 agentId;
        /// @dev 0 to 100, the standard's tag `starred`.
        uint8 score;
        /// @dev As in the listing, without its padding, at most 32 bytes; becomes tag2. The client's word.
        string serviceType;
        string endpoint;
        string feedbackURI;
        bytes32 feedbackHash;
    }

    /// @notice Job feedback in sum. `score = scoreSum / weight` in [0, 100].
    struct JobSummary {
        /// @dev Standing feedback on completed jobs.
        uint64 count;
        /// @dev Standing feedback on jobs that failed after their submission.
        uint64 failedCount;
        /// @dev Sum of weights, in weight units.
        uint128 weight;
        /// @dev Sum of weight times score.
        uint128 scoreSum;
        /// @dev Weighted mean in hundredths, 0 to 10_000, rounded down; 0 without weight.
        uint16 meanScoreBps;
        /// @dev Which ownership of the agent, from 1; 0 if no wallet is bound under its owner.
        uint32 epoch;
    }

    /// @notice Whose wallet an account is.
    struct WalletBinding {
        uint64 agentId;
        uint32 epoch;
        bool isBound;
    }

    /// @notice What shows that a job was paid, in the fields of the feedback file's `proofOfPayment`.
    struct PaymentProof {
        uint256 chainId;
        address escrow;
        address fromAddress;
        address toAddress;
        address token;
        uint256 budget;
        IERC8183.JobStatus status;
        bool hasFeedback;
    }

    /// @notice Follows NewFeedback if a job backs it.
    /// @param weight In weight units, zero if the job failed.
    /// @param treasuryFee Fee net to the treasury, in the smallest unit of the job's token.
    event JobFeedbackGiven(
        uint256 indexed jobId,
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        uint8 score,
        uint256 weight,
        uint256 treasuryFee,
        uint32 epoch
    );
    event WalletBound(uint256 indexed agentId, address indexed wallet, address indexed owner, uint32 epoch);

    /// @notice Owners and operators do not rate their own agent ("Self-feedback not allowed").
    error ReputationRegistry_SelfFeedback(address caller, uint256 agentId);
    error ReputationRegistry_TooManyDecimals(uint8 valueDecimals, uint8 max);
    error ReputationRegistry_ValueOutOfRange(int128 value, int128 max);
    /// @notice "clientAddresses required" in the reference.
    error ReputationRegistry_ClientsRequired();
    error ReputationRegistry_IndexOutOfRange(uint64 feedbackIndex, uint64 lastIndex);
    error ReputationRegistry_AlreadyRevoked(uint64 feedbackIndex);
    error ReputationRegistry_ResponseUriIsEmpty();
    error ReputationRegistry_ServiceTypeTooLong(uint256 length, uint256 max);
    error ReputationRegistry_ScoreTooHigh(uint8 score, uint8 max);
    error ReputationRegistry_NotClient(address caller, address client);
    error ReputationRegistry_NotHouseJob(uint256 jobId, address evaluator);
    error ReputationRegistry_NotSettled(uint256 jobId, IERC8183.JobStatus status);
    error ReputationRegistry_AlreadyRated(uint256 jobId);
    error ReputationRegistry_ClientIsProvider(address client);
    /// @notice The provider's wallet is bound to another agent, or is not the wallet of the agent.
    error ReputationRegistry_NotAgentsWallet(address wallet, uint256 agentId);
    error ReputationRegistry_AlreadyBound(address wallet, uint256 agentId);
    error ReputationRegistry_AgentIdTooBig(uint256 agentId);
    error ReputationRegistry_AddressIsZero(bytes32 which);
    error ReputationRegistry_CapOutOfRange(uint256 clientCap, uint256 max);
    error ReputationRegistry_TooManyEpochs(uint256 agentId);

    /// @notice The client of a settled house job rates the agent that did it, once.
    /// @return feedbackIndex Of the pair of agent and client.
    function giveJobFeedback(JobFeedback calldata feedback) external returns (uint64 feedbackIndex);

    /// @notice Writes down for good that the agent's current wallet works for this agent, under its owner of today.
    function bindWallet(uint256 agentId) external returns (address wallet);

    /// @notice Job feedback of the agent under its owner of today, in one read whatever was written.
    /// @param serviceType Zero for all services together.
    function jobSummary(uint256 agentId, bytes32 serviceType) external view returns (JobSummary memory);

    /// @notice The same under an owner of another time.
    function jobSummaryOf(
        uint256 agentId,
        address owner,
        bytes32 serviceType
    ) external view returns (JobSummary memory);

    /// @notice Whose wallet `wallet` is.
    function bindingOf(address wallet) external view returns (WalletBinding memory);

    /// @notice The payment behind a job, as the escrow tells it.
    function proofOfPayment(uint256 jobId) external view returns (PaymentProof memory);

    /// @notice The weight that a client's next completed job with this fee would bring for the agent.
    function weightOf(uint256 agentId, address client, uint256 treasuryFee) external view returns (uint256);

    /// @notice Clients of an agent, a page at a time.
    function clientsPage(
        uint256 agentId,
        uint256 offset,
        uint256 limit
    ) external view returns (address[] memory);

    /// @notice Number of clients of an agent.
    function clientCount(uint256 agentId) external view returns (uint256);
}
