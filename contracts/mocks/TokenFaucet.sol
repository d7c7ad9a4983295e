// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Gives tokens away on a local chain
/// @notice Holds a part of the first supply and sends at most MAX_DRIP a call to whoever asks. Never deploy it where the
/// token has a price.
contract TokenFaucet {
    using SafeERC20 for IERC20;

    error TokenFaucet_DripTooBig(uint256 amount, uint256 max);

    uint256 public constant MAX_DRIP = 10_000e18;

    /// @notice Sends `amount` smallest units of `token` to `to`.
    function drip(IERC20 token, address to, uint256 amount) external {
        if (amount > MAX_DRIP) revert TokenFaucet_DripTooBig(amount, MAX_DRIP);
        token.safeTransfer(to, amount);
    }
}
