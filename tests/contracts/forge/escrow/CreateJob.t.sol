// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {HookDouble} from "../../../../contracts/mocks/HookDouble.sol";
import {MarketTest} from "../MarketTest.sol";

contract CreateJobTest is MarketTest {
    function test_createJob__when_evaluator_is_zero__reverts() public {
        vm.expectRevert(IJobEscrow.JobEscrow_EvaluatorIsZero.selector);
        escrow.createJob(provider, address(0), block.timestamp + 1 days, "", address(0));
    }

    function test_createJob__when_hook_lacks_the_interface__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_HookLacksInterface.selector, address(token))
        );
        escrow.createJob(provider, stranger, block.timestamp + 1 days, "", address(token));
    }

    function test_createJob__when_expiry_is_now__reverts_because_standard_jobs_may_not_be_over_at_birth()
        public
    {
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_ExpiryTooShort.selector, block.timestamp + 1)
        );
        escrow.createJob(provider, stranger, block.timestamp, "", address(0));
    }

    function test_createJob__when_evaluator_is_a_stranger__opens_a_standard_job_with_the_default_token()
        public
    {
        uint256 expiredAt = block.timestamp + 1 days;
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCreated(1, client, provider, stranger, expiredAt, address(0));
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.JobDescribed(1, type(uint256).max, 0, 2, "work");
        uint256 jobId = _standardJob();
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.assertEq(job.client, client, "client");
        vm.assertEq(job.provider, provider, "provider");
        vm.assertEq(job.evaluator, stranger, "evaluator");
        vm.assertEq(job.token, address(token), "token");
        vm.assertEq(job.budget, 0, "budget");
        vm.assertEq(job.workBy, expiredAt, "workBy equals expiry without a tail");
        vm.assertEq(job.expiredAt, expiredAt, "expiredAt");
        _assertStatus(jobId, IERC8183.JobStatus.Open);
    }

    function test_createJob__when_evaluator_is_a_stranger__shares_one_row_between_jobs() public {
        uint256 first = _standardJob();
        uint256 second = _standardJob();
        vm.assertEq(escrow.jobOf(first).policyId, escrow.jobOf(second).policyId, "one row");
    }

    function test_createJob__when_expiry_leaves_no_room_for_the_tail__reverts_with_the_least_expiry() public {
        uint256 least = escrow.minExpiry(address(oracle));
        vm.assertEq(least, block.timestamp + TAIL + 1, "least expiry");
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_ExpiryTooShort.selector, least));
        escrow.createJob(provider, address(oracle), least - 1, "", address(0));
    }

    function test_createJob__when_hook_has_no_house_row__reverts_for_want_of_a_row() public {
        address hook = address(new HookDouble());
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_NoHousePolicy.selector, address(oracle), hook)
        );
        escrow.createJob(provider, address(oracle), block.timestamp + 30 days, "", hook);
    }

    function test_createJob__when_evaluator_is_the_oracle__opens_a_house_job() public {
        uint256 expiredAt = escrow.minExpiry(address(oracle));
        uint256 jobId = escrow.createJob(address(0), address(oracle), expiredAt, "", address(0));
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.assertEq(job.policyId, policyId, "the usual row");
        vm.assertEq(job.provider, address(0), "no provider yet");
        vm.assertEq(job.workBy, expiredAt - TAIL, "workBy");
        vm.assertEq(job.expiredAt, expiredAt, "expiredAt");
    }

    function test_createJob__when_expiry_needs_more_than_32_bits__reverts() public {
        uint256 expiredAt = uint256(type(uint32).max) + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_ExpiryTooLong.selector, expiredAt, type(uint32).max)
        );
        escrow.createJob(provider, stranger, expiredAt, "", address(0));
    }
}
