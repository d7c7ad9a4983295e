// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IJobEscrow} from "./IJobEscrow.sol";

/// @title What all desks share: they hire at one escrow for clients, and owe bonds that are given back as credits
/// @notice A desk is a way to agree before a job exists. It has no role, no owner and no pause, and the escrow treats
/// it as anybody. The client gives its allowance to the desk and calls it itself; only then does its money move, and
/// only into a job of its own.
///
/// SAFETY assumes: the escrow follows {IJobEscrow}; a token moves what it says (a fee on the way in is refused).
/// LIVENESS assumes: the token lets the desk pay out. A token that refuses one account leaves that account's credit.
interface IHiringDesk {
    event CreditAdded(address indexed token, address indexed account, uint256 amount);
    event CreditWithdrawn(address indexed token, address indexed account, uint256 amount);

    error HiringDesk_AddressIsZero(bytes32 which);
    error HiringDesk_NoCredit(address token, address account);
    error HiringDesk_UnexpectedReceipt(uint256 received, uint256 expected);

    /// @notice Where the jobs are made.
    function ESCROW() external view returns (IJobEscrow);

    /// @notice What the desk owes `account`: bonds that came free or were won.
    function creditOf(address token, address account) external view returns (uint256);

    /// @notice Sends `account`'s credit to `account`; anybody may ask for it.
    function withdrawFor(address token, address account) external;
}
