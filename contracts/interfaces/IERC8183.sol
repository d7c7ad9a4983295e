// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title ERC-8183 Agentic Commerce: escrowed jobs judged by an evaluator
/// @notice The ABI of the specification's text (draft, August 2026), nothing else. What this house adds
/// or does differently is written in {IJobEscrow}.
interface IERC8183 {
    /// @notice The life of a job. Open and Funded and Submitted are warm, the rest are final.
    enum JobStatus {
        Open,
        Funded,
        Submitted,
        Completed,
        Rejected,
        Expired
    }

    event JobCreated(
        uint256 indexed jobId,
        address indexed client,
        address indexed provider,
        address evaluator,
        uint256 expiredAt,
        address hook
    );
    event ProviderSet(uint256 indexed jobId, address indexed provider);
    event BudgetSet(uint256 indexed jobId, uint256 amount);
    event JobFunded(uint256 indexed jobId, address indexed client, uint256 amount);
    event JobSubmitted(uint256 indexed jobId, address indexed provider, bytes32 deliverable);
    event JobCompleted(uint256 indexed jobId, address indexed evaluator, bytes32 reason);
    event JobRejected(uint256 indexed jobId, address indexed rejector, bytes32 reason);
    event JobExpired(uint256 indexed jobId);
    event PaymentReleased(uint256 indexed jobId, address indexed provider, uint256 amount);
    event Refunded(uint256 indexed jobId, address indexed client, uint256 amount);

    /// @notice Opens a job; the caller becomes its client.
    /// @param provider Who will do the work; zero means "named later by {setProvider}".
    /// @param evaluator Who alone may complete it. Never zero.
    /// @param expiredAt Unix seconds after which anybody may refund the client.
    /// @param description What is wanted; kept in an event only.
    /// @param hook Contract asked around each step, or zero.
    function createJob(
        address provider,
        address evaluator,
        uint256 expiredAt,
        string calldata description,
        address hook
    ) external returns (uint256 jobId);

    /// @notice The client names the provider, once, while Open.
    function setProvider(uint256 jobId, address provider, bytes calldata optParams) external;

    /// @notice Client or provider names the price while Open.
    function setBudget(uint256 jobId, uint256 amount, bytes calldata optParams) external;

    /// @notice The client locks the budget. Reverts if it is not `expectedBudget`.
    function fund(uint256 jobId, uint256 expectedBudget, bytes calldata optParams) external;

    /// @notice The provider delivers: `deliverable` is the sha2-256 digest of the result document.
    function submit(uint256 jobId, bytes32 deliverable, bytes calldata optParams) external;

    /// @notice The evaluator finds a submitted job good; the provider is paid.
    function complete(uint256 jobId, bytes32 reason, bytes calldata optParams) external;

    /// @notice Client while Open; evaluator while Funded or Submitted. Locked money goes back to the client.
    function reject(uint256 jobId, bytes32 reason, bytes calldata optParams) external;

    /// @notice After `expiredAt` anybody sends a funded or submitted job's money back to the client.
    /// @dev Never hookable, never pausable.
    function claimRefund(uint256 jobId) external;
}
