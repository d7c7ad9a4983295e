// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VmMore} from "../support/VmMore.sol";

/// @title What the symbolic tests share
/// @dev `check_` functions are proven by halmos for every input (`make security`); forge does not run them. A plain
/// `assert` is the property, `vm.assume` the width that a caller of the code keeps.
abstract contract SymbolicTest {
    VmMore internal constant vm = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));
}
