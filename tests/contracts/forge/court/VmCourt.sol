// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {VmMore} from "../support/VmMore.sol";

/// @title Cheat codes for blocks
interface VmCourt is VmMore {
    function setBlockhash(uint256 blockNumber, bytes32 blockHash) external;
}
