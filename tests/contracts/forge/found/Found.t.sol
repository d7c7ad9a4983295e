// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {IServiceListings} from "../../../../contracts/interfaces/IServiceListings.sol";
import {HookDouble} from "../../../../contracts/mocks/HookDouble.sol";
import {ReputationTest} from "../reputation/ReputationTest.sol";

/// @title Faults that were found once, each with the test that keeps it away
contract FoundTest is ReputationTest {
    function test_R3_weight__given_jobs_cancelled_with_one_unit__is_zero_as_the_fee_was() external {
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(client);
            uint256 jobId = escrow.hire(_termsOf(900_000e6));
            bytes32 digest = escrow.cancelDigest(jobId, 1, block.timestamp);
            escrow.cancel(
                jobId, 1, block.timestamp, _signature(CLIENT_KEY, digest), _signature(PROVIDER_KEY, digest)
            );
            vm.assertEq(escrow.jobOf(jobId).budget, 1, "the budget of a split is what was earned");
            _rate(jobId, 100);
        }
        vm.assertEq(escrow.creditOf(address(token), treasury), 0, "no fee was paid");
        vm.assertEq(uint256(_summary().weight), 0, "INV-REP-03");
    }

    function test_policy__given_a_stranger_retired_the_old_fee_and_registered_first__createJob_takes_the_owners_row()
        external
    {
        vm.prank(owner);
        escrow.announceFee(400, 4_000);
        vm.warp(block.timestamp + 2 days);
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.feeBps = 400;
        vm.startPrank(stranger);
        escrow.retirePolicy(policyId);
        IJobEscrow.Policy memory short = policy;
        short.verdictSeconds = 60;
        short.reviewSeconds = 60;
        escrow.registerPolicy(short);
        vm.stopPrank();
        policy = _housePolicy();
        policy.feeBps = 400;
        vm.prank(stranger);
        escrow.registerPolicy(policy);
        vm.prank(owner);
        uint32 goodId = escrow.registerPolicy(policy);
        vm.prank(client);
        uint256 jobId =
            escrow.createJob(provider, address(oracle), block.timestamp + 30 days, "work", address(0));
        vm.assertEq(escrow.jobOf(jobId).policyId, goodId, "the owner's row");
    }

    function test_policy__given_a_stranger_registers_the_first_row_of_a_hook__createJob_refuses_the_hook()
        external
    {
        HookDouble hook = new HookDouble();
        vm.prank(owner);
        escrow.allowHook(address(hook));
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.hook = address(hook);
        vm.prank(stranger);
        escrow.registerPolicy(policy);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_NoHousePolicy.selector, address(oracle), address(hook)
            )
        );
        vm.prank(client);
        escrow.createJob(provider, address(oracle), block.timestamp + 30 days, "work", address(hook));
    }

    function test_policy__when_its_pass_mark_is_zero__reverts_for_the_mark() external {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.passMark = 0;
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_PassMarkOutOfRange.selector, 0, 1, 100));
        vm.prank(provider);
        escrow.registerPolicy(policy);
    }

    function test_jobFeedback__given_the_agent_approved_its_client__counts_all_the_same() external {
        uint256 jobId = _failedJob();
        vm.prank(provider);
        registry.approve(client, agentId);
        _rate(jobId, 0);
        vm.assertEq(uint256(_summary().failedCount), 1, "an approval silences nobody");
    }

    function test_serviceInfo__given_its_row_was_retired__is_not_available() external {
        vm.prank(provider);
        uint256 listingId = listings.createListing(
            IServiceListings.ListingTerms({
                agentId: agentId,
                serviceType: "inspect-image",
                price: 1,
                policyId: policyId,
                workSeconds: 600,
                criteriaHash: 0,
                uri: "ipfs://x"
            })
        );
        (,,, bool available) = listings.serviceInfo(listingId);
        vm.assertTrue(available, "its row takes jobs");
        vm.prank(owner);
        escrow.retirePolicy(policyId);
        (,,, available) = listings.serviceInfo(listingId);
        vm.assertFalse(available, "nobody can hire by it");
        (,,, bool active) = listings.agentInfo(agentId);
        vm.assertFalse(active, "nor the agent");
    }

    function test_postVerdicts__given_the_least_gas_that_succeeds__posts_what_it_was_given() external {
        IResultOracle.Verdict[] memory verdicts = new IResultOracle.Verdict[](1);
        bytes[][] memory signatures = new bytes[][](1);
        uint256 jobId;
        (jobId, verdicts[0], signatures[0]) = _verdictOfManySigners();
        bytes memory data = abi.encodeCall(IResultOracle.postVerdicts, (verdicts, signatures));
        uint256 tooLittle = 5_000;
        uint256 enough = 5_000_000;
        while (tooLittle + 1 < enough) {
            uint256 middle = (tooLittle + enough) / 2;
            uint256 before = more.snapshotState();
            (bool isSent,) = address(oracle).call{gas: middle}(data);
            more.revertToState(before);
            if (isSent) enough = middle;
            else tooLittle = middle;
        }
        (bool isDone,) = address(oracle).call{gas: enough}(data);
        vm.assertTrue(isDone, "an estimate finds this");
        (,, bool isPosted) = oracle.verdictOf(jobId);
        vm.assertTrue(isPosted, "and it is enough");
    }

    /// @dev A market of its own with 60 reporters, 31 of whom sign that a job failed.
    function _verdictOfManySigners()
        private
        returns (uint256 jobId, IResultOracle.Verdict memory verdict, bytes[] memory signatures)
    {
        uint256[] memory keys = new uint256[](60);
        for (uint256 i = 0; i < keys.length; ++i) {
            keys[i] = 0x5000 + i;
        }
        for (uint256 i = 0; i < keys.length; ++i) {
            for (uint256 j = i + 1; j < keys.length; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
        }
        address[] memory reporters = new address[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            reporters[i] = vm.addr(keys[i]);
        }
        _deploy(address(token), reporters, 31);
        vm.prank(client);
        token.approve(address(escrow), type(uint256).max);
        jobId = _hire(1);
        _submit(jobId);
        verdict = _verdict(jobId, 0);
        bytes32 digest = oracle.verdictDigest(verdict);
        signatures = new bytes[](31);
        for (uint256 i = 0; i < signatures.length; ++i) {
            signatures[i] = _signature(keys[i], digest);
        }
    }
}
