// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {MarketTest} from "../MarketTest.sol";

contract HireTest is MarketTest {
    function test_hire__given_unknown_policy__reverts() public {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = 99;
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_UnknownPolicy.selector, 99));
        escrow.hire(terms);
    }

    function test_hire__given_a_standard_row__reverts_as_no_house_row() public {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = escrow.jobOf(_standardJob()).policyId;
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotHousePolicy.selector, stranger));
        escrow.hire(terms);
    }

    function test_hire__given_a_retired_row__reverts_as_retired() public {
        vm.prank(owner);
        escrow.retirePolicy(policyId);
        IJobEscrow.HireTerms memory terms = _terms();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_PolicyIsRetired.selector, policyId));
        escrow.hire(terms);
    }

    function test_hire__when_budget_is_zero__reverts_as_free_work() public {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.budget = 0;
        vm.expectRevert(IJobEscrow.JobEscrow_BudgetIsZero.selector);
        escrow.hire(terms);
    }

    function test_hire__when_provider_is_refused__reverts_for_zero_oracle_escrow_and_token() public {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.provider = address(0);
        vm.expectRevert(IJobEscrow.JobEscrow_ProviderIsZero.selector);
        escrow.hire(terms);
        address[3] memory refused = [address(oracle), address(escrow), address(token)];
        for (uint256 i = 0; i < refused.length; ++i) {
            terms.provider = refused[i];
            vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_ProviderRefused.selector, refused[i]));
            escrow.hire(terms);
        }
    }

    function test_hire__when_expiry_is_too_short__reverts_with_the_least_expiry() public {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.expiredAt = block.timestamp + TAIL;
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_ExpiryTooShort.selector, block.timestamp + TAIL + 1)
        );
        escrow.hire(terms);
    }

    function test_hire__when_the_allowance_is_missing__reverts_and_leaves_no_job() public {
        IJobEscrow.HireTerms memory terms = _terms();
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(escrow), 0, BUDGET
            )
        );
        vm.prank(stranger);
        escrow.hire(terms);
        vm.assertEq(escrow.jobCount(), 0, "no job");
    }

    function test_hire__when_all_is_fine__emits_four_events_in_order() public {
        IJobEscrow.HireTerms memory terms = _terms();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCreated(1, client, provider, address(oracle), terms.expiredAt, address(0));
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.BudgetSet(1, BUDGET);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobFunded(1, client, BUDGET);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.JobDescribed(1, 0, 1, policyId, "ipfs://request");
        _hire();
    }

    function test_hire__when_all_is_fine__locks_the_budget_and_stores_the_terms() public {
        IJobEscrow.HireTerms memory terms = _terms();
        uint256 jobId = _hire();
        vm.assertEq(jobId, 1, "the first job is 1");
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.assertEq(job.client, client, "client");
        vm.assertEq(job.provider, provider, "provider");
        vm.assertEq(job.evaluator, address(oracle), "evaluator");
        vm.assertEq(job.token, address(token), "token");
        vm.assertEq(job.policyId, policyId, "policy");
        vm.assertEq(job.budget, BUDGET, "budget");
        vm.assertEq(job.expiredAt, terms.expiredAt, "expiredAt");
        vm.assertEq(job.workBy, terms.expiredAt - TAIL, "workBy");
        vm.assertEq(job.submittedAt, 0, "submittedAt");
        _assertStatus(jobId, IERC8183.JobStatus.Funded);
        vm.assertEq(token.balanceOf(address(escrow)), BUDGET, "escrow holds the budget");
    }
}
