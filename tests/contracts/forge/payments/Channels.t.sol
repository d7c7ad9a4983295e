// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../../../contracts/interfaces/IPaymentChannels.sol";
import {CompactSignature} from "../../../../contracts/libraries/CompactSignature.sol";
import {PaymentChannels} from "../../../../contracts/market/PaymentChannels.sol";
import {ContractWallet} from "../../../../contracts/mocks/ContractWallet.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {ReentrantToken} from "../../../../contracts/mocks/ReentrantToken.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

/// @title Channels: every verb, every refusal
contract ChannelsTest is PaymentsTest {
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /* ---------- open and top up ---------- */

    function test_open__when_the_terms_are_new__locks_the_deposit() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IPaymentChannels.ChannelOpened(
            market.channelIdOf(_terms(0)), _payer(0), payee, address(token), GRACE, 7, DEPOSIT
        );
        bytes32 id = _open(0);
        vm.assertEq(uint256(market.channelOf(id).deposit), DEPOSIT, "deposit");
        vm.assertEq(token.balanceOf(address(market)), DEPOSIT, "locked");
    }

    function test_open__when_the_channel_exists__reverts() public {
        bytes32 id = _open(0);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_AlreadyOpen.selector, id));
        _open(0);
    }

    function test_open__when_the_terms_are_refused__reverts() public {
        vm.startPrank(_payer(0));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_AmountIsZero.selector));
        market.open(payee, address(token), GRACE, 0, 0);
        address[2] memory refused = [address(0), _payer(0)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IPaymentChannels.PaymentChannels_AddressRefused.selector, bytes32("payee"), refused[i]
                )
            );
            market.open(refused[i], address(token), GRACE, 0, 1);
        }
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_AddressRefused.selector, bytes32("token"), address(0)
            )
        );
        market.open(payee, address(0), GRACE, 0, 1);
        uint32[2] memory graces = [uint32(59), 30 days + 1];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IPaymentChannels.PaymentChannels_GraceOutOfRange.selector, graces[i], 60, 30 days
                )
            );
            market.open(payee, address(token), graces[i], 0, 1);
        }
        vm.stopPrank();
    }

    function test_open__when_the_token_keeps_a_part__reverts() public {
        FeeOnTransferToken greedy = new FeeOnTransferToken();
        greedy.mint(stranger, 100e6);
        vm.startPrank(stranger);
        greedy.approve(address(market), type(uint256).max);
        vm.expectPartialRevert(IPaymentChannels.PaymentChannels_UnexpectedReceipt.selector);
        market.open(payee, address(greedy), GRACE, 0, 10e6);
        vm.stopPrank();
    }

    function test_topUp__when_anybody_pays__grows_the_deposit() public {
        bytes32 id = _open(0);
        vm.prank(_payer(1));
        market.topUp(_terms(0), 5e6);
        vm.assertEq(uint256(market.channelOf(id).deposit), DEPOSIT + 5e6, "deposit");
    }

    function test_topUp__when_the_channel_is_unknown__reverts() public {
        bytes32 id = market.channelIdOf(_terms(0));
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_UnknownChannel.selector, id));
        market.topUp(_terms(0), 1);
    }

    function test_topUp__when_it_is_zero_or_too_much__reverts() public {
        _open(0);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_AmountIsZero.selector));
        market.topUp(_terms(0), 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_DepositTooBig.selector,
                uint256(DEPOSIT) + type(uint96).max,
                type(uint96).max
            )
        );
        market.topUp(_terms(0), type(uint96).max);
    }

    function test_topUp__when_the_channel_is_closing__is_reopened_by_the_payer_alone() public {
        bytes32 id = _open(0);
        vm.prank(_payer(0));
        market.startClose(_terms(0));
        vm.prank(_payer(1));
        market.topUp(_terms(0), 1);
        vm.assertGt(uint256(market.channelOf(id).closableAt), 0, "a stranger does not stop the closing");
        vm.prank(_payer(0));
        market.topUp(_terms(0), 1);
        vm.assertEq(uint256(market.channelOf(id).closableAt), 0, "the payer does");
    }

    /* ---------- C1: vouchers are cumulative ---------- */

    function test_C1_claim__when_the_voucher_is_newer__credits_the_difference() public {
        bytes32 id = _open(0);
        _claim(0, 10e6);
        _claim(0, 25e6);
        vm.assertEq(_credit(payee), 25e6, "credit");
        vm.assertEq(uint256(market.channelOf(id).claimed), 25e6, "claimed");
    }

    function test_C1_claim__when_the_voucher_is_old__is_a_no_op() public {
        bytes32 id = _open(0);
        _claim(0, 25e6);
        bytes memory old = _voucher(0, 10e6);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannels_NothingNew.selector, 10e6, 25e6)
        );
        market.claim(_terms(0), 10e6, old);
        IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](1);
        rows[0] = _row(0, 10e6);
        vm.assertEq(market.claimBatch(payee, address(token), rows), 0, "in a batch too");
        vm.assertEq(uint256(market.channelOf(id).claimed), 25e6, "claimed never falls");
    }

    function test_C1_claim__when_the_channel_was_reopened__never_exceeds_the_vouchers_sum() public {
        bytes32 id = _open(0);
        _claim(0, 10e6);
        _finish(0);
        vm.assertEq(_credit(_payer(0)), DEPOSIT - 10e6, "refund");
        vm.prank(_payer(0));
        market.topUp(_terms(0), 100e6);
        bytes memory spent = _voucher(0, 10e6);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannels_NothingNew.selector, 10e6, 10e6)
        );
        market.claim(_terms(0), 10e6, spent);
        _claim(0, 30e6);
        vm.assertEq(_credit(payee), 30e6, "over both lives: the sum of the newest voucher");
        vm.assertEq(uint256(market.channelOf(id).claimed), 30e6, "claimed");
    }

    function test_C1_claim__when_it_is_over_the_deposit__reverts() public {
        _open(0);
        bytes memory signature = _voucher(0, DEPOSIT + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_OverDeposit.selector, DEPOSIT + 1, DEPOSIT
            )
        );
        market.claim(_terms(0), DEPOSIT + 1, signature);
    }

    function testFuzz_C1_claims__in_any_order__credit_the_largest(uint96[6] memory sums) public {
        _open(0);
        uint256 largest = 0;
        for (uint256 i = 0; i < sums.length; ++i) {
            uint96 sum = sums[i] % (DEPOSIT + 1);
            IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](1);
            rows[0] = _row(0, sum);
            market.claimBatch(payee, address(token), rows);
            if (sum > largest) largest = sum;
        }
        vm.assertEq(_credit(payee), largest, "INV-CHN-02: the largest voucher");
    }

    /* ---------- C2: a batch pays exactly the valid rows ---------- */

    function test_C2_claimBatch__when_rows_are_bad__pays_the_good_ones() public {
        _open(0);
        _open(1);
        _open(2);
        IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](8);
        rows[0] = _row(0, 10e6);
        rows[1] = _row(0, 10e6);
        rows[2] = _row(1, DEPOSIT + 1);
        rows[3] = _rowOf(_terms(1), PAYER_KEY + 2, 5e6);
        rows[4] = _row(1, 7e6);
        rows[4].cumulative = 8e6;
        IPaymentChannels.Channel memory foreign = _terms(2);
        foreign.payee = stranger;
        rows[5] = _rowOf(foreign, PAYER_KEY + 2, 5e6);
        rows[6] = _row(2, 3e6);
        rows[7].cumulative = 1;
        vm.assertEq(market.claimBatch(payee, address(token), rows), 13e6, "paid");
        vm.assertEq(_credit(payee), 13e6, "credit");
        vm.assertEq(uint256(market.channelOf(market.channelIdOf(_terms(1))).claimed), 0, "no bad row moved");
    }

    function test_C2_claimBatch__when_no_row_is_good__pays_nothing() public {
        vm.assertEq(
            market.claimBatch(payee, address(token), new IPaymentChannels.VoucherRow[](0)), 0, "empty"
        );
        IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](1);
        rows[0] = _row(0, 1);
        vm.assertEq(market.claimBatch(payee, address(token), rows), 0, "never opened");
    }

    function testFuzz_C2_claimBatch__equals_the_single_claims(uint96[4] memory sums, uint8 spoilt) public {
        _open(0);
        _open(1);
        uint256 id = vm.snapshotState();
        IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](4);
        for (uint256 i = 0; i < 4; ++i) {
            rows[i] = _row(i % 2, sums[i] % (DEPOSIT * 2));
            if ((spoilt >> i) & 1 == 1) rows[i].r = ~rows[i].r;
        }
        market.claimBatch(payee, address(token), rows);
        uint256 batched = _credit(payee);
        vm.revertToState(id);
        for (uint256 i = 0; i < 4; ++i) {
            if ((spoilt >> i) & 1 == 1) continue;
            uint96 sum = sums[i] % (DEPOSIT * 2);
            try market.claim(_terms(i % 2), sum, _voucher(i % 2, sum)) {} catch {}
        }
        vm.assertEq(batched, _credit(payee), "batch and singles agree");
    }

    /* ---------- C3: closing ---------- */

    function test_C3_claim__when_the_grace_runs__succeeds_to_its_last_second() public {
        _open(0);
        vm.prank(_payer(0));
        market.startClose(_terms(0));
        vm.warp(block.timestamp + GRACE);
        _claim(0, 10e6);
        vm.assertEq(_credit(payee), 10e6, "credit");
        market.finishClose(_terms(0));
        vm.assertEq(_credit(_payer(0)), DEPOSIT - 10e6, "the rest goes back");
    }

    function test_C3_claim__when_a_watchtower_carries_it__pays_the_payee_only() public {
        _open(0);
        _claim(0, 10e6);
        vm.assertEq(_credit(stranger), 0, "carrier");
        vm.assertEq(_credit(payee), 10e6, "payee");
    }

    function test_C3_finishClose__when_the_grace_runs__reverts() public {
        bytes32 id = _open(0);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_NotClosing.selector, id));
        market.finishClose(_terms(0));
        vm.prank(_payer(0));
        market.startClose(_terms(0));
        vm.warp(block.timestamp + GRACE - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_TooEarly.selector, block.timestamp, block.timestamp + 1
            )
        );
        market.finishClose(_terms(0));
    }

    function test_C3_startClose__when_another_calls_or_again__reverts() public {
        bytes32 id = _open(0);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannels_NotPayer.selector, payee, _payer(0))
        );
        vm.prank(payee);
        market.startClose(_terms(0));
        vm.startPrank(_payer(0));
        market.startClose(_terms(0));
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_AlreadyClosing.selector, id, block.timestamp + GRACE
            )
        );
        market.startClose(_terms(0));
        vm.stopPrank();
    }

    function test_C3_release__when_the_payee_calls__refunds_at_once() public {
        _open(0);
        _claim(0, 10e6);
        vm.prank(payee);
        market.release(_terms(0));
        vm.assertEq(_credit(_payer(0)), DEPOSIT - 10e6, "refund");
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannels.PaymentChannels_NotParty.selector, _payer(0)));
        vm.prank(_payer(0));
        market.release(_terms(0));
    }

    /* ---------- S1, S2, S3, S4: signatures ---------- */

    function test_S1_claim__when_the_chain_or_contract_differs__reverts() public {
        _open(0);
        bytes memory signature = _voucher(0, 1e6);
        vm.chainId(999);
        _expectBadSignature();
        market.claim(_terms(0), 1e6, signature);
        vm.chainId(31_337);
        PaymentChannels other = new PaymentChannels();
        bytes memory foreign = _sign(PAYER_KEY, other.voucherDigest(market.channelIdOf(_terms(0)), 1e6));
        _expectBadSignature();
        market.claim(_terms(0), 1e6, foreign);
    }

    function test_S2_claim__when_the_signature_is_malleable_or_odd__reverts() public {
        _open(0);
        bytes32 digest = market.voucherDigest(market.channelIdOf(_terms(0)), 1e6);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, digest);
        bytes[5] memory bad = [
            abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27)),
            abi.encodePacked(r, s, uint8(29)),
            abi.encodePacked(r, s, uint8(0)),
            abi.encodePacked(bytes32(0), s, v),
            abi.encodePacked(r, s)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            _expectBadSignature();
            market.claim(_terms(0), 1e6, bad[i]);
        }
        (bytes32 r_, bytes32 vs) = _signCompact(PAYER_KEY, digest);
        market.claim(_terms(0), 1e6, abi.encodePacked(r_, vs));
        vm.assertEq(_credit(payee), 1e6, "64 bytes of ERC-2098 are good");
    }

    function test_S2_claimBatch__when_the_signature_is_malleable_or_nobodys__skips_it() public {
        _open(0);
        IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](2);
        rows[0] = _row(0, 1e6);
        uint256 s = uint256(rows[0].yParityAndS) & (type(uint256).max >> 1);
        uint256 parity = uint256(rows[0].yParityAndS) >> 255;
        rows[0].yParityAndS = bytes32(((1 - parity) << 255) | ((ORDER - s) & (type(uint256).max >> 1)));
        IPaymentChannels.Channel memory nobodys = _terms(0);
        nobodys.payer = address(0);
        rows[1] = _rowOf(nobodys, PAYER_KEY, 1e6);
        rows[1].r = 0;
        vm.assertGt(ORDER - s, HALF_ORDER, "the twin is high");
        vm.assertEq(market.claimBatch(payee, address(token), rows), 0, "paid");
    }

    function test_S3_claim__when_the_payer_is_a_contract__follows_its_owner() public {
        ContractWallet wallet = new ContractWallet(_payer(0));
        _fund(address(wallet));
        vm.prank(address(wallet));
        market.open(payee, address(token), GRACE, 7, DEPOSIT);
        IPaymentChannels.Channel memory channel = _terms(0);
        channel.payer = address(wallet);
        bytes32 id = market.channelIdOf(channel);
        market.claim(channel, 1e6, _sign(PAYER_KEY, market.voucherDigest(id, 1e6)));
        bytes memory signature = _sign(PAYER_KEY, market.voucherDigest(id, 2e6));
        wallet.setOwner(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels_SignatureInvalid.selector, address(wallet)
            )
        );
        market.claim(channel, 2e6, signature);
        vm.assertEq(_credit(payee), 1e6, "a revoked owner signs no more");
    }

    function test_S4_claim__when_another_relays__changes_nothing() public {
        _open(0);
        bytes memory signature = _voucher(0, 1e6);
        address[3] memory carriers = [payee, stranger, _payer(0)];
        for (uint256 i = 0; i < carriers.length; ++i) {
            uint256 id = vm.snapshotState();
            vm.prank(carriers[i]);
            market.claim(_terms(0), 1e6, signature);
            vm.assertEq(_credit(payee), 1e6, "payee");
            vm.assertEq(_credit(carriers[i]), carriers[i] == payee ? 1e6 : 0, "carrier");
            vm.revertToState(id);
        }
    }

    function test_S2_recoverOrZero__when_s_is_above_half_the_order__is_nobody() public pure {
        (, bytes32 r,) = vm.sign(PAYER_KEY, keccak256("x"));
        vm.assertTrue(
            CompactSignature.recoverOrZero(keccak256("x"), r, bytes32(HALF_ORDER)) != address(0),
            "half is low"
        );
        vm.assertEq(
            CompactSignature.recoverOrZero(keccak256("x"), r, bytes32(HALF_ORDER + 1)), address(0), "high"
        );
        vm.assertEq(
            CompactSignature.recoverOrZero(keccak256("x"), 0, bytes32(uint256(1))), address(0), "r = 0"
        );
        vm.assertEq(CompactSignature.recoverOrZero(keccak256("x"), r, 0), address(0), "s = 0");
    }

    /* ---------- withdraw; E5, E6 ---------- */

    function test_withdraw__when_there_is_credit__pays_its_owner() public {
        _open(0);
        _claim(0, 10e6);
        vm.prank(payee);
        market.withdraw(address(token));
        vm.assertEq(token.balanceOf(payee), 10e6, "paid");
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannels_NoCredit.selector, address(token), payee)
        );
        market.withdrawFor(address(token), payee);
    }

    function test_E6_open__when_the_token_reenters__reverts_inside() public {
        ReentrantToken evil = new ReentrantToken();
        IPaymentChannels.Channel memory channel = _terms(0);
        channel.token = address(evil);
        evil.mint(_payer(0), DEPOSIT);
        vm.prank(_payer(0));
        evil.approve(address(market), type(uint256).max);
        bytes memory signature = _sign(PAYER_KEY, market.voucherDigest(market.channelIdOf(channel), 1));
        bytes[5] memory calls = [
            abi.encodeCall(market.open, (payee, address(evil), GRACE, 8, 1)),
            abi.encodeCall(market.topUp, (channel, 1)),
            abi.encodeCall(market.claim, (channel, 1, signature)),
            abi.encodeCall(market.withdrawFor, (address(evil), payee)),
            abi.encodeCall(market.fillPurse, (address(evil), payee, 1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 id = vm.snapshotState();
            evil.arm(address(market), calls[i]);
            vm.prank(_payer(0));
            market.open(payee, address(evil), GRACE, 7, DEPOSIT);
            vm.assertFalse(evil.wentThrough(), "no way in during a pull");
            vm.revertToState(id);
        }
    }

    /* ---------- internal ---------- */

    function _finish(uint256 i) private {
        vm.prank(_payer(i));
        market.startClose(_terms(i));
        vm.warp(block.timestamp + GRACE);
        market.finishClose(_terms(i));
    }

    function _expectBadSignature() private {
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannels_SignatureInvalid.selector, _payer(0))
        );
    }
}
