// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

import {AitbcToken} from "../../../../contracts/governance/AitbcToken.sol";
import {DecisionLedger} from "../../../../contracts/governance/DecisionLedger.sol";
import {AgentRegistry} from "../../../../contracts/identity/AgentRegistry.sol";
import {IDecisionLedger} from "../../../../contracts/interfaces/IDecisionLedger.sol";
import {IERC8004Identity} from "../../../../contracts/interfaces/IERC8004Identity.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {VmMore} from "../support/VmMore.sol";

/// @title Answers what a test tells it about reputation
contract ReputationDouble {
    mapping(uint256 agentId => uint128) public scoreSums;

    function setScoreSum(uint256 agentId, uint128 scoreSum) external {
        scoreSums[agentId] = scoreSum;
    }

    function jobSummary(
        uint256 agentId,
        bytes32
    ) external view returns (IReputationRegistry.JobSummary memory summary) {
        summary.scoreSum = scoreSums[agentId];
    }
}

/// @title Roots, certificates, polls
contract LedgerTest {
    VmMore internal constant vm = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 internal constant VOTERS = 5;
    address internal stranger = address(0x57A9);

    AgentRegistry internal registry;
    AitbcToken internal token;
    ReputationDouble internal reputation;
    DecisionLedger internal ledger;
    /// @dev Ascending by address; agent i belongs to key i.
    uint256[VOTERS] internal keys;

    function setUp() public virtual {
        registry = new AgentRegistry();
        reputation = new ReputationDouble();
        for (uint256 i = 0; i < VOTERS; ++i) {
            keys[i] = 0xB0 + i;
        }
        for (uint256 i = 0; i < VOTERS; ++i) {
            for (uint256 j = i + 1; j < VOTERS; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
        }
        address[] memory holders = new address[](VOTERS);
        uint256[] memory amounts = new uint256[](VOTERS);
        for (uint256 i = 0; i < VOTERS; ++i) {
            holders[i] = _voter(i);
            amounts[i] = (i + 1) * 100e18;
            vm.prank(holders[i]);
            registry.register();
        }
        token = new AitbcToken(holders, amounts);
        ledger =
            new DecisionLedger(registry, IVotes(address(token)), IReputationRegistry(address(reputation)));
        vm.warp(block.timestamp + 10);
    }

    /* ---------- roots ---------- */

    function test_N1_anchor__when_the_root_is_zero__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IDecisionLedger.DecisionLedger_RootIsZero.selector));
        ledger.anchor(0);
    }

    function test_anchor__when_the_root_is_new__is_dated_once() public {
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IDecisionLedger.RootAnchored(bytes32(uint256(1)), stranger);
        vm.prank(stranger);
        ledger.anchor(bytes32(uint256(1)));
        uint256 first = block.timestamp;
        vm.assertEq(ledger.anchoredAt(bytes32(uint256(1))), first, "time");
        vm.warp(first + 5);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_AlreadyAnchored.selector, bytes32(uint256(1)), first
            )
        );
        ledger.anchor(bytes32(uint256(1)));
    }

    /* ---------- certificates ---------- */

    function test_certify__when_a_quorum_signed__is_dated_once() public {
        IDecisionLedger.Certificate memory certificate = _certificate(0x15, 3);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IDecisionLedger.DecisionCertified(
            ledger.councilIdOf(3, certificate.members), certificate.digest, 0x15
        );
        bytes32 councilId = ledger.certify(certificate);
        vm.assertEq(ledger.certifiedAt(councilId, certificate.digest), block.timestamp, "time");
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_AlreadyAnchored.selector, certificate.digest, block.timestamp
            )
        );
        ledger.certify(certificate);
    }

    function test_O1_certify__when_signatures_are_too_few__reverts() public {
        IDecisionLedger.Certificate memory certificate = _certificate(0x3, 3);
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_TooFewSignatures.selector, 2, 3)
        );
        ledger.certify(certificate);
    }

    function test_O1_certify__when_the_quorum_is_no_majority__reverts() public {
        uint256[2] memory quorums = [uint256(2), 6];
        for (uint256 i = 0; i < 2; ++i) {
            IDecisionLedger.Certificate memory certificate = _certificate(0x1f, quorums[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IDecisionLedger.DecisionLedger_QuorumOutOfRange.selector, quorums[i], 3, 5
                )
            );
            ledger.certify(certificate);
        }
    }

    function test_O1_certify__when_members_repeat_or_are_zero__reverts() public {
        IDecisionLedger.Certificate memory certificate = _certificate(0x1f, 3);
        certificate.members[1] = certificate.members[0];
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_MembersNotAscending.selector, _voter(0), _voter(0)
            )
        );
        this.certifySigned(certificate, 0x1f);
        certificate.members[0] = address(0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_MembersNotAscending.selector, address(0), address(0)
            )
        );
        ledger.certify(certificate);
        certificate.members = new address[](0);
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_MemberCountOutOfRange.selector, 0, 64)
        );
        ledger.certify(certificate);
    }

    function test_S1_certify__when_a_signature_is_of_another_decision__reverts() public {
        IDecisionLedger.Certificate memory certificate = _certificate(0x15, 3);
        certificate.digest = keccak256("another");
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_SignatureInvalid.selector, 0, certificate.members[0]
            )
        );
        ledger.certify(certificate);
    }

    function test_certify__when_bits_and_signatures_differ__reverts() public {
        IDecisionLedger.Certificate memory certificate = _certificate(0x15, 3);
        certificate.signerBitmap = 0x1f;
        vm.expectRevert();
        ledger.certify(certificate);
        certificate.signerBitmap = 0x115;
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_SignatureCountMismatch.selector, 6, 3)
        );
        ledger.certify(certificate);
        certificate.signerBitmap = 0x05;
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_SignatureCountMismatch.selector, 2, 3)
        );
        ledger.certify(certificate);
    }

    /* ---------- V1: weights before the vote ---------- */

    function test_V1_openPoll__when_stake_came_in_this_block__weighs_nothing() public {
        _delegateStake();
        address late = _voter(4);
        vm.prank(_voter(0));
        token.transfer(late, 100e18);
        uint256 pollId = _open(IDecisionLedger.Weighing.Stake);
        (, uint256 weight) = ledger.voterOf(pollId, 4);
        vm.assertEq(weight, 500e9, "V1: the weight of the second before");
        (, weight) = ledger.voterOf(pollId, 0);
        vm.assertEq(weight, 100e9, "V1: so is the sender's");
    }

    function test_V1_openPoll__when_voting_would_start_now__reverts() public {
        IDecisionLedger.PollTerms memory terms = _terms(IDecisionLedger.Weighing.Equal);
        terms.startsAt = uint32(block.timestamp);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_TimesOutOfOrder.selector,
                block.timestamp,
                terms.startsAt,
                terms.endsAt
            )
        );
        ledger.openPoll(terms);
    }

    function test_V1_openPoll__when_reputation_weighs__reads_the_agents_paid_record() public {
        reputation.setScoreSum(2, 12_345);
        uint256 pollId = _open(IDecisionLedger.Weighing.Reputation);
        (, uint256 weight) = ledger.voterOf(pollId, 2);
        vm.assertEq(weight, 123, "weight times score, in hundredths, down");
        reputation.setScoreSum(2, 99_999);
        (, weight) = ledger.voterOf(pollId, 2);
        vm.assertEq(weight, 123, "fixed when opened");
    }

    function test_V1_cast__when_the_vote_has_not_started_or_is_over__reverts() public {
        uint256 pollId = _open(IDecisionLedger.Weighing.Equal);
        vm.expectPartialRevert(IDecisionLedger.DecisionLedger_NotActive.selector);
        vm.prank(_voter(0));
        ledger.cast(pollId, 0, IDecisionLedger.Choice.For);
        vm.warp(block.timestamp + 1_000);
        vm.expectPartialRevert(IDecisionLedger.DecisionLedger_NotActive.selector);
        ledger.castBallots(pollId, new IDecisionLedger.BallotRow[](0));
    }

    function test_openPoll__when_the_roll_is_wrong__reverts() public {
        IDecisionLedger.PollTerms memory terms = _terms(IDecisionLedger.Weighing.Equal);
        (terms.agentIds[0], terms.agentIds[1]) = (1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_VotersNotAscending.selector, _voter(1), _voter(0)
            )
        );
        ledger.openPoll(terms);
        terms.agentIds[1] = 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_VotersNotAscending.selector, _voter(1), _voter(1)
            )
        );
        ledger.openPoll(terms);
        terms.agentIds = new uint256[](0);
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_VoterCountOutOfRange.selector, 0, 256)
        );
        ledger.openPoll(terms);
        terms = _terms(IDecisionLedger.Weighing.Equal);
        terms.thresholdBps = 5_000;
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_ShareOutOfRange.selector, 4_000, 5_000)
        );
        ledger.openPoll(terms);
    }

    function test_openPoll__when_an_agent_has_no_wallet__reverts() public {
        vm.prank(_voter(0));
        registry.unsetAgentWallet(0);
        vm.expectPartialRevert(IDecisionLedger.DecisionLedger_VotersNotAscending.selector);
        _open(IDecisionLedger.Weighing.Equal);
    }

    /* ---------- V2: delegation ---------- */

    function test_V2_delegate__when_it_is_a_chain__goes_to_its_end() public {
        _delegate(0, 1);
        _delegate(1, 2);
        uint256 pollId = _open(IDecisionLedger.Weighing.Equal);
        vm.assertEq(_weight(pollId, 0) + _weight(pollId, 1), 0, "gave away");
        vm.assertEq(_weight(pollId, 2), 3, "gathered");
        vm.assertEq(uint256(ledger.pollOf(pollId).totalWeight), VOTERS, "V2: the sum stays");
    }

    function test_V2_delegate__when_it_is_a_circle__stays() public {
        _delegate(0, 1);
        _delegate(1, 2);
        _delegate(2, 0);
        _delegate(3, 0);
        uint256 pollId = _open(IDecisionLedger.Weighing.Equal);
        for (uint256 i = 0; i < VOTERS; ++i) {
            vm.assertEq(_weight(pollId, i), 1, "a circle, and a way into it, is not followed");
        }
    }

    function test_V2_delegate__when_the_end_is_not_on_the_roll__stops_at_the_last_on_it() public {
        _delegate(0, 1);
        vm.prank(_voter(1));
        ledger.delegate(stranger);
        uint256 pollId = _open(IDecisionLedger.Weighing.Equal);
        vm.assertEq(_weight(pollId, 1), 2, "the last on the roll");
    }

    function test_V2_delegate__when_it_is_taken_back__votes_again() public {
        _delegate(0, 1);
        uint256 before = _open(IDecisionLedger.Weighing.Equal);
        vm.prank(_voter(0));
        ledger.delegate(_voter(0));
        uint256 afterwards = _open(IDecisionLedger.Weighing.Equal);
        vm.assertEq(_weight(before, 0), 0, "fixed when opened");
        vm.assertEq(_weight(afterwards, 0), 1, "taken back");
    }

    function testFuzz_V2_delegate__of_any_graph__keeps_the_sum(uint8[VOTERS] memory to) public {
        for (uint256 i = 0; i < VOTERS; ++i) {
            if (to[i] % 7 < VOTERS) _delegate(i, to[i] % 7);
        }
        uint256 pollId = _open(IDecisionLedger.Weighing.Equal);
        uint256 sum = 0;
        for (uint256 i = 0; i < VOTERS; ++i) {
            sum += _weight(pollId, i);
        }
        vm.assertEq(sum, VOTERS, "INV-VOT-02: no weight is made or lost");
    }

    /* ---------- V7: indices and batches ---------- */

    function test_V7_castBallots__when_rows_are_bad__counts_the_good_ones() public {
        uint256 pollId = _openAndStart();
        IDecisionLedger.BallotRow[] memory rows = new IDecisionLedger.BallotRow[](7);
        rows[0] = _ballot(pollId, 0, 1);
        rows[1] = _ballot(pollId, 0, 0);
        rows[2] = _ballot(pollId, 1, 0);
        rows[2].index = 2;
        rows[3] = _ballot(pollId, 3, 1);
        rows[3].choice = 0;
        rows[4] = _ballot(pollId, 4, 2);
        rows[5] = _ballot(pollId + 1, 1, 1);
        rows[6].index = 200;
        vm.assertEq(ledger.castBallots(pollId, rows), 2, "counted");
        IDecisionLedger.Poll memory poll = ledger.pollOf(pollId);
        vm.assertEq(poll.votedBitmap, 0x11, "V7: one bit each");
        vm.assertEq(uint256(poll.forWeight), 1, "for");
        vm.assertEq(uint256(poll.abstainWeight), 1, "abstain");
        vm.assertEq(uint256(poll.againstWeight), 0, "against");
    }

    function test_V7_castBallots__when_the_choice_is_unknown__skips_it() public {
        uint256 pollId = _openAndStart();
        IDecisionLedger.BallotRow[] memory rows = new IDecisionLedger.BallotRow[](1);
        rows[0] = _ballot(pollId, 0, 1);
        rows[0].choice = 3;
        vm.assertEq(ledger.castBallots(pollId, rows), 0, "counted");
    }

    function test_V7_cast__when_it_is_anothers_place_or_twice__reverts() public {
        uint256 pollId = _openAndStart();
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_NotVoter.selector, _voter(0), _voter(1))
        );
        vm.prank(_voter(0));
        ledger.cast(pollId, 1, IDecisionLedger.Choice.For);
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_NotVoter.selector, _voter(0), address(0))
        );
        vm.prank(_voter(0));
        ledger.cast(pollId, 256, IDecisionLedger.Choice.For);
        vm.startPrank(_voter(0));
        ledger.cast(pollId, 0, IDecisionLedger.Choice.For);
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_AlreadyVoted.selector, pollId, 0)
        );
        ledger.cast(pollId, 0, IDecisionLedger.Choice.Against);
        vm.stopPrank();
    }

    function testFuzz_V7_castBallots__equals_the_single_votes(uint8[8] memory picks) public {
        _delegateStake();
        vm.warp(block.timestamp + 1);
        uint256 pollId = _open(IDecisionLedger.Weighing.Stake);
        vm.warp(block.timestamp + 10);
        uint256 id = vm.snapshotState();
        IDecisionLedger.BallotRow[] memory rows = new IDecisionLedger.BallotRow[](8);
        for (uint256 i = 0; i < 8; ++i) {
            rows[i] = _ballot(pollId, picks[i] % VOTERS, (picks[i] >> 4) % 3);
        }
        ledger.castBallots(pollId, rows);
        bytes memory batched = abi.encode(ledger.pollOf(pollId));
        vm.revertToState(id);
        for (uint256 i = 0; i < 8; ++i) {
            vm.prank(_voter(picks[i] % VOTERS));
            try ledger.cast(pollId, picks[i] % VOTERS, IDecisionLedger.Choice((picks[i] >> 4) % 3)) {}
                catch {}
        }
        vm.assertEq(batched, abi.encode(ledger.pollOf(pollId)), "INV-VOT-03: batch and singles agree");
    }

    function test_openPoll__when_the_roll_weighs_too_much__reverts() public {
        reputation.setScoreSum(0, type(uint128).max);
        uint256 weight = uint256(type(uint128).max) / 100;
        vm.expectRevert(
            abi.encodeWithSelector(
                IDecisionLedger.DecisionLedger_WeightTooBig.selector, weight, type(uint80).max
            )
        );
        _open(IDecisionLedger.Weighing.Reputation);
    }

    function test_openPoll__when_the_quorum_is_above_the_whole__reverts() public {
        IDecisionLedger.PollTerms memory terms = _terms(IDecisionLedger.Weighing.Equal);
        terms.quorumBps = 10_001;
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_ShareOutOfRange.selector, 10_001, 5_001)
        );
        ledger.openPoll(terms);
    }

    function test_ledger__when_an_address_is_missing__reverts() public {
        IVotes votes = IVotes(address(token));
        IReputationRegistry scores = IReputationRegistry(address(reputation));
        _refuse("agentRegistry");
        new DecisionLedger(IERC8004Identity(address(0)), votes, scores);
        _refuse("votes");
        new DecisionLedger(registry, IVotes(address(0)), scores);
        _refuse("reputation");
        new DecisionLedger(registry, votes, IReputationRegistry(address(0)));
    }

    function _refuse(bytes32 which) private {
        vm.expectRevert(abi.encodeWithSelector(IDecisionLedger.DecisionLedger_AddressIsZero.selector, which));
    }

    /* ---------- outcomes ---------- */

    function test_outcomeOf__when_time_passes__goes_through_its_states() public {
        vm.assertEq(uint256(ledger.outcomeOf(1)), uint256(IDecisionLedger.Outcome.Unknown), "unknown");
        uint256 pollId = _open(IDecisionLedger.Weighing.Equal);
        vm.assertEq(uint256(ledger.outcomeOf(pollId)), uint256(IDecisionLedger.Outcome.Pending), "pending");
        vm.warp(block.timestamp + 10);
        vm.assertEq(uint256(ledger.outcomeOf(pollId)), uint256(IDecisionLedger.Outcome.Active), "active");
        vm.expectPartialRevert(IDecisionLedger.DecisionLedger_NotOver.selector);
        ledger.conclude(pollId);
        vm.warp(block.timestamp + 500);
        vm.assertEq(
            uint256(ledger.outcomeOf(pollId)), uint256(IDecisionLedger.Outcome.Failed), "nobody voted"
        );
        vm.assertFalse(ledger.conclude(pollId), "concluded");
        vm.expectRevert(
            abi.encodeWithSelector(IDecisionLedger.DecisionLedger_AlreadyConcluded.selector, pollId)
        );
        ledger.conclude(pollId);
        vm.expectRevert(abi.encodeWithSelector(IDecisionLedger.DecisionLedger_UnknownPoll.selector, 9));
        ledger.conclude(9);
    }

    function test_conclude__when_votes_differ__follows_quorum_and_threshold() public {
        vm.assertTrue(_result(3, 2, 0), "3 of 5 is a majority");
        vm.assertFalse(_result(2, 2, 1), "a tie fails");
        vm.assertFalse(_result(1, 0, 0), "1 of 5 misses a quorum of 40 %");
        vm.assertTrue(_result(1, 0, 1), "abstention makes a quorum");
        vm.assertFalse(_result(0, 0, 5), "but nothing passes without a vote for it");
    }

    /* ---------- internal ---------- */

    function certifySigned(IDecisionLedger.Certificate memory certificate, uint256 bitmap) external {
        _sign(certificate, bitmap);
        ledger.certify(certificate);
    }

    function _result(uint256 inFavour, uint256 against, uint256 abstaining) private returns (bool) {
        uint256 pollId = _openAndStart();
        for (uint256 i = 0; i < inFavour + against + abstaining; ++i) {
            uint256 choice = i < inFavour ? 1 : i < inFavour + against ? 0 : 2;
            vm.prank(_voter(i));
            ledger.cast(pollId, i, IDecisionLedger.Choice(choice));
        }
        vm.warp(block.timestamp + 1_000);
        return ledger.conclude(pollId);
    }

    function _certificate(
        uint256 bitmap,
        uint256 quorum
    ) private view returns (IDecisionLedger.Certificate memory certificate) {
        certificate.digest = keccak256("decision");
        certificate.quorum = quorum;
        certificate.members = new address[](VOTERS);
        for (uint256 i = 0; i < VOTERS; ++i) {
            certificate.members[i] = _voter(i);
        }
        _sign(certificate, bitmap);
    }

    function _sign(IDecisionLedger.Certificate memory certificate, uint256 bitmap) private view {
        bytes32 digest = ledger.decisionDigest(
            ledger.councilIdOf(certificate.quorum, certificate.members), certificate.digest
        );
        uint256 count = 0;
        for (uint256 i = 0; i < VOTERS; ++i) {
            if ((bitmap >> i) & 1 == 1) ++count;
        }
        certificate.signerBitmap = bitmap;
        certificate.signatures = new IDecisionLedger.CompactSig[](count);
        for (uint256 i = VOTERS; i > 0; --i) {
            if ((bitmap >> (i - 1)) & 1 == 0) continue;
            (bytes32 r, bytes32 vs) = _signCompact(keys[i - 1], digest);
            certificate.signatures[--count] = IDecisionLedger.CompactSig(r, vs);
        }
    }

    function _terms(
        IDecisionLedger.Weighing weighing
    ) private view returns (IDecisionLedger.PollTerms memory terms) {
        terms.subject = keccak256("subject");
        terms.weighing = weighing;
        terms.quorumBps = 4_000;
        terms.thresholdBps = 5_001;
        terms.startsAt = uint32(block.timestamp + 5);
        terms.endsAt = uint32(block.timestamp + 305);
        terms.agentIds = new uint256[](VOTERS);
        for (uint256 i = 0; i < VOTERS; ++i) {
            terms.agentIds[i] = i;
        }
    }

    function _open(IDecisionLedger.Weighing weighing) private returns (uint256) {
        return ledger.openPoll(_terms(weighing));
    }

    function _openAndStart() private returns (uint256 pollId) {
        pollId = _open(IDecisionLedger.Weighing.Equal);
        vm.warp(block.timestamp + 5);
    }

    function _ballot(
        uint256 pollId,
        uint256 index,
        uint8 choice
    ) private view returns (IDecisionLedger.BallotRow memory row) {
        row.index = uint8(index);
        row.choice = choice;
        (row.r, row.yParityAndS) =
            _signCompact(keys[index], ledger.ballotDigest(pollId, IDecisionLedger.Choice(choice)));
    }

    function _delegate(uint256 from, uint256 to) private {
        vm.prank(_voter(from));
        ledger.delegate(_voter(to));
    }

    function _delegateStake() private {
        for (uint256 i = 0; i < VOTERS; ++i) {
            vm.prank(_voter(i));
            token.delegate(_voter(i));
        }
        vm.warp(block.timestamp + 1);
    }

    function _weight(uint256 pollId, uint256 index) private view returns (uint256 weight) {
        (, weight) = ledger.voterOf(pollId, index);
    }

    function _voter(uint256 i) internal view returns (address) {
        return vm.addr(keys[i]);
    }

    function _signCompact(uint256 key, bytes32 digest) private pure returns (bytes32 r, bytes32 yParityAndS) {
        (uint8 v, bytes32 r_, bytes32 s) = vm.sign(key, digest);
        return (r_, bytes32((uint256(v - 27) << 255) | uint256(s)));
    }
}
