// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Short texts that return often, written once and then named by a number. Zero is the empty text.
struct Tags {
    uint256 count;
    mapping(bytes32 hash => uint256 id) hashToId;
    mapping(uint256 id => string) idToText;
}

/// @title Interns tags
library TagBook {
    /// @notice Texts with other numbers than `maxId` allows cannot be written any more.
    error TagBook_Full(uint256 maxId);

    /// @notice The number of `text`, a new one if it was never seen.
    function ensure(Tags storage self, string memory text, uint256 maxId) internal returns (uint256 id) {
        if (bytes(text).length == 0) return 0;
        bytes32 hash = keccak256(bytes(text));
        id = self.hashToId[hash];
        if (id != 0) return id;
        if (self.count == maxId) revert TagBook_Full(maxId);
        id = ++self.count;
        self.hashToId[hash] = id;
        self.idToText[id] = text;
    }

    /// @notice The number of `text`; `isKnown` is false if no entry can carry it.
    function find(Tags storage self, string memory text) internal view returns (uint256 id, bool isKnown) {
        if (bytes(text).length == 0) return (0, true);
        id = self.hashToId[keccak256(bytes(text))];
        isKnown = id != 0;
    }

    /// @notice The text of a number.
    function textOf(Tags storage self, uint256 id) internal view returns (string memory) {
        return self.idToText[id];
    }
}
