// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";

/// @title A contract that registers an agent and passes it on while it is asked whether it can hold it
contract RestlessReceiver is IERC721Receiver {
    address private immutable HEIR;

    constructor(address heir) {
        HEIR = heir;
    }

    function register(
        IERC8004Identity registry,
        string calldata uri,
        IERC8004Identity.MetadataEntry[] calldata metadata
    ) external returns (uint256) {
        return registry.register(uri, metadata);
    }

    function register(IERC8004Identity registry, string calldata uri) external returns (uint256) {
        return registry.register(uri);
    }

    function register(IERC8004Identity registry) external returns (uint256) {
        return registry.register();
    }

    /// @inheritdoc IERC721Receiver
    function onERC721Received(address, address, uint256 agentId, bytes calldata) external returns (bytes4) {
        IERC721(msg.sender).transferFrom({from: address(this), to: HEIR, tokenId: agentId});
        return IERC721Receiver.onERC721Received.selector;
    }
}
