// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC8183} from "./IERC8183.sol";

/// @title Escrow of paid jobs: ERC-8183 and what the house adds
/// @notice Two classes of job share the states of ERC-8183 (rule R1). A job whose evaluator is the house's
/// ResultOracle is a *house job*: its terms are a policy row within constant bounds and it has exits that need
/// nobody. Any other job is a *standard job* and follows ERC-8183, holes included.
///
/// Deviations from ERC-8183:
/// - the description lives in the event {JobDescribed} only;
/// - a budget is at most 2^96-1 and `expiredAt` is below 2^32 ({minExpiry}, {JobEscrow_ExpiryTooShort});
/// - a house job must leave room for verdict, review, court and grace (the *tail*) before `expiredAt`: createJob
///   and fund refuse less, submit refuses after `workBy = expiredAt - tail` (R2);
/// - fund and hire refuse provider == evaluator and a provider that is zero, this contract or the token (R9);
/// - a payment that the token refuses becomes a credit, withdrawn by its owner (R11);
/// - accept, submitWithAcceptance, decline, noShow and cancel end a house job without a call of `complete` or `reject`;
/// - every way to hire emits JobCreated, BudgetSet, JobFunded and JobDescribed together;
/// - handOver emits ProviderSet after JobFunded (R16);
/// - a cancel or a split that pays a part emits JobCompleted with PaymentReleased and Refunded; a cancel that pays
///   nothing forgets the submission, so that an agreed end is never rated as a failed delivery.
///
/// A dispute is a view of the oracle ({IDisputable}), not a state: the job stays Submitted, its oracle settles it by the
/// ruling ({split}). `courtSeconds` of a row reserves the time for that; verdicts of a row without it are final.
///
/// SAFETY assumes: an allowed token moves exactly what it says when it returns true, keeps balances unless told
/// (fee-on-transfer on the way in is refused, rebasing tokens must never be allowed); the evaluator of a house job
/// follows {IResultOracle}; block times are honest to a few seconds.
/// LIVENESS assumes: the token lets this contract pay out; if it refuses one payee, that payee's credit waits; if it
/// refuses everybody, only that token's money waits. No person, key or service needs to be awake.
interface IJobEscrow is IERC8183 {
    /// @notice Terms that many jobs share, found by their hash and never changed (R8).
    struct Policy {
        /// @dev Who completes and rejects.
        address evaluator;
        /// @dev ERC-20 in which the job is paid.
        address token;
        /// @dev ERC-8183 hook, or zero.
        address hook;
        /// @dev Fee on what the provider earns, in 1/10_000, rounded down.
        uint16 feeBps;
        /// @dev Part of the fee for the reporters, in 1/10_000, rounded down; the rest is the treasury's.
        uint16 poolShareBps;
        /// @dev Least score, 0 to 100, that pays.
        uint8 passMark;
        /// @dev Time for a verdict, from submit.
        uint32 verdictSeconds;
        /// @dev Time between the verdict (or its absence) and payment.
        uint32 reviewSeconds;
        /// @dev Longest time of a court, zero without one.
        uint32 courtSeconds;
        /// @dev Time after all that in which anybody settles for the one who performed.
        uint32 graceSeconds;
        /// @dev True: nobody is paid by transfer, everybody by credit.
        bool isLedgerOnly;
    }

    /// @notice Terms of a house job made and paid in one call.
    struct HireTerms {
        /// @dev Who will do the work.
        address provider;
        /// @dev House row.
        uint32 policyId;
        /// @dev What the client locks, in the smallest unit of the row's token.
        uint96 budget;
        /// @dev Unix seconds; `workBy` is this less the row's tail.
        uint256 expiredAt;
        /// @dev Agent that is hired; recorded in {JobDescribed}, not checked.
        uint256 agentId;
        /// @dev Listing that is taken up; recorded in {JobDescribed}, not checked.
        uint256 listingId;
        /// @dev "ipfs://<cid>" of the request document.
        string description;
    }

