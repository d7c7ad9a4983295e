// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Disputes over house jobs: bonds, the way to the court and back
/// @notice A dispute opens when the verdict is posted, or at the end of the verdict window without one, for the review
/// window (R5). The whole job then waits for a ruling: nothing settles it, client and provider may still agree
/// ({IJobEscrow-accept}, {IJobEscrow-cancel}). A row whose `courtSeconds` hold no court has final verdicts.
///
/// Bonds (R13): the larger of a tenth of the budget and the court's cost, twice that against a posted verdict. The
/// court's cost is the floor. The other party may put up as much ({counterBond}); not doing so decides nothing. Who is
/// awarded three quarters or more takes all bonds less the court's cost; between that each has its own back, less an
/// equal part of the cost.
///
/// Without a ruling by the end of `ruleBy` (R7) a posted verdict stands, otherwise half each, and bonds go back with what the court
/// returns.
///
/// SAFETY assumes: the arbitrator rules as the jurors voted; it can never take more than the cost or give more than the
/// budget. LIVENESS assumes: nothing; whatever the arbitrator does, anybody ends the dispute after `ruleBy`.
interface IDisputeDesk {
    /// @notice A dispute as the world sees it; all zero when none is open.
    struct DisputeView {
        /// @dev Each party's bond, in the smallest unit of the job's token.
        uint96 bond;
        /// @dev What the court was paid, zero before {refer}.
        uint96 fee;
        /// @dev Unix seconds after which silence decides.
        uint32 ruleBy;
        bool isByClient;
        bool isCountered;
        bool isReferred;
        /// @dev The arbitrator's number.
        uint256 disputeId;
    }

    /// @param evidence sha2-256 of a document, or zero.
    event DisputeOpened(
        uint256 indexed jobId,
        address indexed party,
        bool isByClient,
        uint256 bond,
        uint256 ruleBy,
        bytes32 evidence
    );
    event DisputeCountered(uint256 indexed jobId, address indexed party, uint256 bond);
    event EvidenceAdded(uint256 indexed jobId, address indexed party, bytes32 evidence);
    event DisputeReferred(uint256 indexed jobId, address indexed arbitrator, uint256 disputeId, uint256 fee);
    /// @param isByCourt False: silence decided, or the parties had agreed.
    /// @param providerAmount What the job pays before the fee; zero if it had ended before.
    /// @param isOverturned The court gave three quarters or more to whom the posted verdict had gone against.
    event DisputeEnded(
        uint256 indexed jobId, bool isByCourt, uint16 providerBps, uint256 providerAmount, bool isOverturned
    );
    event BondReturned(uint256 indexed jobId, address indexed account, uint256 amount);
    event CreditAdded(address indexed token, address indexed account, uint256 amount);
    event CreditWithdrawn(address indexed token, address indexed account, uint256 amount);

    error DisputeDesk_NotSubmitted(uint256 jobId);
    error DisputeDesk_NotParty(address account);
    error DisputeDesk_VerdictIsFinal(uint256 jobId);
    error DisputeDesk_UnexpectedReceipt(uint256 received, uint256 expected);
    error DisputeDesk_NoCredit(address token, address account);
    error DisputeDesk_TooEarly(uint256 nowSeconds, uint256 earliest);
    error DisputeDesk_TooLate(uint256 nowSeconds, uint256 deadline);
    error DisputeDesk_AlreadyCountered(uint256 jobId);
    error DisputeDesk_AlreadyReferred(uint256 jobId);
    error DisputeDesk_NoDispute(uint256 jobId);
    error DisputeDesk_BondTooHigh(uint256 bond, uint256 max);
    error DisputeDesk_CostAboveBond(uint256 cost, uint256 bond);
    error DisputeDesk_SignatureInvalid(address signer);
    error DisputeDesk_AddressIsZero(bytes32 which);

    /// @notice Disputes a submitted house job as its client or provider. The bond comes from the caller's allowance to
    /// this contract.
    /// @param evidence sha2-256 of a document, or zero.
    /// @param maxBond The most that the caller puts up.
    function dispute(uint256 jobId, bytes32 evidence, uint256 maxBond) external;

    /// @notice The same for `party`, by its signature; anybody carries it, the bond is the party's.
    /// @param deadline Unix seconds after which the signature is worthless.
    /// @param signature EIP-712, ECDSA or ERC-1271:
    /// `Dispute(uint256 jobId,bytes32 evidence,uint256 maxBond,uint256 deadline)`.
    function disputeFor(
        address party,
        uint256 jobId,
        bytes32 evidence,
        uint256 maxBond,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice The other party puts up the same bond. It decides nothing.
    function counterBond(uint256 jobId) external;

    /// @notice Client or provider names a further document while the dispute is open.
    /// @param evidence sha2-256 of the document.
    function addEvidence(uint256 jobId, bytes32 evidence) external;

    /// @notice Anybody brings an open dispute before the court, paid from the bond, while the court has its whole time.
    function refer(uint256 jobId) external;

    /// @notice Anybody carries out the ruling, or what silence decides once `ruleBy` has passed.
    function rule(uint256 jobId) external;

    /// @notice The dispute over a job.
    function disputeOf(uint256 jobId) external view returns (DisputeView memory);

    /// @notice What a dispute over the job would take as a bond now. Reverts if the court does not take the job's token.
    function bondFor(uint256 jobId) external view returns (uint256);

    /// @notice What a token refused to deliver and waits for `account`.
    function creditOf(address token, address account) external view returns (uint256);

    /// @notice Sends `account`'s credit to `account`; anybody may ask for it.
    function withdrawFor(address token, address account) external;

    /// @notice The digest that a party signs for {disputeFor}.
    function disputeDigest(
        uint256 jobId,
        bytes32 evidence,
        uint256 maxBond,
        uint256 deadline
    ) external view returns (bytes32);
}
