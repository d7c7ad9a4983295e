// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Who signed a digest, from the 64 bytes of ERC-2098
library CompactSignature {
    /// @dev Half of the order of secp256k1; a larger s is malleable.
    uint256 private constant MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice The signer; zero, which is nobody, for high s, r = 0 and any other fault.
    function recoverOrZero(bytes32 digest, bytes32 r, bytes32 yParityAndS) internal pure returns (address) {
        uint256 s = uint256(yParityAndS) & (type(uint256).max >> 1);
        if (s > MAX_S) return address(0);
        return ecrecover(digest, uint256(yParityAndS) >> 255 == 0 ? 27 : 28, r, bytes32(s));
    }
}
