// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

import {IHiringDesk} from "./IHiringDesk.sol";

/// @title Hiring by a quote that the provider signed
/// @notice A negotiated price: the provider signs what it would do for how much, and until when. The client hires by it
/// in one call, at exactly these terms, once.
interface IQuoteDesk is IHiringDesk {
    /// @notice What the provider signs, by EIP-712 (domain "AITBC QuoteDesk", version "1").
    struct Quote {
        /// @dev Who does the work and signs.
        address provider;
        /// @dev Who may hire by it; zero for anybody.
        address client;
        /// @dev House row of the escrow.
        uint32 policyId;
        /// @dev Smallest units of the row's token.
        uint96 price;
        /// @dev From hire to delivery.
        uint32 workSeconds;
        uint256 agentId;
        /// @dev Zero for none.
        uint256 listingId;
        /// @dev keccak256 of the description, the request's URI; zero for any request.
        bytes32 requestHash;
        /// @dev Spent once for each provider, in any order.
        uint64 nonce;
        /// @dev Unix seconds; the last in which it holds.
        uint32 validBefore;
    }

    event QuoteTaken(
        uint256 indexed jobId, address indexed provider, address indexed client, uint64 nonce, uint96 price
    );
    /// @param mask The bits that are spent now and were not before.
    event QuotesCancelled(address indexed provider, uint64 indexed word, uint256 mask);

    error QuoteDesk_Expired(uint256 nowSeconds, uint256 validBefore);
    error QuoteDesk_ForAnotherClient(address caller, address client);
    error QuoteDesk_ForAnotherRequest(bytes32 requestHash, bytes32 quotedHash);
    error QuoteDesk_NonceSpent(address provider, uint64 nonce);
    error QuoteDesk_SignatureInvalid(address provider);

    /// @notice The caller hires the provider at the quoted terms, from its allowance to this desk.
    /// @param description "ipfs://<cid>" of the request document.
    /// @param signature By the provider, ECDSA (65 or 64 bytes) or ERC-1271.
    function hire(
        Quote calldata quote,
        string calldata description,
        bytes calldata signature
    ) external returns (uint256 jobId);

    /// @notice Makes every nonce of the mask in one word of the caller worthless.
    function cancelQuotes(uint64 word, uint256 mask) external;

    /// @notice What the provider signs.
    function quoteDigest(Quote calldata quote) external view returns (bytes32);

    /// @notice The spent bits of a word: bit `n & 255` of word `n >> 8` for nonce `n`.
    function spentNonces(address provider, uint64 word) external view returns (uint256);
}
