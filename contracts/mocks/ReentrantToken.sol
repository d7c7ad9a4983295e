// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {PlainToken} from "./PlainToken.sol";

/// @title Calls back in the middle of every transfer, as ERC-777 does
contract ReentrantToken is PlainToken {
    address private _target;
    bytes private _data;

    /// @notice Whether the last call back went through, and how it failed.
    bool public wentThrough;
    bytes4 public fault;
    uint256 public attempts;

    function arm(address target, bytes calldata data) external {
        _target = target;
        _data = data;
        wentThrough = false;
        fault = 0;
        attempts = 0;
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20) {
        super._update(from, to, amount);
        if (_target == address(0)) return;
        ++attempts;
        (bool success, bytes memory answer) = _target.call(_data);
        wentThrough = wentThrough || success;
        fault = success || answer.length < 4 ? bytes4(0) : bytes4(answer);
    }
}
