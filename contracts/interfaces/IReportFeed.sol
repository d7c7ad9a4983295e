// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Numbers that the staked reporters observe: a price, a rate, a temperature
/// @notice Every reporter signs its own observation by EIP-712; anybody carries them together. The value of a round is the
/// median, the lower one of two. A round needs so many observations that the reporters missing from it and the liars
/// in it may each be f, of a set of at least 3f + 1 (rule R6): then the median lies between two honest ones, and f silent
/// reporters cannot stop the feed.
///
/// A feed is named by the hash of the document that says what is observed and in which unit; nobody opens or owns it.
/// There is no role. SAFETY assumes: at most f of the set in force lie. LIVENESS assumes: at most f are silent; a reader
/// looks at `observedAt`, since an old value stays.
interface IReportFeed {
    /// @notice What one reporter saw, and its signature in 64 bytes (ERC-2098).
    struct Observation {
        int128 value;
        bytes32 r;
        bytes32 vs;
    }

    event FeedReported(
        bytes32 indexed feedId, uint32 round, uint32 observedAt, int128 value, uint256 signerBitmap
    );

    error ReportFeed_OracleIsZero();
    error ReportFeed_WrongRound(uint32 round, uint32 next);
    error ReportFeed_NotNewer(uint32 observedAt, uint32 latest);
    error ReportFeed_FromTheFuture(uint32 observedAt, uint256 nowSeconds);
    error ReportFeed_TooOld(uint32 observedAt, uint256 earliest);
    error ReportFeed_TooFew(uint256 count, uint256 needed);
    error ReportFeed_SignatureInvalid(uint256 index);
    error ReportFeed_SignersNotAscending(address previous, address signer);
    error ReportFeed_NotReporter(address signer);

    /// @notice Ends the next round of a feed. Anybody carries it.
    /// @param round One more than the last; the first is 1.
    /// @param observedAt Unix seconds, the same for all: after the last round's, not in the future, not older than
    /// {MAX_AGE_SECONDS}.
    /// @param observations By distinct reporters of the set in force, in ascending order of address.
    function report(
        bytes32 feedId,
        uint32 round,
        uint32 observedAt,
        Observation[] calldata observations
    ) external returns (int128 value);

    /// @notice The last value of a feed; round 0 if there was none.
    function latest(bytes32 feedId) external view returns (int128 value, uint32 round, uint32 observedAt);

    /// @notice What a reporter signs: `Observation(bytes32 feedId,uint32 round,uint32 observedAt,int128 value)`.
    function observationDigest(
        bytes32 feedId,
        uint32 round,
        uint32 observedAt,
        int128 value
    ) external view returns (bytes32);

    /// @notice Observations that a round of a set of this size needs: all but a third, rounded up, and two at least. An
    /// empty set reports nothing.
    function needed(uint256 size) external pure returns (uint256);

    /// @notice Seconds after which observations are too old to be reported.
    function MAX_AGE_SECONDS() external view returns (uint256);
}
