// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {HookDouble} from "../../../../contracts/mocks/HookDouble.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev INV-ESC-10: no hook stands between a house job's money and its owner, not even one that is gone.
contract HooksTest is MarketTest {
    function test_hooks__given_a_hook_whose_code_is_gone__house_exits_go_on_without_it() public {
        HookDouble hook = new HookDouble();
        uint32 id = _hookedRow(hook);
        uint256 declined = _hire(id);
        uint256 accepted = _hire(id);
        _submit(accepted);
        vm.etch(address(hook), "");
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.HookFailed(declined, address(hook), IERC8183.reject.selector);
        vm.prank(provider);
        escrow.decline(declined);
        vm.prank(client);
        escrow.accept(accepted);
        _assertStatus(declined, IERC8183.JobStatus.Rejected);
        _assertStatus(accepted, IERC8183.JobStatus.Completed);
        _assertConserved();
    }

    function test_hooks__given_a_hook_whose_code_is_gone__steps_of_a_standard_job_revert() public {
        HookDouble hook = new HookDouble();
        vm.prank(client);
        uint256 jobId = escrow.createJob(provider, stranger, block.timestamp + 1 days, "", address(hook));
        vm.etch(address(hook), "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_HookRefused.selector, address(hook), IERC8183.setBudget.selector
            )
        );
        vm.prank(client);
        escrow.setBudget(jobId, BUDGET, "");
    }

    function test_hooks__given_a_hooked_open_job__its_hook_is_told_that_the_client_ended_it() public {
        HookDouble hook = new HookDouble();
        vm.startPrank(client);
        uint256 jobId = escrow.createJob(provider, stranger, block.timestamp + 1 days, "", address(hook));
        escrow.reject(jobId, "changed my mind", "x");
        vm.stopPrank();
        vm.assertEq(hook.beforeCount(), 1, "asked before");
        vm.assertEq(hook.afterCount(), 1, "told after");
        vm.assertEq(bytes32(hook.lastSelector()), bytes32(IERC8183.reject.selector), "selector");
        vm.assertEq(hook.lastData(), abi.encode(bytes32("changed my mind"), bytes("x")), "data");
        _assertStatus(jobId, IERC8183.JobStatus.Rejected);
    }

    function test_hooks__when_the_owner_allows_nobody__reverts_for_the_address() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_AddressIsZero.selector, bytes32("hook")));
        escrow.allowHook(address(0));
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_AddressIsZero.selector, bytes32("token")));
        escrow.allowToken(address(0));
        vm.stopPrank();
    }

    function _hookedRow(HookDouble hook) private returns (uint32) {
        vm.prank(owner);
        escrow.allowHook(address(hook));
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.hook = address(hook);
        return escrow.registerPolicy(policy);
    }
}
