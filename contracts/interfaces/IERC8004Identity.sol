// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title ERC-8004 Identity registry, version 2.0.0 of the ABI
/// @notice An agent is an ERC-721 token; its URI names the registration file. The first id is 0, so 0 never
/// means "none". Together with ERC-721, ERC-721 URI storage, ERC-4906 and ERC-5267.
interface IERC8004Identity {
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);
    event MetadataSet(
        uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue
    );
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);

    /// @notice Registers the caller's agent without a URI.
    function register() external returns (uint256 agentId);

    /// @notice Registers the caller's agent with the URI of its registration file.
    function register(string calldata agentURI) external returns (uint256 agentId);

    /// @notice Registers with URI and metadata. The key `agentWallet` is reserved.
    function register(
        string calldata agentURI,
        MetadataEntry[] calldata metadata
    ) external returns (uint256 agentId);

    /// @notice Owner or operator changes the registration file.
    function setAgentURI(uint256 agentId, string calldata newURI) external;

    /// @notice Value of `metadataKey`, empty if unset.
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory);

    /// @notice Owner or operator sets metadata. The key `agentWallet` is reserved.
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external;

    /// @notice Where the agent is paid; zero after a transfer until the new owner sets it.
    function getAgentWallet(uint256 agentId) external view returns (address);

    /// @notice Owner or operator sets the wallet, with the new wallet's own consent.
    /// @param deadline Unix seconds, at most five minutes ahead.
    /// @param signature By `newWallet` (ECDSA, or ERC-1271 if it has code) over
    /// `AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)`.
    function setAgentWallet(
        uint256 agentId,
        address newWallet,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Owner or operator clears the wallet.
    function unsetAgentWallet(uint256 agentId) external;

    /// @notice True for owner, approved address and operators. Reverts for an unknown agent.
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool);

    /// @notice The version of the ABI, "2.0.0".
    function getVersion() external pure returns (string memory);
}
