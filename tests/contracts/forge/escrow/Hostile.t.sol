// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {HookDouble} from "../../../../contracts/mocks/HookDouble.sol";
import {NoReturnToken} from "../../../../contracts/mocks/NoReturnToken.sol";
import {PlainToken} from "../../../../contracts/mocks/PlainToken.sol";
import {ReentrantToken} from "../../../../contracts/mocks/ReentrantToken.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Tokens, payees and hooks that misbehave (E1, E5, E6, R11, R12).
contract HostileTest is MarketTest {
    bytes4 private constant LOCKED = ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector;

    /* ---------- tokens ---------- */

    function test_hostile__given_a_fee_on_transfer_token__funding_reverts_with_what_came() public {
        uint32 id = _rowFor(address(new FeeOnTransferToken()));
        uint256 kept = uint256(BUDGET) / 100;
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_UnexpectedReceipt.selector, BUDGET - kept, BUDGET)
        );
        _hire(id);
    }

    function test_hostile__given_a_token_without_return_values__a_job_runs_to_the_end() public {
        NoReturnToken old = new NoReturnToken();
        uint256 jobId = _hire(_rowFor(address(old)));
        _submit(jobId);
        vm.prank(client);
        escrow.accept(jobId);
        (uint256 paid, uint256 house,) = _fees(BUDGET);
        vm.assertEq(old.balanceOf(provider), paid, "paid");
        escrow.withdrawFor(address(old), treasury);
        vm.assertEq(old.balanceOf(treasury), house, "treasury");
    }

    function test_hostile__given_a_payee_that_the_token_blocks__a_reverting_token_leaves_a_credit() public {
        _assertBlockedProviderKeepsCredit(BlockListToken.Manner.Revert);
    }

    function test_hostile__given_a_payee_that_the_token_blocks__a_token_that_returns_false_leaves_a_credit()
        public
    {
        _assertBlockedProviderKeepsCredit(BlockListToken.Manner.ReturnFalse);
    }

    function test_hostile__given_a_payee_that_the_token_blocks__a_token_that_burns_gas_leaves_a_credit()
        public
    {
        _assertBlockedProviderKeepsCredit(BlockListToken.Manner.BurnGas);
    }

    function test_hostile__given_a_payee_that_the_token_blocks__a_refund_becomes_a_credit_too() public {
        BlockListToken picky = new BlockListToken();
        uint256 jobId = _hire(_rowFor(address(picky)));
        picky.setBlocked(client, true, BlockListToken.Manner.Revert);
        vm.warp(escrow.jobOf(jobId).expiredAt);
        escrow.claimRefund(jobId);
        vm.assertEq(escrow.creditOf(address(picky), client), BUDGET, "E5: the refund waits");
        _assertStatus(jobId, IERC8183.JobStatus.Expired);
    }

    function test_hostile__given_a_payee_that_the_token_blocks__the_credit_is_withdrawn_once_unblocked()
        public
    {
        BlockListToken picky = new BlockListToken();
        uint256 jobId = _acceptedWithBlockedProvider(picky, BlockListToken.Manner.Revert);
        (uint256 paid,,) = _fees(escrow.jobOf(jobId).budget);
        vm.expectRevert(abi.encodeWithSelector(BlockListToken.BlockListToken_Blocked.selector, provider));
        escrow.withdrawFor(address(picky), provider);
        vm.assertEq(escrow.creditOf(address(picky), provider), paid, "a failed withdrawal costs nothing");
        picky.setBlocked(provider, false, BlockListToken.Manner.Revert);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.CreditWithdrawn(address(picky), provider, paid);
        vm.prank(provider);
        escrow.withdraw(address(picky));
        vm.assertEq(picky.balanceOf(provider), paid, "paid in the end");
        vm.assertEq(escrow.creditOf(address(picky), provider), 0, "once");
    }

    function test_hostile__given_a_reentrant_token__every_door_is_locked_in_the_middle_of_a_payment() public {
        ReentrantToken wild = new ReentrantToken();
        uint32 id = _rowFor(address(wild));
        bytes[] memory doors = _doors(address(wild), id);
        for (uint256 i = 0; i < doors.length; ++i) {
            uint256 jobId = _hire(id);
            _submit(jobId);
            wild.arm(address(escrow), doors[i]);
            vm.prank(client);
            escrow.accept(jobId);
            vm.assertTrue(wild.attempts() != 0, "the token tried");
            vm.assertFalse(wild.wentThrough(), "E6: no way back in");
            vm.assertEq(bytes32(wild.fault()), bytes32(LOCKED), "E6: locked");
            wild.arm(address(0), "");
        }
    }

    function test_hostile__given_a_ledger_only_row__nobody_is_paid_by_transfer() public {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.isLedgerOnly = true;
        uint256 jobId = _hire(escrow.registerPolicy(policy));
        _submit(jobId);
        (uint256 paid,,) = _fees(BUDGET);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.CreditAdded(address(token), provider, paid);
        vm.prank(client);
        escrow.accept(jobId);
        vm.assertEq(token.balanceOf(provider), 0, "nothing sent");
        vm.assertEq(escrow.creditOf(address(token), provider), paid, "all in the ledger");
        _assertConserved();
    }

    /* ---------- hooks ---------- */

    function test_hostile__given_a_refusing_hook__standard_steps_revert() public {
        HookDouble hook = new HookDouble();
        uint256 jobId = _fundHookedStandardJob(hook);
        hook.setManner(HookDouble.Manner.Refuse);
        vm.expectRevert(_refused(hook, IERC8183.submit.selector));
        _submit(jobId);
        hook.setManner(HookDouble.Manner.Record);
        _submit(jobId);
        hook.setManner(HookDouble.Manner.Refuse);
        vm.expectRevert(_refused(hook, IERC8183.complete.selector));
        vm.prank(stranger);
        escrow.complete(jobId, 0, "");
        vm.warp(escrow.jobOf(jobId).expiredAt);
        escrow.claimRefund(jobId);
        _assertStatus(jobId, IERC8183.JobStatus.Expired);
    }

    function test_hostile__given_a_refusing_hook__house_steps_before_the_exit_revert() public {
        HookDouble hook = new HookDouble();
        uint256 jobId = _hire(_hookedRow(hook));
        hook.setManner(HookDouble.Manner.Refuse);
        vm.expectRevert(_refused(hook, IERC8183.submit.selector));
        _submit(jobId);
    }

    function test_hostile__given_a_refusing_hook__house_exits_go_on() public {
        _assertHouseExitSurvives(HookDouble.Manner.Refuse);
    }

    function test_hostile__given_a_hook_that_burns_gas__house_exits_go_on_all_the_same() public {
        _assertHouseExitSurvives(HookDouble.Manner.BurnGas);
    }

    function test_hostile__given_a_hook_that_answers_with_a_bomb__nothing_of_it_is_copied() public {
        uint256 gasBefore = gasleft();
        _assertHouseExitSurvives(HookDouble.Manner.ReturnBomb);
        vm.assertLe(gasBefore - gasleft(), 3_000_000, "R12: no answer is copied");
    }

    function test_hostile__given_a_hook_that_reenters__the_lock_holds() public {
        HookDouble hook = new HookDouble();
        uint256 jobId = _hire(_hookedRow(hook));
        _submit(jobId);
        hook.armReentry(address(escrow), abi.encodeCall(escrow.claimRefund, (jobId)));
        vm.prank(client);
        escrow.accept(jobId);
        vm.assertEq(bytes32(hook.fault()), bytes32(LOCKED), "E6: locked");
    }

    function test_hostile__given_a_recording_hook__every_step_is_told_as_the_standard_says() public {
        HookDouble hook = new HookDouble();
        vm.startPrank(client);
        uint256 jobId = escrow.createJob(address(0), stranger, block.timestamp + 1 days, "", address(hook));
        escrow.setProvider(jobId, provider, "p");
        _assertTold(hook, 1, IERC8183.setProvider.selector, abi.encode(provider, bytes("p")));
        escrow.setBudget(jobId, BUDGET, "b");
        _assertTold(hook, 2, IERC8183.setBudget.selector, abi.encode(uint256(BUDGET), bytes("b")));
        escrow.fund(jobId, BUDGET, "raw");
        _assertTold(hook, 3, IERC8183.fund.selector, "raw");
        vm.stopPrank();
        vm.prank(provider);
        escrow.submit(jobId, DELIVERABLE, "s");
        _assertTold(hook, 4, IERC8183.submit.selector, abi.encode(DELIVERABLE, bytes("s")));
        vm.prank(stranger);
        escrow.complete(jobId, "why", "c");
        _assertTold(hook, 5, IERC8183.complete.selector, abi.encode(bytes32("why"), bytes("c")));
    }

    function test_hostile__given_little_gas__a_hooked_exit_reverts_rather_than_skips_its_hook() public {
        HookDouble hook = new HookDouble();
        uint256 jobId = _hire(_hookedRow(hook));
        _submit(jobId);
        vm.prank(client);
        (bool success, bytes memory answer) =
            address(escrow).call{gas: 250_000}(abi.encodeCall(escrow.accept, (jobId)));
        vm.assertFalse(success, "refused");
        vm.assertEq(bytes32(bytes4(answer)), bytes32(IJobEscrow.JobEscrow_HookGasTooLow.selector), "reason");
    }

    /* ---------- ledger ---------- */

    function test_hostile__when_withdraw_finds_nothing__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_NoCredit.selector, address(token), stranger)
        );
        vm.prank(stranger);
        escrow.withdraw(address(token));
    }

    function test_hostile__when_treasury_and_reporters_withdraw__each_gets_its_own_and_nothing_remains()
        public
    {
        uint256 jobId = _hireAndSubmit();
        vm.prank(client);
        escrow.accept(jobId);
        (, uint256 house, uint256 pool) = _fees(BUDGET);
        vm.prank(treasury);
        escrow.withdraw(address(token));
        escrow.withdrawFor(address(token), address(oracle));
        vm.assertEq(token.balanceOf(treasury), house, "treasury");
        vm.assertEq(token.balanceOf(address(oracle)), pool, "reporters");
        vm.assertEq(token.balanceOf(address(escrow)), 0, "INV-ESC-01: nothing remains");
    }

    /* ---------- helpers of this file ---------- */

    function _rowFor(address other) private returns (uint32) {
        PlainToken(other).mint(client, 100 * uint256(BUDGET));
        vm.prank(client);
        // Some tokens return nothing: only success counts.
        (bool success,) =
            other.call(abi.encodeCall(PlainToken(other).approve, (address(escrow), type(uint256).max)));
        vm.assertTrue(success, "approved");
        vm.prank(owner);
        escrow.allowToken(other);
        return escrow.registerPolicy(_policy(address(oracle), other));
    }

    function _hookedRow(HookDouble hook) private returns (uint32) {
        vm.prank(owner);
        escrow.allowHook(address(hook));
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.hook = address(hook);
        return escrow.registerPolicy(policy);
    }

    function _fundHookedStandardJob(HookDouble hook) private returns (uint256 jobId) {
        vm.startPrank(client);
        jobId = escrow.createJob(provider, stranger, block.timestamp + 1 days, "", address(hook));
        escrow.setBudget(jobId, BUDGET, "");
        escrow.fund(jobId, BUDGET, "");
        vm.stopPrank();
    }

    function _acceptedWithBlockedProvider(
        BlockListToken picky,
        BlockListToken.Manner manner
    ) private returns (uint256 jobId) {
        jobId = _hire(_rowFor(address(picky)));
        _submit(jobId);
        picky.setBlocked(provider, true, manner);
        vm.prank(client);
        escrow.accept{gas: 30_000_000}(jobId);
    }

    function _assertBlockedProviderKeepsCredit(BlockListToken.Manner manner) private {
        BlockListToken picky = new BlockListToken();
        uint256 jobId = _acceptedWithBlockedProvider(picky, manner);
        (uint256 paid, uint256 house,) = _fees(BUDGET);
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
        vm.assertEq(escrow.creditOf(address(picky), provider), paid, "E5: its own credit stays");
        escrow.withdrawFor(address(picky), treasury);
        vm.assertEq(picky.balanceOf(treasury), house, "E5: others are paid");
    }

    function _assertHouseExitSurvives(HookDouble.Manner manner) private {
        HookDouble hook = new HookDouble();
        uint32 id = _hookedRow(hook);
        uint256 first = _hire(id);
        uint256 second = _hire(id);
        _submit(second);
        hook.setManner(manner);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.HookFailed(first, address(hook), IERC8183.reject.selector);
        vm.prank(provider);
        escrow.decline(first);
        vm.prank(client);
        escrow.accept(second);
        _assertStatus(first, IERC8183.JobStatus.Rejected);
        _assertStatus(second, IERC8183.JobStatus.Completed);
        _assertConserved();
    }

    function _assertTold(HookDouble hook, uint256 times, bytes4 selector, bytes memory data) private view {
        vm.assertEq(hook.beforeCount(), times, "before");
        vm.assertEq(hook.afterCount(), times, "after");
        vm.assertEq(bytes32(hook.lastSelector()), bytes32(selector), "selector");
        vm.assertEq(hook.lastData(), data, "data");
    }

    function _refused(HookDouble hook, bytes4 selector) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJobEscrow.JobEscrow_HookRefused.selector, address(hook), selector);
    }

    /// @dev Every function of the escrow that changes a job or moves money.
    function _doors(address wild, uint32 id) private view returns (bytes[] memory doors) {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = id;
        IJobEscrow.Authorization memory authorization;
        authorization.client = client;
        doors = new bytes[](23);
        doors[0] = abi.encodeCall(escrow.hire, (terms));
        doors[1] =
            abi.encodeCall(escrow.createJob, (provider, stranger, block.timestamp + 1 days, "", address(0)));
        doors[2] = abi.encodeCall(escrow.setProvider, (1, provider, ""));
        doors[3] = abi.encodeCall(escrow.setBudget, (1, 1, ""));
        doors[4] = abi.encodeCall(escrow.fund, (1, 1, ""));
        doors[5] = abi.encodeCall(escrow.submit, (1, 0, ""));
        doors[6] = abi.encodeCall(escrow.complete, (1, 0, ""));
        doors[7] = abi.encodeCall(escrow.reject, (1, 0, ""));
        doors[8] = abi.encodeCall(escrow.claimRefund, (1));
        doors[9] = abi.encodeCall(escrow.accept, (1));
        doors[10] = abi.encodeCall(escrow.decline, (1));
        doors[11] = abi.encodeCall(escrow.noShow, (1));
        doors[12] = abi.encodeCall(escrow.cancel, (1, 0, type(uint256).max, "", ""));
        doors[13] = abi.encodeCall(escrow.withdraw, (wild));
        doors[14] = abi.encodeCall(escrow.withdrawFor, (wild, treasury));
        doors[15] = abi.encodeCall(escrow.split, (1, 0, 0));
        doors[16] = abi.encodeCall(escrow.hireFor, (client, terms));
        doors[17] = abi.encodeCall(escrow.hireWithPermit, (terms, 0, 27, 0, 0));
        doors[18] = abi.encodeCall(escrow.hireFromLedger, (terms));
        doors[19] = abi.encodeCall(escrow.hireWithAuthorization, (terms, authorization));
        doors[20] = abi.encodeCall(escrow.deposit, (wild, client, 1));
        doors[21] = abi.encodeCall(escrow.submitWithAcceptance, (1, 0, type(uint256).max, ""));
        doors[22] = abi.encodeCall(escrow.handOver, (1, provider));
    }
}
