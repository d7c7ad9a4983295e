// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The chain's coin as a token: what WETH9 and its like have in common
interface IWrappedCoin is IERC20 {
    /// @notice Takes the coins that come with the call and gives the caller as many units.
    function deposit() external payable;

    /// @notice Takes the caller's units and gives as many coins back.
    function withdraw(uint256 amount) external;
}
