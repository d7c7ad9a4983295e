// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Who signed a digest
library Signatures {
    /// @notice The signer, from 65 bytes or from 64 (ERC-2098).
    /// @dev High s, odd v, r = 0 and any other length recover to zero, which is nobody.
    function recoverOrZero(bytes32 digest, bytes memory signature) internal pure returns (address) {
        (uint8 v, bytes32 r, bytes32 s) = ECDSA.parse(signature);
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecover({hash: digest, v: v, r: r, s: s});
        return fault == ECDSA.RecoverError.NoError ? signer : address(0);
    }

    /// @notice As {recoverOrZero}, without a copy of the signature.
    function recoverCalldataOrZero(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        (uint8 v, bytes32 r, bytes32 s) = ECDSA.parseCalldata(signature);
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecover({hash: digest, v: v, r: r, s: s});
        return fault == ECDSA.RecoverError.NoError ? signer : address(0);
    }

    /// @notice True if `signer` signed: by its key first (also an account with delegated code), then by ERC-1271.
    function isBy(address signer, bytes32 digest, bytes memory signature) internal view returns (bool) {
        if (signer == address(0)) return false;
        if (recoverOrZero(digest, signature) == signer) return true;
        if (signer.code.length == 0) return false;
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }
}