    /// @notice An ERC-3009 authorization to this contract, signed for the budget of the terms beside it. Its nonce is
    /// {hireNonce} of the terms and `salt`, so that it pays for this job and no other.
    struct Authorization {
        /// @dev Who pays and becomes the client.
        address client;
        /// @dev Tells jobs with the same terms apart.
        bytes32 salt;
        /// @dev Unix seconds; usable after it.
        uint256 validAfter;
        /// @dev Unix seconds; usable before it.
        uint256 validBefore;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice A job as the world sees it.
    struct JobView {
        address client;
        address provider;
        address evaluator;
        address token;
        uint32 policyId;
        uint96 budget;
        uint32 workBy;
        uint32 expiredAt;
        uint32 submittedAt;
        JobStatus status;
    }

    /// @notice What an evaluator must know to settle a job.
    struct Assessment {
        JobStatus status;
        address evaluator;
        uint32 submittedAt;
        uint8 passMark;
        uint32 verdictSeconds;
        uint32 reviewSeconds;
    }

    event JobDescribed(
        uint256 indexed jobId,
        uint256 indexed agentId,
        uint256 indexed listingId,
        uint32 policyId,
        string description
    );
    event PolicyRegistered(uint32 indexed policyId, bytes32 indexed policyHash, Policy policy);
    event PolicyRetired(uint32 indexed policyId);
    event FeeAnnounced(uint16 feeBps, uint16 poolShareBps, uint256 effectiveAt);
    event TokenAllowed(address indexed token);
    event HookAllowed(address indexed hook);
    /// @notice The fee of a job, to the smallest unit: budget = paid + refunded + toTreasury + toReporters.
    event FeeTaken(uint256 indexed jobId, uint256 toTreasury, uint256 toReporters);
    /// @notice A payment went to the ledger instead of the wallet, or somebody deposited. Fees are announced by {FeeTaken} instead.
    event CreditAdded(address indexed token, address indexed account, uint256 amount);
    event CreditWithdrawn(address indexed token, address indexed account, uint256 amount);
    /// @notice A hook of a house job failed on the way out; the exit went on.
    event HookFailed(uint256 indexed jobId, address indexed hook, bytes4 selector);

    error JobEscrow_UnknownJob(uint256 jobId);
    error JobEscrow_WrongStatus(uint256 jobId, JobStatus status);
    error JobEscrow_NotClient(address caller, address client);
    error JobEscrow_NotProvider(address caller, address provider);
    error JobEscrow_NotEvaluator(address caller, address evaluator);
    error JobEscrow_NotHouseJob(uint256 jobId);
    error JobEscrow_EvaluatorIsZero();
    error JobEscrow_ProviderIsZero();
    error JobEscrow_ProviderAlreadySet(address provider);
    error JobEscrow_ProviderRefused(address provider);
    error JobEscrow_BudgetIsZero();
    error JobEscrow_BudgetTooBig(uint256 amount, uint256 max);
    error JobEscrow_BudgetMismatch(uint256 budget, uint256 expectedBudget);
    error JobEscrow_ExpiryTooShort(uint256 min);
    error JobEscrow_ExpiryTooLong(uint256 expiredAt, uint256 max);
    error JobEscrow_DeadlinePassed(uint256 nowSeconds, uint256 deadline);
    error JobEscrow_TooEarly(uint256 nowSeconds, uint256 earliest);
    error JobEscrow_UnexpectedReceipt(uint256 received, uint256 expected);
    error JobEscrow_SplitTooBig(uint256 providerAmount, uint256 budget);
    error JobEscrow_SignatureInvalid(address signer);
    error JobEscrow_NotHook(address caller, address hook);
    error JobEscrow_CreditTooLow(address token, address account, uint256 credit, uint256 needed);
    error JobEscrow_NoCredit(address token, address account);
    error JobEscrow_UnknownPolicy(uint32 policyId);
    error JobEscrow_PolicyIsRetired(uint32 policyId);
    error JobEscrow_PolicyIsCurrent(uint32 policyId);
    error JobEscrow_NotHousePolicy(address evaluator);
    error JobEscrow_NoHousePolicy(address evaluator, address hook);
    error JobEscrow_TokenNotAllowed(address token);
    error JobEscrow_HookNotAllowed(address hook);
    error JobEscrow_HookLacksInterface(address hook);
    error JobEscrow_HookRefused(address hook, bytes4 selector);
    error JobEscrow_HookGasTooLow(uint256 gasLeft, uint256 required);
    error JobEscrow_FeeNotCurrent(uint16 feeBps, uint16 poolShareBps);
    error JobEscrow_FeeTooHigh(uint16 feeBps, uint16 max);
    error JobEscrow_ShareTooHigh(uint16 poolShareBps, uint16 max);
    error JobEscrow_PassMarkOutOfRange(uint8 passMark, uint8 min, uint8 max);
    error JobEscrow_WindowOutOfRange(bytes32 window, uint32 value, uint32 min, uint32 max);
    error JobEscrow_TooManyPolicies();
    error JobEscrow_AddressIsZero(bytes32 which);

