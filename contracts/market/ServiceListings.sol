// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {IServiceListings} from "../interfaces/IServiceListings.sol";
import {PackedUri, StoredUri} from "../libraries/PackedUri.sol";

/// @title What agents offer
/// @dev Promises and assumptions are in {IServiceListings}.
contract ServiceListings is IServiceListings {
    using PackedUri for StoredUri;

    /* ---------- types ---------- */

    struct StoredListing {
        // slot 0: 64 + 96 + 32 + 24 + 24 + 8 + 8 of 256 bits
        uint64 agentId;
        uint96 price;
        uint32 policyId;
        /// @dev At most {MAX_WORK_SECONDS}.
        uint24 workSeconds;
        /// @dev Position in `_serviceTypes` plus one.
        uint24 serviceTypeId;
        State state;
        PriceModel model;
        // slots 1 and on
        StoredUri uri;
    }

    struct PriceBounds {
        uint96 floor;
        uint96 ceiling;
        uint96 bond;
    }

    enum State {
        Unknown,
        Available,
        Paused,
        Closed
    }

    /* ---------- constants and immutables ---------- */

    uint32 public constant MIN_WORK_SECONDS = 30;
    uint32 public constant MAX_WORK_SECONDS = 30 days;
    uint256 public constant MAX_URI_LENGTH = 2_048;

    IERC8004Identity public immutable AGENT_REGISTRY;
    IJobEscrow public immutable JOB_ESCROW;
    /// @notice Whose scores {agentInfo} shows; zero for none.
    IReputationRegistry public immutable REPUTATION;

    /* ---------- storage ---------- */

    /// @inheritdoc IServiceListings
    uint256 public listingCount;
    mapping(uint256 listingId => StoredListing) private _listings;
    /// @dev Apart from the listing: most are fixed, without a bond, and write none. The model is in the listing.
    mapping(uint256 listingId => PriceBounds) private _bounds;
    mapping(uint256 agentId => uint256 listingId) private _newestOf;
    bytes32[] private _serviceTypes;
    mapping(bytes32 serviceType => uint24) private _serviceTypeIds;

    /* ---------- constructor ---------- */

    /// @param reputation May be zero.
    constructor(IERC8004Identity agentRegistry, IJobEscrow jobEscrow, IReputationRegistry reputation) {
        AGENT_REGISTRY = agentRegistry;
        JOB_ESCROW = jobEscrow;
        REPUTATION = reputation;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IServiceListings
    function listingOf(uint256 listingId) external view returns (Listing memory) {
        StoredListing storage stored = _listingNamed(listingId);
        return Listing({
            agentId: stored.agentId,
            serviceType: _serviceTypes[stored.serviceTypeId - 1],
            price: stored.price,
            policyId: stored.policyId,
            workSeconds: stored.workSeconds,
            isAvailable: stored.state == State.Available,
            isClosed: stored.state == State.Closed,
            uri: stored.uri.load()
        });
    }

    /// @inheritdoc IServiceListings
    function agentInfo(uint256 agentId)
        external
        view
        returns (address owner, bytes32 serviceType, uint256 reputation, bool active)
    {
        owner = IERC721(address(AGENT_REGISTRY)).ownerOf(agentId);
        if (address(REPUTATION) != address(0)) reputation = REPUTATION.jobSummary(agentId, 0).meanScoreBps;
        uint256 listingId = _newestOf[agentId];
        if (listingId == 0) return (owner, 0, reputation, false);
        StoredListing storage newest = _listings[listingId];
        return (owner, _serviceTypes[newest.serviceTypeId - 1], reputation, _canBeHired(newest));
    }

    /// @inheritdoc IServiceListings
    function pricingOf(uint256 listingId) external view returns (Pricing memory) {
        PriceModel model = _listingNamed(listingId).model;
        PriceBounds memory bounds = _bounds[listingId];
        return Pricing({model: model, floor: bounds.floor, ceiling: bounds.ceiling, bond: bounds.bond});
    }

    /// @inheritdoc IServiceListings
    function offerOf(uint256 listingId) external view returns (Offer memory) {
        StoredListing storage stored = _listingNamed(listingId);
        return Offer({
            agentId: stored.agentId,
            price: stored.price,
            policyId: stored.policyId,
            workSeconds: stored.workSeconds,
            model: stored.model,
            isOpen: _canBeHired(stored)
        });
    }

    /// @inheritdoc IServiceListings
    function serviceInfo(uint256 listingId)
        external
        view
        returns (uint256 agentId, string memory description, uint256 price, bool available)
    {
        StoredListing storage stored = _listingNamed(listingId);
        return (stored.agentId, stored.uri.load(), stored.price, _canBeHired(stored));
    }

    /* ---------- owner or operator of the agent ---------- */

    /// @inheritdoc IServiceListings
    function createListing(ListingTerms calldata terms) external returns (uint256 listingId) {
        // Check
        if (terms.agentId > type(uint64).max) revert ServiceListings_AgentIdTooBig(terms.agentId);
        _requireAuthorized(terms.agentId);
        if (terms.price == 0) revert ServiceListings_PriceIsZero();
        if (terms.serviceType == 0) revert ServiceListings_ServiceTypeIsEmpty();
        if (terms.workSeconds < MIN_WORK_SECONDS || terms.workSeconds > MAX_WORK_SECONDS) {
            revert ServiceListings_WorkSecondsOutOfRange(
                terms.workSeconds, MIN_WORK_SECONDS, MAX_WORK_SECONDS
            );
        }
        if (bytes(terms.uri).length > MAX_URI_LENGTH) {
            revert ServiceListings_UriTooLong(bytes(terms.uri).length, MAX_URI_LENGTH);
        }
        if (!JOB_ESCROW.isHirable(terms.policyId)) revert ServiceListings_PolicyNotOpen(terms.policyId);
        // Effect
        listingId = ++listingCount;
        StoredListing storage stored = _listings[listingId];
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        stored.agentId = uint64(terms.agentId);
        stored.price = terms.price;
        stored.policyId = terms.policyId;
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        stored.workSeconds = uint24(terms.workSeconds);
        stored.serviceTypeId = _ensureServiceType(terms.serviceType);
        stored.state = State.Available;
        stored.uri.store(terms.uri);
        _newestOf[terms.agentId] = listingId;
        // Event
        emit ListingCreated(
            listingId,
            terms.agentId,
            terms.serviceType,
            terms.price,
            terms.policyId,
            terms.workSeconds,
            terms.criteriaHash,
            terms.uri
        );
    }

    /// @inheritdoc IServiceListings
    function updateListing(uint256 listingId, uint96 price, bool isAvailable) external {
        _update(listingId, price, isAvailable);
    }

    /// @inheritdoc IServiceListings
    function updateListings(ListingUpdate[] calldata updates) external {
        for (uint256 i = 0; i < updates.length; ++i) {
            _update(updates[i].listingId, updates[i].price, updates[i].isAvailable);
        }
    }

    /// @inheritdoc IServiceListings
    function setPricing(uint256 listingId, Pricing calldata pricing) external {
        // Check
        StoredListing storage stored = _openListingNamed(listingId);
        if (pricing.model != PriceModel.Dynamic && (pricing.floor != 0 || pricing.ceiling != 0)) {
            revert ServiceListings_BoundsOutOfOrder(pricing.floor, pricing.ceiling);
        }
        if (pricing.model == PriceModel.Dynamic) {
            if (pricing.floor == 0 || pricing.floor > pricing.ceiling) {
                revert ServiceListings_BoundsOutOfOrder(pricing.floor, pricing.ceiling);
            }
            _requireWithin(stored.price, pricing.floor, pricing.ceiling);
        }
        // Effect
        stored.model = pricing.model;
        _bounds[listingId] = PriceBounds({floor: pricing.floor, ceiling: pricing.ceiling, bond: pricing.bond});
        // Event
        emit PricingSet(listingId, pricing.model, pricing.floor, pricing.ceiling, pricing.bond);
    }

    /// @inheritdoc IServiceListings
    function closeListing(uint256 listingId) external {
        // Check
        StoredListing storage stored = _openListingNamed(listingId);
        // Effect
        stored.state = State.Closed;
        // Event
        emit ListingClosed(listingId);
    }

    /* ---------- the agent's wallet ---------- */

    /// @inheritdoc IServiceListings
    function reprice(uint256 listingId, uint96 price) external {
        // Check
        StoredListing storage stored = _listingNamed(listingId);
        if (msg.sender != AGENT_REGISTRY.getAgentWallet(stored.agentId)) {
            revert ServiceListings_NotAgentsWallet(msg.sender, stored.agentId);
        }
        if (stored.state == State.Closed) revert ServiceListings_ListingIsClosed(listingId);
        if (stored.model != PriceModel.Dynamic) revert ServiceListings_NotDynamic(listingId);
        _requireWithin(price, _bounds[listingId].floor, _bounds[listingId].ceiling);
        // Effect
        stored.price = price;
        // Event
        emit ListingUpdated(listingId, price, stored.state == State.Available);
    }

    /* ---------- internal ---------- */

    function _update(uint256 listingId, uint96 price, bool isAvailable) private {
        // Check
        StoredListing storage stored = _openListingNamed(listingId);
        if (price == 0) revert ServiceListings_PriceIsZero();
        if (stored.model == PriceModel.Dynamic) {
            _requireWithin(price, _bounds[listingId].floor, _bounds[listingId].ceiling);
        }
        // Effect
        stored.price = price;
        stored.state = isAvailable ? State.Available : State.Paused;
        // Event
        emit ListingUpdated(listingId, price, isAvailable);
    }

    function _requireWithin(uint96 price, uint96 floor, uint96 ceiling) private pure {
        if (price < floor || price > ceiling) revert ServiceListings_PriceOutOfBounds(price, floor, ceiling);
    }

    function _listingNamed(uint256 listingId) private view returns (StoredListing storage stored) {
        stored = _listings[listingId];
        if (stored.state == State.Unknown) revert ServiceListings_UnknownListing(listingId);
    }

    function _openListingNamed(uint256 listingId) private view returns (StoredListing storage stored) {
        stored = _listingNamed(listingId);
        _requireAuthorized(stored.agentId);
        if (stored.state == State.Closed) revert ServiceListings_ListingIsClosed(listingId);
    }

    /// @dev A listing outlives its row: after a fee change the row may be retired, and then nobody can hire by it.
    function _canBeHired(StoredListing storage stored) private view returns (bool) {
        return stored.state == State.Available && JOB_ESCROW.isHirable(stored.policyId);
    }

    function _requireAuthorized(uint256 agentId) private view {
        if (!AGENT_REGISTRY.isAuthorizedOrOwner(msg.sender, agentId)) {
            revert ServiceListings_NotAgentsOwner(msg.sender, agentId);
        }
    }

    function _ensureServiceType(bytes32 serviceType) private returns (uint24 id) {
        id = _serviceTypeIds[serviceType];
        if (id != 0) return id;
        if (_serviceTypes.length == type(uint24).max) revert ServiceListings_TooManyServiceTypes();
        _serviceTypes.push(serviceType);
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        id = uint24(_serviceTypes.length);
        _serviceTypeIds[serviceType] = id;
    }
}
