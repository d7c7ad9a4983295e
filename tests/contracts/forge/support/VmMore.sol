// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Vm} from "../Vm.sol";

/// @title Cheat codes beyond those of every test
interface VmMore is Vm {
    function assertEq(int256 left, int256 right, string calldata label) external pure;
    function assertLt(uint256 left, uint256 right, string calldata label) external pure;
    function assertGt(uint256 left, uint256 right, string calldata label) external pure;
    function assertNotEq(bytes32 left, bytes32 right, string calldata label) external pure;
    function expectRevert() external;
    function expectPartialRevert(bytes4 selector) external;
    function deal(address account, uint256 newBalance) external;
    function mockCall(address target, bytes calldata data, bytes calldata answer) external;
    function roll(uint256 newHeight) external;
    function readFile(string calldata path) external view returns (string memory data);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function startStateDiffRecording() external;
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool success);
    function record() external;
    function accesses(address target) external returns (bytes32[] memory reads, bytes32[] memory writes);
}
