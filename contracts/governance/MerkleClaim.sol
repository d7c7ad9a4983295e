// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IMerkleClaim} from "../interfaces/IMerkleClaim.sol";

/// @title Claims of a distribution
/// @dev Promises and assumptions are in {IMerkleClaim}.
contract MerkleClaim is IMerkleClaim, Ownable2Step {
    using SafeERC20 for IERC20;

    IERC20 public immutable TOKEN;

    /// @inheritdoc IMerkleClaim
    bytes32 public root;
    /// @inheritdoc IMerkleClaim
    uint256 public listCount;
    /// @inheritdoc IMerkleClaim
    mapping(address account => uint256) public claimedBy;

    constructor(IERC20 token, address owner_) Ownable(owner_) {
        TOKEN = token;
    }

    /// @inheritdoc IMerkleClaim
    function claim(address account, uint256 sum, bytes32[] calldata proof) external {
        // Check
        if (root == 0) revert MerkleClaim_RootIsZero();
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, sum))));
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) revert MerkleClaim_ProofInvalid(account, sum);
        uint256 claimed = claimedBy[account];
        if (sum <= claimed) revert MerkleClaim_NothingNew(account, sum, claimed);
        // Effect
        claimedBy[account] = sum;
        // Event
        emit Claimed(account, sum - claimed, sum);
        // Interaction
        TOKEN.safeTransfer(account, sum - claimed);
    }

    /// @inheritdoc IMerkleClaim
    function publish(bytes32 newRoot, string calldata uri) external onlyOwner {
        // Check
        if (newRoot == 0) revert MerkleClaim_RootIsZero();
        // Effect
        root = newRoot;
        // Event
        emit ListPublished(newRoot, ++listCount, uri);
    }
}
