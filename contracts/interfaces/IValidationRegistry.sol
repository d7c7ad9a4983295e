// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC8004Validation} from "./IERC8004Validation.sol";

/// @title Validation of agents' work: ERC-8004 with custom errors, and requests with a bond and a deadline
/// @notice Deviations from ERC-8004: custom errors where the reference reverts with strings; agent ids and times are
/// below 2^32. Nothing else. What the standard leaves open is told by {validationOf}: whether an answer exists, by
/// when it is due, what it earns. A validator may be anybody, also the agent's own owner: a reader of {getSummary}
/// names the validators it believes.
///
/// A request with a bond pays the validator for its first answer in time; without one the requester takes the bond
/// back. Both are credits that their owner withdraws.
///
/// SAFETY assumes: the identity registry answers truthfully; the bond token moves exactly what it says and never
/// shrinks balances by itself (a fee on the way in is refused).
/// LIVENESS assumes: the bond token lets this contract pay out. There is no role and no pause.
interface IValidationRegistry is IERC8004Validation {
    /// @notice A request and all that is known about it.
    struct Validation {
        address validatorAddress;
        uint256 agentId;
        bool hasResponse;
        uint8 response;
        bytes32 responseHash;
        string tag;
        /// @dev Unix seconds of the request or the newest answer.
        uint32 lastUpdate;
        /// @dev Unix seconds; the last in which a first answer counts, zero without a deadline.
        uint32 answerBy;
        /// @dev Smallest units of the bond token still locked here.
        uint96 bond;
        /// @dev Who gets the bond back, zero without one.
        address requester;
    }

    /// @notice Follows ValidationRequest.
    event ValidationBonded(
        bytes32 indexed requestHash, address indexed requester, uint96 bond, uint32 answerBy
    );
    /// @notice A bond went to the credit of `account`.
    event BondReleased(bytes32 indexed requestHash, address indexed account, uint96 bond);
    event CreditWithdrawn(address indexed account, uint256 amount);

    error ValidationRegistry_NotAuthorized(address caller, uint256 agentId);
    error ValidationRegistry_ValidatorIsZero();
    /// @notice "exists" in the reference.
    error ValidationRegistry_RequestExists(bytes32 requestHash);
    error ValidationRegistry_UnknownRequest(bytes32 requestHash);
    error ValidationRegistry_NotValidator(address caller, address validator);
    error ValidationRegistry_ResponseTooHigh(uint8 response, uint8 max);
    error ValidationRegistry_DeadlinePassed(uint256 nowSeconds, uint256 answerBy);
    error ValidationRegistry_DeadlineOutOfRange(uint256 answerBy, uint256 earliest, uint256 latest);
    error ValidationRegistry_TooEarly(uint256 nowSeconds, uint256 earliest);
    error ValidationRegistry_NoBond(bytes32 requestHash);
    error ValidationRegistry_NoCredit(address account);
    error ValidationRegistry_UnexpectedReceipt(uint256 received, uint256 expected);
    error ValidationRegistry_AgentIdTooBig(uint256 agentId);
    error ValidationRegistry_AddressIsZero(bytes32 which);

    /// @notice As {validationRequest}, with a deadline for the first answer and a bond for the one who gives it.
    /// @param answerBy Unix seconds, after now and at most a year ahead.
    /// @param bond Pulled from the caller's allowance; may be zero.
    function validationRequestWithBond(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash,
        uint32 answerBy,
        uint96 bond
    ) external;

    /// @notice Anybody, after `answerBy` without an answer: the bond goes to the requester's credit.
    function reclaimBond(bytes32 requestHash) external;

    /// @notice Sends the credit of `account` to it. Anybody may.
    function withdrawFor(address account) external;

    /// @notice Everything about a request. Reverts if unknown.
    function validationOf(bytes32 requestHash) external view returns (Validation memory);

    /// @notice True once the named validator answered.
    function hasResponse(bytes32 requestHash) external view returns (bool);

    /// @notice What `account` can withdraw, in the smallest unit of the bond token.
    function creditOf(address account) external view returns (uint256);

    /// @notice Requests about an agent, a page at a time.
    function agentValidationsPage(
        uint256 agentId,
        uint256 offset,
        uint256 limit
    ) external view returns (bytes32[] memory);
}
