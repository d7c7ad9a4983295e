// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IArbitrable, IArbitrator} from "../interfaces/IArbitrator.sol";

/// @title Somebody who brings disputes before a court and names whom it refuses as a juror
contract ArbitrableDouble is IArbitrable {
    IArbitrator public immutable ARBITRATOR;
    mapping(address juror => bool) public isRefused;
    /// @notice Tied by evidence alone: the ABI encoding of its address.
    mapping(address juror => bool) public isTiedByEvidence;

    constructor(IArbitrator arbitrator) {
        ARBITRATOR = arbitrator;
    }

    function refuse(address juror) external {
        isRefused[juror] = true;
    }

    function tie(address juror) external {
        isTiedByEvidence[juror] = true;
    }

    /// @notice Pays the cost out of its own balance.
    function ask(uint256 subject, address token) external returns (uint256) {
        (uint256 cost,) = ARBITRATOR.quote(token);
        IERC20(token).transfer(address(ARBITRATOR), cost);
        return ARBITRATOR.createDispute(subject, token);
    }

    /// @notice Pays less than it costs.
    function askFor(uint256 amount, address token) external returns (uint256) {
        IERC20(token).transfer(address(ARBITRATOR), amount);
        return ARBITRATOR.createDispute(0, token);
    }

    function takeBack(uint256 disputeId) external returns (uint256) {
        return ARBITRATOR.takeRefund(disputeId, address(this));
    }

    function isConflicted(uint256, address juror, bytes calldata evidence) external view returns (bool) {
        return isRefused[juror] || (evidence.length != 0 && isTiedByEvidence[juror]);
    }
}
