// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {ContractWallet} from "../../../../contracts/mocks/ContractWallet.sol";
import {SignedHireTest} from "./SignedHireTest.sol";

/// @dev Delivered and accepted in one call, by the client's signature (R10, E10, S1 to S3).
contract AcceptanceTest is SignedHireTest {
    uint256 private _deadline;

    function setUp() public override {
        super.setUp();
        _deadline = block.timestamp + 1 days;
    }

    function test_submitWithAcceptance__when_the_client_signed__delivers_and_pays_at_once() public {
        uint256 jobId = _hire();
        bytes memory signature = _accepted(jobId, DELIVERABLE, CLIENT_KEY);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobSubmitted(jobId, provider, DELIVERABLE);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCompleted(jobId, client, "accepted");
        vm.prank(provider);
        escrow.submitWithAcceptance(jobId, DELIVERABLE, _deadline, signature);
        (uint256 paid,,) = _fees(BUDGET);
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
        vm.assertEq(token.balanceOf(provider), paid, "paid");
        vm.assertEq(escrow.jobOf(jobId).submittedAt, block.timestamp, "the delivery is on record");
        _assertConserved();
    }

    function test_submitWithAcceptance__when_the_caller_is_not_the_provider__reverts() public {
        uint256 jobId = _hire();
        bytes memory signature = _accepted(jobId, DELIVERABLE, CLIENT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotProvider.selector, stranger, provider));
        vm.prank(stranger);
        escrow.submitWithAcceptance(jobId, DELIVERABLE, _deadline, signature);
    }

    function test_E10_submitWithAcceptance__when_any_term_is_other_than_signed__reverts() public {
        uint256 jobId = _hire();
        uint256 other = _hire();
        _assertRefused(jobId, bytes32("other"), _deadline, _accepted(jobId, DELIVERABLE, CLIENT_KEY));
        _assertRefused(jobId, DELIVERABLE, _deadline + 1, _accepted(jobId, DELIVERABLE, CLIENT_KEY));
        _assertRefused(jobId, DELIVERABLE, _deadline, _accepted(other, DELIVERABLE, CLIENT_KEY));
        _assertRefused(jobId, DELIVERABLE, _deadline, _accepted(jobId, DELIVERABLE, PROVIDER_KEY));
        bytes32 cheaper = escrow.acceptanceDigest(jobId, provider, BUDGET - 1, DELIVERABLE, _deadline);
        _assertRefused(jobId, DELIVERABLE, _deadline, _signature(CLIENT_KEY, cheaper));
        bytes32 another = escrow.acceptanceDigest(jobId, stranger, BUDGET, DELIVERABLE, _deadline);
        _assertRefused(jobId, DELIVERABLE, _deadline, _signature(CLIENT_KEY, another));
        _assertStatus(jobId, IERC8183.JobStatus.Funded);
    }

    function test_S1_submitWithAcceptance__when_signed_for_another_chain__reverts() public {
        uint256 jobId = _hire();
        vm.chainId(5);
        bytes memory signature = _accepted(jobId, DELIVERABLE, CLIENT_KEY);
        vm.chainId(31337);
        _assertRefused(jobId, DELIVERABLE, _deadline, signature);
    }

    function test_submitWithAcceptance__when_the_deadline_has_passed__reverts_as_too_late() public {
        uint256 jobId = _hire();
        _deadline = block.timestamp - 1;
        bytes memory signature = _accepted(jobId, DELIVERABLE, CLIENT_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_DeadlinePassed.selector, block.timestamp, _deadline)
        );
        vm.prank(provider);
        escrow.submitWithAcceptance(jobId, DELIVERABLE, _deadline, signature);
    }

    function test_submitWithAcceptance__when_the_work_is_late__reverts_as_submit_does() public {
        uint256 jobId = _hire();
        bytes memory signature = _accepted(jobId, DELIVERABLE, CLIENT_KEY);
        uint256 workBy = escrow.jobOf(jobId).workBy;
        vm.warp(workBy + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_DeadlinePassed.selector, workBy + 1, workBy)
        );
        vm.prank(provider);
        escrow.submitWithAcceptance(jobId, DELIVERABLE, _deadline, signature);
    }

    function test_submitWithAcceptance__given_a_standard_job__reverts_as_no_house_job() public {
        uint256 jobId = _fundStandardJob();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotHouseJob.selector, jobId));
        vm.prank(provider);
        escrow.submitWithAcceptance(jobId, DELIVERABLE, _deadline, "");
    }

    function test_S3_submitWithAcceptance__given_a_contract_wallet_that_changed_its_mind__follows_ERC1271()
        public
    {
        ContractWallet wallet = new ContractWallet(vm.addr(SIGNER_KEY));
        vm.prank(client);
        uint256 jobId = escrow.hireFor(address(wallet), _terms());
        bytes memory signature = _accepted(jobId, DELIVERABLE, SIGNER_KEY);
        wallet.setOwner(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, address(wallet))
        );
        vm.prank(provider);
        escrow.submitWithAcceptance(jobId, DELIVERABLE, _deadline, signature);
        wallet.setOwner(vm.addr(SIGNER_KEY));
        vm.prank(provider);
        escrow.submitWithAcceptance(jobId, DELIVERABLE, _deadline, signature);
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
    }

    function _accepted(uint256 jobId, bytes32 deliverable, uint256 key) private view returns (bytes memory) {
        return _signature(key, escrow.acceptanceDigest(jobId, provider, BUDGET, deliverable, _deadline));
    }

    function _assertRefused(
        uint256 jobId,
        bytes32 deliverable,
        uint256 deadline,
        bytes memory signature
    ) private {
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SignatureInvalid.selector, client));
        vm.prank(provider);
        escrow.submitWithAcceptance(jobId, deliverable, deadline, signature);
    }
}
