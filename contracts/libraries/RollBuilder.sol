// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Moves the weights of a roll along delegations
library RollBuilder {
    /// @notice Delegations that are followed; a longer chain, and so every circle, is not followed at all.
    uint256 internal constant MAX_DEPTH = 8;

    /// @notice Where the weight of `voter` goes: to the last account of its chain that is on the roll.
    /// @param roll Strictly ascending.
    /// @param index Place of `voter`.
    function placeOf(
        mapping(address account => address) storage delegates,
        address[] memory roll,
        uint256 index
    ) internal view returns (uint256 place) {
        place = index;
        address account = delegates[roll[index]];
        for (uint256 hops = 0; account != address(0); ++hops) {
            if (hops == MAX_DEPTH) return index;
            (uint256 found, bool isListed) = find(roll, account);
            if (isListed) place = found;
            account = delegates[account];
        }
    }

    /// @notice The place of `account` on an ascending roll.
    function find(
        address[] memory roll,
        address account
    ) internal pure returns (uint256 place, bool isListed) {
        uint256 low = 0;
        uint256 high = roll.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (roll[middle] < account) low = middle + 1;
            else high = middle;
        }
        return (low, low < roll.length && roll[low] == account);
    }
}
