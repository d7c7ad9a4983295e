// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice A URI as stored. `ipfs://bafkrei...` (CIDv1, raw codec, sha2-256, lower-case base32) takes one slot, its
/// digest; anything else is kept as text.
struct StoredUri {
    // slot 0: digest of the CID; zero means that `text` holds the URI
    bytes32 digest;
    // slot 1 and on: stale while `digest` is set
    string text;
}

/// @title Stores and restores URIs: what comes out is what went in, byte for byte
library PackedUri {
    /// @dev "ipfs://" and the 59 characters of the CID.
    uint256 private constant CID_URI_LENGTH = 66;
    /// @dev The scheme, "b" for base32, and the first 30 of the 32 bits that say version, codec, hash and length.
    bytes14 private constant PREFIX = "ipfs://bafkrei";
    uint256 private constant PREFIX_LENGTH = 14;
    bytes32 private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /// @notice Stores `uri` in as few slots as it takes.
    function store(StoredUri storage self, string calldata uri) internal {
        bytes32 digest = digestOf(uri);
        self.digest = digest;
        if (digest == 0) self.text = uri;
    }

    /// @notice The URI that was stored last.
    function load(StoredUri storage self) internal view returns (string memory) {
        bytes32 digest = self.digest;
        return digest == 0 ? self.text : uriOf(digest);
    }

    /// @notice The digest inside a URI of the short form, zero for any other text.
    function digestOf(string calldata uri) internal pure returns (bytes32) {
        bytes calldata text = bytes(uri);
        if (text.length != CID_URI_LENGTH || bytes14(text[:PREFIX_LENGTH]) != PREFIX) return 0;
        // 52 characters of 5 bits: 2 zero bits that end the header, 256 of the digest, 2 zero bits of padding.
        uint256 value = _bitsOf(text[PREFIX_LENGTH]);
        if (value > 7) return 0;
        for (uint256 i = PREFIX_LENGTH + 1; i < CID_URI_LENGTH - 1; ++i) {
            uint256 bits = _bitsOf(text[i]);
            if (bits > 31) return 0;
            value = (value << 5) | bits;
        }
        uint256 last = _bitsOf(text[CID_URI_LENGTH - 1]);
        if (last > 31 || last & 3 != 0) return 0;
        return bytes32((value << 3) | (last >> 2));
    }

    /// @notice The URI of the short form for a digest.
    function uriOf(bytes32 digest) internal pure returns (string memory) {
        bytes memory text = new bytes(CID_URI_LENGTH);
        for (uint256 i = 0; i < PREFIX_LENGTH; ++i) {
            text[i] = PREFIX[i];
        }
        uint256 value = uint256(digest);
        text[CID_URI_LENGTH - 1] = ALPHABET[(value & 7) << 2];
        value >>= 3;
        for (uint256 i = CID_URI_LENGTH - 2; i >= PREFIX_LENGTH; --i) {
            text[i] = ALPHABET[value & 31];
            value >>= 5;
        }
        return string(text);
    }

    /// @dev 0 to 31, or 32 for a character outside of lower-case base32.
    function _bitsOf(bytes1 character) private pure returns (uint256) {
        uint8 code = uint8(character);
        if (code >= 0x61 && code <= 0x7a) return code - 0x61;
        if (code >= 0x32 && code <= 0x37) return code - 0x32 + 26;
        return 32;
    }
}
