// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC8183Hook} from "./IERC8183Hook.sol";
import {IHiringDesk} from "./IHiringDesk.sol";
import {IJobEscrow} from "./IJobEscrow.sol";

/// @title Provider bond, late penalty, and another provider when the first stays silent
/// @notice The hook of house rows that promise more than a refund. The client hires through this desk and says how much
/// the provider must lock, by when it must start, when the work is due, and whether anybody may take a job that
/// nobody started (R16). The terms are on chain before anybody starts; starting is agreeing to them.
///
/// **Priority, then anyone.** Until `startBy` only the hired provider may start. Afterwards the first of these has the
/// job: the hired provider starts late, somebody whom the client signed takes over, or, if the client opted in, anybody
/// takes it with the bond. There is one hand-over at most.
///
/// **Bond.** It comes back whole when the job is completed in time or cancelled at nothing by both. Completed late, the
/// client gets `bond * lateBps / 10_000 * late / (workBy - dueAt)`, rounded down, and the provider the rest. Rejected,
/// declined after the start, or never delivered, the client gets all of it. If the oracle is dead and the job
/// expires, a provider that had delivered gets its bond back.
///
/// Jobs under the same rows that were hired elsewhere carry no such terms, and the desk stays out of their way.
///
/// SAFETY assumes: as {IHiringDesk}; the escrow asks its hook as {IERC8183Hook} says. The desk can change the provider
/// of a funded job under its own rows by the rules above, and nothing else.
/// LIVENESS assumes: nothing; {conclude} is for anybody as soon as the job has ended.
interface IWorkDesk is IHiringDesk, IERC8183Hook {
    /// @notice What a client asks beyond the job's own terms.
    struct Care {
        /// @dev Smallest units of the row's token, that the provider locks to start. May be zero.
        uint96 bond;
        /// @dev From hire; until then the hired provider alone may start.
        uint32 startSeconds;
        /// @dev From hire; what is delivered later is late.
        uint32 dueSeconds;
        /// @dev Part of the bond that is lost at `workBy`, in 1/10_000; less in proportion before it.
        uint16 lateBps;
        /// @dev Anybody may take the job when nobody started in time.
        bool isOpenToAll;
    }

    /// @notice A job that was hired here.
    struct Deal {
        uint96 bond;
        uint32 startBy;
        uint32 dueAt;
        uint32 workBy;
        /// @dev Unix seconds; zero until delivered.
        uint32 deliveredAt;
        uint16 lateBps;
        bool isOpenToAll;
        bool isHandedOver;
        /// @dev The bond was given to whom it belongs.
        bool isConcluded;
        address token;
        /// @dev Who started and locked the bond; zero until then.
        address worker;
    }

    event DealMade(uint256 indexed jobId, address indexed client, address indexed provider, Care care);
    event JobStarted(uint256 indexed jobId, address indexed worker, uint96 bond, bool isHandedOver);
    event DealConcluded(uint256 indexed jobId, address indexed worker, uint256 toWorker, uint256 toClient);

    error WorkDesk_NotEscrow(address caller);
    error WorkDesk_NotOurRow(uint32 policyId, address hook);
    error WorkDesk_TimesOutOfOrder(uint256 startBy, uint256 dueAt, uint256 workBy);
    error WorkDesk_LateShareTooHigh(uint16 lateBps, uint16 max);
    error WorkDesk_NoDeal(uint256 jobId);
    error WorkDesk_AlreadyStarted(uint256 jobId, address worker);
    error WorkDesk_NotStarted(uint256 jobId);
    error WorkDesk_NotProvider(address caller, address provider);
    error WorkDesk_StillReserved(uint256 nowSeconds, uint256 startBy);
    error WorkDesk_NotOpenToAll(uint256 jobId);
    error WorkDesk_NotFunded(uint256 jobId);
    error WorkDesk_NotOver(uint256 jobId);
    error WorkDesk_AlreadyConcluded(uint256 jobId);
    error WorkDesk_DeadlinePassed(uint256 nowSeconds, uint256 deadline);
    error WorkDesk_SignatureInvalid(address client);

    /// @notice The caller hires under a row whose hook is this desk, from its allowance to the desk.
    function hire(IJobEscrow.HireTerms calldata terms, Care calldata care) external returns (uint256 jobId);

    /// @notice The hired provider locks the bond and may deliver from then on.
    function start(uint256 jobId) external;

    /// @notice Anybody locks the bond of a job that nobody started in time and has it from then on.
    function take(uint256 jobId) external;

    /// @notice As {take}, by the one whom the client signed, also where the job is not open to all.
    /// @param deadline Unix seconds after which the signature is worthless.
    /// @param clientSignature EIP-712 (domain "AITBC WorkDesk", version "1"), ECDSA or ERC-1271:
    /// `Reassign(uint256 jobId,address provider,uint256 deadline)`.
    function takeAssigned(uint256 jobId, uint256 deadline, bytes calldata clientSignature) external;

    /// @notice Anybody, once the job has ended: gives the bond to whom it belongs, if that has not happened with the end.
    function conclude(uint256 jobId) external;

    /// @notice The deal; all zero for a job that was hired elsewhere.
    function dealOf(uint256 jobId) external view returns (Deal memory);

    /// @notice What the client signs for {takeAssigned}.
    function reassignDigest(uint256 jobId, address provider, uint256 deadline) external view returns (bytes32);
}
