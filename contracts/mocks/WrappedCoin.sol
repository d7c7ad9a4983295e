// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IWrappedCoin} from "../interfaces/IWrappedCoin.sol";

/// @title The local chain's coin as a token, one unit for one wei
/// @notice For chains without a wrapped coin of their own; elsewhere name the one that everybody uses.
contract WrappedCoin is ERC20, IWrappedCoin {
    constructor() ERC20("Wrapped Coin", "WCOIN") {}

    /// @notice Coins that come without a word are wrapped too.
    receive() external payable {
        _mint(msg.sender, msg.value);
    }

    /// @inheritdoc IWrappedCoin
    function deposit() external payable {
        _mint(msg.sender, msg.value);
    }

    /// @inheritdoc IWrappedCoin
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }
}
