// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {PlainToken} from "./PlainToken.sol";

/// @title Keeps one percent of every transfer
contract FeeOnTransferToken is PlainToken {
    function _update(address from, address to, uint256 amount) internal override(ERC20) {
        if (from == address(0) || to == address(0)) return super._update(from, to, amount);
        uint256 kept = amount / 100;
        super._update(from, address(0), kept);
        super._update(from, to, amount - kept);
    }
}
