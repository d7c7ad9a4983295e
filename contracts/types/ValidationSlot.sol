// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice A validation request in one slot, from the lowest bit: validator 160, agent id 32, last update 32, tag 24,
/// answer 7 (0 is none, otherwise the response plus one), bonded 1. Zero means unknown: a validator is never zero.
type ValidationSlot is uint256;

/// @notice A ValidationSlot in memory.
struct ValidationState {
    address validator;
    uint32 agentId;
    uint32 lastUpdate;
    /// @dev Below 2^24, zero for the empty tag.
    uint32 tagId;
    bool hasResponse;
    /// @dev 0 to 100.
    uint8 response;
    /// @dev Terms of a bond are stored beside.
    bool isBonded;
}

using ValidationSlotLib for ValidationSlot global;
using ValidationSlotLib for ValidationState global;

/// @title Packs and unpacks a ValidationSlot
library ValidationSlotLib {
    uint256 internal constant MAX_TAG_ID = (1 << 24) - 1;

    /// @dev The caller keeps every field within its width.
    function pack(ValidationState memory self) internal pure returns (ValidationSlot) {
        return ValidationSlot.wrap(
            uint256(uint160(self.validator)) | (uint256(self.agentId) << 160)
                | (uint256(self.lastUpdate) << 192) | (uint256(self.tagId) << 224)
                | ((self.hasResponse ? uint256(self.response) + 1 : 0) << 248)
                | ((self.isBonded ? uint256(1) : 0) << 255)
        );
    }

    function unpack(ValidationSlot slot) internal pure returns (ValidationState memory self) {
        uint256 word = ValidationSlot.unwrap(slot);
        uint256 answer = (word >> 248) & 127;
        self.validator = address(uint160(word));
        self.agentId = uint32(word >> 160);
        self.lastUpdate = uint32(word >> 192);
        self.tagId = uint32((word >> 224) & MAX_TAG_ID);
        self.hasResponse = answer != 0;
        // forge-lint: disable-next-line(unsafe-typecast) below 127
        if (answer != 0) self.response = uint8(answer - 1);
        self.isBonded = word >> 255 == 1;
    }
}
