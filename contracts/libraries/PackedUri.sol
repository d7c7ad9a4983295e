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
    /// @dev 1 in every byte; times a byte value, that value in every byte.
    uint256 private constant EACH_BYTE = type(uint256).max / 0xff;
    uint256 private constant HIGH_BITS = EACH_BYTE * 0x80;
    /// @dev Twelve characters of value zero, in front of a text of twenty.
    uint256 private constant ZERO_HEAD = uint256(bytes32("aaaaaaaaaaaa"));
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
        uint256 tail = ZERO_HEAD | uint160(bytes20(text[PREFIX_LENGTH + 32:]));
        (uint256 headBits, uint256 headFaults) = _decode(head);
        (uint256 tailBits, uint256 tailFaults) = _decode(tail);
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

    /// @dev Decodes 32 characters of base32 at once: every step works on all bytes, or on all groups, of the word.
    /// @return bits Five for each character, 160. @return faults Not zero if a character is no lower-case base32.
    function _decode(uint256 word) private pure returns (uint256 bits, uint256 faults) {
        // Nothing overflows into a neighbour: seven bits plus at most 0x4e stay below a byte, and only valid
        // characters are decoded, 'a' to 'z' from 0x61 on and '2' to '7' from 0x32 on.
        unchecked {
            faults = word & HIGH_BITS;
            uint256 low = word & ~HIGH_BITS;
            // The high bit of a byte says: not below 'a', not above 'z'; not below '2', not above '7'.
            uint256 letters =
                (low + EACH_BYTE * (0x80 - 0x61)) & ~(low + EACH_BYTE * (0x7f - 0x7a)) & HIGH_BITS;
            uint256 digits =
                (low + EACH_BYTE * (0x80 - 0x32)) & ~(low + EACH_BYTE * (0x7f - 0x37)) & HIGH_BITS;
            faults |= (letters | digits) ^ HIGH_BITS;
            if (faults != 0) return (0, faults);
            // Letters count from 0, digits from 26.
            bits = low - (letters >> 7) * 0x61 - (digits >> 7) * (0x32 - 26);
            // Neighbours join: 5 bits of each byte to 10 of each pair, to 20, 40, 80 and 160.
            bits = ((bits >> 3) & (type(uint256).max / 0xffff) * 0x3e0)
                | (bits & (type(uint256).max / 0xffff) * 0x1f);
            bits = ((bits >> 6) & (type(uint256).max / 0xffffffff) * 0xffc00)
                | (bits & (type(uint256).max / 0xffffffff) * 0x3ff);
            bits = ((bits >> 12) & (type(uint256).max / type(uint64).max) * 0xfffff00000)
                | (bits & (type(uint256).max / type(uint64).max) * 0xfffff);
            bits = ((bits >> 24) & (type(uint256).max / type(uint128).max) * (0xffffffffff << 40))
                | (bits & (type(uint256).max / type(uint128).max) * 0xffffffffff);
            bits = ((bits >> 48) & (uint256(type(uint80).max) << 80)) | (bits & type(uint80).max);
        }
    }
}
