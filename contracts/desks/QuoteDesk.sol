// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IQuoteDesk} from "../interfaces/IQuoteDesk.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {HiringDesk} from "./HiringDesk.sol";

/// @title Hiring by a quote that the provider signed
/// @dev Promises and assumptions are in {IQuoteDesk}.
contract QuoteDesk is IQuoteDesk, HiringDesk, EIP712 {
    bytes32 private constant QUOTE_TYPEHASH = keccak256(
        "Quote(address provider,address client,uint32 policyId,uint96 price,uint32 workSeconds,uint256 agentId,uint256 listingId,bytes32 requestHash,uint64 nonce,uint32 validBefore)"
    );

    /// @inheritdoc IQuoteDesk
    mapping(address provider => mapping(uint64 word => uint256)) public spentNonces;

    constructor(IJobEscrow escrow) HiringDesk(escrow) EIP712("AITBC QuoteDesk", "1") {}

    /// @inheritdoc IQuoteDesk
    function quoteDigest(Quote calldata quote) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(QUOTE_TYPEHASH, quote)));
    }

    /// @inheritdoc IQuoteDesk
    function hire(
        Quote calldata quote,
        string calldata description,
        bytes calldata signature
    ) external nonReentrant returns (uint256 jobId) {
        // Check
        if (block.timestamp > quote.validBefore) {
            revert QuoteDesk_Expired(block.timestamp, quote.validBefore);
        }
        if (quote.client != address(0) && quote.client != msg.sender) {
            revert QuoteDesk_ForAnotherClient(msg.sender, quote.client);
        }
        bytes32 requestHash = keccak256(bytes(description));
        if (quote.requestHash != 0 && quote.requestHash != requestHash) {
            revert QuoteDesk_ForAnotherRequest(requestHash, quote.requestHash);
        }
        if (!Signatures.isBy(quote.provider, quoteDigest(quote), signature)) {
            revert QuoteDesk_SignatureInvalid(quote.provider);
        }
        // Effect
        _spend(quote.provider, quote.nonce);
        // Interaction
        jobId = _hireFor({
            client: msg.sender,
            terms: IJobEscrow.HireTerms({
                provider: quote.provider,
                policyId: quote.policyId,
                budget: quote.price,
                expiredAt: _expiredAt(quote.policyId, quote.workSeconds),
                agentId: quote.agentId,
                listingId: quote.listingId,
                description: description
            })
        });
        // Event, with the number that only the escrow knows
        emit QuoteTaken(jobId, quote.provider, msg.sender, quote.nonce, quote.price);
    }

    /// @inheritdoc IQuoteDesk
    function cancelQuotes(uint64 word, uint256 mask) external {
        // Effect
        uint256 spent = spentNonces[msg.sender][word];
        spentNonces[msg.sender][word] = spent | mask;
        // Event
        emit QuotesCancelled(msg.sender, word, mask & ~spent);
    }

    function _spend(address provider, uint64 nonce) private {
        uint256 bit = 1 << (nonce & 255);
        uint256 spent = spentNonces[provider][nonce >> 8];
        if (spent & bit != 0) revert QuoteDesk_NonceSpent(provider, nonce);
        spentNonces[provider][nonce >> 8] = spent | bit;
    }
}
