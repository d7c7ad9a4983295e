// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title ERC-8183 hook: asked before and after each step of a job that names it
/// @notice Draft of August 2026. `data` is `abi.encode(address,bytes)` for setProvider,
/// `abi.encode(uint256,bytes)` for setBudget, the raw `optParams` for fund, and
/// `abi.encode(bytes32,bytes)` for submit, complete and reject. claimRefund asks nobody.
interface IERC8183Hook is IERC165 {
    /// @notice Called before the step's effects. A revert refuses the step.
    function beforeAction(uint256 jobId, bytes4 selector, bytes calldata data) external;

    /// @notice Called after the step's effects. A revert undoes the step.
    function afterAction(uint256 jobId, bytes4 selector, bytes calldata data) external;
}
