// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IReportFeed} from "../interfaces/IReportFeed.sol";
import {IResultOracle} from "../interfaces/IResultOracle.sol";

/// @title Medians of what staked reporters observe
/// @dev Promises and assumptions are in {IReportFeed}. One slot a feed; no money, no calls but the oracle's view.
contract ReportFeed is IReportFeed, EIP712 {
    /* ---------- types ---------- */

    /// @dev One slot: 128 + 32 + 32 of 256 bits.
    struct Feed {
        int128 value;
        uint32 round;
        uint32 observedAt;
    }

    /* ---------- constants and immutables ---------- */

    bytes32 private constant OBSERVATION_TYPEHASH =
        keccak256("Observation(bytes32 feedId,uint32 round,uint32 observedAt,int128 value)");
    /// @inheritdoc IReportFeed
    uint256 public constant MAX_AGE_SECONDS = 1 hours;
    uint256 private constant LEAST = 2;

    /// @notice Knows the reporters in force.
    IResultOracle public immutable ORACLE;

    /* ---------- storage ---------- */

    mapping(bytes32 feedId => Feed) private _feeds;

    /* ---------- constructor ---------- */

    constructor(IResultOracle oracle) EIP712("AITBC ReportFeed", "1") {
        if (address(oracle) == address(0)) revert ReportFeed_OracleIsZero();
        ORACLE = oracle;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IReportFeed
    function latest(bytes32 feedId) external view returns (int128 value, uint32 round, uint32 observedAt) {
        Feed memory feed = _feeds[feedId];
        return (feed.value, feed.round, feed.observedAt);
    }

    /// @inheritdoc IReportFeed
    function observationDigest(
        bytes32 feedId,
        uint32 round,
        uint32 observedAt,
        int128 value
    ) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(OBSERVATION_TYPEHASH, feedId, round, observedAt, value)));
    }

    /// @inheritdoc IReportFeed
    function needed(uint256 size) public pure returns (uint256 count) {
        count = size < LEAST ? LEAST : size - (size - 1) / 3;
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IReportFeed
    function report(
        bytes32 feedId,
        uint32 round,
        uint32 observedAt,
        Observation[] calldata observations
    ) external returns (int128 value) {
        // Check
        _requireNext(feedId, round, observedAt);
        address[] memory reporters = ORACLE.reporters();
        if (observations.length < needed(reporters.length)) {
            revert ReportFeed_TooFew(observations.length, needed(reporters.length));
        }
        uint256 signerBitmap;
        (value, signerBitmap) = _medianOf(
            [OBSERVATION_TYPEHASH, feedId, bytes32(uint256(round)), bytes32(uint256(observedAt)), 0],
            observations,
            reporters
        );
        // Effect
        _feeds[feedId] = Feed(value, round, observedAt);
        // Event
        emit FeedReported(feedId, round, observedAt, value, signerBitmap);
    }

    /* ---------- internal ---------- */

    function _requireNext(bytes32 feedId, uint32 round, uint32 observedAt) private view {
        Feed memory feed = _feeds[feedId];
        if (round != feed.round + 1) revert ReportFeed_WrongRound(round, feed.round + 1);
        if (observedAt <= feed.observedAt) revert ReportFeed_NotNewer(observedAt, feed.observedAt);
        if (observedAt > block.timestamp) revert ReportFeed_FromTheFuture(observedAt, block.timestamp);
        if (observedAt + MAX_AGE_SECONDS < block.timestamp) {
            revert ReportFeed_TooOld(observedAt, block.timestamp - MAX_AGE_SECONDS);
        }
    }

    /// @dev Both lists of addresses ascend, so one walk along the set finds all signers. Nothing here can overflow.
    /// @param words What is signed; the last of them is the value.
    function _medianOf(
        bytes32[5] memory words,
        Observation[] calldata observations,
        address[] memory reporters
    ) private view returns (int128, uint256 signerBitmap) {
        int128[] memory sorted = new int128[](observations.length);
        bytes32 separator = _domainSeparatorV4();
        address previous = address(0);
        uint256 seat = 0;
        unchecked {
            for (uint256 i = 0; i < observations.length; ++i) {
                Observation calldata seen = observations[i];
                int128 value = seen.value;
                words[4] = bytes32(uint256(int256(value)));
                address signer = _signerOf(separator, words, seen, i);
                if (signer <= previous) revert ReportFeed_SignersNotAscending(previous, signer);
                while (seat < reporters.length && reporters[seat] < signer) ++seat;
                if (seat == reporters.length || reporters[seat] != signer) {
                    revert ReportFeed_NotReporter(signer);
                }
                signerBitmap |= 1 << seat;
                previous = signer;
                uint256 place = i;
                for (; place != 0 && sorted[place - 1] > value; --place) {
                    sorted[place] = sorted[place - 1];
                }
                sorted[place] = value;
            }
        }
        return (sorted[(sorted.length - 1) / 2], signerBitmap);
    }

    /// @dev {observationDigest} for less: only the last word changes from one observation to the next.
    function _signerOf(
        bytes32 separator,
        bytes32[5] memory words,
        Observation calldata seen,
        uint256 index
    ) private pure returns (address signer) {
        bytes32 structHash;
        assembly ("memory-safe") {
            structHash := keccak256(words, 160)
        }
        bytes32 digest = MessageHashUtils.toTypedDataHash(separator, structHash);
        ECDSA.RecoverError fault;
        (signer, fault,) = ECDSA.tryRecover(digest, seen.r, seen.vs);
        if (fault != ECDSA.RecoverError.NoError) revert ReportFeed_SignatureInvalid(index);
    }
}
