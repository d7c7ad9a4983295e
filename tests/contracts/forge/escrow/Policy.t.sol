// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {JobEscrow} from "../../../../contracts/market/JobEscrow.sol";
import {HookDouble} from "../../../../contracts/mocks/HookDouble.sol";
import {MarketTest} from "../MarketTest.sol";

contract PolicyTest is MarketTest {
    function test_policy__when_registered_with_a_foreign_evaluator__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotHousePolicy.selector, stranger));
        escrow.registerPolicy(_policy(stranger, address(token)));
    }

    function test_policy__when_its_token_is_not_allowed__reverts_for_the_token() public {
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_TokenNotAllowed.selector, stranger));
        escrow.registerPolicy(_policy(address(oracle), stranger));
    }

    function test_policy__when_its_hook_is_not_allowed__reverts_for_the_hook() public {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.hook = address(new HookDouble());
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_HookNotAllowed.selector, policy.hook));
        escrow.registerPolicy(policy);
    }

    function test_policy__when_its_fee_is_not_the_current_one__reverts_with_the_current_one() public {
        bytes memory notCurrent =
            abi.encodeWithSelector(IJobEscrow.JobEscrow_FeeNotCurrent.selector, 500, 4_000);
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.feeBps = 0;
        vm.expectRevert(notCurrent);
        escrow.registerPolicy(policy);
        policy = _housePolicy();
        policy.poolShareBps = 3_999;
        vm.expectRevert(notCurrent);
        escrow.registerPolicy(policy);
    }

    function test_policy__when_a_window_is_out_of_bounds__reverts_and_names_it() public {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.verdictSeconds = 59;
        _expectWindow("verdictSeconds", 59, 60);
        escrow.registerPolicy(policy);
        policy = _housePolicy();
        policy.reviewSeconds = 30 days + 1;
        _expectWindow("reviewSeconds", 30 days + 1, 60);
        escrow.registerPolicy(policy);
        policy = _housePolicy();
        policy.courtSeconds = 30 days + 1;
        _expectWindow("courtSeconds", 30 days + 1, 0);
        escrow.registerPolicy(policy);
        policy = _housePolicy();
        policy.graceSeconds = 7 days - 1;
        _expectWindow("graceSeconds", 7 days - 1, 7 days);
        escrow.registerPolicy(policy);
    }

    function test_policy__when_its_pass_mark_exceeds_100__reverts_for_the_mark() public {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.passMark = 101;
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_PassMarkOutOfRange.selector, 101, 1, 100));
        escrow.registerPolicy(policy);
    }

    function test_policy__when_registered_twice__gives_the_same_id() public {
        vm.assertEq(escrow.registerPolicy(_housePolicy()), policyId, "found by its hash");
        vm.assertEq(escrow.policyCount(), policyId, "no new row");
    }

    function test_policy__when_registered_anew__reads_back_as_written() public {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.passMark = 99;
        policy.verdictSeconds = 61;
        policy.reviewSeconds = 62;
        policy.courtSeconds = 63;
        policy.graceSeconds = 8 days;
        policy.isLedgerOnly = true;
        uint32 id = escrow.registerPolicy(policy);
        vm.assertEq(
            keccak256(abi.encode(escrow.policyOf(id))), keccak256(abi.encode(policy)), "E10: every term"
        );
        vm.assertEq(escrow.tailOf(id), 61 + 62 + 63 + 8 days, "tail");
        vm.assertTrue(escrow.isHirable(id), "hirable");
    }

    function test_policy__given_its_fee_is_current__retiring_reverts_for_a_stranger() public {
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_PolicyIsCurrent.selector, policyId));
        vm.prank(stranger);
        escrow.retirePolicy(policyId);
    }

    function test_policy__given_its_fee_is_current__retiring_works_for_the_owner() public {
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.PolicyRetired(policyId);
        vm.prank(owner);
        escrow.retirePolicy(policyId);
        vm.assertFalse(escrow.isHirable(policyId), "not hirable");
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_NoHousePolicy.selector, address(oracle), address(0))
        );
        escrow.minExpiry(address(oracle));
    }

    function test_policy__given_its_fee_is_no_longer_current__anybody_retires_it() public {
        _announce(100, 0);
        vm.warp(block.timestamp + 2 days);
        vm.prank(stranger);
        escrow.retirePolicy(policyId);
        vm.assertFalse(escrow.isHirable(policyId), "not hirable");
    }

    function test_policy__given_it_was_retired__retiring_again_reverts() public {
        vm.startPrank(owner);
        escrow.retirePolicy(policyId);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_PolicyIsRetired.selector, policyId));
        escrow.retirePolicy(policyId);
        vm.stopPrank();
    }

    function test_policy__given_it_was_retired__the_same_terms_make_a_new_row() public {
        vm.startPrank(owner);
        escrow.retirePolicy(policyId);
        uint32 next = escrow.registerPolicy(_housePolicy());
        vm.stopPrank();
        vm.assertEq(next, policyId + 1, "new row");
        vm.assertFalse(escrow.isHirable(policyId), "the retired bit is one-way");
        vm.assertEq(escrow.minExpiry(address(oracle)), block.timestamp + TAIL + 1, "the new usual row");
    }

    function test_policy__when_the_fee_is_announced_by_a_stranger__reverts_for_the_stranger() public {
        bytes memory notOwner = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(notOwner);
        escrow.announceFee(1, 1);
        vm.expectRevert(notOwner);
        escrow.allowToken(stranger);
        vm.expectRevert(notOwner);
        escrow.allowHook(stranger);
        vm.stopPrank();
    }

    function test_policy__when_the_fee_is_announced_above_the_cap__reverts_for_the_cap() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_FeeTooHigh.selector, 1_001, 1_000));
        escrow.announceFee(1_001, 0);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_ShareTooHigh.selector, 10_001, 10_000));
        escrow.announceFee(0, 10_001);
        vm.stopPrank();
    }

    function test_policy__when_the_fee_is_announced__takes_force_after_the_delay_and_not_before() public {
        _announce(1_000, 10_000);
        vm.warp(block.timestamp + 2 days - 1);
        (uint16 feeBps, uint16 shareBps) = escrow.currentFee();
        vm.assertEq(feeBps, 500, "old fee until the last second");
        vm.assertEq(shareBps, 4_000, "old share until the last second");
        vm.warp(block.timestamp + 1);
        (feeBps, shareBps) = escrow.currentFee();
        vm.assertEq(feeBps, 1_000, "new fee");
        vm.assertEq(shareBps, 10_000, "new share");
    }

    function test_policy__when_the_fee_is_announced__leaves_funded_jobs_as_they_were() public {
        uint256 jobId = _hireAndSubmit();
        _announce(1_000, 0);
        vm.warp(block.timestamp + 2 days);
        vm.prank(owner);
        escrow.retirePolicy(policyId);
        vm.prank(client);
        escrow.accept(jobId);
        (uint256 paid, uint256 house, uint256 pool) = _fees(BUDGET);
        vm.assertEq(token.balanceOf(provider), paid, "E7: the payout does not move");
        vm.assertEq(escrow.creditOf(address(token), treasury), house, "E7: treasury");
        vm.assertEq(escrow.creditOf(address(token), address(oracle)), pool, "E7: reporters");
    }

    function test_policy__when_a_hook_without_the_interface_is_allowed__reverts_for_want_of_the_interface()
        public
    {
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_HookLacksInterface.selector, address(token))
        );
        vm.prank(owner);
        escrow.allowHook(address(token));
    }

    function test_policy__when_constructed_with_zero_addresses__reverts_at_birth() public {
        _expectZero("treasury");
        new JobEscrow(owner, address(0), address(oracle), address(token), 500, 4_000);
        _expectZero("resultOracle");
        new JobEscrow(owner, treasury, address(0), address(token), 500, 4_000);
        _expectZero("defaultToken");
        new JobEscrow(owner, treasury, address(oracle), address(0), 500, 4_000);
    }

    function test_policy__given_a_renounced_owner__nobody_announces_or_allows() public {
        vm.startPrank(owner);
        escrow.renounceOwnership();
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, owner));
        escrow.announceFee(0, 0);
        vm.stopPrank();
        _assertHireStillWorks();
    }

    function _assertHireStillWorks() private {
        uint256 jobId = _hireAndSubmit();
        vm.prank(client);
        escrow.accept(jobId);
        _assertConserved();
    }

    function _announce(uint16 feeBps, uint16 poolShareBps) private {
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.FeeAnnounced(feeBps, poolShareBps, block.timestamp + 2 days);
        vm.prank(owner);
        escrow.announceFee(feeBps, poolShareBps);
    }

    function _expectWindow(bytes32 window, uint32 value, uint32 min) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_WindowOutOfRange.selector, window, value, min, uint32(30 days)
            )
        );
    }

    function _expectZero(bytes32 which) private {
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_AddressIsZero.selector, which));
    }
}
