// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../../../contracts/interfaces/IPaymentChannels.sol";
import {ISignedOrders} from "../../../../contracts/interfaces/ISignedOrders.sol";
import {PaymentChannels} from "../../../../contracts/market/PaymentChannels.sol";
import {PlainToken} from "../../../../contracts/mocks/PlainToken.sol";
import {VmMore} from "../support/VmMore.sol";

/// @title Channels and purses as every test finds them: three payers, one payee, one token
abstract contract PaymentsTest {
    VmMore internal constant vm = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 internal constant PAYER_KEY = 0xA0;
    uint32 internal constant GRACE = 1 hours;
    uint96 internal constant DEPOSIT = 1_000e6;

    address internal payee = address(0x9A7EE);
    address internal stranger = address(0x57A9);
    PaymentChannels internal market;
    PlainToken internal token;

    function setUp() public virtual {
        market = new PaymentChannels();
        token = new PlainToken();
        for (uint256 i = 0; i < 3; ++i) {
            _fund(_payer(i));
        }
    }

    function _fund(address account) internal {
        token.mint(account, 1_000_000e6);
        vm.prank(account);
        token.approve(address(market), type(uint256).max);
    }

    function _payer(uint256 i) internal pure returns (address) {
        return vm.addr(PAYER_KEY + i);
    }

    function _terms(uint256 i) internal view returns (IPaymentChannels.Channel memory) {
        return IPaymentChannels.Channel({
            payer: _payer(i), payee: payee, token: address(token), graceSeconds: GRACE, salt: 7
        });
    }

    function _open(uint256 i) internal returns (bytes32) {
        vm.prank(_payer(i));
        return market.open(payee, address(token), GRACE, 7, DEPOSIT);
    }

    function _voucher(uint256 i, uint96 cumulative) internal view returns (bytes memory) {
        return _sign(PAYER_KEY + i, market.voucherDigest(market.channelIdOf(_terms(i)), cumulative));
    }

    function _claim(uint256 i, uint96 cumulative) internal {
        bytes memory signature = _voucher(i, cumulative);
        vm.prank(stranger);
        market.claim(_terms(i), cumulative, signature);
    }

    function _row(
        uint256 i,
        uint96 cumulative
    ) internal view returns (IPaymentChannels.VoucherRow memory row) {
        return _rowOf(_terms(i), PAYER_KEY + i, cumulative);
    }

    function _rowOf(
        IPaymentChannels.Channel memory channel,
        uint256 key,
        uint96 cumulative
    ) internal view returns (IPaymentChannels.VoucherRow memory row) {
        row.channelTerms = bytes32(
            (uint256(uint160(channel.payer)) << 96) | (uint256(channel.graceSeconds) << 64) | channel.salt
        );
        row.cumulative = cumulative;
        (row.r, row.yParityAndS) =
            _signCompact(key, market.voucherDigest(market.channelIdOf(channel), cumulative));
    }

    function _order(
        uint256 i,
        uint96 amount,
        uint64 nonce
    ) internal view returns (ISignedOrders.Order memory) {
        return ISignedOrders.Order({
            payer: _payer(i),
            payee: payee,
            token: address(token),
            amount: amount,
            nonce: nonce,
            validBefore: uint32(block.timestamp + 100),
            purpose: keccak256("request")
        });
    }

    function _orderRow(
        ISignedOrders.Order memory order,
        uint256 key
    ) internal view returns (ISignedOrders.OrderRow memory row) {
        row.payerAndAmount = bytes32((uint256(uint160(order.payer)) << 96) | order.amount);
        row.validBeforeAndNonce = (uint256(order.validBefore) << 64) | order.nonce;
        row.purpose = order.purpose;
        (row.r, row.yParityAndS) = _signCompact(key, market.orderDigest(order));
    }

    function _fill(uint256 i, uint96 amount) internal {
        vm.prank(_payer(i));
        market.fillPurse(address(token), _payer(i), amount);
    }

    function _purse(uint256 i) internal view returns (uint256) {
        return market.purseOf(address(token), _payer(i)).balance;
    }

    function _credit(address account) internal view returns (uint256) {
        return market.creditOf(address(token), account);
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _signCompact(
        uint256 key,
        bytes32 digest
    ) internal pure returns (bytes32 r, bytes32 yParityAndS) {
        (uint8 v, bytes32 r_, bytes32 s) = vm.sign(key, digest);
        return (r_, bytes32((uint256(v - 27) << 255) | uint256(s)));
    }
}
