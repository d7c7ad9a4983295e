// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {IResultOracle} from "../../interfaces/IResultOracle.sol";
import {ReporterStake} from "./ReporterStake.sol";

/// @title Makes a ReporterStake, and says where it will stand before it does
/// @notice Oracle and stake name each other in immutables. The deployer of the market knows the oracle's address
/// beforehand and asks here for the stake's, which follows from its terms alone. Making it is a transaction of its own,
/// because all contracts in one would pass the limits of code (EIP-3860) and gas (EIP-7825). Who makes it, and when,
/// changes nothing.
contract ReporterStakeFactory {
    /// @notice Makes the stake unless it is there.
    function make(
        IERC20 token,
        IResultOracle oracle,
        address treasury,
        uint256 minStake
    ) external returns (ReporterStake stake) {
        stake = ReporterStake(addressOf(token, oracle, treasury, minStake));
        if (address(stake).code.length == 0) {
            new ReporterStake{salt: 0}(token, oracle, treasury, minStake);
        }
    }

    /// @notice Where the stake with these terms stands or will stand.
    function addressOf(
        IERC20 token,
        IResultOracle oracle,
        address treasury,
        uint256 minStake
    ) public view returns (address) {
        bytes memory terms = abi.encode(token, oracle, treasury, minStake);
        return Create2.computeAddress(0, keccak256(bytes.concat(type(ReporterStake).creationCode, terms)));
    }
}
