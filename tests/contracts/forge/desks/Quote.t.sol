// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {QuoteDesk} from "../../../../contracts/desks/QuoteDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IHiringDesk} from "../../../../contracts/interfaces/IHiringDesk.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IQuoteDesk} from "../../../../contracts/interfaces/IQuoteDesk.sol";
import {ContractWallet} from "../../../../contracts/mocks/ContractWallet.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Negotiated prices: a quote that the provider signed (MK-03, E10, S1, S3, S4).
contract QuoteTest is MarketTest {
    string private constant REQUEST = "ipfs://request";

    QuoteDesk private _desk;

    function setUp() public override {
        super.setUp();
        _desk = new QuoteDesk(escrow);
        vm.prank(client);
        token.approve(address(_desk), type(uint256).max);
    }

    function test_quote__when_the_client_takes_it__hires_at_exactly_these_terms() public {
        IQuoteDesk.Quote memory quote = _quote();
        vm.expectEmit(true, true, true, true, address(_desk));
        emit IQuoteDesk.QuoteTaken(1, provider, client, quote.nonce, quote.price);
        uint256 jobId = _take(quote);
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.assertEq(job.client, client, "client");
        vm.assertEq(job.provider, provider, "provider");
        vm.assertEq(job.budget, quote.price, "price");
        vm.assertEq(job.workBy, block.timestamp + quote.workSeconds, "time");
        vm.assertEq(token.balanceOf(address(_desk)), 0, "the desk keeps nothing");
        vm.assertEq(token.allowance(address(_desk), address(escrow)), 0, "no allowance is left");
    }

    function test_S3_quote__given_it_was_taken__never_works_again() public {
        IQuoteDesk.Quote memory quote = _quote();
        _take(quote);
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IQuoteDesk.QuoteDesk_NonceSpent.selector, provider, quote.nonce)
        );
        vm.prank(client);
        _desk.hire(quote, REQUEST, signature);
    }

    function test_S3_quote__when_nonces_come_in_any_order__each_works_once() public {
        uint64[3] memory nonces = [uint64(300), 7, 299];
        for (uint256 i = 0; i < nonces.length; ++i) {
            IQuoteDesk.Quote memory quote = _quote();
            quote.nonce = nonces[i];
            _take(quote);
        }
        vm.assertEq(escrow.jobCount(), 3, "three jobs");
    }

    function test_S3_quote__given_the_provider_cancelled_it__reverts() public {
        IQuoteDesk.Quote memory quote = _quote();
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.expectEmit(true, true, true, true, address(_desk));
        emit IQuoteDesk.QuotesCancelled(provider, 0, 1 << 7);
        vm.prank(provider);
        _desk.cancelQuotes(0, 1 << 7);
        vm.expectRevert(abi.encodeWithSelector(IQuoteDesk.QuoteDesk_NonceSpent.selector, provider, 7));
        vm.prank(client);
        _desk.hire(quote, REQUEST, signature);
    }

    function test_quote__when_it_expired__reverts() public {
        IQuoteDesk.Quote memory quote = _quote();
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.warp(uint256(quote.validBefore) + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IQuoteDesk.QuoteDesk_Expired.selector, uint256(quote.validBefore) + 1, quote.validBefore
            )
        );
        vm.prank(client);
        _desk.hire(quote, REQUEST, signature);
    }

    function test_E10_quote__when_any_term_is_flipped__reverts() public {
        bytes memory signature = _signed(_quote(), PROVIDER_KEY);
        for (uint256 which = 0; which < 10; ++which) {
            vm.prank(client);
            (bool success,) =
                address(_desk).call(abi.encodeCall(_desk.hire, (_flipped(which), REQUEST, signature)));
            vm.assertFalse(success, "E10: other terms than signed");
        }
        vm.prank(client);
        _desk.hire(_quote(), REQUEST, signature);
    }

    function test_S1_quote__when_signed_for_another_chain_or_desk__reverts() public {
        IQuoteDesk.Quote memory quote = _quote();
        vm.chainId(5);
        bytes memory elsewhere = _signed(quote, PROVIDER_KEY);
        vm.chainId(31337);
        bytes memory other = _signature(PROVIDER_KEY, new QuoteDesk(escrow).quoteDigest(quote));
        bytes[2] memory signatures = [elsewhere, other];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IQuoteDesk.QuoteDesk_SignatureInvalid.selector, provider));
            vm.prank(client);
            _desk.hire(quote, REQUEST, signatures[i]);
        }
    }

    function test_quote__when_for_another_client__reverts() public {
        IQuoteDesk.Quote memory quote = _quote();
        quote.client = stranger;
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IQuoteDesk.QuoteDesk_ForAnotherClient.selector, client, stranger)
        );
        vm.prank(client);
        _desk.hire(quote, REQUEST, signature);
    }

    function test_quote__when_for_another_request__reverts() public {
        IQuoteDesk.Quote memory quote = _quote();
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IQuoteDesk.QuoteDesk_ForAnotherRequest.selector, keccak256("other"), quote.requestHash
            )
        );
        vm.prank(client);
        _desk.hire(quote, "other", signature);
    }

    function test_quote__when_the_provider_is_a_contract_wallet__follows_ERC1271() public {
        ContractWallet wallet = new ContractWallet(vm.addr(PROVIDER_KEY));
        IQuoteDesk.Quote memory quote = _quote();
        quote.provider = address(wallet);
        _take(quote);
        quote.nonce = 8;
        wallet.setOwner(stranger);
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IQuoteDesk.QuoteDesk_SignatureInvalid.selector, address(wallet))
        );
        vm.prank(client);
        _desk.hire(quote, REQUEST, signature);
    }

    function test_E1_quote__given_a_token_that_keeps_a_part__reverts_and_the_nonce_stays() public {
        FeeOnTransferToken taking = new FeeOnTransferToken();
        taking.mint(client, 10 * uint256(BUDGET));
        vm.prank(client);
        taking.approve(address(_desk), type(uint256).max);
        vm.prank(owner);
        escrow.allowToken(address(taking));
        IQuoteDesk.Quote memory quote = _quote();
        quote.policyId = escrow.registerPolicy(_policy(address(oracle), address(taking)));
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHiringDesk.HiringDesk_UnexpectedReceipt.selector,
                uint256(BUDGET) - uint256(BUDGET) / 100,
                BUDGET
            )
        );
        vm.prank(client);
        _desk.hire(quote, REQUEST, signature);
        vm.assertEq(_desk.spentNonces(provider, 0), 0, "nothing was spent");
    }

    function _quote() private view returns (IQuoteDesk.Quote memory) {
        return IQuoteDesk.Quote({
            provider: provider,
            client: address(0),
            policyId: policyId,
            price: BUDGET,
            workSeconds: WORK_SECONDS,
            agentId: 3,
            listingId: 4,
            requestHash: keccak256(bytes(REQUEST)),
            nonce: 7,
            validBefore: uint32(block.timestamp + 1 hours)
        });
    }

    function _flipped(uint256 which) private view returns (IQuoteDesk.Quote memory quote) {
        quote = _quote();
        if (which == 0) quote.provider = stranger;
        if (which == 1) quote.client = client;
        if (which == 2) quote.policyId += 1;
        if (which == 3) quote.price -= 1;
        if (which == 4) quote.workSeconds += 1;
        if (which == 5) quote.agentId += 1;
        if (which == 6) quote.listingId += 1;
        if (which == 7) quote.requestHash = 0;
        if (which == 8) quote.nonce += 1;
        if (which == 9) quote.validBefore += 1;
    }

    function _take(IQuoteDesk.Quote memory quote) private returns (uint256) {
        bytes memory signature = _signed(quote, PROVIDER_KEY);
        vm.prank(client);
        return _desk.hire(quote, REQUEST, signature);
    }

    function _signed(IQuoteDesk.Quote memory quote, uint256 key) private view returns (bytes memory) {
        return _signature(key, _desk.quoteDigest(quote));
    }
}
