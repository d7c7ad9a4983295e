// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IERC8004Identity} from "./IERC8004Identity.sol";

/// @title Agents' identities: ERC-8004 with custom errors
/// @notice Deviations from ERC-8004: custom errors where the reference reverts with strings. Nothing else.
///
/// SAFETY assumes: sha2-256 and keccak-256 have no collisions.
/// LIVENESS assumes: nothing; there is no role and no pause.
interface IAgentRegistry is IERC8004Identity {
    /// @notice The caller is neither owner nor operator ("Not authorized" in the reference).
    error AgentRegistry_NotAuthorized(address caller, uint256 agentId);
    /// @notice The key `agentWallet` is set by {setAgentWallet} only ("reserved key").
    error AgentRegistry_ReservedKey(string metadataKey);
    /// @notice The wallet may not be zero ("bad wallet").
    error AgentRegistry_WalletIsZero(uint256 agentId);
    /// @notice The consent is too old ("expired").
    error AgentRegistry_ConsentExpired(uint256 nowSeconds, uint256 deadline);
    /// @notice The consent reaches more than five minutes ahead ("deadline too far").
    error AgentRegistry_DeadlineTooFar(uint256 deadline, uint256 latestDeadline);
    /// @notice The consent is not by the new wallet ("invalid wallet sig").
    error AgentRegistry_WalletSignatureInvalid(address newWallet);

    /// @notice Number of agents ever registered; ids run from 0 to this less one.
    function agentCount() external view returns (uint256);
}
