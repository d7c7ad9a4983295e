// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IWrappedCoin} from "../interfaces/IWrappedCoin.sol";

/// @title Hiring with the chain's coin: wrapped on entry, paid and refunded as the token (R11)
/// @notice The caller sends exactly the budget along; nobody needs an allowance. Whoever is paid unwraps by itself.
/// The desk keeps nothing, owes nothing and takes coins in no other way.
///
/// SAFETY assumes: the wrapped coin gives one unit for one coin, as WETH9 does.
contract CoinDesk is ReentrancyGuardTransient {
    using SafeERC20 for IWrappedCoin;

    error CoinDesk_AddressIsZero(bytes32 which);
    error CoinDesk_NotCoinRow(uint32 policyId, address token);
    error CoinDesk_ValueMismatch(uint256 value, uint256 budget);

    IJobEscrow public immutable ESCROW;
    IWrappedCoin public immutable COIN;

    constructor(IJobEscrow escrow, IWrappedCoin coin) {
        if (address(escrow) == address(0)) revert CoinDesk_AddressIsZero("escrow");
        if (address(coin) == address(0)) revert CoinDesk_AddressIsZero("coin");
        ESCROW = escrow;
        COIN = coin;
    }

    /// @notice Makes and funds a house job under a row in the wrapped coin; the caller is the client.
    function hire(IJobEscrow.HireTerms calldata terms) external payable nonReentrant returns (uint256 jobId) {
        // Check
        address token = ESCROW.policyOf(terms.policyId).token;
        if (token != address(COIN)) revert CoinDesk_NotCoinRow(terms.policyId, token);
        if (msg.value != terms.budget) revert CoinDesk_ValueMismatch(msg.value, terms.budget);
        // Interaction
        COIN.deposit{value: msg.value}();
        COIN.forceApprove(address(ESCROW), msg.value);
        return ESCROW.hireFor(msg.sender, terms);
    }
}
