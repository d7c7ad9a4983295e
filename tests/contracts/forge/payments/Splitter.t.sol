// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRevenueSplitter} from "../../../../contracts/interfaces/IRevenueSplitter.sol";
import {ShareSplit} from "../../../../contracts/libraries/ShareSplit.sol";
import {RevenueSplitter} from "../../../../contracts/market/RevenueSplitter.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {PlainToken} from "../../../../contracts/mocks/PlainToken.sol";
import {VmMore} from "../support/VmMore.sol";

/// @title Revenue by signed shares, to the unit
contract SplitterTest {
    VmMore internal constant vm = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant OWNER_KEY = 0x01;
    uint256 private constant SUB_KEY = 0x02;
    uint256 private constant REFERRER_KEY = 0x03;
    address private treasury = address(0x7E45);
    address private stranger = address(0x57A9);
    address private owner = vm.addr(OWNER_KEY);
    RevenueSplitter private splitter;
    PlainToken private token;

    function setUp() public {
        splitter = new RevenueSplitter(treasury);
        token = new PlainToken();
        token.mint(owner, 1e30);
        vm.prank(owner);
        token.approve(address(splitter), type(uint256).max);
    }

    /* ---------- register ---------- */

    function test_register__when_everybody_signed__is_for_good() public {
        bytes32 id = _register(_agreement());
        (address payer, IRevenueSplitter.Share[] memory shares) = splitter.sharesOf(id);
        vm.assertEq(payer, owner, "payer");
        vm.assertEq(shares.length, 4, "shares");
        vm.assertEq(uint256(shares[1].bps), 2_500, "bps");
        (bytes memory payerSignature, bytes[] memory signatures) = _signatures(_agreement());
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_AlreadyRegistered.selector, id)
        );
        splitter.register(_agreement(), payerSignature, signatures);
    }

    function test_register__when_a_payee_did_not_sign__reverts() public {
        (bytes memory payerSignature, bytes[] memory signatures) = _signatures(_agreement());
        signatures[1] = signatures[2];
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_SignatureInvalid.selector, vm.addr(SUB_KEY)
            )
        );
        splitter.register(_agreement(), payerSignature, signatures);
    }

    function test_register__when_the_payer_did_not_sign__reverts() public {
        (, bytes[] memory signatures) = _signatures(_agreement());
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_SignatureInvalid.selector, owner)
        );
        splitter.register(_agreement(), signatures[1], signatures);
    }

    function test_S1_register__when_a_share_changed_after_signing__reverts() public {
        (bytes memory payerSignature, bytes[] memory signatures) = _signatures(_agreement());
        IRevenueSplitter.Agreement memory other = _agreement();
        other.shares[0].bps -= 1;
        other.shares[1].bps += 1;
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_SignatureInvalid.selector, owner)
        );
        splitter.register(other, payerSignature, signatures);
    }

    function test_register__when_the_shares_are_wrong__reverts() public {
        IRevenueSplitter.Agreement memory bad = _agreement();
        bad.shares[0].bps -= 1;
        _refuse(
            bad,
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_SharesDoNotSum.selector, 9_999, 10_000)
        );
        bad = _agreement();
        bad.shares[2].bps = 0;
        _refuse(bad, abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_ShareIsZero.selector, 2));
        bad = _agreement();
        bad.shares[2].payee = bad.shares[1].payee;
        _refuse(
            bad,
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_PayeesRepeat.selector, bad.shares[1].payee
            )
        );
        bad = _agreement();
        bad.shares[2].payee = address(0);
        _refuse(
            bad, abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_PayeeRefused.selector, address(0))
        );
        bad.shares = new IRevenueSplitter.Share[](1);
        _refuse(
            bad,
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_ShareCountOutOfRange.selector, 1, 2, 16)
        );
    }

    function test_register__when_signatures_are_missing__reverts() public {
        (bytes memory payerSignature,) = _signatures(_agreement());
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_LengthMismatch.selector, 4, 1)
        );
        splitter.register(_agreement(), payerSignature, new bytes[](1));
    }

    /* ---------- split ---------- */

    function test_split__when_it_leaves_dust__gives_it_to_the_first() public {
        bytes32 id = _register(_agreement());
        uint256[] memory parts = splitter.partsOf(id, 10_003);
        vm.assertEq(parts[0], 6_003, "told before");
        vm.prank(owner);
        splitter.split(id, address(token), 10_003);
        vm.assertEq(splitter.creditOf(address(token), owner), 6_003, "60 % down and 2 units of dust");
        vm.assertEq(splitter.creditOf(address(token), vm.addr(SUB_KEY)), 2_500, "25 % down");
        vm.assertEq(splitter.creditOf(address(token), vm.addr(REFERRER_KEY)), 1_000, "10 % down");
        vm.assertEq(splitter.creditOf(address(token), treasury), 500, "5 % down");
    }

    function testFuzz_split__of_any_amount__sums_to_the_unit(
        uint96 amount,
        uint16 first,
        uint16 second
    ) public pure {
        uint16[] memory bps = new uint16[](3);
        bps[0] = first % 9_998 + 1;
        bps[1] = second % (9_999 - bps[0]) + 1;
        bps[2] = 10_000 - bps[0] - bps[1];
        uint256[] memory parts = ShareSplit.partsDown(amount, bps);
        vm.assertEq(parts[0] + parts[1] + parts[2], amount, "INV-SPL-01: every unit");
        vm.assertLe(parts[1], uint256(amount) * bps[1] / 10_000, "rounded down");
        vm.assertLt(parts[0] - uint256(amount) * bps[0] / 10_000, 3, "dust below one unit a share");
    }

    function test_split__when_the_agreement_is_unknown__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_UnknownAgreement.selector, bytes32(0))
        );
        splitter.split(0, address(token), 1);
    }

    function test_split__when_it_is_zero__reverts() public {
        bytes32 id = _register(_agreement());
        vm.expectRevert(abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_AmountIsZero.selector));
        splitter.split(id, address(token), 0);
    }

    function test_split__when_the_token_keeps_a_part__reverts() public {
        bytes32 id = _register(_agreement());
        FeeOnTransferToken greedy = new FeeOnTransferToken();
        greedy.mint(stranger, 1e9);
        vm.startPrank(stranger);
        greedy.approve(address(splitter), type(uint256).max);
        vm.expectPartialRevert(IRevenueSplitter.RevenueSplitter_UnexpectedReceipt.selector);
        splitter.split(id, address(greedy), 1e6);
        vm.stopPrank();
    }

    function test_splitSigned__when_a_sub_agent_carries_it__pays_everybody() public {
        IRevenueSplitter.Payment memory payment = _payment(_register(_agreement()));
        bytes memory signature = _sign(OWNER_KEY, splitter.paymentDigest(payment));
        vm.prank(vm.addr(SUB_KEY));
        splitter.splitSigned(payment, signature);
        vm.assertEq(splitter.creditOf(address(token), vm.addr(SUB_KEY)), 2_500, "its share");
        splitter.withdrawFor(address(token), vm.addr(SUB_KEY));
        vm.assertEq(token.balanceOf(vm.addr(SUB_KEY)), 2_500, "paid");
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_NoCredit.selector, address(token), vm.addr(SUB_KEY)
            )
        );
        splitter.withdrawFor(address(token), vm.addr(SUB_KEY));
    }

    function test_S3_splitSigned__when_spent_cancelled_or_late__reverts() public {
        IRevenueSplitter.Payment memory payment = _payment(_register(_agreement()));
        bytes memory signature = _sign(OWNER_KEY, splitter.paymentDigest(payment));
        splitter.splitSigned(payment, signature);
        vm.assertTrue(splitter.isNonceSpent(owner, 3), "spent");
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NonceSpent.selector, owner, 3)
        );
        splitter.splitSigned(payment, signature);
        payment.nonce = 4;
        signature = _sign(OWNER_KEY, splitter.paymentDigest(payment));
        vm.prank(owner);
        splitter.cancelPayment(4);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NonceSpent.selector, owner, 4)
        );
        splitter.splitSigned(payment, signature);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_NonceSpent.selector, owner, 4)
        );
        vm.prank(owner);
        splitter.cancelPayment(4);
        vm.warp(payment.validBefore + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_PaymentExpired.selector, block.timestamp, payment.validBefore
            )
        );
        splitter.splitSigned(payment, signature);
    }

    function test_S1_splitSigned__when_another_signed__reverts() public {
        IRevenueSplitter.Payment memory payment = _payment(_register(_agreement()));
        bytes memory signature = _sign(SUB_KEY, splitter.paymentDigest(payment));
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueSplitter.RevenueSplitter_SignatureInvalid.selector, owner)
        );
        splitter.splitSigned(payment, signature);
    }

    function test_U1_splitter__when_the_treasury_is_missing__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueSplitter.RevenueSplitter_AddressIsZero.selector, bytes32("treasury")
            )
        );
        new RevenueSplitter(address(0));
    }

    /* ---------- internal ---------- */

    function _agreement() private view returns (IRevenueSplitter.Agreement memory agreement) {
        agreement.payer = owner;
        agreement.purpose = keccak256("inspect-image");
        agreement.salt = 1;
        agreement.shares = new IRevenueSplitter.Share[](4);
        agreement.shares[0] = IRevenueSplitter.Share(owner, 6_000);
        agreement.shares[1] = IRevenueSplitter.Share(vm.addr(SUB_KEY), 2_500);
        agreement.shares[2] = IRevenueSplitter.Share(vm.addr(REFERRER_KEY), 1_000);
        agreement.shares[3] = IRevenueSplitter.Share(treasury, 500);
    }

    function _payment(bytes32 id) private view returns (IRevenueSplitter.Payment memory) {
        return IRevenueSplitter.Payment({
            agreementId: id,
            token: address(token),
            amount: 10_000,
            nonce: 3,
            validBefore: uint32(block.timestamp + 60)
        });
    }

    function _register(IRevenueSplitter.Agreement memory agreement) private returns (bytes32) {
        (bytes memory payerSignature, bytes[] memory signatures) = _signatures(agreement);
        vm.prank(stranger);
        return splitter.register(agreement, payerSignature, signatures);
    }

    function _signatures(
        IRevenueSplitter.Agreement memory agreement
    ) private view returns (bytes memory payerSignature, bytes[] memory signatures) {
        bytes32 digest = splitter.agreementDigest(agreement);
        payerSignature = _sign(OWNER_KEY, digest);
        signatures = new bytes[](4);
        signatures[1] = _sign(SUB_KEY, digest);
        signatures[2] = _sign(REFERRER_KEY, digest);
    }

    function _refuse(IRevenueSplitter.Agreement memory agreement, bytes memory fault) private {
        vm.expectRevert(fault);
        splitter.register(agreement, "", new bytes[](agreement.shares.length));
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
