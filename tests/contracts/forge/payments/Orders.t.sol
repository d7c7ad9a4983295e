// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../../../contracts/interfaces/IPaymentChannels.sol";
import {ISignedOrders} from "../../../../contracts/interfaces/ISignedOrders.sol";
import {ContractWallet} from "../../../../contracts/mocks/ContractWallet.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

/// @title Signed orders: purses, nonces, batches
contract OrdersTest is PaymentsTest {
    function setUp() public override {
        super.setUp();
        _fill(0, 100e6);
        _fill(1, 100e6);
    }

    /* ---------- one order ---------- */

    function test_settleOrder__when_it_is_good__pays_the_payee() public {
        _settle(_order(0, 10e6, 5), PAYER_KEY);
        vm.assertEq(_credit(payee), 10e6, "credit");
        vm.assertEq(_purse(0), 90e6, "purse");
        vm.assertEq(market.spentNonces(_payer(0), 0), 1 << 5, "nonce");
    }

    function test_S3_settleOrder__when_the_nonce_is_spent__reverts() public {
        _settle(_order(0, 10e6, 300), PAYER_KEY);
        ISignedOrders.Order memory again = _order(0, 1, 300);
        bytes memory signature = _sign(PAYER_KEY, market.orderDigest(again));
        vm.expectRevert(
            abi.encodeWithSelector(ISignedOrders.PaymentChannels_NonceSpent.selector, _payer(0), 300)
        );
        market.settleOrder(again, signature);
    }

    function test_S3_settleOrder__when_nonces_come_in_any_order__pays_each() public {
        uint64[4] memory nonces = [uint64(9), 3, type(uint64).max, 256];
        for (uint256 i = 0; i < 4; ++i) {
            _settle(_order(0, 1e6, nonces[i]), PAYER_KEY);
        }
        vm.assertEq(_credit(payee), 4e6, "credit");
    }

    function test_S3_settleOrder__when_the_nonce_is_cancelled__reverts() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit ISignedOrders.OrdersCancelled(_payer(0), 1, type(uint256).max);
        vm.prank(_payer(0));
        market.cancelOrders(1, type(uint256).max);
        ISignedOrders.Order memory order = _order(0, 1, 256);
        bytes memory signature = _sign(PAYER_KEY, market.orderDigest(order));
        vm.expectRevert(
            abi.encodeWithSelector(ISignedOrders.PaymentChannels_NonceSpent.selector, _payer(0), 256)
        );
        market.settleOrder(order, signature);
        _settle(_order(0, 1e6, 255), PAYER_KEY);
        vm.assertEq(_credit(payee), 1e6, "another word is untouched");
    }

    function test_S3_settleOrder__when_it_is_late__reverts() public {
        ISignedOrders.Order memory order = _order(0, 1, 0);
        bytes memory signature = _sign(PAYER_KEY, market.orderDigest(order));
        vm.warp(order.validBefore + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISignedOrders.PaymentChannels_OrderExpired.selector, block.timestamp, order.validBefore
            )
        );
        market.settleOrder(order, signature);
    }

    function test_S3_settleOrder__when_the_wallets_owner_changed__reverts() public {
        ContractWallet wallet = new ContractWallet(_payer(0));
        vm.prank(_payer(0));
        market.fillPurse(address(token), address(wallet), 10e6);
        ISignedOrders.Order memory order = _order(0, 1e6, 0);
        order.payer = address(wallet);
        market.settleOrder(order, _sign(PAYER_KEY, market.orderDigest(order)));
        vm.assertEq(_credit(payee), 1e6, "credit");
        order.nonce = 1;
        bytes memory signature = _sign(PAYER_KEY, market.orderDigest(order));
        wallet.setOwner(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_SignatureInvalid.selector, address(wallet)
            )
        );
        market.settleOrder(order, signature);
    }

    function test_S1_settleOrder__when_a_field_changes__reverts() public {
        ISignedOrders.Order memory order = _order(0, 1e6, 0);
        bytes memory signature = _sign(PAYER_KEY, market.orderDigest(order));
        for (uint256 i = 0; i < 5; ++i) {
            ISignedOrders.Order memory other = _order(0, 1e6, 0);
            if (i == 0) other.payee = stranger;
            if (i == 1) other.amount += 1;
            if (i == 2) other.nonce += 1;
            if (i == 3) other.validBefore += 1;
            if (i == 4) other.purpose = 0;
            _expectBadSignature();
            market.settleOrder(other, signature);
        }
        vm.chainId(1);
        _expectBadSignature();
        market.settleOrder(order, signature);
    }

    function test_S1_settleOrder__when_it_is_signed_as_a_voucher__reverts() public {
        ISignedOrders.Order memory order = _order(0, 1e6, 0);
        bytes memory signature = _sign(PAYER_KEY, market.voucherDigest(market.orderDigest(order), 1e6));
        _expectBadSignature();
        market.settleOrder(order, signature);
    }

    function test_settleOrder__when_the_purse_is_too_small__reverts() public {
        ISignedOrders.Order memory order = _order(0, 100e6 + 1, 0);
        bytes memory signature = _sign(PAYER_KEY, market.orderDigest(order));
        vm.expectRevert(
            abi.encodeWithSelector(ISignedOrders.PaymentChannels_PurseTooSmall.selector, 100e6 + 1, 100e6)
        );
        market.settleOrder(order, signature);
    }

    /* ---------- batches ---------- */

    function test_C2_settleOrders__when_rows_are_bad__pays_the_good_ones() public {
        ISignedOrders.OrderRow[] memory rows = new ISignedOrders.OrderRow[](9);
        rows[0] = _orderRow(_order(0, 1e6, 0), PAYER_KEY);
        rows[1] = _orderRow(_order(0, 1e6, 0), PAYER_KEY);
        rows[2] = _orderRow(_order(1, 2e6, 256), PAYER_KEY + 1);
        rows[3] = _orderRow(_order(0, 4e6, 1), PAYER_KEY + 1);
        rows[4] = _orderRow(_order(0, 99e6 + 1, 2), PAYER_KEY);
        rows[5] = _orderRow(_order(0, 8e6, 257), PAYER_KEY);
        ISignedOrders.Order memory late = _order(0, 16e6, 3);
        late.validBefore = uint32(block.timestamp - 1);
        rows[6] = _orderRow(late, PAYER_KEY);
        ISignedOrders.Order memory foreign = _order(0, 32e6, 4);
        foreign.payee = stranger;
        rows[7] = _orderRow(foreign, PAYER_KEY);
        rows[8] = _orderRow(_order(0, 64e6, 5), PAYER_KEY);
        rows[8].validBeforeAndNonce |= 1 << 96;
        vm.assertEq(market.settleOrders(payee, address(token), rows), 11e6, "paid");
        vm.assertEq(_credit(payee), 11e6, "credit");
        vm.assertEq(_purse(0), 91e6, "first purse");
        vm.assertEq(_purse(1), 98e6, "second purse");
        vm.assertEq(market.spentNonces(_payer(0), 0), 1, "first word");
        vm.assertEq(market.spentNonces(_payer(0), 1), 2, "second word");
        vm.assertEq(market.spentNonces(_payer(1), 1), 1, "other payer's word");
    }

    function test_C2_settleOrders__when_the_purse_runs_out__pays_the_first() public {
        ISignedOrders.OrderRow[] memory rows = new ISignedOrders.OrderRow[](3);
        rows[0] = _orderRow(_order(0, 60e6, 0), PAYER_KEY);
        rows[1] = _orderRow(_order(0, 60e6, 1), PAYER_KEY);
        rows[2] = _orderRow(_order(0, 40e6, 2), PAYER_KEY);
        vm.assertEq(market.settleOrders(payee, address(token), rows), 100e6, "paid");
        vm.assertEq(market.spentNonces(_payer(0), 0), 5, "a row that was not paid is not spent");
    }

    function test_S2_settleOrders__when_the_payer_is_nobody__skips_it() public {
        ISignedOrders.OrderRow[] memory rows = new ISignedOrders.OrderRow[](1);
        vm.prank(_payer(2));
        market.fillPurse(address(token), address(0), 1e6);
        rows[0].payerAndAmount = bytes32(uint256(1e6));
        rows[0].validBeforeAndNonce = uint256(type(uint32).max) << 64;
        rows[0].r = bytes32(uint256(1));
        vm.assertEq(market.settleOrders(payee, address(token), rows), 0, "paid");
        rows[0].validBeforeAndNonce |= 256;
        vm.assertEq(market.settleOrders(payee, address(token), rows), 0, "paid from another word");
    }

    function testFuzz_C2_settleOrders__equals_the_single_orders(uint8[6] memory seeds) public {
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](6);
        ISignedOrders.OrderRow[] memory rows = new ISignedOrders.OrderRow[](6);
        for (uint256 i = 0; i < 6; ++i) {
            orders[i] = _order(seeds[i] & 1, uint96(seeds[i]) * 1e6 / 2, uint64(seeds[i] >> 1) % 4 * 200);
            rows[i] = _orderRow(orders[i], PAYER_KEY + (seeds[i] & 1) + (seeds[i] >> 7));
        }
        uint256 id = vm.snapshotState();
        market.settleOrders(payee, address(token), rows);
        uint256[3] memory batched = [_credit(payee), _purse(0), _purse(1)];
        vm.revertToState(id);
        for (uint256 i = 0; i < 6; ++i) {
            bytes memory signature =
                _sign(PAYER_KEY + (seeds[i] & 1) + (seeds[i] >> 7), market.orderDigest(orders[i]));
            try market.settleOrder(orders[i], signature) {} catch {}
        }
        vm.assertEq(batched[0], _credit(payee), "credit");
        vm.assertEq(batched[1], _purse(0), "first purse");
        vm.assertEq(batched[2], _purse(1), "second purse");
    }

    /* ---------- purses ---------- */

    function test_fillPurse__when_it_is_zero__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_AmountIsZero.selector));
        market.fillPurse(address(token), stranger, 0);
    }

    function test_emptyPurse__when_the_delay_is_over__pays_what_is_left() public {
        _announce(80e6);
        vm.warp(block.timestamp + 1 days - 50);
        _settle(_order(0, 30e6, 0), PAYER_KEY);
        vm.warp(block.timestamp + 50);
        vm.prank(_payer(0));
        market.emptyPurse(address(token));
        vm.assertEq(_credit(_payer(0)), 70e6, "orders settled in the delay come first");
        vm.assertEq(_purse(0), 0, "purse");
    }

    function test_emptyPurse__when_the_delay_runs_or_nothing_was_announced__reverts() public {
        vm.startPrank(_payer(0));
        vm.expectRevert(
            abi.encodeWithSelector(ISignedOrders.PaymentChannels_NothingLeaving.selector, _payer(0))
        );
        market.emptyPurse(address(token));
        vm.stopPrank();
        _announce(80e6);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_TooEarly.selector, block.timestamp, block.timestamp + 1 days
            )
        );
        vm.prank(_payer(0));
        market.emptyPurse(address(token));
    }

    function test_announceLeaving__when_it_is_zero_or_too_much__reverts() public {
        vm.startPrank(_payer(0));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_AmountIsZero.selector));
        market.announceLeaving(address(token), 0);
        vm.expectRevert(
            abi.encodeWithSelector(ISignedOrders.PaymentChannels_PurseTooSmall.selector, 100e6 + 1, 100e6)
        );
        market.announceLeaving(address(token), 100e6 + 1);
        vm.stopPrank();
    }

    function _announce(uint96 amount) private {
        vm.prank(_payer(0));
        market.announceLeaving(address(token), amount);
    }

    function _settle(ISignedOrders.Order memory order, uint256 key) private {
        if (order.validBefore < block.timestamp) order.validBefore = uint32(block.timestamp + 1);
        bytes memory signature = _sign(key, market.orderDigest(order));
        vm.prank(stranger);
        market.settleOrder(order, signature);
    }

    function _expectBadSignature() private {
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannels_SignatureInvalid.selector, _payer(0))
        );
    }
}
