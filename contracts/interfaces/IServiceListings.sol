// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title What agents offer, at what price, under which policy row
/// @notice A listing is an offer, not a promise that locks money: the escrow does not read it. Clients name it
/// when they hire, so that off-chain readers can compare a job with the offer.
///
/// SAFETY assumes: the agent registry answers truthfully who may speak for an agent.
/// LIVENESS assumes: nothing; there is no role and no pause.
interface IServiceListings {
    /// @notice What an agent offers.
    struct ListingTerms {
        /// @dev ERC-8004 agent id, below 2^64.
        uint256 agentId;
        /// @dev Short ASCII, right-padded with zero bytes, for example "inspect-image".
        bytes32 serviceType;
        /// @dev Fixed price in the smallest unit of the policy's token.
        uint96 price;
        /// @dev Policy row of the escrow under which the agent works.
        uint32 policyId;
        /// @dev Time the agent asks for, from hire to submit, in seconds.
        uint32 workSeconds;
        /// @dev sha2-256 of the acceptance criteria document, zero if none.
        bytes32 criteriaHash;
        /// @dev Description of the service.
        string uri;
    }

    /// @notice A listing as stored.
    struct Listing {
        uint256 agentId;
        bytes32 serviceType;
        uint96 price;
        uint32 policyId;
        uint32 workSeconds;
        bool isAvailable;
        bool isClosed;
        string uri;
    }

    /// @notice How the price of a listing is found.
    enum PriceModel {
        /// @dev The price is for a job.
        Fixed,
        /// @dev The price is for a unit; the client says how many.
        PerUnit,
        /// @dev The price is for a job, and the agent's wallet moves it within the owner's bounds.
        Dynamic,
        /// @dev The price is a guess; bids decide (`TenderDesk`).
        SealedBid,
        /// @dev The price is a guess; a signed quote decides (`QuoteDesk`).
        Negotiated
    }

    /// @notice What an owner says beyond the price. A new listing has {PriceModel.Fixed} and zeros.
    struct Pricing {
        PriceModel model;
        /// @dev Least and greatest price of {PriceModel.Dynamic}; zero for the others.
        uint96 floor;
        uint96 ceiling;
        /// @dev What the agent is ready to lock for a job (`WorkDesk`), smallest units; a word, not a lock.
        uint96 bond;
    }

    /// @notice A listing to be changed in a batch.
    struct ListingUpdate {
        uint256 listingId;
        uint96 price;
        bool isAvailable;
    }

    /// @notice What a contract must know to hire by a listing.
    struct Offer {
        uint256 agentId;
        uint96 price;
        uint32 policyId;
        uint32 workSeconds;
        PriceModel model;
        /// @dev Available, and its row takes new jobs.
        bool isOpen;
    }

    event ListingCreated(
        uint256 indexed listingId,
        uint256 indexed agentId,
        bytes32 indexed serviceType,
        uint96 price,
        uint32 policyId,
        uint32 workSeconds,
        bytes32 criteriaHash,
        string uri
    );
    event ListingUpdated(uint256 indexed listingId, uint96 price, bool isAvailable);
    event PricingSet(uint256 indexed listingId, PriceModel model, uint96 floor, uint96 ceiling, uint96 bond);
    event ListingClosed(uint256 indexed listingId);

    error ServiceListings_NotAgentsOwner(address caller, uint256 agentId);
    error ServiceListings_UnknownListing(uint256 listingId);
    error ServiceListings_ListingIsClosed(uint256 listingId);
    error ServiceListings_PolicyNotOpen(uint32 policyId);
    error ServiceListings_PriceIsZero();
    error ServiceListings_PriceOutOfBounds(uint96 price, uint96 floor, uint96 ceiling);
    error ServiceListings_BoundsOutOfOrder(uint96 floor, uint96 ceiling);
    error ServiceListings_NotDynamic(uint256 listingId);
    error ServiceListings_NotAgentsWallet(address caller, uint256 agentId);
    error ServiceListings_ServiceTypeIsEmpty();
    error ServiceListings_WorkSecondsOutOfRange(uint32 workSeconds, uint32 min, uint32 max);
    error ServiceListings_UriTooLong(uint256 length, uint256 max);
    error ServiceListings_AgentIdTooBig(uint256 agentId);
    error ServiceListings_TooManyServiceTypes();

    /// @notice Offers a service. Owner or operator of the agent.
    /// @return listingId The first is 1.
    function createListing(ListingTerms calldata terms) external returns (uint256 listingId);

    /// @notice Says how the price is found. Owner or operator of the agent; not after {closeListing}.
    /// @dev The price of a dynamic listing must lie within the new bounds already.
    function setPricing(uint256 listingId, Pricing calldata pricing) external;

    /// @notice Moves the price of a dynamic listing within the owner's bounds. The agent's wallet.
    function reprice(uint256 listingId, uint96 price) external;

    /// @notice As {updateListing} for many; all or none.
    function updateListings(ListingUpdate[] calldata updates) external;

    /// @notice Changes price and availability. Owner or operator of the agent; not after {closeListing}.
    /// @dev A dynamic price stays within its bounds.
    function updateListing(uint256 listingId, uint96 price, bool isAvailable) external;

    /// @notice Ends a listing for good. Owner or operator of the agent.
    function closeListing(uint256 listingId) external;

    /// @notice The listing; reverts if it never existed.
    function listingOf(uint256 listingId) external view returns (Listing memory);

    /// @notice An agent in one row: the service of its newest listing, and whether that one can be hired.
    /// @return owner Owner of the agent's token.
    /// @return serviceType Of the agent's newest listing, zero if it has none.
    /// @return reputation Weighted mean of the agent's job feedback in hundredths, 0 to 10,000; zero without feedback,
    /// or where no reputation registry is connected.
    /// @return active True while the newest listing is available and its policy row takes new jobs.
    function agentInfo(uint256 agentId)
        external
        view
        returns (address owner, bytes32 serviceType, uint256 reputation, bool active);

    /// @notice A listing in one row.
    /// @return agentId Whose listing it is.
    /// @return description The listing's URI.
    /// @return price Smallest units of the row's token.
    /// @return available True while it is offered and its policy row takes new jobs.
    function serviceInfo(uint256 listingId)
        external
        view
        returns (uint256 agentId, string memory description, uint256 price, bool available);

    /// @notice How the price of a listing is found.
    function pricingOf(uint256 listingId) external view returns (Pricing memory);

    /// @notice What a contract must know to hire by a listing; reverts if it never existed.
    function offerOf(uint256 listingId) external view returns (Offer memory);

    /// @notice Number of listings ever made; ids run from 1 to this.
    function listingCount() external view returns (uint256);
}
