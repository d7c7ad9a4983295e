// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {CompactSignature} from "../libraries/CompactSignature.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChannelSlot, ChannelSlotLib} from "../types/ChannelSlot.sol";
import {SignedOrders} from "./SignedOrders.sol";

/// @title Channels and orders: many small payments, few transactions
/// @dev Promises and assumptions are in {IPaymentChannels} and {ISignedOrders}. A channel takes one slot; its terms
/// travel with every call and are hashed to its id.
contract PaymentChannels is SignedOrders {
    /* ---------- constants ---------- */

    bytes32 private constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint96 cumulative)");
    uint32 public constant MIN_GRACE_SECONDS = 60;
    uint32 public constant MAX_GRACE_SECONDS = 30 days;

    /* ---------- storage ---------- */

    mapping(bytes32 channelId => ChannelSlot) private _channels;

    /* ---------- constructor ---------- */

    constructor() EIP712("AITBC PaymentChannels", "1") {}

    /* ---------- views ---------- */

    /// @inheritdoc IPaymentChannels
    function channelOf(bytes32 channelId) external view returns (ChannelState memory) {
        ChannelSlot slot = _channels[channelId];
        return ChannelState({deposit: slot.deposit(), claimed: slot.claimed(), closableAt: slot.closableAt()});
    }

    /// @inheritdoc IPaymentChannels
    function channelIdOf(Channel memory channel) public pure returns (bytes32) {
        return _channelId({
            channelTerms: _packTerms(channel.payer, channel.graceSeconds, channel.salt),
            payee: channel.payee,
            token: channel.token
        });
    }

    /// @inheritdoc IPaymentChannels
    function voucherDigest(bytes32 channelId, uint96 cumulative) public view returns (bytes32) {
        return _voucherDigest(_domainSeparatorV4(), channelId, cumulative);
    }

    /* ---------- payer ---------- */

    /// @inheritdoc IPaymentChannels
    function open(
        address payee,
        address token,
        uint32 graceSeconds,
        uint64 salt,
        uint96 amount
    ) external nonReentrant returns (bytes32 channelId) {
        // Check
        if (amount == 0) revert PaymentChannels_AmountIsZero();
        if (payee == address(0) || payee == msg.sender) {
            revert PaymentChannels_AddressRefused("payee", payee);
        }
        if (token == address(0)) revert PaymentChannels_AddressRefused("token", token);
        if (graceSeconds < MIN_GRACE_SECONDS || graceSeconds > MAX_GRACE_SECONDS) {
            revert PaymentChannels_GraceOutOfRange(graceSeconds, MIN_GRACE_SECONDS, MAX_GRACE_SECONDS);
        }
        channelId = channelIdOf(
            Channel({payer: msg.sender, payee: payee, token: token, graceSeconds: graceSeconds, salt: salt})
        );
        if (_channels[channelId].deposit() != 0) revert PaymentChannels_AlreadyOpen(channelId);
        // Effect
        _channels[channelId] = ChannelSlotLib.pack({deposit_: amount, claimed_: 0, closableAt_: 0});
        // Event
        emit ChannelOpened(channelId, msg.sender, payee, token, graceSeconds, salt, amount);
        // Interaction
        _pullExact(token, msg.sender, amount);
    }

    /// @inheritdoc IPaymentChannels
    function topUp(Channel calldata channel, uint96 amount) external nonReentrant {
        // Check
        if (amount == 0) revert PaymentChannels_AmountIsZero();
        (bytes32 channelId, ChannelSlot slot) = _channelNamed(channel);
        uint256 deposit = uint256(slot.deposit()) + amount;
        if (deposit > type(uint96).max) revert PaymentChannels_DepositTooBig(deposit, type(uint96).max);
        // Effect
        _channels[channelId] = ChannelSlotLib.pack({
            // forge-lint: disable-next-line(unsafe-typecast) checked above
            deposit_: uint96(deposit),
            claimed_: slot.claimed(),
            closableAt_: msg.sender == channel.payer ? 0 : slot.closableAt()
        });
        // Event
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        emit ChannelToppedUp(channelId, amount, uint96(deposit));
        // Interaction
        _pullExact(channel.token, msg.sender, amount);
    }

    /// @inheritdoc IPaymentChannels
    function startClose(Channel calldata channel) external {
        // Check
        if (msg.sender != channel.payer) revert PaymentChannels_NotPayer(msg.sender, channel.payer);
        (bytes32 channelId, ChannelSlot slot) = _channelNamed(channel);
        if (slot.closableAt() != 0) revert PaymentChannels_AlreadyClosing(channelId, slot.closableAt());
        // Effect
        uint32 closableAt = uint32(block.timestamp) + channel.graceSeconds;
        _channels[channelId] = ChannelSlotLib.pack({
            deposit_: slot.deposit(), claimed_: slot.claimed(), closableAt_: closableAt
        });
        // Event
        emit ChannelClosing(channelId, closableAt);
    }

    /* ---------- payee ---------- */

    /// @inheritdoc IPaymentChannels
    function release(Channel calldata channel) external {
        // Check
        if (msg.sender != channel.payee) revert PaymentChannels_NotParty(msg.sender);
        (bytes32 channelId, ChannelSlot slot) = _channelNamed(channel);
        // Effect and event
        _close(channel, channelId, slot);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IPaymentChannels
    function claim(
        Channel calldata channel,
        uint96 cumulative,
        bytes calldata signature
    ) external nonReentrant {
        // Check
        (bytes32 channelId, ChannelSlot slot) = _channelNamed(channel);
        uint96 claimed = slot.claimed();
        if (cumulative <= claimed) revert PaymentChannels_NothingNew(cumulative, claimed);
        if (cumulative > slot.deposit()) revert PaymentChannels_OverDeposit(cumulative, slot.deposit());
        if (!Signatures.isBy(channel.payer, voucherDigest(channelId, cumulative), signature)) {
            revert PaymentChannels_SignatureInvalid(channel.payer);
        }
        // Effect
        _channels[channelId] = slot.withClaimed(cumulative);
        _credit(channel.token, channel.payee, cumulative - claimed);
        // Event
        emit VoucherClaimed(channelId, cumulative);
    }

    /// @inheritdoc IPaymentChannels
    function claimBatch(
        address payee,
        address token,
        VoucherRow[] calldata rows
    ) external nonReentrant returns (uint256 paid) {
        // Check and effect, row by row
        bytes32[] memory claims = new bytes32[](rows.length * 2);
        bytes32 domain = _domainSeparatorV4();
        // No step can overflow: the length of calldata bounds `i`, and `paid` is a sum of numbers below 2^96.
        unchecked {
            for (uint256 i = 0; i < rows.length; ++i) {
                VoucherRow calldata row = rows[i];
                bytes32 channelId = _channelId(row.channelTerms, payee, token);
                uint256 cumulative = row.cumulative;
                uint256 amount = _claimRow(domain, channelId, cumulative, row);
                if (amount == 0) continue;
                paid += amount;
                claims[2 * i] = channelId;
                claims[2 * i + 1] = bytes32(cumulative);
            }
        }
        if (paid != 0) _credit(token, payee, paid);
        // Event
        emit VouchersClaimed(payee, token, paid, claims);
    }

    /// @inheritdoc IPaymentChannels
    function finishClose(Channel calldata channel) external {
        // Check
        (bytes32 channelId, ChannelSlot slot) = _channelNamed(channel);
        uint32 closableAt = slot.closableAt();
        if (closableAt == 0) revert PaymentChannels_NotClosing(channelId);
        if (block.timestamp < closableAt) revert PaymentChannels_TooEarly(block.timestamp, closableAt);
        // Effect and event
        _close(channel, channelId, slot);
    }

    /* ---------- internal ---------- */

    /// @return amount What the row moved to the payee; zero if it cannot be claimed.
    function _claimRow(
        bytes32 domain,
        bytes32 channelId,
        uint256 cumulative,
        VoucherRow calldata row
    ) private returns (uint256 amount) {
        ChannelSlot slot = _channels[channelId];
        uint256 claimed = slot.claimed();
        if (cumulative <= claimed || cumulative > slot.deposit()) return 0;
        address signer = CompactSignature.recoverOrZero({
            digest: _voucherDigest(domain, channelId, cumulative), r: row.r, yParityAndS: row.yParityAndS
        });
        if (signer == address(0) || signer != address(bytes20(row.channelTerms))) return 0;
        // Below the deposit, which fits 96 bits, and above the claimed sum: neither the cast nor the difference can fail.
        _channels[channelId] = slot.withClaimed(uint96(cumulative));
        unchecked {
            return cumulative - claimed;
        }
    }

    /// @dev The claimed sum stays: an id that is topped up again goes on from there.
    function _close(Channel calldata channel, bytes32 channelId, ChannelSlot slot) private {
        uint96 claimed = slot.claimed();
        uint96 refund = slot.deposit() - claimed;
        _channels[channelId] = ChannelSlotLib.pack({deposit_: claimed, claimed_: claimed, closableAt_: 0});
        if (refund != 0) _credit(channel.token, channel.payer, refund);
        emit ChannelClosed(channelId, refund);
    }

    function _channelNamed(Channel calldata channel)
        private
        view
        returns (bytes32 channelId, ChannelSlot slot)
    {
        channelId = channelIdOf(channel);
        slot = _channels[channelId];
        if (slot.deposit() == 0) revert PaymentChannels_UnknownChannel(channelId);
    }

    function _voucherDigest(
        bytes32 domain,
        bytes32 channelId,
        uint256 cumulative
    ) private pure returns (bytes32) {
        bytes32 body = keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, cumulative));
        return MessageHashUtils.toTypedDataHash(domain, body);
    }

    function _packTerms(address payer, uint32 graceSeconds, uint64 salt) private pure returns (bytes32) {
        return bytes32((uint256(uint160(payer)) << 96) | (uint256(graceSeconds) << 64) | salt);
    }

    function _channelId(bytes32 channelTerms, address payee, address token) private pure returns (bytes32) {
        return keccak256(abi.encode(channelTerms, payee, token));
    }
}
