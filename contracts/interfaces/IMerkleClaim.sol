// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Claims of a distribution by Merkle proof
/// @notice A root stands for a list of (account, sum of everything ever granted to it). A later list replaces an earlier
/// one; an account is paid its sum less what it took before, so no list can make it pay back and none pays twice.
/// Leaves are `keccak256(keccak256(abi.encode(account, sum)))`: hashed twice, so that an inner node is never a leaf.
///
/// Role: the owner (the time-lock) publishes lists. It can never: take tokens out, lower what an account took, pay
/// without a list. It may give the role up, and the last list stays claimable for ever.
///
/// SAFETY assumes: the owner's lists hold sums that do not fall; keccak-256 has no collisions.
/// LIVENESS assumes: the contract holds the tokens that its lists promise; who claims first is paid first.
interface IMerkleClaim {
    event ListPublished(bytes32 indexed root, uint256 indexed number, string uri);
    event Claimed(address indexed account, uint256 amount, uint256 sum);

    /// @notice Zero is no root.
    error MerkleClaim_RootIsZero();
    error MerkleClaim_ProofInvalid(address account, uint256 sum);
    error MerkleClaim_NothingNew(address account, uint256 sum, uint256 claimed);

    /// @notice The owner publishes a list.
    /// @param uri Where the whole list can be read, so that everybody can make a proof.
    function publish(bytes32 root, string calldata uri) external;

    /// @notice Pays `account` what the list grants beyond what it took. Anybody carries the proof.
    function claim(address account, uint256 sum, bytes32[] calldata proof) external;

    /// @notice What `account` took so far.
    function claimedBy(address account) external view returns (uint256);

    /// @notice The newest list; zero before the first.
    function root() external view returns (bytes32);

    /// @notice Number of lists so far.
    function listCount() external view returns (uint256);
}
