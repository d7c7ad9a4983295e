// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";

import {IERC8183Hook} from "../interfaces/IERC8183Hook.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {PolicyBook} from "./PolicyBook.sol";

/// @title Asks the hook of a job around a step (rule R12)
/// @dev Gas-capped, nothing of the answer is copied, always under the escrow's lock. A hook may refuse a step; on the
/// exits of a house job its refusal is written down and the exit goes on.
abstract contract HookCaller is PolicyBook {
    /// @notice Gas that one call of a hook gets.
    uint256 public constant HOOK_GAS = 250_000;
    /// @dev What must be left before the call so that HOOK_GAS can be forwarded (63/64) and the step can end.
    uint256 private constant HOOK_GAS_NEEDED = (HOOK_GAS * 64) / 63 + 10_000;

    /// @inheritdoc PolicyBook
    function _requireHookInterface(address hook) internal view override {
        if (!ERC165Checker.supportsInterface(hook, type(IERC8183Hook).interfaceId)) {
            revert JobEscrow_HookLacksInterface(hook);
        }
    }

    function _askBefore(
        uint256 jobId,
        address hook,
        bytes4 selector,
        bytes memory data,
        bool mayRefuse
    ) internal {
        _requireHookGas();
        if (hook.code.length == 0) return _onHookFailure(jobId, hook, selector, mayRefuse);
        try IERC8183Hook(hook).beforeAction{gas: HOOK_GAS}(jobId, selector, data) {}
        catch {
            _onHookFailure(jobId, hook, selector, mayRefuse);
        }
    }

    function _askAfter(
        uint256 jobId,
        address hook,
        bytes4 selector,
        bytes memory data,
        bool mayRefuse
    ) internal {
        _requireHookGas();
        if (hook.code.length == 0) return _onHookFailure(jobId, hook, selector, mayRefuse);
        try IERC8183Hook(hook).afterAction{gas: HOOK_GAS}(jobId, selector, data) {}
        catch {
            _onHookFailure(jobId, hook, selector, mayRefuse);
        }
    }

    function _requireHookGas() private view {
        if (gasleft() < HOOK_GAS_NEEDED) revert JobEscrow_HookGasTooLow(gasleft(), HOOK_GAS_NEEDED);
    }

    function _onHookFailure(uint256 jobId, address hook, bytes4 selector, bool mayRefuse) private {
        if (mayRefuse) revert JobEscrow_HookRefused(hook, selector);
        emit HookFailed(jobId, hook, selector);
    }
}
