// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IResultOracle} from "../../interfaces/IResultOracle.sol";
import {EpochPay} from "./EpochPay.sol";
import {SlashProofs} from "./SlashProofs.sol";
import {StakeBook} from "./StakeBook.sol";

/// @title What reporters put at risk, lose and earn
/// @dev Promises and assumptions are in {IReporterStake}; stakes in {StakeBook}, loss in {SlashProofs}, pay in {EpochPay}.
contract ReporterStake is SlashProofs, EpochPay {
    /// @param oracle Made in the same transaction; nothing is asked of it here.
    constructor(
        IERC20 token,
        IResultOracle oracle,
        address treasury,
        uint256 minStake
    ) StakeBook(token, oracle, treasury, minStake) EIP712("AITBC ReporterStake", "1") {}
}
