// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IERC8183Hook} from "../interfaces/IERC8183Hook.sol";

/// @title A hook that records what it is asked, and misbehaves when told
contract HookDouble is IERC8183Hook {
    enum Manner {
        Record,
        Refuse,
        BurnGas,
        ReturnBomb,
        Reenter
    }

    error HookDouble_Refused();

    Manner public manner;
    address private _target;
    bytes private _data;
    uint256 public beforeCount;
    uint256 public afterCount;
    bytes4 public lastSelector;
    bytes public lastData;
    bytes4 public fault;

    function setManner(Manner manner_) external {
        manner = manner_;
    }

    function armReentry(address target, bytes calldata data) external {
        manner = Manner.Reenter;
        _target = target;
        _data = data;
    }

    function beforeAction(uint256, bytes4 selector, bytes calldata data) external {
        ++beforeCount;
        _behave(selector, data);
    }

    function afterAction(uint256, bytes4 selector, bytes calldata data) external {
        ++afterCount;
        _behave(selector, data);
    }

    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC8183Hook).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _behave(bytes4 selector, bytes calldata data) private {
        lastSelector = selector;
        lastData = data;
        if (manner == Manner.Refuse) revert HookDouble_Refused();
        if (manner == Manner.Reenter) {
            (bool success, bytes memory answer) = _target.call(_data);
            fault = success || answer.length < 4 ? bytes4(0) : bytes4(answer);
        }
        if (manner == Manner.BurnGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (manner == Manner.ReturnBomb) {
            assembly ("memory-safe") {
                revert(0, 100000)
            }
        }
    }
}
