// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IRevenueSplitter} from "../interfaces/IRevenueSplitter.sol";
import {ShareSplit} from "../libraries/ShareSplit.sol";
import {Signatures} from "../libraries/Signatures.sol";

/// @title Splits what an agent earns
/// @dev Promises and assumptions are in {IRevenueSplitter}. Every unit that comes in is a credit in the same call.
contract RevenueSplitter is IRevenueSplitter, ReentrancyGuardTransient, EIP712 {
    using SafeERC20 for IERC20;

    /* ---------- types ---------- */

    struct StoredAgreement {
        address payer;
        Share[] shares;
    }

    /* ---------- constants and immutables ---------- */

    bytes32 private constant SHARE_TYPEHASH = keccak256("Share(address payee,uint16 bps)");
    bytes32 private constant AGREEMENT_TYPEHASH = keccak256(
        "Agreement(address payer,bytes32 purpose,uint64 salt,Share[] shares)Share(address payee,uint16 bps)"
    );
    bytes32 private constant PAYMENT_TYPEHASH =
        keccak256("Payment(bytes32 agreementId,address token,uint96 amount,uint64 nonce,uint32 validBefore)");
    uint256 public constant MIN_SHARES = 2;
    uint256 public constant MAX_SHARES = 16;

    /// @notice Receives without signing.
    address public immutable TREASURY;

    /* ---------- storage ---------- */

    mapping(bytes32 agreementId => StoredAgreement) private _agreements;
    mapping(address payer => mapping(uint64 word => uint256)) private _spentNonces;
    /// @inheritdoc IRevenueSplitter
    mapping(address token => mapping(address account => uint256)) public creditOf;

    /* ---------- constructor ---------- */

    constructor(address treasury) EIP712("AITBC RevenueSplitter", "1") {
        if (treasury == address(0)) revert RevenueSplitter_AddressIsZero("treasury");
        TREASURY = treasury;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IRevenueSplitter
    function sharesOf(bytes32 agreementId) external view returns (address payer, Share[] memory shares) {
        StoredAgreement storage agreement = _agreementNamed(agreementId);
        return (agreement.payer, agreement.shares);
    }

    /// @inheritdoc IRevenueSplitter
    function partsOf(bytes32 agreementId, uint96 amount) external view returns (uint256[] memory parts) {
        return _partsDown(amount, _agreementNamed(agreementId).shares);
    }

    /// @inheritdoc IRevenueSplitter
    function isNonceSpent(address payer, uint64 nonce) external view returns (bool) {
        return _spentNonces[payer][nonce >> 8] & (1 << (nonce & 255)) != 0;
    }

    /// @inheritdoc IRevenueSplitter
    function agreementIdOf(Agreement calldata agreement) public pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](agreement.shares.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            Share calldata share = agreement.shares[i];
            hashes[i] = keccak256(abi.encode(SHARE_TYPEHASH, share.payee, share.bps));
        }
        return keccak256(
            abi.encode(
                AGREEMENT_TYPEHASH,
                agreement.payer,
                agreement.purpose,
                agreement.salt,
                keccak256(abi.encodePacked(hashes))
            )
        );
    }

    /// @inheritdoc IRevenueSplitter
    function agreementDigest(Agreement calldata agreement) public view returns (bytes32) {
        return _hashTypedDataV4(agreementIdOf(agreement));
    }

    /// @inheritdoc IRevenueSplitter
    function paymentDigest(Payment calldata payment) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    PAYMENT_TYPEHASH,
                    payment.agreementId,
                    payment.token,
                    payment.amount,
                    payment.nonce,
                    payment.validBefore
                )
            )
        );
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IRevenueSplitter
    function register(
        Agreement calldata agreement,
        bytes calldata payerSignature,
        bytes[] calldata payeeSignatures
    ) external returns (bytes32 agreementId) {
        // Check
        _requireSharesValid(agreement.shares);
        agreementId = agreementIdOf(agreement);
        if (_agreements[agreementId].payer != address(0)) {
            revert RevenueSplitter_AlreadyRegistered(agreementId);
        }
        _requireSigned(agreement, payerSignature, payeeSignatures);
        // Effect
        StoredAgreement storage stored = _agreements[agreementId];
        stored.payer = agreement.payer;
        for (uint256 i = 0; i < agreement.shares.length; ++i) {
            stored.shares.push(agreement.shares[i]);
        }
        // Event
        emit AgreementRegistered(
            agreementId, agreement.payer, agreement.purpose, agreement.salt, agreement.shares
        );
    }

    /// @inheritdoc IRevenueSplitter
    function split(bytes32 agreementId, address token, uint96 amount) external nonReentrant {
        _split(_agreementNamed(agreementId), agreementId, token, msg.sender, amount);
    }

    /// @inheritdoc IRevenueSplitter
    function splitSigned(Payment calldata payment, bytes calldata signature) external nonReentrant {
        // Check
        StoredAgreement storage agreement = _agreementNamed(payment.agreementId);
        address payer = agreement.payer;
        if (block.timestamp > payment.validBefore) {
            revert RevenueSplitter_PaymentExpired(block.timestamp, payment.validBefore);
        }
        _requireSignature(payer, paymentDigest(payment), signature);
        // Effect
        if (!_spend(payer, payment.nonce)) revert RevenueSplitter_NonceSpent(payer, payment.nonce);
        _split(agreement, payment.agreementId, payment.token, payer, payment.amount);
    }

    /// @inheritdoc IRevenueSplitter
    function cancelPayment(uint64 nonce) external {
        // Effect
        if (!_spend(msg.sender, nonce)) revert RevenueSplitter_NonceSpent(msg.sender, nonce);
        // Event
        emit PaymentCancelled(msg.sender, nonce);
    }

    /// @inheritdoc IRevenueSplitter
    function withdrawFor(address token, address account) external nonReentrant {
        // Check
        uint256 amount = creditOf[token][account];
        if (amount == 0) revert RevenueSplitter_NoCredit(token, account);
        // Effect
        delete creditOf[token][account];
        // Event
        emit CreditWithdrawn(token, account, amount);
        // Interaction
        IERC20(token).safeTransfer(account, amount);
    }

    /* ---------- internal ---------- */

    function _split(
        StoredAgreement storage agreement,
        bytes32 agreementId,
        address token,
        address from,
        uint96 amount
    ) private {
        // Check
        if (amount == 0) revert RevenueSplitter_AmountIsZero();
        // Effect
        Share[] memory shares = agreement.shares;
        uint256[] memory parts = _partsDown(amount, shares);
        for (uint256 i = 0; i < shares.length; ++i) {
            creditOf[token][shares[i].payee] += parts[i];
        }
        // Event
        emit RevenueSplit(agreementId, token, from, amount, parts);
        // Interaction
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - balanceBefore;
        if (received != amount) revert RevenueSplitter_UnexpectedReceipt(received, amount);
    }

    function _partsDown(uint96 amount, Share[] memory shares) private pure returns (uint256[] memory) {
        uint16[] memory bps = new uint16[](shares.length);
        for (uint256 i = 0; i < bps.length; ++i) {
            bps[i] = shares[i].bps;
        }
        return ShareSplit.partsDown(amount, bps);
    }

    function _spend(address payer, uint64 nonce) private returns (bool isFresh) {
        uint256 bit = 1 << (nonce & 255);
        uint256 spent = _spentNonces[payer][nonce >> 8];
        if (spent & bit != 0) return false;
        _spentNonces[payer][nonce >> 8] = spent | bit;
        return true;
    }

    function _agreementNamed(bytes32 agreementId) private view returns (StoredAgreement storage agreement) {
        agreement = _agreements[agreementId];
        if (agreement.payer == address(0)) revert RevenueSplitter_UnknownAgreement(agreementId);
    }

    function _requireSharesValid(Share[] calldata shares) private view {
        if (shares.length < MIN_SHARES || shares.length > MAX_SHARES) {
            revert RevenueSplitter_ShareCountOutOfRange(shares.length, MIN_SHARES, MAX_SHARES);
        }
        uint256 sum = 0;
        for (uint256 i = 0; i < shares.length; ++i) {
            address payee = shares[i].payee;
            if (shares[i].bps == 0) revert RevenueSplitter_ShareIsZero(i);
            if (payee == address(0) || payee == address(this)) revert RevenueSplitter_PayeeRefused(payee);
            for (uint256 j = 0; j < i; ++j) {
                if (shares[j].payee == payee) revert RevenueSplitter_PayeesRepeat(payee);
            }
            sum += shares[i].bps;
        }
        if (sum != ShareSplit.BPS) revert RevenueSplitter_SharesDoNotSum(sum, ShareSplit.BPS);
    }

    function _requireSigned(
        Agreement calldata agreement,
        bytes calldata payerSignature,
        bytes[] calldata payeeSignatures
    ) private view {
        if (agreement.shares.length != payeeSignatures.length) {
            revert RevenueSplitter_LengthMismatch(agreement.shares.length, payeeSignatures.length);
        }
        bytes32 digest = agreementDigest(agreement);
        _requireSignature(agreement.payer, digest, payerSignature);
        for (uint256 i = 0; i < payeeSignatures.length; ++i) {
            address payee = agreement.shares[i].payee;
            if (payee == TREASURY || payee == agreement.payer) continue;
            _requireSignature(payee, digest, payeeSignatures[i]);
        }
    }

    function _requireSignature(address signer, bytes32 digest, bytes calldata signature) private view {
        if (!Signatures.isBy(signer, digest, signature)) revert RevenueSplitter_SignatureInvalid(signer);
    }
}
