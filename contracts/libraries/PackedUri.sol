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
    /// @dev Bit `c` is set for every character code `c` of ALPHABET.
    uint256 private constant VALID_CODES = (((1 << 26) - 1) << 0x61) | (((1 << 6) - 1) << 0x32);
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
        uint256 head = uint256(bytes32(text[PREFIX_LENGTH:PREFIX_LENGTH + 32]));
        uint256 tail = uint256(uint160(bytes20(text[PREFIX_LENGTH + 32:])));
        (uint256 headBits, uint256 headFaults) = _decode(head, 32);
        (uint256 tailBits, uint256 tailFaults) = _decode(tail, 20);
        if (headFaults | tailFaults | (headBits >> 158) | (tailBits & 3) != 0) return 0;
        return bytes32((headBits << 98) | (tailBits >> 2));
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

    /// @dev Decodes `count` characters of base32, the last in the lowest byte of `word`.
    /// @return bits Five for each character. @return faults Not zero if a character is no lower-case base32.
    function _decode(uint256 word, uint256 count) private pure returns (uint256 bits, uint256 faults) {
        // No step can overflow: `bits` grows to 160, `code` is a byte, and 'a' to 'z' lie above 0x60, '2' to '7' below.
        unchecked {
            for (uint256 shift = count * 8; shift != 0;) {
                shift -= 8;
                uint256 code = (word >> shift) & 0xff;
                faults |= ~(VALID_CODES >> code) & 1;
                bits = (bits << 5) | ((code > 0x60 ? code - 0x61 : code - 0x18) & 31);
            }
        }
    }
}
