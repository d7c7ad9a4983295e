// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IJobEscrow} from "../interfaces/IJobEscrow.sol";

/// @title Money of the escrow outside of jobs: credits, fees and the way tokens come in and go out
/// @dev Per token: balance of this contract >= open budgets + credits + fees, equal without donations (INV-ESC-01).
abstract contract CreditLedger is IJobEscrow, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* ---------- types ---------- */

    /// @dev One slot, so that a settlement writes both fees at once. A budget is below 2^96, so that each half
    /// takes 2^32 settlements of the largest job before it is full.
    struct FeeAccrual {
        uint128 treasury;
        uint128 reporters;
    }

    /* ---------- immutables ---------- */

    /// @notice Who owns the house's part of the fees.
    address public immutable TREASURY;
    /// @notice Who owns the reporters' part of the fees.
    address public immutable REPORTERS_POOL;

    /* ---------- storage ---------- */

    mapping(address token => mapping(address account => uint256 amount)) private _credits;
    mapping(address token => FeeAccrual) private _fees;

    /* ---------- constructor ---------- */

    constructor(address treasury, address reportersPool) {
        if (treasury == address(0)) revert JobEscrow_AddressIsZero("treasury");
        if (reportersPool == address(0)) revert JobEscrow_AddressIsZero("reportersPool");
        TREASURY = treasury;
        REPORTERS_POOL = reportersPool;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IJobEscrow
    function creditOf(address token, address account) public view returns (uint256 amount) {
        amount = _credits[token][account];
        if (account == TREASURY) amount += _fees[token].treasury;
        if (account == REPORTERS_POOL) amount += _fees[token].reporters;
    }

    /* ---------- user actions ---------- */

    /// @inheritdoc IJobEscrow
    function deposit(address token, address account, uint256 amount) external nonReentrant {
        // Check
        if (account == address(0)) revert JobEscrow_AddressIsZero("account");
        // Effect
        _credits[token][account] += amount;
        // Event
        emit CreditAdded(token, account, amount);
        // Interaction
        _pullExact(token, msg.sender, amount);
    }

    /// @inheritdoc IJobEscrow
    function withdraw(address token) external nonReentrant {
        _withdraw(token, msg.sender);
    }

    /// @inheritdoc IJobEscrow
    function withdrawFor(address token, address account) external nonReentrant {
        _withdraw(token, account);
    }

    /* ---------- internal ---------- */

    function _withdraw(address token, address account) private {
        // Check
        uint256 amount = creditOf(token, account);
        if (amount == 0) revert JobEscrow_NoCredit(token, account);
        // Effect
        delete _credits[token][account];
        if (account == TREASURY) _fees[token].treasury = 0;
        if (account == REPORTERS_POOL) _fees[token].reporters = 0;
        // Event
        emit CreditWithdrawn(token, account, amount);
        // Interaction
        IERC20(token).safeTransfer(account, amount);
    }

    function _accrueFee(address token, uint256 toTreasury, uint256 toReporters) internal {
        FeeAccrual memory fees = _fees[token];
        // forge-lint: disable-next-line(unsafe-typecast) a fee is below 2^96
        fees.treasury += uint128(toTreasury);
        // forge-lint: disable-next-line(unsafe-typecast) a fee is below 2^96
        fees.reporters += uint128(toReporters);
        _fees[token] = fees;
    }

    /// @dev Of what {deposit} and refused or ledger-only payments left; fees not withdrawn yet do not count.
    function _spendCredit(address token, address account, uint256 amount) internal {
        mapping(address account => uint256) storage credits = _credits[token];
        uint256 credit = credits[account];
        if (credit < amount) revert JobEscrow_CreditTooLow(token, account, credit, amount);
        // No underflow: checked above.
        unchecked {
            credits[account] = credit - amount;
        }
    }

    /// @dev Takes exactly `amount` or reverts: a token that keeps a part on the way is refused.
    function _pullExact(address token, address from, uint256 amount) internal {
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        _requireReceived(token, balanceBefore, amount);
    }

    function _requireReceived(address token, uint256 balanceBefore, uint256 amount) internal view {
        uint256 received = IERC20(token).balanceOf(address(this)) - balanceBefore;
        if (received != amount) revert JobEscrow_UnexpectedReceipt(received, amount);
    }

    /// @dev Sends, and keeps a credit if the token refuses or the row is ledger-only. Never reverts by the token.
    function _payOrCredit(address token, address to, uint256 amount, bool isLedgerOnly) internal {
        if (amount == 0) return;
        if (!isLedgerOnly && IERC20(token).trySafeTransfer(to, amount)) return;
        _credits[token][to] += amount;
        emit CreditAdded(token, to, amount);
    }
}
