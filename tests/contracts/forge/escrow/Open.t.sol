// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev What may happen to a job before money is locked: setProvider, setBudget, fund, reject.
contract OpenJobTest is MarketTest {
    function test_openJob__given_unknown_job__every_verb_reverts() public {
        bytes memory unknown = abi.encodeWithSelector(IJobEscrow.JobEscrow_UnknownJob.selector, 7);
        vm.expectRevert(unknown);
        escrow.setProvider(7, provider, "");
        vm.expectRevert(unknown);
        escrow.setBudget(7, 1, "");
        vm.expectRevert(unknown);
        escrow.fund(7, 1, "");
        vm.expectRevert(unknown);
        escrow.submit(7, DELIVERABLE, "");
        vm.expectRevert(unknown);
        escrow.complete(7, 0, "");
        vm.expectRevert(unknown);
        escrow.reject(7, 0, "");
        vm.expectRevert(unknown);
        escrow.claimRefund(7);
        vm.expectRevert(unknown);
        escrow.accept(7);
        vm.expectRevert(unknown);
        escrow.decline(7);
        vm.expectRevert(unknown);
        escrow.noShow(7);
        vm.expectRevert(unknown);
        escrow.cancel(7, 0, 0, "", "");
        vm.expectRevert(unknown);
        escrow.jobOf(7);
    }

    function test_openJob__when_setProvider_is_called_by_a_stranger__reverts() public {
        uint256 jobId = _openWithoutProvider();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotClient.selector, stranger, client));
        vm.prank(stranger);
        escrow.setProvider(jobId, provider, "");
    }

    function test_openJob__when_setProvider_names_zero__reverts_for_zero() public {
        uint256 jobId = _openWithoutProvider();
        vm.expectRevert(IJobEscrow.JobEscrow_ProviderIsZero.selector);
        vm.prank(client);
        escrow.setProvider(jobId, address(0), "");
    }

    function test_openJob__given_a_provider__setProvider_reverts() public {
        uint256 jobId = _standardJob();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_ProviderAlreadySet.selector, provider));
        vm.prank(client);
        escrow.setProvider(jobId, stranger, "");
    }

    function test_openJob__given_no_provider__setProvider_names_it() public {
        uint256 jobId = _openWithoutProvider();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.ProviderSet(jobId, provider);
        vm.prank(client);
        escrow.setProvider(jobId, provider, "");
        vm.assertEq(escrow.jobOf(jobId).provider, provider, "provider");
    }

    function test_openJob__given_no_provider__fund_reverts() public {
        uint256 jobId = _openWithoutProvider();
        vm.startPrank(client);
        escrow.setBudget(jobId, BUDGET, "");
        vm.expectRevert(IJobEscrow.JobEscrow_ProviderIsZero.selector);
        escrow.fund(jobId, BUDGET, "");
        vm.stopPrank();
    }

    function test_openJob__when_setBudget_is_called_by_a_stranger__reverts_as_not_the_client() public {
        uint256 jobId = _standardJob();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotClient.selector, stranger, client));
        vm.prank(stranger);
        escrow.setBudget(jobId, 1, "");
    }

    function test_openJob__when_setBudget_is_called_by_client_or_provider__the_last_price_counts() public {
        uint256 jobId = _standardJob();
        vm.prank(client);
        escrow.setBudget(jobId, 5, "");
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.BudgetSet(jobId, 6);
        vm.prank(provider);
        escrow.setBudget(jobId, 6, "");
        vm.assertEq(escrow.jobOf(jobId).budget, 6, "budget");
        vm.assertEq(escrow.jobOf(jobId).provider, provider, "provider is kept");
    }

    function test_openJob__when_setBudget_exceeds_96_bits__reverts_as_too_big() public {
        uint256 jobId = _standardJob();
        uint256 tooBig = uint256(type(uint96).max) + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_BudgetTooBig.selector, tooBig, type(uint96).max)
        );
        vm.prank(client);
        escrow.setBudget(jobId, tooBig, "");
    }

    function test_openJob__given_a_funded_job__no_price_provider_or_second_funding_is_possible() public {
        uint256 jobId = _hire();
        bytes memory wrong = abi.encodeWithSelector(
            IJobEscrow.JobEscrow_WrongStatus.selector, jobId, IERC8183.JobStatus.Funded
        );
        vm.startPrank(client);
        vm.expectRevert(wrong);
        escrow.setBudget(jobId, 1, "");
        vm.expectRevert(wrong);
        escrow.setProvider(jobId, stranger, "");
        vm.expectRevert(wrong);
        escrow.fund(jobId, BUDGET, "");
        vm.stopPrank();
    }

    function test_openJob__when_fund_is_called_by_a_stranger__reverts_as_a_stranger() public {
        uint256 jobId = _pricedJob();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotClient.selector, stranger, client));
        vm.prank(stranger);
        escrow.fund(jobId, BUDGET, "");
    }

    function test_openJob__when_the_expected_budget_differs__fund_reverts_with_both() public {
        uint256 jobId = _pricedJob();
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_BudgetMismatch.selector, BUDGET, BUDGET - 1)
        );
        vm.prank(client);
        escrow.fund(jobId, BUDGET - 1, "");
    }

    function test_openJob__given_no_price__fund_reverts_with_budget_zero() public {
        uint256 jobId = _standardJob();
        vm.expectRevert(IJobEscrow.JobEscrow_BudgetIsZero.selector);
        vm.prank(client);
        escrow.fund(jobId, 0, "");
    }

    function test_openJob__given_workBy_has_come__fund_reverts_as_too_late() public {
        uint256 jobId = _pricedHouseJob();
        uint256 workBy = escrow.jobOf(jobId).workBy;
        vm.warp(workBy);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_DeadlinePassed.selector, workBy, workBy));
        vm.prank(client);
        escrow.fund(jobId, BUDGET, "");
    }

    function test_openJob__given_a_retired_row__fund_reverts_as_retired() public {
        uint256 jobId = _pricedHouseJob();
        vm.prank(owner);
        escrow.retirePolicy(policyId);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_PolicyIsRetired.selector, policyId));
        vm.prank(client);
        escrow.fund(jobId, BUDGET, "");
    }

    function test_openJob__when_provider_is_evaluator_token_or_escrow__fund_refuses_the_provider() public {
        address[3] memory refused = [stranger, address(token), address(escrow)];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.startPrank(client);
            uint256 jobId = escrow.createJob(refused[i], stranger, block.timestamp + 1 days, "", address(0));
            escrow.setBudget(jobId, BUDGET, "");
            vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_ProviderRefused.selector, refused[i]));
            escrow.fund(jobId, BUDGET, "");
            vm.stopPrank();
        }
    }

    function test_openJob__when_fund_is_fine__locks_exactly_the_budget() public {
        uint256 jobId = _pricedHouseJob();
        uint256 balance = token.balanceOf(client);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobFunded(jobId, client, BUDGET);
        vm.prank(client);
        escrow.fund(jobId, BUDGET, "");
        _assertStatus(jobId, IERC8183.JobStatus.Funded);
        vm.assertEq(token.balanceOf(client), balance - BUDGET, "client paid");
        vm.assertEq(token.balanceOf(address(escrow)), BUDGET, "escrow holds");
    }

    function test_openJob__when_reject_is_called_by_the_client__ends_the_open_job() public {
        uint256 jobId = _standardJob();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobRejected(jobId, client, "changed my mind");
        vm.prank(client);
        escrow.reject(jobId, "changed my mind", "");
        _assertStatus(jobId, IERC8183.JobStatus.Rejected);
    }

    function test_openJob__when_reject_is_called_by_the_evaluator__reverts_while_open() public {
        uint256 jobId = _standardJob();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotClient.selector, stranger, client));
        vm.prank(stranger);
        escrow.reject(jobId, 0, "");
    }

    function _openWithoutProvider() private returns (uint256) {
        vm.prank(client);
        return escrow.createJob(address(0), stranger, block.timestamp + 1 days, "", address(0));
    }

    function _pricedJob() private returns (uint256 jobId) {
        jobId = _standardJob();
        vm.prank(client);
        escrow.setBudget(jobId, BUDGET, "");
    }

    function _pricedHouseJob() private returns (uint256 jobId) {
        vm.startPrank(client);
        jobId = escrow.createJob(
            provider, address(oracle), block.timestamp + TAIL + WORK_SECONDS, "", address(0)
        );
        escrow.setBudget(jobId, BUDGET, "");
        vm.stopPrank();
    }
}
