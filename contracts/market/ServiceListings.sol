// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IServiceListings} from "../interfaces/IServiceListings.sol";
import {PackedUri, StoredUri} from "../libraries/PackedUri.sol";

/// @title What agents offer
/// @dev Promises and assumptions are in {IServiceListings}.
contract ServiceListings is IServiceListings {
    using PackedUri for StoredUri;

    /* ---------- types ---------- */

    struct StoredListing {
        // slot 0: 64 + 96 + 32 + 32 + 24 + 8 of 256 bits
        uint64 agentId;
        uint96 price;
        uint32 policyId;
        uint32 workSeconds;
        /// @dev Position in `_serviceTypes` plus one.
        uint24 serviceTypeId;
        State state;
        // slots 1 and on
        StoredUri uri;
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

    /* ---------- storage ---------- */

    /// @inheritdoc IServiceListings
    uint256 public listingCount;
    mapping(uint256 listingId => StoredListing) private _listings;
    mapping(uint256 agentId => uint256 listingId) private _newestOf;
    bytes32[] private _serviceTypes;
    mapping(bytes32 serviceType => uint24) private _serviceTypeIds;

    /* ---------- constructor ---------- */

    constructor(IERC8004Identity agentRegistry, IJobEscrow jobEscrow) {
        AGENT_REGISTRY = agentRegistry;
        JOB_ESCROW = jobEscrow;
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
        uint256 listingId = _newestOf[agentId];
        if (listingId == 0) return (owner, 0, 0, false);
        StoredListing storage newest = _listings[listingId];
        return (owner, _serviceTypes[newest.serviceTypeId - 1], 0, _canBeHired(newest));
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
        stored.workSeconds = terms.workSeconds;
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
        // Check
        StoredListing storage stored = _openListingNamed(listingId);
        if (price == 0) revert ServiceListings_PriceIsZero();
        // Effect
        stored.price = price;
        stored.state = isAvailable ? State.Available : State.Paused;
        // Event
        emit ListingUpdated(listingId, price, isAvailable);
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

    /* ---------- internal ---------- */

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
