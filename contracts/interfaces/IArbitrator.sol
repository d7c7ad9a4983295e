// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Who decides a dispute: the least that the market asks of a court
/// @notice The shape of ERC-792 (cost, create, ruling) with two changes. The fee is an ERC-20, transferred before
/// {createDispute}; and the ruling is fetched instead of called back, so that no court can stop it from being carried
/// out by refusing to call. Kleros fits behind an adapter that keeps the ruling which it is called back with; UMA behind
/// one that turns "the provider earned x" into an assertion and reads its result.
interface IArbitrator {
    /// @notice What a dispute paid in `token` costs, in its smallest unit, and the longest that it may take from
    /// {createDispute} to a final ruling. Reverts if the token is not taken.
    function quote(address token) external view returns (uint256 cost, uint32 longestSeconds);

    /// @notice Opens a dispute. The caller is the {IArbitrable} and has transferred the cost before, in this transaction.
    /// @param subject Names the dispute to the caller; handed back in {IArbitrable-isConflicted}.
    function createDispute(uint256 subject, address token) external returns (uint256 disputeId);

    /// @notice The ruling once nothing can change it.
    /// @param providerBps The provider's share of what is disputed, in 1/10_000.
    function rulingOf(uint256 disputeId) external view returns (bool isFinal, uint16 providerBps);

    /// @notice Sends what the caller paid for a dispute that ended without a ruling to `to`; nothing if nothing is due.
    function takeRefund(uint256 disputeId, address to) external returns (uint256 amount);
}

/// @title Who brings disputes before an arbitrator
interface IArbitrable {
    /// @notice Whether a juror has a stake in the outcome and must not sit.
    /// @param evidence Empty, or what shows a tie that the arbitrable does not know by itself.
    function isConflicted(
        uint256 subject,
        address juror,
        bytes calldata evidence
    ) external view returns (bool);
}
