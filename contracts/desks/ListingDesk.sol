// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IListingDesk} from "../interfaces/IListingDesk.sol";
import {IServiceListings} from "../interfaces/IServiceListings.sol";
import {HiringDesk} from "./HiringDesk.sol";

/// @title Hiring at the listed price
/// @dev Promises and assumptions are in {IListingDesk}.
contract ListingDesk is IListingDesk, HiringDesk {
    IServiceListings public immutable LISTINGS;
    IERC8004Identity public immutable AGENT_REGISTRY;

    constructor(
        IJobEscrow escrow,
        IServiceListings listings,
        IERC8004Identity agentRegistry
    ) HiringDesk(escrow) {
        if (address(listings) == address(0)) {
            revert HiringDesk_AddressIsZero("listings");
        }
        if (address(agentRegistry) == address(0)) revert HiringDesk_AddressIsZero("agentRegistry");
        LISTINGS = listings;
        AGENT_REGISTRY = agentRegistry;
    }

    /// @inheritdoc IListingDesk
    function hire(
        uint256 listingId,
        uint64 units,
        uint96 maxPrice,
        string calldata description
    ) external nonReentrant returns (uint256 jobId) {
        // Check
        IServiceListings.Offer memory offer = LISTINGS.offerOf(listingId);
        uint256 price = _priceOf(listingId, offer, units);
        if (price > maxPrice) revert ListingDesk_PriceTooHigh(price, maxPrice);
        // Interaction
        jobId = _hireFor({
            client: msg.sender,
            terms: IJobEscrow.HireTerms({
                provider: AGENT_REGISTRY.getAgentWallet(offer.agentId),
                policyId: offer.policyId,
                // forge-lint: disable-next-line(unsafe-typecast) at most maxPrice
                budget: uint96(price),
                expiredAt: _expiredAt(offer.policyId, offer.workSeconds),
                agentId: offer.agentId,
                listingId: listingId,
                description: description
            })
        });
        // Event, with the number that only the escrow knows
        emit ListingTaken(jobId, listingId, units, price);
    }

    /// @inheritdoc IListingDesk
    function priceOf(uint256 listingId, uint64 units) external view returns (uint256) {
        return _priceOf(listingId, LISTINGS.offerOf(listingId), units);
    }

    function _priceOf(
        uint256 listingId,
        IServiceListings.Offer memory offer,
        uint64 units
    ) private pure returns (uint256) {
        if (!offer.isOpen) revert ListingDesk_NotOpen(listingId);
        if (offer.model > IServiceListings.PriceModel.Dynamic) {
            revert ListingDesk_NoListedPrice(listingId, offer.model);
        }
        bool isPerUnit = offer.model == IServiceListings.PriceModel.PerUnit;
        if (units == 0 || (!isPerUnit && units != 1)) {
            revert ListingDesk_UnitsMakeNoSense(units, offer.model);
        }
        return uint256(offer.price) * units;
    }
}
