// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IAgentRegistry} from "../interfaces/IAgentRegistry.sol";
import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {PackedUri, StoredUri} from "../libraries/PackedUri.sol";
import {Signatures} from "../libraries/Signatures.sol";

/// @title Agents' identities
/// @dev Promises and assumptions are in {IAgentRegistry}. The wallet of an agent that was never transferred is its
/// owner and takes no storage; CLEARED stands for "none".
contract AgentRegistry is IAgentRegistry, ERC721, IERC4906, EIP712 {
    using PackedUri for StoredUri;

    /* ---------- constants ---------- */

    bytes32 private constant AGENT_WALLET_SET_TYPEHASH =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");
    bytes32 private constant WALLET_KEY_HASH = keccak256("agentWallet");
    string private constant WALLET_KEY = "agentWallet";
    uint256 public constant MAX_CONSENT_SECONDS = 5 minutes;
    bytes4 private constant ERC4906_INTERFACE_ID = 0x49064906;
    address private constant CLEARED = address(1);

    /* ---------- storage ---------- */

    /// @inheritdoc IAgentRegistry
    uint256 public agentCount;
    mapping(uint256 agentId => StoredUri) private _uris;
    /// @dev Zero: the first owner. CLEARED: none.
    mapping(uint256 agentId => address) private _wallets;
    mapping(uint256 agentId => mapping(string metadataKey => bytes)) private _metadata;

    /* ---------- constructor ---------- */

    constructor() ERC721("AgentIdentity", "AGENT") EIP712("ERC8004IdentityRegistry", "1") {}

    /* ---------- views ---------- */

    /// @inheritdoc IERC8004Identity
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @notice The URI of the agent's registration file. Reverts for an unknown agent.
    function tokenURI(uint256 agentId) public view override returns (string memory) {
        _requireOwned(agentId);
        return _uris[agentId].load();
    }

    /// @inheritdoc IERC8004Identity
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory) {
        if (keccak256(bytes(metadataKey)) == WALLET_KEY_HASH) {
            address wallet = getAgentWallet(agentId);
            return wallet == address(0) ? bytes("") : abi.encodePacked(wallet);
        }
        return _metadata[agentId][metadataKey];
    }

    /// @inheritdoc IERC8004Identity
    function getAgentWallet(uint256 agentId) public view returns (address) {
        address wallet = _wallets[agentId];
        if (wallet == address(0)) return _ownerOf(agentId);
        return wallet == CLEARED ? address(0) : wallet;
    }

    /// @inheritdoc IERC8004Identity
    function isAuthorizedOrOwner(address spender, uint256 agentId) public view returns (bool) {
        return _isAuthorized({owner: _requireOwned(agentId), spender: spender, tokenId: agentId});
    }

    /// @inheritdoc ERC721
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == ERC4906_INTERFACE_ID || super.supportsInterface(interfaceId);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IERC8004Identity
    function register() external returns (uint256 agentId) {
        // Effect and event
        agentId = _mintNext();
        emit Registered(agentId, "", msg.sender);
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, abi.encodePacked(msg.sender));
        // Interaction
        _requireReceiver(agentId);
    }

    /// @inheritdoc IERC8004Identity
    function register(string calldata agentURI) external returns (uint256 agentId) {
        // Effect and event
        agentId = _register(agentURI);
        // Interaction
        _requireReceiver(agentId);
    }

    /// @inheritdoc IERC8004Identity
    function register(
        string calldata agentURI,
        MetadataEntry[] calldata metadata
    ) external returns (uint256 agentId) {
        // Effect and event
        agentId = _register(agentURI);
        for (uint256 i = 0; i < metadata.length; ++i) {
            _setMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }
        // Interaction
        _requireReceiver(agentId);
    }

    /* ---------- owner or operator of the agent ---------- */

    /// @inheritdoc IERC8004Identity
    function setAgentURI(uint256 agentId, string calldata newURI) external {
        // Check
        _requireAuthorized(agentId);
        // Effect
        _setUri(agentId, newURI);
        // Event
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    /// @inheritdoc IERC8004Identity
    function setMetadata(
        uint256 agentId,
        string calldata metadataKey,
        bytes calldata metadataValue
    ) external {
        // Check
        _requireAuthorized(agentId);
        // Effect and event
        _setMetadata(agentId, metadataKey, metadataValue);
    }

    /// @inheritdoc IERC8004Identity
    function setAgentWallet(
        uint256 agentId,
        address newWallet,
        uint256 deadline,
        bytes calldata signature
    ) external {
        // Check
        _requireAuthorized(agentId);
        if (newWallet == address(0) || newWallet == CLEARED) revert AgentRegistry_WalletIsZero(agentId);
        if (block.timestamp > deadline) revert AgentRegistry_ConsentExpired(block.timestamp, deadline);
        uint256 latest = block.timestamp + MAX_CONSENT_SECONDS;
        if (deadline > latest) revert AgentRegistry_DeadlineTooFar(deadline, latest);
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(AGENT_WALLET_SET_TYPEHASH, agentId, newWallet, ownerOf(agentId), deadline))
        );
        if (!Signatures.isBy(newWallet, digest, signature)) {
            revert AgentRegistry_WalletSignatureInvalid(newWallet);
        }
        // Effect
        _wallets[agentId] = newWallet;
        // Event
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, abi.encodePacked(newWallet));
    }

    /// @inheritdoc IERC8004Identity
    function unsetAgentWallet(uint256 agentId) external {
        // Check
        _requireAuthorized(agentId);
        // Effect and event
        _clearWallet(agentId);
    }

    /* ---------- internal ---------- */

    function _register(string calldata agentURI) private returns (uint256 agentId) {
        agentId = _mintNext();
        _setUri(agentId, agentURI);
        emit Registered(agentId, agentURI, msg.sender);
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, abi.encodePacked(msg.sender));
    }

    function _mintNext() private returns (uint256 agentId) {
        agentId = agentCount++;
        _mint(msg.sender, agentId);
    }

    /// @dev A contract that registers is asked by ERC-721 whether it can hold a token. It is asked last: whatever it
    /// does with the agent in its answer comes after the events of the registration, as it comes after its effects.
    function _requireReceiver(uint256 agentId) private {
        ERC721Utils.checkOnERC721Received({
            operator: msg.sender, from: address(0), to: msg.sender, tokenId: agentId, data: ""
        });
    }

    function _setUri(uint256 agentId, string calldata uri) private {
        _uris[agentId].store(uri);
        emit MetadataUpdate(agentId);
    }

    function _setMetadata(
        uint256 agentId,
        string calldata metadataKey,
        bytes calldata metadataValue
    ) private {
        if (keccak256(bytes(metadataKey)) == WALLET_KEY_HASH) {
            revert AgentRegistry_ReservedKey(metadataKey);
        }
        _metadata[agentId][metadataKey] = metadataValue;
        emit MetadataSet(agentId, metadataKey, metadataKey, metadataValue);
    }

    function _clearWallet(uint256 agentId) private {
        _wallets[agentId] = CLEARED;
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, "");
    }

    /// @dev A transfer clears the wallet: the old owner's wallet must not be paid for the new owner's work.
    function _update(address to, uint256 agentId, address auth) internal override returns (address from) {
        if (_ownerOf(agentId) != address(0) && to != address(0)) _clearWallet(agentId);
        return super._update(to, agentId, auth);
    }

    function _requireAuthorized(uint256 agentId) private view {
        if (!isAuthorizedOrOwner(msg.sender, agentId)) {
            revert AgentRegistry_NotAuthorized(msg.sender, agentId);
        }
    }
}