    /* ---------- jobs ---------- */

    /// @notice Creates, prices and funds a house job in one call, from the caller's allowance.
    function hire(HireTerms calldata terms) external returns (uint256 jobId);

    /// @notice As {hire}: the caller pays from its allowance, `client` owns the job and gets what is refunded.
    function hireFor(address client, HireTerms calldata terms) external returns (uint256 jobId);

    /// @notice As {hire}, with the caller's ERC-2612 permit for exactly the budget in the same call.
    /// @dev A permit that fails is ignored: the allowance alone decides.
    function hireWithPermit(
        HireTerms calldata terms,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 jobId);

    /// @notice As {hire}, out of the caller's credit. Fees that treasury and reporters have not withdrawn do not count.
    function hireFromLedger(HireTerms calldata terms) external returns (uint256 jobId);

    /// @notice As {hire}, paid by an ERC-3009 authorization of the client; anybody carries it.
    function hireWithAuthorization(
        HireTerms calldata terms,
        Authorization calldata authorization
    ) external returns (uint256 jobId);

    /// @notice The provider delivers and brings the client's acceptance along; it is paid in the same call.
    /// @param deadline Unix seconds after which the signature is worthless.
    /// @param clientSignature EIP-712 by the client, ECDSA or ERC-1271:
    /// `Acceptance(uint256 jobId,address provider,uint96 budget,bytes32 deliverable,uint256 deadline)`.
    function submitWithAcceptance(
        uint256 jobId,
        bytes32 deliverable,
        uint256 deadline,
        bytes calldata clientSignature
    ) external;

    /// @notice The hook of a house job's row gives a funded job to another provider (R16), up to `workBy`.
    /// @dev Only rows that name a hook have this exit from a silent provider; who may take over is the hook's rule.
    function handOver(uint256 jobId, address provider) external;

    /// @notice The client takes a submitted house job as good; the provider is paid now.
    function accept(uint256 jobId) external;

    /// @notice The provider of a funded house job steps back; the client gets the budget back.
    function decline(uint256 jobId) external;

    /// @notice Anybody, after `workBy` of a funded house job without a submission: the client gets the budget back.
    function noShow(uint256 jobId) external;

    /// @notice Both parties end a funded or submitted house job with an agreed split; anybody carries it.
    /// @param providerAmount What the provider earns, before the fee; the client gets the rest.
    /// @param deadline Unix seconds after which the signatures are worthless.
    /// @param clientSignature EIP-712 by the client, ECDSA or ERC-1271:
    /// `Cancel(uint256 jobId,uint96 providerAmount,uint256 deadline)`.
    /// @param providerSignature The same by the provider.
    function cancel(
        uint256 jobId,
        uint96 providerAmount,
        uint256 deadline,
        bytes calldata clientSignature,
        bytes calldata providerSignature
    ) external;

