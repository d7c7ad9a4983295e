// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDecisionLedger} from "../interfaces/IDecisionLedger.sol";
import {CompactSignature} from "../libraries/CompactSignature.sol";

/// @title Digests of decisions made off chain
/// @dev Promises and assumptions are in {IDecisionLedger}. Each anchor takes one slot.
abstract contract AnchorBook is IDecisionLedger, EIP712 {
    /* ---------- constants ---------- */

    bytes32 private constant DECISION_TYPEHASH = keccak256("Decision(bytes32 councilId,bytes32 digest)");
    uint256 public constant MAX_MEMBERS = 64;

    /* ---------- storage ---------- */

    /// @inheritdoc IDecisionLedger
    mapping(bytes32 root => uint256) public anchoredAt;
    /// @inheritdoc IDecisionLedger
    mapping(bytes32 councilId => mapping(bytes32 digest => uint256)) public certifiedAt;

    /* ---------- views ---------- */

    /// @inheritdoc IDecisionLedger
    function councilIdOf(uint256 quorum, address[] calldata members) public pure returns (bytes32) {
        return keccak256(abi.encode(quorum, members));
    }

    /// @inheritdoc IDecisionLedger
    function decisionDigest(bytes32 councilId, bytes32 digest) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(DECISION_TYPEHASH, councilId, digest)));
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IDecisionLedger
    function anchor(bytes32 root) external {
        // Check
        if (root == 0) revert DecisionLedger_RootIsZero();
        if (anchoredAt[root] != 0) revert DecisionLedger_AlreadyAnchored(root, anchoredAt[root]);
        // Effect
        anchoredAt[root] = block.timestamp;
        // Event
        emit RootAnchored(root, msg.sender);
    }

    /// @inheritdoc IDecisionLedger
    function certify(Certificate calldata certificate) external returns (bytes32 councilId) {
        // Check
        _requireQuorum(certificate);
        councilId = councilIdOf(certificate.quorum, certificate.members);
        mapping(bytes32 digest => uint256) storage ofCouncil = certifiedAt[councilId];
        uint256 already = ofCouncil[certificate.digest];
        if (already != 0) revert DecisionLedger_AlreadyAnchored(certificate.digest, already);
        _requireSigned(certificate, decisionDigest(councilId, certificate.digest));
        // Effect
        ofCouncil[certificate.digest] = block.timestamp;
        // Event
        emit DecisionCertified(councilId, certificate.digest, certificate.signerBitmap);
    }

    /* ---------- internal ---------- */

    function _requireQuorum(Certificate calldata certificate) private pure {
        uint256 count = certificate.members.length;
        uint256 quorum = certificate.quorum;
        if (count == 0 || count > MAX_MEMBERS) {
            revert DecisionLedger_MemberCountOutOfRange(count, MAX_MEMBERS);
        }
        if (quorum <= count / 2 || quorum > count) {
            revert DecisionLedger_QuorumOutOfRange(quorum, count / 2 + 1, count);
        }
        uint256 signed = certificate.signatures.length;
        if (signed < quorum) revert DecisionLedger_TooFewSignatures(signed, quorum);
        if (certificate.signerBitmap >> count != 0) {
            revert DecisionLedger_SignatureCountMismatch(count + 1, signed);
        }
    }

    /// @dev Every signature that is named must be good: a certificate says who signed, so it may not lie about one.
    /// Members ascend from zero, so none is zero and none counts twice.
    function _requireSigned(Certificate calldata certificate, bytes32 digest) private pure {
        address[] calldata members = certificate.members;
        CompactSig[] calldata signatures = certificate.signatures;
        uint256 bitmap = certificate.signerBitmap;
        uint256 used = 0;
        address previous = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            address member = members[i];
            if (member <= previous) revert DecisionLedger_MembersNotAscending(previous, member);
            previous = member;
            if ((bitmap >> i) & 1 == 0) continue;
            if (used == signatures.length) revert DecisionLedger_SignatureCountMismatch(used + 1, used);
            CompactSig calldata signature = signatures[used++];
            address signer = CompactSignature.recoverOrZero({
                digest: digest, r: signature.r, yParityAndS: signature.yParityAndS
            });
            if (signer != member) revert DecisionLedger_SignatureInvalid(i, member);
        }
        if (used != signatures.length) revert DecisionLedger_SignatureCountMismatch(used, signatures.length);
    }
}
