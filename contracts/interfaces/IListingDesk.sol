// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IHiringDesk} from "./IHiringDesk.sol";
import {IServiceListings} from "./IServiceListings.sol";

/// @title Hiring at the listed price
/// @notice The price, the time, the row and the agent's wallet are read from the chain in the call that hires: nobody is
/// hired by a listing that is paused, closed or dearer than the client said. A price may be fixed, per unit, or
/// dynamic; listings by bid or quote have no price to hire at.
interface IListingDesk is IHiringDesk {
    event ListingTaken(uint256 indexed jobId, uint256 indexed listingId, uint64 units, uint256 price);

    error ListingDesk_NotOpen(uint256 listingId);
    error ListingDesk_NoListedPrice(uint256 listingId, IServiceListings.PriceModel model);
    error ListingDesk_UnitsMakeNoSense(uint64 units, IServiceListings.PriceModel model);
    error ListingDesk_PriceTooHigh(uint256 price, uint96 maxPrice);

    /// @notice The caller hires the listing's agent at its price now, from the allowance to this desk.
    /// @param units At least 1; exactly 1 unless the price is per unit.
    /// @param maxPrice What the client pays at most, in the smallest unit: a price that moved meanwhile reverts.
    /// @param description "ipfs://<cid>" of the request document.
    function hire(
        uint256 listingId,
        uint64 units,
        uint96 maxPrice,
        string calldata description
    ) external returns (uint256 jobId);

    /// @notice What {hire} would cost now.
    function priceOf(uint256 listingId, uint64 units) external view returns (uint256);
}