    /// @notice The oracle ends a submitted house job with a ruling of the court that divides the budget.
    /// @param providerAmount What the provider earns, before the fee; the client gets the rest.
    /// @param reason 32 bytes, for the record.
    function split(uint256 jobId, uint96 providerAmount, bytes32 reason) external;

    /// @notice The job; reverts if it never existed.
    function jobOf(uint256 jobId) external view returns (JobView memory);

    /// @notice What an evaluator must know to settle the job; the evaluator is zero if the job never existed.
    function assessmentOf(uint256 jobId) external view returns (Assessment memory);

    /// @notice What an evaluator must know to take a verdict; all zero unless the job is submitted.
    function submissionOf(uint256 jobId)
        external
        view
        returns (address evaluator, uint32 submittedAt, uint32 verdictSeconds);

    /// @notice Number of jobs ever made; ids run from 1 to this.
    function jobCount() external view returns (uint256);

    /// @notice The digest that both parties sign for {cancel}.
    function cancelDigest(
        uint256 jobId,
        uint96 providerAmount,
        uint256 deadline
    ) external view returns (bytes32);

    /// @notice The digest that the client signs for {submitWithAcceptance}.
    function acceptanceDigest(
        uint256 jobId,
        address provider,
        uint96 budget,
        bytes32 deliverable,
        uint256 deadline
    ) external view returns (bytes32);

    /// @notice The ERC-3009 nonce for these terms: keccak256 of the EIP-712 struct
    /// `Hire(address provider,uint32 policyId,uint96 budget,uint256 expiredAt,uint256 agentId,uint256 listingId,
    /// string description,bytes32 salt)`, without a domain: the token's domain and the payee bind chain and contract.
    function hireNonce(HireTerms calldata terms, bytes32 salt) external pure returns (bytes32);

    /* ---------- money ---------- */

    /// @notice Takes `amount` from the caller's allowance and credits `account`.
    function deposit(address token, address account, uint256 amount) external;

    /// @notice What this contract owes `account` outside of jobs.
    function creditOf(address token, address account) external view returns (uint256);

    /// @notice Sends the caller's credit to the caller.
    function withdraw(address token) external;

    /// @notice Sends `account`'s credit to `account`; anybody may ask for it.
    function withdrawFor(address token, address account) external;

    /* ---------- policy rows ---------- */

    /// @notice Registers a house row; the same terms give the same id. Anybody may, within the bounds.
    function registerPolicy(Policy calldata policy) external returns (uint32 policyId);

    /// @notice Closes a row for new money. The owner may; anybody may once its fee is no longer the current one.
    function retirePolicy(uint32 policyId) external;

    /// @notice The row; reverts if it never existed.
    function policyOf(uint32 policyId) external view returns (Policy memory);

    /// @notice True if the row exists, is a house row and takes new money.
    function isHirable(uint32 policyId) external view returns (bool);

    /// @notice Seconds between `workBy` and `expiredAt` of the row's jobs.
    function tailOf(uint32 policyId) external view returns (uint256);

    /// @notice Least `expiredAt` that {createJob} takes now for this evaluator without a hook.
    function minExpiry(address evaluator) external view returns (uint256);

    /// @notice The fee that new rows must carry now.
    function currentFee() external view returns (uint16 feeBps, uint16 poolShareBps);

    /* ---------- owner: can announce, allow and retire; can never touch a job or its money ---------- */

    /// @notice Announces a fee for new rows, at most MAX_FEE_BPS, after FEE_DELAY. Jobs keep the fee of their row.
    function announceFee(uint16 feeBps, uint16 poolShareBps) external;

    /// @notice Allows a token for new house rows. There is no way back: retire its rows instead.
    function allowToken(address token) external;

    /// @notice Allows a hook for new house rows. There is no way back: retire its rows instead.
    function allowHook(address hook) external;
}
