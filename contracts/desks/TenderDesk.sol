// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {ITenderDesk} from "../interfaces/ITenderDesk.sol";
import {HiringDesk} from "./HiringDesk.sol";

/// @title Open requests and sealed bids
/// @dev Promises, the rule and the fate of bonds are in {ITenderDesk}. Only the best bid is kept, so that no number of
/// bids makes a step dearer.
contract TenderDesk is ITenderDesk, HiringDesk {
    /* ---------- constants and immutables ---------- */

    uint32 public constant MIN_WINDOW_SECONDS = 60;
    uint32 public constant MAX_WINDOW_SECONDS = 30 days;
    /// @notice What a bidder names who speaks for no agent.
    uint256 public constant NO_AGENT = type(uint256).max;
    /// @dev A quality of {QUALITY_SPAN} would count as half the price.
    uint256 private constant QUALITY_SPAN = 10_000;
    /// @dev Jobs that an unknown agent is taken to have behind it without a score.
    uint256 private constant PRIOR_JOBS = 4;

    IERC8004Identity public immutable AGENT_REGISTRY;
    /// @notice Zero: no reputation counts, the lowest price wins.
    IReputationRegistry public immutable REPUTATION;

    /* ---------- storage ---------- */

    /// @inheritdoc ITenderDesk
    uint256 public requestCount;
    mapping(uint256 requestId => Request) private _requests;
    /// @inheritdoc ITenderDesk
    mapping(uint256 requestId => mapping(address bidder => bytes32)) public commitmentOf;
    /// @dev One bid each, revealed or not.
    mapping(uint256 requestId => mapping(address bidder => bool)) private _hasBid;

    /* ---------- constructor ---------- */

    /// @param reputation May be zero.
    constructor(
        IJobEscrow escrow,
        IERC8004Identity agentRegistry,
        IReputationRegistry reputation
    ) HiringDesk(escrow) {
        if (address(agentRegistry) == address(0)) {
            revert HiringDesk_AddressIsZero("agentRegistry");
        }
        AGENT_REGISTRY = agentRegistry;
        REPUTATION = reputation;
    }

    /* ---------- views ---------- */

    /// @inheritdoc ITenderDesk
    function requestOf(uint256 requestId) external view returns (Request memory) {
        return _requestNamed(requestId);
    }

    /// @inheritdoc ITenderDesk
    function bidCommitment(
        uint256 requestId,
        address bidder,
        uint96 price,
        uint256 agentId,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), requestId, bidder, price, agentId, salt));
    }

    /// @inheritdoc ITenderDesk
    function qualityOf(uint256 agentId, bytes32 serviceType) public view returns (uint256) {
        if (address(REPUTATION) == address(0)) return 0;
        IReputationRegistry.JobSummary memory summary = REPUTATION.jobSummary(agentId, serviceType);
        uint256 jobs = uint256(summary.count) + summary.failedCount + PRIOR_JOBS;
        return uint256(summary.meanScoreBps) * summary.count / jobs;
    }

    /* ---------- client ---------- */

    /// @inheritdoc ITenderDesk
    function openRequest(RequestTerms calldata terms) external returns (uint256 requestId) {
        // Check
        if (!ESCROW.isHirable(terms.policyId)) revert TenderDesk_RowNotOpen(terms.policyId);
        if (terms.maxPrice == 0) revert TenderDesk_PriceOutOfRange(0, type(uint96).max);
        if ((terms.bond == 0) != (terms.commitSeconds == 0)) {
            revert TenderDesk_BondMismatch(terms.bond, terms.commitSeconds);
        }
        _requireWindow("workSeconds", terms.workSeconds, 1);
        if (terms.commitSeconds != 0) {
            _requireWindow("commitSeconds", terms.commitSeconds, MIN_WINDOW_SECONDS);
            _requireWindow("revealSeconds", terms.revealSeconds, MIN_WINDOW_SECONDS);
            _requireWindow("awardSeconds", terms.awardSeconds, MIN_WINDOW_SECONDS);
        }
        // Effect
        requestId = ++requestCount;
        Request storage request = _requests[requestId];
        request.client = msg.sender;
        request.policyId = terms.policyId;
        request.workSeconds = terms.workSeconds;
        request.maxPrice = terms.maxPrice;
        request.bond = terms.bond;
        request.serviceType = terms.serviceType;
        request.descriptionHash = keccak256(bytes(terms.description));
        if (terms.commitSeconds != 0) {
            // forge-lint: disable-next-line(unsafe-typecast) block times fit 32 bits until 2106
            request.commitUntil = uint32(block.timestamp) + terms.commitSeconds;
            request.revealUntil = request.commitUntil + terms.revealSeconds;
            request.awardUntil = request.revealUntil + terms.awardSeconds;
        }
        // Event
        emit RequestOpened(requestId, msg.sender, terms.serviceType, terms);
    }

    /// @inheritdoc ITenderDesk
    function award(
        uint256 requestId,
        string calldata description
    ) external nonReentrant returns (uint256 jobId) {
        // Check
        Request memory request = _requestNamed(requestId);
        if (msg.sender != request.client) revert TenderDesk_NotClient(msg.sender, request.client);
        _requireNow(request.revealUntil, request.awardUntil);
        if (request.isAwarded) revert TenderDesk_AlreadyAwarded(requestId);
        if (request.bestBidder == address(0)) revert TenderDesk_NoBid(requestId);
        bytes32 descriptionHash = keccak256(bytes(description));
        if (descriptionHash != request.descriptionHash) {
            revert TenderDesk_DescriptionDiffers(descriptionHash, request.descriptionHash);
        }
        // Effect
        _requests[requestId].isAwarded = true;
        _credit(_tokenOf(request.policyId), request.bestBidder, request.bond);
        // Interaction
        jobId = _hireFor({
            client: msg.sender,
            terms: IJobEscrow.HireTerms({
                provider: request.bestBidder,
                policyId: request.policyId,
                budget: request.bestPrice,
                expiredAt: _expiredAt(request.policyId, request.workSeconds),
                agentId: request.bestAgentId,
                listingId: 0,
                description: description
            })
        });
        // Event, with the number that only the escrow knows
        emit RequestAwarded(requestId, jobId, request.bestBidder, request.bestPrice);
    }

    /* ---------- bidders ---------- */

    /// @inheritdoc ITenderDesk
    function commitBid(uint256 requestId, bytes32 commitment) external nonReentrant {
        // Check
        Request memory request = _requestNamed(requestId);
        _requireNow(0, request.commitUntil);
        if (commitment == 0) revert TenderDesk_CommitmentIsZero();
        if (msg.sender == request.client) revert TenderDesk_OwnRequest(requestId);
        if (_hasBid[requestId][msg.sender]) revert TenderDesk_AlreadyCommitted(requestId, msg.sender);
        // Effect
        _hasBid[requestId][msg.sender] = true;
        commitmentOf[requestId][msg.sender] = commitment;
        // Event
        emit BidCommitted(requestId, msg.sender, commitment);
        // Interaction
        _pullExact(_tokenOf(request.policyId), msg.sender, request.bond);
    }

    /// @inheritdoc ITenderDesk
    function revealBid(uint256 requestId, uint96 price, uint256 agentId, bytes32 salt) external nonReentrant {
        // Check
        Request memory request = _requestNamed(requestId);
        _requireNow(request.commitUntil, request.revealUntil);
        bytes32 commitment = bidCommitment(requestId, msg.sender, price, agentId, salt);
        if (commitmentOf[requestId][msg.sender] != commitment) {
            revert TenderDesk_CommitmentMismatch(requestId, msg.sender);
        }
        if (price == 0 || price > request.maxPrice) {
            revert TenderDesk_PriceOutOfRange(price, request.maxPrice);
        }
        // Committed to a name it may not use: the bid stands without it.
        if (!_speaksFor(msg.sender, agentId)) agentId = NO_AGENT;
        uint256 quality = agentId == NO_AGENT ? 0 : qualityOf(agentId, request.serviceType);
        uint256 rank = uint256(price) * (2 * QUALITY_SPAN - quality);
        bool isBest = request.bestBidder == address(0) || rank < request.bestRank;
        // Effect
        delete commitmentOf[requestId][msg.sender];
        address freed = isBest ? request.bestBidder : msg.sender;
        if (isBest) {
            Request storage stored = _requests[requestId];
            stored.bestBidder = msg.sender;
            stored.bestPrice = price;
            stored.bestAgentId = agentId;
            stored.bestRank = rank;
        }
        // Event
        emit BidRevealed(requestId, msg.sender, agentId, price, quality, isBest);
        if (freed != address(0)) _credit(_tokenOf(request.policyId), freed, request.bond);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc ITenderDesk
    function releaseBest(uint256 requestId) external {
        // Check
        Request memory request = _requestNamed(requestId);
        _requireNow(request.awardUntil, type(uint256).max);
        if (request.isAwarded) revert TenderDesk_AlreadyAwarded(requestId);
        if (request.bestBidder == address(0)) revert TenderDesk_NoBid(requestId);
        // Effect and event
        delete _requests[requestId].bestBidder;
        _credit(_tokenOf(request.policyId), request.bestBidder, request.bond);
    }

    /// @inheritdoc ITenderDesk
    function forfeitBond(uint256 requestId, address bidder) external {
        // Check
        Request memory request = _requestNamed(requestId);
        _requireNow(request.revealUntil, type(uint256).max);
        if (commitmentOf[requestId][bidder] == 0) revert TenderDesk_NoCommitment(requestId, bidder);
        // Effect
        delete commitmentOf[requestId][bidder];
        // Event
        emit BondForfeited(requestId, bidder, request.bond);
        _credit(_tokenOf(request.policyId), request.client, request.bond);
    }

    /* ---------- internal ---------- */

    function _requestNamed(uint256 requestId) private view returns (Request memory request) {
        request = _requests[requestId];
        if (request.client == address(0)) revert TenderDesk_UnknownRequest(requestId);
    }

    /// @dev An agent's wallet speaks for it, and so do its owner and operators.
    function _speaksFor(address bidder, uint256 agentId) private view returns (bool) {
        if (agentId == NO_AGENT) return false;
        if (AGENT_REGISTRY.getAgentWallet(agentId) == bidder) return true;
        try AGENT_REGISTRY.isAuthorizedOrOwner(bidder, agentId) returns (bool isAuthorized) {
            return isAuthorized;
        } catch {
            return false;
        }
    }

    function _requireNow(uint256 from, uint256 until) private view {
        if (block.timestamp < from || block.timestamp >= until) {
            revert TenderDesk_NotNow(block.timestamp, from, until);
        }
    }

    function _requireWindow(bytes32 window, uint32 value, uint32 min) private pure {
        if (value < min || value > MAX_WINDOW_SECONDS) {
            revert TenderDesk_WindowOutOfRange(window, value, min, MAX_WINDOW_SECONDS);
        }
    }
}
