// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {PlainToken} from "./PlainToken.sol";

/// @title Refuses to pay whom its owner blocks, in one of three ways
contract BlockListToken is PlainToken {
    enum Manner {
        Revert,
        ReturnFalse,
        BurnGas
    }

    error BlockListToken_Blocked(address account);

    mapping(address account => bool) public isBlocked;
    Manner public manner;

    function setBlocked(address account, bool blocked, Manner manner_) external {
        isBlocked[account] = blocked;
        manner = manner_;
    }

    function transfer(address to, uint256 amount) public override(ERC20) returns (bool) {
        if (isBlocked[to]) {
            if (manner == Manner.ReturnFalse) return false;
            if (manner == Manner.Revert) revert BlockListToken_Blocked(to);
            assembly ("memory-safe") {
                invalid()
            }
        }
        return super.transfer(to, amount);
    }
}
