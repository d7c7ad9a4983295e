// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title A signer set written as the code of an account: read whole for one cold account, whatever its size
/// @dev The code is a STOP byte and then 20 bytes a signer, strictly ascending. Measured against a mapping from signer
/// to seat, which costs a cold slot a signature: dearer by 500 gas for two signatures, cheaper from three on.
library SignerCode {
    uint256 private constant ADDRESS_BYTES = 20;

    error SignerCode_NotStored();

    /// @notice Writes the set.
    /// @param signers Strictly ascending; at most 1,228, so that the code stays under its limit.
    function store(address[] memory signers) internal returns (address pointer) {
        // PUSH2 size, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN, and the data.
        bytes memory code = abi.encodePacked(
            hex"61",
            // forge-lint: disable-next-line(unsafe-typecast) at most 1,228 signers
            uint16(1 + signers.length * ADDRESS_BYTES),
            hex"80600a3d393df300"
        );
        for (uint256 i = 0; i < signers.length; ++i) {
            code = bytes.concat(code, bytes20(signers[i]));
        }
        assembly ("memory-safe") {
            pointer := create(0, add(code, 32), mload(code))
        }
        if (pointer == address(0)) revert SignerCode_NotStored();
    }

    /// @notice Copies the set into memory, to be read by {signerAt}; where it stands.
    /// @param count Signers in it.
    function load(address pointer, uint256 count) internal view returns (uint256 packed) {
        assembly ("memory-safe") {
            let size := mul(count, ADDRESS_BYTES)
            packed := mload(0x40)
            extcodecopy(pointer, packed, 1, size)
            mstore(0x40, and(add(add(packed, size), 31), not(31)))
        }
    }

    /// @notice The signer at a seat.
    /// @param seat Below the count that {load} was given; not checked.
    function signerAt(uint256 packed, uint256 seat) internal pure returns (address signer) {
        assembly ("memory-safe") {
            signer := shr(96, mload(add(packed, mul(seat, ADDRESS_BYTES))))
        }
    }

    /// @notice The set as a list.
    function list(address pointer, uint256 count) internal view returns (address[] memory signers) {
        uint256 packed = load(pointer, count);
        signers = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            signers[i] = signerAt(packed, i);
        }
    }

    /// @notice Sorts a short list of addresses in place, ascending.
    function sort(address[] memory signers) internal pure {
        for (uint256 i = 1; i < signers.length; ++i) {
            address signer = signers[i];
            uint256 j = i;
            for (; j > 0 && signers[j - 1] > signer; --j) {
                signers[j] = signers[j - 1];
            }
            signers[j] = signer;
        }
    }
}
