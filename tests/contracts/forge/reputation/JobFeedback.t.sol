// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8004Reputation} from "../../../../contracts/interfaces/IERC8004Reputation.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {ReputationRegistry} from "../../../../contracts/reputation/ReputationRegistry.sol";
import {ReputationTest} from "./ReputationTest.sol";

/// @title Feedback that a paid job backs: who may give it and what it weighs (job-feedback.tree)
contract JobFeedbackTest is ReputationTest {
    /* ---------- R1: a settled job, its client, the agent that was hired, once ---------- */

    function test_R1_giveJobFeedback__when_on_a_paid_job__weighs_its_fee() public {
        uint256 jobId = _paidJob();
        uint256 fee = _treasuryFee(BUDGET);
        uint256 weight = CLIENT_CAP * fee / (CLIENT_CAP + fee);
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IReputationRegistry.WalletBound(agentId, provider, provider, 1);
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IERC8004Reputation.NewFeedback(
            agentId,
            client,
            1,
            80,
            0,
            "starred",
            "starred",
            "inspect-image",
            "",
            "ipfs://feedback",
            keccak256("feedback")
        );
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IReputationRegistry.JobFeedbackGiven(jobId, agentId, client, 1, 80, weight, fee, 1);
        vm.assertEq(uint256(_rate(jobId, 80)), 1, "index");
        IReputationRegistry.JobSummary memory summary = _summary();
        vm.assertEq(uint256(summary.count), 1, "count");
        vm.assertEq(uint256(summary.weight), weight, "weight");
        vm.assertEq(uint256(summary.scoreSum), weight * 80, "score sum");
        vm.assertEq(uint256(summary.meanScoreBps), 8_000, "mean");
        vm.assertEq(uint256(reputation.jobSummary(agentId, SERVICE).weight), weight, "of the service");
        vm.assertEq(uint256(reputation.jobSummary(agentId, "other").weight), 0, "of another service");
    }

    function test_R1_giveJobFeedback__when_on_a_paid_job__is_in_the_standards_list() public {
        _rate(_paidJob(), 80);
        (int128 value,, string memory tag1, string memory tag2,) = reputation.readFeedback(agentId, client, 1);
        more.assertEq(int256(value), int256(80), "value");
        vm.assertEq(tag1, "starred", "tag1");
        vm.assertEq(tag2, "inspect-image", "tag2");
    }

    function test_R1_giveJobFeedback__when_without_a_service__counts_once() public {
        uint256 jobId = _paidJob();
        IReputationRegistry.JobFeedback memory words = _words(jobId, 80);
        words.serviceType = "";
        vm.prank(client);
        reputation.giveJobFeedback(words);
        vm.assertEq(uint256(_summary().count), 1, "count");
        vm.prank(client);
        reputation.revokeFeedback(agentId, 1);
        vm.assertEq(uint256(_summary().count), 0, "revoked");
    }

    function test_R1_giveJobFeedback__when_by_another_than_the_client__reverts() public {
        uint256 jobId = _paidJob();
        address[3] memory others = [stranger, provider, treasury];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IReputationRegistry.ReputationRegistry_NotClient.selector, others[i], client
                )
            );
            _rateAs(others[i], jobId, 80);
        }
    }

    function test_R1_giveJobFeedback__when_on_a_job_not_settled__reverts() public {
        uint256 funded = _hire();
        _expectNotSettled(funded, IERC8183.JobStatus.Funded);
        _rate(funded, 80);
        _submit(funded);
        _expectNotSettled(funded, IERC8183.JobStatus.Submitted);
        _rate(funded, 80);
    }

    function test_R1_giveJobFeedback__when_on_a_job_never_delivered__reverts() public {
        uint256 declined = _hire();
        vm.prank(provider);
        escrow.decline(declined);
        _expectNotSettled(declined, IERC8183.JobStatus.Rejected);
        _rate(declined, 0);
    }

    function test_R1_giveJobFeedback__when_on_an_expired_job__reverts() public {
        uint256 jobId = _hireAndSubmit();
        vm.warp(block.timestamp + WORK_SECONDS + TAIL);
        escrow.claimRefund(jobId);
        _expectNotSettled(jobId, IERC8183.JobStatus.Expired);
        _rate(jobId, 0);
    }

    function test_R1_giveJobFeedback__when_on_a_standard_job__reverts() public {
        uint256 jobId = _fundStandardJob();
        _submit(jobId);
        vm.prank(stranger);
        escrow.complete(jobId, 0, "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_NotHouseJob.selector, jobId, stranger
            )
        );
        _rate(jobId, 80);
    }

    function test_R1_giveJobFeedback__when_on_an_unknown_job__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_UnknownJob.selector, 77));
        _rate(77, 80);
    }

    function test_R1_giveJobFeedback__when_twice__reverts() public {
        uint256 jobId = _paidJob();
        _rate(jobId, 80);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_AlreadyRated.selector, jobId)
        );
        _rate(jobId, 81);
    }

    function test_R1_giveJobFeedback__when_after_a_revocation__reverts() public {
        uint256 jobId = _paidJob();
        _rate(jobId, 80);
        vm.prank(client);
        reputation.revokeFeedback(agentId, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_AlreadyRated.selector, jobId)
        );
        _rate(jobId, 81);
    }

    function test_R1_giveJobFeedback__when_with_a_score_above_100__reverts() public {
        uint256 jobId = _paidJob();
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_ScoreTooHigh.selector, 101, 100)
        );
        _rate(jobId, 101);
    }

    function test_R1_giveJobFeedback__when_with_a_service_beyond_32_bytes__reverts() public {
        IReputationRegistry.JobFeedback memory words = _words(_paidJob(), 80);
        words.serviceType = "a-service-name-of-thirty-three-by";
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_ServiceTypeTooLong.selector, 33, 32)
        );
        vm.prank(client);
        reputation.giveJobFeedback(words);
    }

    function test_R1_giveJobFeedback__when_naming_another_agent__reverts() public {
        uint256 jobId = _paidJob();
        IReputationRegistry.JobFeedback memory words = _words(jobId, 80);
        words.agentId = 0;
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_NotAgentsWallet.selector, provider, 0
            )
        );
        vm.prank(client);
        reputation.giveJobFeedback(words);
    }

    function test_R1_giveJobFeedback__when_naming_a_sibling_of_a_bound_wallet__reverts() public {
        vm.prank(provider);
        uint256 sibling = registry.register();
        reputation.bindWallet(agentId);
        IReputationRegistry.JobFeedback memory words = _words(_paidJob(), 80);
        words.agentId = sibling;
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_NotAgentsWallet.selector, provider, sibling
            )
        );
        vm.prank(client);
        reputation.giveJobFeedback(words);
    }

    function test_R1_giveJobFeedback__when_by_a_client_that_the_agent_approved__counts() public {
        uint256 jobId = _failedJob();
        vm.prank(provider);
        registry.setApprovalForAll(client, true);
        _rate(jobId, 0);
        vm.assertEq(uint256(_summary().failedCount), 1, "an approval silences nobody");
    }

    function test_R1_giveJobFeedback__when_by_the_provider_as_its_own_client__reverts() public {
        reputation.bindWallet(agentId);
        vm.prank(provider);
        registry.transferFrom(provider, treasury, agentId);
        uint256 jobId = _paidJob(provider, BUDGET);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_ClientIsProvider.selector, provider)
        );
        _rateAs(provider, jobId, 100);
    }

    function test_R1_summary__when_of_free_feedback__is_empty() public {
        _say(client, 100, 0, "starred", "inspect-image");
        vm.assertEq(uint256(_summary().count), 0, "count");
        vm.assertEq(uint256(reputation.jobSummary(agentId, SERVICE).weight), 0, "weight");
    }

    function test_R1_giveJobFeedback__when_on_a_failed_job__counts_without_weight() public {
        uint256 jobId = _failedJob();
        _rate(jobId, 0);
        IReputationRegistry.JobSummary memory summary = _summary();
        vm.assertEq(uint256(summary.failedCount), 1, "failed");
        vm.assertEq(uint256(summary.count), 0, "completed");
        vm.assertEq(uint256(summary.weight), 0, "weight");
        vm.prank(client);
        reputation.revokeFeedback(agentId, 1);
        vm.assertEq(uint256(_summary().failedCount), 0, "revoked");
    }

    /* ---------- whose wallet ---------- */

    function test_R1_bindWallet__when_by_anybody__is_for_good() public {
        vm.prank(stranger);
        vm.assertEq(reputation.bindWallet(agentId), provider, "wallet");
        vm.prank(provider);
        registry.unsetAgentWallet(agentId);
        _rate(_paidJob(), 10);
        vm.assertEq(uint256(_summary().count), 1, "a change of wallet does not escape a bad word");
        vm.assertEq(uint256(reputation.bindingOf(provider).agentId), agentId, "binding");
    }

    function test_R1_bindWallet__when_of_a_bound_wallet__reverts() public {
        reputation.bindWallet(agentId);
        vm.prank(provider);
        uint256 sibling = registry.register();
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_AlreadyBound.selector, provider, agentId
            )
        );
        reputation.bindWallet(sibling);
    }

    function test_R1_bindWallet__when_of_an_agent_without_wallet__reverts() public {
        vm.prank(provider);
        registry.unsetAgentWallet(agentId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_NotAgentsWallet.selector, address(0), agentId
            )
        );
        reputation.bindWallet(agentId);
    }

    /* ---------- R3: washing ---------- */

    function testFuzz_R3_weight__of_any_split_over_clients__is_at_most_the_fees(
        uint96 first,
        uint96 second
    ) public {
        uint96 budget1 = first % 100_000e6 + 1;
        uint96 budget2 = second % 100_000e6 + 1;
        _rateAs(_someone(1), _paidJob(_someone(1), budget1), 100);
        _rateAs(_someone(2), _paidJob(_someone(2), budget2), 100);
        vm.assertLe(
            uint256(_summary().weight),
            _treasuryFee(budget1) + _treasuryFee(budget2),
            "INV-REP-03: weight is at most the fees burnt"
        );
    }

    function testFuzz_R3_weight__of_one_client__is_concave_and_capped(uint96 first, uint96 second) public {
        uint96 budget1 = first % 1_000_000e6 + 1;
        uint96 budget2 = second % 1_000_000e6 + 1;
        _rate(_paidJob(client, budget1), 100);
        uint256 weight1 = _summary().weight;
        _rate(_paidJob(client, budget2), 100);
        uint256 both = _summary().weight;
        uint256 fees = _treasuryFee(budget1) + _treasuryFee(budget2);
        vm.assertLe(both, CLIENT_CAP * fees / (CLIENT_CAP + fees), "not more than one job of the sum");
        vm.assertLe(both, CLIENT_CAP, "capped");
        uint256 alone = CLIENT_CAP * _treasuryFee(budget2) / (CLIENT_CAP + _treasuryFee(budget2));
        vm.assertLe(both - weight1, alone + 1, "the second gains no more than alone");
    }

    function test_R3_weight__when_of_dust_jobs__is_nothing() public {
        for (uint256 i = 0; i < 10; ++i) {
            _rate(_paidJob(client, 19), 100);
        }
        vm.assertEq(uint256(_summary().weight), 0, "no fee, no weight");
        vm.assertEq(uint256(_summary().meanScoreBps), 0, "no mean");
    }

    function test_R3_weight__when_of_a_job_in_another_token__is_nothing() public {
        reputation = new ReputationRegistry(registry, escrow, address(oracle), address(0xDA1), 1, CLIENT_CAP);
        _rate(_paidJob(), 100);
        vm.assertEq(uint256(_summary().count), 1, "count");
        vm.assertEq(uint256(_summary().weight), 0, "weight");
    }

    function test_R3_weight__when_in_bigger_units__is_rounded_down() public {
        reputation = _newRegistry(1_000);
        uint256 fee = _treasuryFee(BUDGET) / 1_000;
        vm.assertEq(
            reputation.weightOf(agentId, client, _treasuryFee(BUDGET)),
            CLIENT_CAP * fee / (CLIENT_CAP + fee),
            "units"
        );
    }

    /* ---------- R2: revocation; R5: epochs ---------- */

    function test_R2_revokeFeedback__when_of_a_job__subtracts_its_weight_once() public {
        _rate(_paidJob(), 80);
        _rate(_paidJob(), 20);
        uint256 before = _summary().weight;
        vm.prank(client);
        reputation.revokeFeedback(agentId, 1);
        more.assertLt(uint256(_summary().weight), before, "less weight");
        vm.assertEq(uint256(_summary().count), 1, "one left");
        vm.assertEq(uint256(_summary().meanScoreBps), 2_000, "the mean of what stands");
        vm.assertEq(uint256(reputation.jobSummary(agentId, SERVICE).count), 1, "of the service too");
    }

    function test_R5_transfer__when_of_an_agent__starts_a_new_epoch() public {
        _rate(_paidJob(), 80);
        vm.prank(provider);
        registry.transferFrom(provider, treasury, agentId);
        vm.assertEq(registry.getAgentWallet(agentId), address(0), "wallet cleared");
        vm.assertEq(uint256(_summary().count), 0, "empty record");
        vm.assertEq(uint256(_summary().epoch), 0, "no epoch yet");
        vm.assertEq(
            uint256(reputation.jobSummaryOf(agentId, provider, 0).count), 1, "the old one stays readable"
        );
    }

    function test_R5_giveJobFeedback__when_after_a_transfer__goes_to_the_owner_who_worked() public {
        _rate(_paidJob(), 80);
        uint256 jobId = _paidJob();
        vm.prank(provider);
        registry.transferFrom(provider, treasury, agentId);
        _rate(jobId, 0);
        vm.assertEq(uint256(_summary().count), 0, "the new owner did not do it");
        vm.assertEq(uint256(reputation.jobSummaryOf(agentId, provider, 0).count), 2, "the old one did");
    }

    function test_R5_transfer__when_there_and_back__brings_the_record_back() public {
        _rate(_paidJob(), 10);
        vm.prank(provider);
        registry.transferFrom(provider, treasury, agentId);
        vm.prank(treasury);
        registry.transferFrom(treasury, provider, agentId);
        vm.assertEq(uint256(_summary().meanScoreBps), 1_000, "a round trip does not wash");
    }

    function test_R5_bindWallet__when_of_the_new_owner__is_epoch_2() public {
        _rate(_paidJob(), 80);
        vm.prank(provider);
        registry.transferFrom(provider, treasury, agentId);
        uint256 deadline = block.timestamp + 60;
        bytes32 digest = _walletDigest(vm.addr(0xBEEF), treasury, deadline);
        vm.prank(treasury);
        registry.setAgentWallet(agentId, vm.addr(0xBEEF), deadline, _signature(0xBEEF, digest));
        reputation.bindWallet(agentId);
        vm.assertEq(uint256(_summary().epoch), 2, "epoch");
    }

    /* ---------- R4: reads ---------- */

    function test_R4_jobSummary__when_under_spam__costs_the_same() public {
        _rate(_paidJob(), 80);
        uint256 before = _gasOfSummary();
        for (uint256 i = 0; i < 40; ++i) {
            _say(_someone(i), 1, 0, "starred", "inspect-image");
        }
        for (uint256 i = 0; i < 5; ++i) {
            _rate(_paidJob(), 80);
        }
        vm.assertLe(_gasOfSummary(), before + 50, "gas of jobSummary");
    }

    function test_proofOfPayment__when_of_a_job__names_both_sides() public {
        uint256 jobId = _paidJob();
        vm.assertFalse(reputation.proofOfPayment(jobId).hasFeedback, "before");
        _rate(jobId, 80);
        IReputationRegistry.PaymentProof memory proof = reputation.proofOfPayment(jobId);
        vm.assertEq(proof.chainId, block.chainid, "chain");
        vm.assertEq(proof.escrow, address(escrow), "escrow");
        vm.assertEq(proof.fromAddress, client, "from");
        vm.assertEq(proof.toAddress, provider, "to");
        vm.assertEq(proof.token, address(token), "token");
        vm.assertEq(proof.budget, BUDGET, "budget");
        vm.assertTrue(proof.hasFeedback, "after");
    }

    function test_U1_constructor__when_with_a_missing_address_or_cap__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_AddressIsZero.selector, bytes32("resultOracle")
            )
        );
        new ReputationRegistry(registry, escrow, address(0), address(token), 1, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_CapOutOfRange.selector, 0, (1 << 40) - 1
            )
        );
        new ReputationRegistry(registry, escrow, address(oracle), address(token), 1, 0);
    }

    /* ---------- internal ---------- */

    function _gasOfSummary() private returns (uint256 used) {
        uint256 id = more.snapshotState();
        used = gasleft();
        reputation.jobSummary(agentId, SERVICE);
        used -= gasleft();
        more.revertToState(id);
    }

    function _walletDigest(address wallet, address owner_, uint256 deadline) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("ERC8004IdentityRegistry"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
        bytes32 body = keccak256(
            abi.encode(
                keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"),
                agentId,
                wallet,
                owner_,
                deadline
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, body));
    }

    function _expectNotSettled(uint256 jobId, IERC8183.JobStatus status) private {
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_NotSettled.selector, jobId, status)
        );
    }
}
