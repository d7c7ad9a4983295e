// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../../../contracts/interfaces/IPaymentChannels.sol";
import {ISignedOrders} from "../../../../contracts/interfaces/ISignedOrders.sol";
import {PaymentChannels} from "../../../../contracts/market/PaymentChannels.sol";
import {PlainToken} from "../../../../contracts/mocks/PlainToken.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @title Vouchers and orders, for every amount, nonce and signature: what leaves is what was signed, once
contract PaymentsSymbolic is SymbolicTest {
    address private constant PAYER = address(0xA0);
    address private constant PAYEE = address(0x9A7EE);
    uint32 private constant GRACE = 1 hours;
    uint64 private constant WORD = 3;

    PaymentChannels private _market;
    PlainToken private _token;
    IPaymentChannels.Channel private _channel;
    bytes32 private _channelId;

    function setUp() public {
        _market = new PaymentChannels();
        _token = new PlainToken();
        _channel = IPaymentChannels.Channel({
            payer: PAYER, payee: PAYEE, token: address(_token), graceSeconds: GRACE, salt: 7
        });
        _channelId = _market.channelIdOf(_channel);
        _token.mint(PAYER, type(uint128).max);
        vm.prank(PAYER);
        _token.approve(address(_market), type(uint256).max);
    }

    /// @dev C1: an old voucher is a no-op, `claimed` rises, and the payee gets exactly the difference.
    function check_claim__whatever_the_vouchers__pays_the_difference_once(
        uint96 deposit,
        uint96 first,
        uint96 second,
        bytes32 r,
        bytes32 s
    ) external {
        _open(deposit);
        bool isPaid = _claim(first, r, s);
        uint96 claimed = _market.channelOf(_channelId).claimed;
        assert(claimed == (isPaid ? first : 0));
        assert(claimed <= deposit);
        uint256 credit = _market.creditOf(address(_token), PAYEE);
        assert(credit == claimed);
        bool isPaidAgain = _claim(second, r, s);
        uint96 later = _market.channelOf(_channelId).claimed;
        assert(later >= claimed && later <= deposit);
        assert(isPaidAgain == (later != claimed));
        assert(_market.creditOf(address(_token), PAYEE) == later);
    }

    /// @dev C2: two rows of a batch on one channel pay what the larger good voucher says, and never above the deposit.
    function check_claimBatch__whatever_two_rows__pays_what_claimed_rose(
        uint96 deposit,
        IPaymentChannels.VoucherRow calldata a,
        IPaymentChannels.VoucherRow calldata b
    ) external {
        _open(deposit);
        IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](2);
        (rows[0], rows[1]) = (a, b);
        bytes32 terms = bytes32((uint256(uint160(PAYER)) << 96) | (uint256(GRACE) << 64) | 7);
        vm.assume(a.channelTerms == terms && b.channelTerms == terms);
        uint256 paid = _market.claimBatch(PAYEE, address(_token), rows);
        IPaymentChannels.ChannelState memory state = _market.channelOf(_channelId);
        assert(state.claimed == paid && paid <= deposit && state.deposit == deposit);
        assert(_market.creditOf(address(_token), PAYEE) == paid);
    }

    /// @dev S3: an order moves its amount once; its bit is set and no other; a second time is refused.
    function check_settleOrder__whatever_the_order__spends_its_own_bit_once(
        ISignedOrders.Order memory order,
        uint96 fill,
        uint64 otherNonce,
        bytes32 r,
        bytes32 s
    ) external {
        vm.assume(fill != 0 && otherNonce != order.nonce);
        (order.payer, order.payee, order.token) = (PAYER, PAYEE, address(_token));
        vm.prank(PAYER);
        _market.fillPurse(address(_token), PAYER, fill);
        bool wasOther = _isSpent(otherNonce);
        bool isPaid = _settle(order, r, s);
        assert(_isSpent(order.nonce) == isPaid && _isSpent(otherNonce) == wasOther);
        uint96 left = _market.purseOf(address(_token), PAYER).balance;
        assert(uint256(left) + _market.creditOf(address(_token), PAYEE) == fill);
        assert(left == (isPaid ? fill - order.amount : fill));
        if (isPaid) assert(!_settle(order, r, s));
    }

    /// @dev A batch of two orders beside a cancelled mask of their word: purse plus credit stay what they were, a cancelled
    /// nonce pays nothing, and the same nonce pays once.
    function check_settleOrders__whatever_two_rows__keeps_the_sum_and_honours_cancellations(
        uint96 fill,
        uint256 mask,
        uint96[2] memory amounts,
        uint8[2] memory nonces,
        uint32 validBefore,
        bytes32 r,
        bytes32 s
    ) external {
        vm.assume(fill != 0);
        vm.prank(PAYER);
        _market.fillPurse(address(_token), PAYER, fill);
        vm.prank(PAYER);
        _market.cancelOrders(WORD, mask);
        ISignedOrders.OrderRow[] memory rows = new ISignedOrders.OrderRow[](2);
        for (uint256 i = 0; i < 2; ++i) {
            rows[i].payerAndAmount = bytes32((uint256(uint160(PAYER)) << 96) | amounts[i]);
            rows[i].validBeforeAndNonce = (uint256(validBefore) << 64) | (uint256(WORD) << 8) | nonces[i];
            (rows[i].r, rows[i].yParityAndS) = (r, s);
        }
        uint256 paid = _market.settleOrders(PAYEE, address(_token), rows);
        assert(uint256(_market.purseOf(address(_token), PAYER).balance) + paid == fill);
        assert(_market.creditOf(address(_token), PAYEE) == paid);
        uint256 spent = _market.spentNonces(PAYER, WORD);
        assert(spent & mask == mask);
        uint256 signed = (uint256(1) << nonces[0]) | (uint256(1) << nonces[1]);
        assert(spent & ~(mask | signed) == 0);
        if (mask & signed == signed) assert(paid == 0);
        if (nonces[0] == nonces[1]) assert(paid == 0 || paid == amounts[0] || paid == amounts[1]);
    }

    function _open(uint96 deposit) private {
        vm.assume(deposit != 0);
        vm.prank(PAYER);
        _market.open(PAYEE, address(_token), GRACE, 7, deposit);
    }

    function _claim(uint96 cumulative, bytes32 r, bytes32 s) private returns (bool isPaid) {
        try _market.claim(_channel, cumulative, abi.encodePacked(r, s)) {
            return true;
        } catch {
            return false;
        }
    }

    function _settle(ISignedOrders.Order memory order, bytes32 r, bytes32 s) private returns (bool isPaid) {
        try _market.settleOrder(order, abi.encodePacked(r, s)) {
            return true;
        } catch {
            return false;
        }
    }

    function _isSpent(uint64 nonce) private view returns (bool) {
        return _market.spentNonces(PAYER, nonce >> 8) & (1 << (nonce & 255)) != 0;
    }
}
