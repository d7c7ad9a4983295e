// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IHiringDesk} from "../interfaces/IHiringDesk.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";

/// @title What every desk does: take a client's money and hire for it, hold bonds, owe credits
/// @dev The escrow does not know the desks: they use {IJobEscrow-hireFor}, which anybody may. A desk holds no budget
/// beyond the call that hires, and no allowance of its own is left at the escrow.
abstract contract HiringDesk is IHiringDesk, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IHiringDesk
    IJobEscrow public immutable ESCROW;

    /// @inheritdoc IHiringDesk
    mapping(address token => mapping(address account => uint256)) public creditOf;

    constructor(IJobEscrow escrow) {
        if (address(escrow) == address(0)) revert HiringDesk_AddressIsZero("escrow");
        ESCROW = escrow;
    }

    /// @inheritdoc IHiringDesk
    function withdrawFor(address token, address account) external nonReentrant {
        // Check
        uint256 amount = creditOf[token][account];
        if (amount == 0) revert HiringDesk_NoCredit(token, account);
        // Effect
        delete creditOf[token][account];
        // Event
        emit CreditWithdrawn(token, account, amount);
        // Interaction
        IERC20(token).safeTransfer(account, amount);
    }

    /// @dev Interaction. The client pays the budget now and owns the job.
    function _hireFor(address client, IJobEscrow.HireTerms memory terms) internal returns (uint256 jobId) {
        address token = _tokenOf(terms.policyId);
        _pullExact(token, client, terms.budget);
        IERC20(token).forceApprove(address(ESCROW), terms.budget);
        jobId = ESCROW.hireFor(client, terms);
    }

    /// @dev Interaction. Takes exactly `amount` or reverts: bonds of others must not make up for a missing part.
    function _pullExact(address token, address from, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - balanceBefore;
        if (received != amount) revert HiringDesk_UnexpectedReceipt(received, amount);
    }

    function _credit(address token, address account, uint256 amount) internal {
        if (amount == 0) return;
        creditOf[token][account] += amount;
        emit CreditAdded(token, account, amount);
    }

    /// @dev Of the job's row; reverts if the row does not exist.
    function _tokenOf(uint32 policyId) internal view returns (address) {
        return ESCROW.policyOf(policyId).token;
    }

    /// @dev The `expiredAt` that leaves `workSeconds` from now.
    function _expiredAt(uint32 policyId, uint256 workSeconds) internal view returns (uint256) {
        return block.timestamp + workSeconds + ESCROW.tailOf(policyId);
    }
}
