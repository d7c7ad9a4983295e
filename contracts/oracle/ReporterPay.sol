// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IResultOracle} from "../interfaces/IResultOracle.sol";

/// @title The reporters' set and its pay: equal parts of every fee, whatever the verdicts said
/// @dev Equal parts lean nobody towards a verdict (rule R14). What does not divide waits for the next fee.
abstract contract ReporterPay is IResultOracle {
    using SafeERC20 for IERC20;

    /* ---------- constants and immutables ---------- */

    /// @dev Bits of a signer bitmap.
    uint256 internal constant MAX_REPORTERS = 255;

    IJobEscrow public immutable ESCROW;

    /* ---------- storage ---------- */

    address[] private _reporters;
    /// @dev Index in `_reporters` plus one, zero for strangers.
    mapping(address reporter => uint256) private _seatOf;
    mapping(address token => uint256) private _totalPaid;
    mapping(address token => mapping(address reporter => uint256)) private _paidTo;

    /* ---------- constructor ---------- */

    constructor(IJobEscrow escrow, address[] memory reporters_) {
        if (address(escrow) == address(0)) revert ResultOracle_EscrowIsZero();
        if (reporters_.length > MAX_REPORTERS) {
            revert ResultOracle_TooManyReporters(reporters_.length, MAX_REPORTERS);
        }
        ESCROW = escrow;
        _reporters = reporters_;
        for (uint256 i = 0; i < reporters_.length; ++i) {
            address reporter = reporters_[i];
            if (reporter == address(0) || _seatOf[reporter] != 0) {
                revert ResultOracle_ReporterSetInvalid(reporter);
            }
            _seatOf[reporter] = i + 1;
        }
    }

    /* ---------- views ---------- */

    /// @inheritdoc IResultOracle
    function reporters() external view returns (address[] memory) {
        return _reporters;
    }

    /// @inheritdoc IResultOracle
    function reporterPayOf(address token, address reporter) public view returns (uint256) {
        if (_seatOf[reporter] == 0) return 0;
        uint256 waiting = ESCROW.creditOf(token, address(this));
        uint256 received = IERC20(token).balanceOf(address(this)) + _totalPaid[token] + waiting;
        return received / _reporters.length - _paidTo[token][reporter];
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IResultOracle
    function payReporter(address token, address reporter) external {
        // Check
        uint256 amount = reporterPayOf(token, reporter);
        if (amount == 0) revert ResultOracle_NothingDue(token, reporter);
        // Effect
        _totalPaid[token] += amount;
        _paidTo[token][reporter] += amount;
        // Event
        emit ReporterPaid(token, reporter, amount);
        // Interaction
        if (ESCROW.creditOf(token, address(this)) != 0) ESCROW.withdrawFor(token, address(this));
        IERC20(token).safeTransfer(reporter, amount);
    }

    /* ---------- internal ---------- */

    function _seat(address reporter) internal view returns (uint256) {
        return _seatOf[reporter];
    }
}
