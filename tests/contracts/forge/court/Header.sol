// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Block headers as the court reads them: the fields of today's headers, RLP
library Header {
    /// @notice A header with this parent and this randomness; the other fields are of usual lengths.
    function encode(bytes32 parent, bytes32 mixHash, uint256 number) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(
            _word(parent),
            _word(keccak256("uncles")),
            bytes1(0x94),
            bytes20(0),
            _word(keccak256("state")),
            _word(keccak256("transactions")),
            _word(keccak256("receipts")),
            bytes3(0xb90100),
            new bytes(256)
        );
        bytes memory rest = abi.encodePacked(
            bytes1(0x80),
            bytes1(0x84),
            uint32(number),
            bytes5(0x8401c9c380),
            bytes1(0x05),
            bytes5(0x846b02f842),
            bytes1(0x82),
            bytes2("hi"),
            _word(mixHash),
            bytes9(0x880000000000000000),
            bytes5(0x84342770c0)
        );
        bytes memory body = abi.encodePacked(head, rest);
        return abi.encodePacked(bytes1(0xf9), uint16(body.length), body);
    }

    function _word(bytes32 value) private pure returns (bytes memory) {
        return abi.encodePacked(bytes1(0xa0), value);
    }
}
