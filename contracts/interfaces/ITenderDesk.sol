// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IHiringDesk} from "./IHiringDesk.sol";

/// @title Open requests and sealed bids
/// @notice A request names no provider and holds no money. It runs through three windows: bidders *commit* to a hidden
/// price with a bond, then *reveal* it, then the client *awards*, which hires the best bidder in one call. A
/// request without a commit window takes no bids; providers answer it with signed quotes.
///
/// **Rule.** The bid with the least `price * (20_000 - quality)` wins; of equal ones the first revealed. `quality` is
/// `meanScoreBps * count / (count + failedCount + 4)` of the bidder's agent for the request's service when it
/// reveals, 0 to 9_999: a perfect record of many paid jobs counts as half the price, none as none. A bidder that
/// does not speak for its agent, or names none, has quality 0.
///
/// **Bonds.** A revealed bond comes back: at once if the bid is not the best, when it is overtaken, when it is
/// awarded, or when the client lets the award lapse. A bond that was not revealed in time goes to the client.
/// The winner pays nothing more: what binds it to the job are the terms of the job.
interface ITenderDesk is IHiringDesk {
    struct RequestTerms {
        /// @dev House row of the escrow; bonds are in its token.
        uint32 policyId;
        /// @dev Highest price that a bid may reveal.
        uint96 maxPrice;
        /// @dev What each bidder locks; zero if and only if there is no commit window.
        uint96 bond;
        /// @dev Zero for a request that takes quotes only.
        uint32 commitSeconds;
        uint32 revealSeconds;
        uint32 awardSeconds;
        /// @dev From hire to delivery.
        uint32 workSeconds;
        /// @dev Service whose reputation counts.
        bytes32 serviceType;
        /// @dev "ipfs://<cid>" of the request document.
        string description;
    }

    struct Request {
        address client;
        uint32 policyId;
        uint32 workSeconds;
        bool isAwarded;
        uint96 maxPrice;
        uint96 bond;
        /// @dev Unix seconds; each window ends before it.
        uint32 commitUntil;
        uint32 revealUntil;
        uint32 awardUntil;
        bytes32 serviceType;
        bytes32 descriptionHash;
        /// @dev Best bid so far; zero for none.
        address bestBidder;
        uint96 bestPrice;
        uint256 bestAgentId;
        /// @dev `price * (20_000 - quality)` of the best bid.
        uint256 bestRank;
    }

    event RequestOpened(
        uint256 indexed requestId, address indexed client, bytes32 indexed serviceType, RequestTerms terms
    );
    event BidCommitted(uint256 indexed requestId, address indexed bidder, bytes32 commitment);
    event BidRevealed(
        uint256 indexed requestId,
        address indexed bidder,
        uint256 indexed agentId,
        uint96 price,
        uint256 quality,
        bool isBest
    );
    event RequestAwarded(
        uint256 indexed requestId, uint256 indexed jobId, address indexed provider, uint96 price
    );
    event BondForfeited(uint256 indexed requestId, address indexed bidder, uint96 bond);

    error TenderDesk_UnknownRequest(uint256 requestId);
    error TenderDesk_RowNotOpen(uint32 policyId);
    error TenderDesk_PriceOutOfRange(uint96 price, uint96 max);
    error TenderDesk_BondMismatch(uint96 bond, uint32 commitSeconds);
    error TenderDesk_WindowOutOfRange(bytes32 window, uint32 value, uint32 min, uint32 max);
    error TenderDesk_NotNow(uint256 nowSeconds, uint256 from, uint256 until);
    error TenderDesk_CommitmentIsZero();
    error TenderDesk_AlreadyCommitted(uint256 requestId, address bidder);
    error TenderDesk_CommitmentMismatch(uint256 requestId, address bidder);
    error TenderDesk_NoCommitment(uint256 requestId, address bidder);
    error TenderDesk_OwnRequest(uint256 requestId);
    error TenderDesk_NotClient(address caller, address client);
    error TenderDesk_NoBid(uint256 requestId);
    error TenderDesk_DescriptionDiffers(bytes32 given, bytes32 opened);
    error TenderDesk_AlreadyAwarded(uint256 requestId);

    /// @notice Opens a request. No money moves.
    /// @return requestId The first is 1.
    function openRequest(RequestTerms calldata terms) external returns (uint256 requestId);

    /// @notice Locks the bond for a hidden bid, once for each bidder.
    /// @param commitment {bidCommitment} of what will be revealed.
    function commitBid(uint256 requestId, bytes32 commitment) external;

    /// @notice Shows the caller's bid, in the reveal window.
    /// @param agentId Agent for which the bidder speaks, or 2^256-1 for none.
    function revealBid(uint256 requestId, uint96 price, uint256 agentId, bytes32 salt) external;

    /// @notice The client hires the best bidder at its price, from the allowance to this desk, in the award window.
    /// @param description The same text that opened the request.
    function award(uint256 requestId, string calldata description) external returns (uint256 jobId);

    /// @notice Anybody, once the award window passed unused: the best bidder's bond comes free.
    function releaseBest(uint256 requestId) external;

    /// @notice Anybody, after the reveal window: an unrevealed bond goes to the client.
    function forfeitBond(uint256 requestId, address bidder) external;

    /// @notice keccak256(abi.encode(chain id, this desk, requestId, bidder, price, agentId, salt)).
    function bidCommitment(
        uint256 requestId,
        address bidder,
        uint96 price,
        uint256 agentId,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice The request; reverts if it never existed.
    function requestOf(uint256 requestId) external view returns (Request memory);

    /// @notice What a bidder committed to and has not revealed; zero for nothing.
    function commitmentOf(uint256 requestId, address bidder) external view returns (bytes32);

    /// @notice 0 to 9_999: what the rule takes for the agent's quality now.
    function qualityOf(uint256 agentId, bytes32 serviceType) external view returns (uint256);

    /// @notice Number of requests ever opened; ids run from 1 to this.
    function requestCount() external view returns (uint256);
}
