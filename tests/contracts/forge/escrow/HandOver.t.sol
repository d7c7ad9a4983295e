// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {HookDouble} from "../../../../contracts/mocks/HookDouble.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev The hook of a row gives a funded job to another provider (R16).
contract HandOverTest is MarketTest {
    HookDouble private _hook;
    uint256 private _jobId;

    function setUp() public override {
        super.setUp();
        _hook = new HookDouble();
        vm.prank(owner);
        escrow.allowHook(address(_hook));
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.hook = address(_hook);
        _jobId = _hire(escrow.registerPolicy(policy));
    }

    function test_handOver__when_the_rows_hook_calls__the_new_provider_has_the_job() public {
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.ProviderSet(_jobId, stranger);
        vm.prank(address(_hook));
        escrow.handOver(_jobId, stranger);
        vm.assertEq(escrow.jobOf(_jobId).provider, stranger, "provider");
        vm.assertEq(escrow.jobOf(_jobId).budget, BUDGET, "budget");
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotProvider.selector, provider, stranger));
        _submit(_jobId);
    }

    function test_handOver__when_anybody_else_calls__reverts() public {
        address[4] memory callers = [client, provider, owner, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IJobEscrow.JobEscrow_NotHook.selector, callers[i], address(_hook))
            );
            vm.prank(callers[i]);
            escrow.handOver(_jobId, stranger);
        }
    }

    function test_handOver__given_a_row_without_a_hook__reverts_for_everybody() public {
        uint256 jobId = _hire();
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_NotHook.selector, address(_hook), address(0))
        );
        vm.prank(address(_hook));
        escrow.handOver(jobId, stranger);
    }

    function test_handOver__given_the_work_was_delivered__reverts() public {
        _submit(_jobId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_WrongStatus.selector, _jobId, IERC8183.JobStatus.Submitted
            )
        );
        vm.prank(address(_hook));
        escrow.handOver(_jobId, stranger);
    }

    function test_handOver__when_the_time_for_work_is_over__reverts() public {
        uint256 workBy = escrow.jobOf(_jobId).workBy;
        vm.warp(workBy + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_DeadlinePassed.selector, workBy + 1, workBy)
        );
        vm.prank(address(_hook));
        escrow.handOver(_jobId, stranger);
    }

    function test_handOver__when_the_new_provider_is_refused__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_ProviderRefused.selector, address(oracle))
        );
        vm.prank(address(_hook));
        escrow.handOver(_jobId, address(oracle));
    }
}
