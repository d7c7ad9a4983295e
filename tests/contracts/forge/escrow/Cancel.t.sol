// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {ContractWallet} from "../../../../contracts/mocks/ContractWallet.sol";
import {MarketTest} from "../MarketTest.sol";

contract CancelTest is MarketTest {
    uint256 private _deadline;

    function setUp() public override {
        super.setUp();
        _deadline = block.timestamp + 1 hours;
    }

    function test_cancel__when_both_sign_a_split__pays_and_refunds_in_parts_and_conserves() public {
        uint256 jobId = _hire();
        uint256 balance = token.balanceOf(client);
        (uint256 paid, uint256 house, uint256 pool) = _fees(400_001);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCompleted(jobId, client, "cancelled");
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.PaymentReleased(jobId, provider, paid);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.Refunded(jobId, client, BUDGET - 400_001);
        _cancel(jobId, 400_001);
        vm.assertEq(token.balanceOf(provider), paid, "paid");
        vm.assertEq(token.balanceOf(client), balance + BUDGET - 400_001, "refunded");
        vm.assertEq(escrow.creditOf(address(token), treasury), house, "treasury");
        vm.assertEq(escrow.creditOf(address(token), address(oracle)), pool, "reporters");
        _assertConserved();
    }

    function test_cancel__when_both_sign_nothing_for_the_provider__rejects_and_refunds_all() public {
        uint256 jobId = _hireAndSubmit();
        uint256 balance = token.balanceOf(client);
        _cancel(jobId, 0);
        _assertStatus(jobId, IERC8183.JobStatus.Rejected);
        vm.assertEq(token.balanceOf(client), balance + BUDGET, "refunded in full");
        _assertConserved();
    }

    function test_cancel__given_it_was_delivered_and_both_sign_nothing__leaves_no_failed_delivery_behind()
        public
    {
        uint256 jobId = _hireAndSubmit();
        _cancel(jobId, 0);
        vm.assertEq(escrow.jobOf(jobId).submittedAt, 0, "R15: an agreed end is no failure to be rated");
    }

    function test_cancel__when_both_sign_all_for_the_provider__pays_all_less_the_fee() public {
        uint256 jobId = _hireAndSubmit();
        _cancel(jobId, BUDGET);
        (uint256 paid,,) = _fees(BUDGET);
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
        vm.assertEq(token.balanceOf(provider), paid, "a cancel does not dodge the fee");
        _assertConserved();
    }

    function test_cancel__when_a_stranger_carries_it__changes_nothing() public {
        uint256 jobId = _hire();
        (bytes memory byClient, bytes memory byProvider) = _both(jobId, 10_000);
        vm.prank(stranger);
        escrow.cancel(jobId, 10_000, _deadline, byClient, byProvider);
        vm.assertEq(token.balanceOf(stranger), 0, "S4: the carrier gains nothing");
        vm.assertEq(token.balanceOf(provider), 9_500, "paid");
    }

    function test_cancel__when_one_party_signed_alone__reverts_whoever_it_is() public {
        uint256 jobId = _hire();
        (bytes memory byClient, bytes memory byProvider) = _both(jobId, 1);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, provider));
        escrow.cancel(jobId, 1, _deadline, byClient, byClient);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, client));
        escrow.cancel(jobId, 1, _deadline, byProvider, byProvider);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, client));
        escrow.cancel(jobId, 1, _deadline, "", byProvider);
    }

    function test_cancel__when_the_split_differs_from_the_signed_one__reverts() public {
        uint256 jobId = _hire();
        (bytes memory byClient, bytes memory byProvider) = _both(jobId, 1);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, client));
        escrow.cancel(jobId, 2, _deadline, byClient, byProvider);
    }

    function test_cancel__when_the_deadline_has_passed__reverts_as_too_late() public {
        uint256 jobId = _hire();
        (bytes memory byClient, bytes memory byProvider) = _both(jobId, 1);
        vm.warp(_deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_DeadlinePassed.selector, _deadline + 1, _deadline)
        );
        escrow.cancel(jobId, 1, _deadline, byClient, byProvider);
    }

    function test_cancel__when_the_split_exceeds_the_budget__reverts_as_too_big() public {
        uint256 jobId = _hire();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SplitTooBig.selector, BUDGET + 1, BUDGET));
        escrow.cancel(jobId, BUDGET + 1, _deadline, "", "");
    }

    function test_cancel__when_signed_for_another_chain__reverts_for_the_chain() public {
        uint256 jobId = _hire();
        (bytes memory byClient, bytes memory byProvider) = _both(jobId, 1);
        vm.chainId(4);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, client));
        escrow.cancel(jobId, 1, _deadline, byClient, byProvider);
    }

    function test_cancel__when_the_client_is_a_contract_wallet__follows_ERC1271_and_its_revocation() public {
        ContractWallet wallet = new ContractWallet(client);
        token.mint(address(wallet), BUDGET);
        wallet.run(address(token), abi.encodeCall(token.approve, (address(escrow), BUDGET)));
        wallet.run(address(escrow), abi.encodeCall(escrow.hire, (_terms())));
        (bytes memory byClient, bytes memory byProvider) = _both(1, 0);
        wallet.setOwner(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, address(wallet))
        );
        escrow.cancel(1, 0, _deadline, byClient, byProvider);
        wallet.setOwner(client);
        escrow.cancel(1, 0, _deadline, byClient, byProvider);
        vm.assertEq(token.balanceOf(address(wallet)), BUDGET, "refunded to the wallet");
    }

    function test_cancel__given_it_was_cancelled__the_same_signatures_are_worthless() public {
        uint256 jobId = _hire();
        (bytes memory byClient, bytes memory byProvider) = _both(jobId, 5);
        escrow.cancel(jobId, 5, _deadline, byClient, byProvider);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_WrongStatus.selector, jobId, IERC8183.JobStatus.Completed
            )
        );
        escrow.cancel(jobId, 5, _deadline, byClient, byProvider);
    }

    function _cancel(uint256 jobId, uint96 providerAmount) private {
        (bytes memory byClient, bytes memory byProvider) = _both(jobId, providerAmount);
        escrow.cancel(jobId, providerAmount, _deadline, byClient, byProvider);
    }

    function _both(
        uint256 jobId,
        uint96 providerAmount
    ) private view returns (bytes memory byClient, bytes memory byProvider) {
        bytes32 digest = escrow.cancelDigest(jobId, providerAmount, _deadline);
        return (_signature(CLIENT_KEY, digest), _signature(PROVIDER_KEY, digest));
    }
}
