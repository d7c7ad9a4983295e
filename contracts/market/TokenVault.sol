// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";

/// @title Money in exactly, money out by its owner
/// @dev The two doors of {PaymentChannels}: a pull that takes what it says or reverts, and credits that only their
/// owner's account receives.
abstract contract TokenVault is IPaymentChannels, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* ---------- storage ---------- */

    /// @inheritdoc IPaymentChannels
    mapping(address token => mapping(address account => uint256)) public creditOf;

    /* ---------- user actions ---------- */

    /// @inheritdoc IPaymentChannels
    function withdraw(address token) external nonReentrant {
        _withdraw(token, msg.sender);
    }

    /// @inheritdoc IPaymentChannels
    function withdrawFor(address token, address account) external nonReentrant {
        _withdraw(token, account);
    }

    /* ---------- internal ---------- */

    function _withdraw(address token, address account) private {
        // Check
        uint256 amount = creditOf[token][account];
        if (amount == 0) revert PaymentChannels_NoCredit(token, account);
        // Effect
        delete creditOf[token][account];
        // Event
        emit CreditWithdrawn(token, account, amount);
        // Interaction
        IERC20(token).safeTransfer(account, amount);
    }

    function _credit(address token, address account, uint256 amount) internal {
        creditOf[token][account] += amount;
    }

    /// @dev Takes exactly `amount` or reverts.
    function _pullExact(address token, address from, uint256 amount) internal {
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - balanceBefore;
        if (received != amount) revert PaymentChannels_UnexpectedReceipt(received, amount);
    }
}
