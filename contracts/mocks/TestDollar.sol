// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {IERC3009} from "../interfaces/IERC3009.sol";
import {Signatures} from "../libraries/Signatures.sol";

/// @title A dollar without value: ERC-20 with 6 decimals, ERC-2612, ERC-3009 and an open faucet
/// @notice For local chains and test networks only. Anybody mints, so its price is zero.
contract TestDollar is ERC20, ERC20Permit, IERC3009 {
    error TestDollar_MintTooBig(uint256 amount, uint256 max);
    error TestDollar_AuthorizationNotYetValid(uint256 nowSeconds, uint256 validAfter);
    error TestDollar_AuthorizationExpired(uint256 nowSeconds, uint256 validBefore);
    error TestDollar_AuthorizationSpent(address authorizer, bytes32 nonce);
    error TestDollar_AuthorizationSignatureInvalid(address authorizer);
    error TestDollar_CallerIsNotPayee(address caller, address payee);

    /// @notice Most that one call of the faucet makes, in the smallest unit: one million dollars.
    uint256 public constant MAX_MINT = 1_000_000e6;
    bytes32 public constant TRANSFER_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 public constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 public constant CANCEL_AUTHORIZATION_TYPEHASH =
        keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    /// @inheritdoc IERC3009
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    constructor() ERC20("Test Dollar", "tUSD") ERC20Permit("Test Dollar") {}

    /// @notice Six, as dollar tokens have.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice The faucet: makes `amount` smallest units for `to`.
    function mint(address to, uint256 amount) external {
        if (amount > MAX_MINT) revert TestDollar_MintTooBig(amount, MAX_MINT);
        _mint(to, amount);
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _transferAuthorized({
            from: from,
            to: to,
            value: value,
            validAfter: validAfter,
            validBefore: validBefore,
            nonce: nonce,
            signature: abi.encodePacked(r, s, v)
        });
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _transferAuthorized({
            from: from,
            to: to,
            value: value,
            validAfter: validAfter,
            validBefore: validBefore,
            nonce: nonce,
            signature: signature
        });
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (msg.sender != to) revert TestDollar_CallerIsNotPayee(msg.sender, to);
        _requireInWindow(validAfter, validBefore);
        bytes32 terms = keccak256(
            abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        _spend(from, nonce, terms, abi.encodePacked(r, s, v));
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        bytes32 terms = keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce));
        _spend(authorizer, nonce, terms, abi.encodePacked(r, s, v));
        emit AuthorizationCanceled(authorizer, nonce);
    }

    function _transferAuthorized(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) private {
        _requireInWindow(validAfter, validBefore);
        bytes32 terms = keccak256(
            abi.encode(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        _spend(from, nonce, terms, signature);
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    function _requireInWindow(uint256 validAfter, uint256 validBefore) private view {
        if (block.timestamp <= validAfter) {
            revert TestDollar_AuthorizationNotYetValid(block.timestamp, validAfter);
        }
        if (block.timestamp >= validBefore) {
            revert TestDollar_AuthorizationExpired(block.timestamp, validBefore);
        }
    }

    function _spend(address authorizer, bytes32 nonce, bytes32 terms, bytes memory signature) private {
        if (authorizationState[authorizer][nonce]) revert TestDollar_AuthorizationSpent(authorizer, nonce);
        if (!Signatures.isBy(authorizer, _hashTypedDataV4(terms), signature)) {
            revert TestDollar_AuthorizationSignatureInvalid(authorizer);
        }
        authorizationState[authorizer][nonce] = true;
    }
}
