// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Money of a channel in one slot, from the lowest bit: deposit 96, claimed 96, closableAt 32. Zero means that it
/// was never opened.
type ChannelSlot is uint256;

using ChannelSlotLib for ChannelSlot global;

/// @title Packs and unpacks a ChannelSlot
library ChannelSlotLib {
    uint256 private constant CLAIMED_SHIFT = 96;
    uint256 private constant CLOSABLE_SHIFT = 192;
    uint256 private constant CLAIMED_MASK = uint256(type(uint96).max) << CLAIMED_SHIFT;

    function pack(uint96 deposit_, uint96 claimed_, uint32 closableAt_) internal pure returns (ChannelSlot) {
        return ChannelSlot.wrap(
            uint256(deposit_) | (uint256(claimed_) << CLAIMED_SHIFT)
                | (uint256(closableAt_) << CLOSABLE_SHIFT)
        );
    }

    function deposit(ChannelSlot slot) internal pure returns (uint96) {
        return uint96(ChannelSlot.unwrap(slot));
    }

    function claimed(ChannelSlot slot) internal pure returns (uint96) {
        return uint96(ChannelSlot.unwrap(slot) >> CLAIMED_SHIFT);
    }

    function closableAt(ChannelSlot slot) internal pure returns (uint32) {
        return uint32(ChannelSlot.unwrap(slot) >> CLOSABLE_SHIFT);
    }

    /// @notice The same channel with another claimed sum.
    function withClaimed(ChannelSlot slot, uint96 claimed_) internal pure returns (ChannelSlot) {
        return
            ChannelSlot.wrap(
                (ChannelSlot.unwrap(slot) & ~CLAIMED_MASK) | (uint256(claimed_) << CLAIMED_SHIFT)
            );
    }
}
