// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AitbcGovernor} from "../../../../contracts/governance/AitbcGovernor.sol";
import {AitbcToken} from "../../../../contracts/governance/AitbcToken.sol";
import {MerkleClaim} from "../../../../contracts/governance/MerkleClaim.sol";
import {IMerkleClaim} from "../../../../contracts/interfaces/IMerkleClaim.sol";
import {TokenFaucet} from "../../../../contracts/mocks/TokenFaucet.sol";
import {VmMore} from "../support/VmMore.sol";

/// @title A target that counts, and tries to come back in
contract Counter {
    uint256 public count;
    address private _governor;
    bytes private _again;

    function arm(address governor, bytes calldata again) external {
        (_governor, _again) = (governor, again);
    }

    function bump() external {
        ++count;
        if (_governor == address(0)) return;
        (bool success,) = _governor.call(_again);
        require(!success, "came back in");
    }
}

/// @title Token, governor, time-lock, claims
contract GovernorTest {
    VmMore internal constant vm = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint48 internal constant DELAY = 60;
    uint32 internal constant PERIOD = 1_000;
    uint256 internal constant LOCK = 3_600;
    uint256 internal constant ALICE_KEY = 0xA11CE;
    address internal alice = vm.addr(ALICE_KEY);
    address internal bob = address(0xB0B);
    address internal eve = address(0xE5E);

    AitbcToken internal token;
    TimelockController internal timelock;
    AitbcGovernor internal governor;
    Counter internal counter;

    function setUp() public {
        address[] memory holders = new address[](3);
        (holders[0], holders[1], holders[2]) = (alice, bob, eve);
        uint256[] memory amounts = new uint256[](3);
        (amounts[0], amounts[1], amounts[2]) = (600e18, 300e18, 100e18);
        token = new AitbcToken(holders, amounts);
        timelock = new TimelockController(LOCK, new address[](0), new address[](0), address(this));
        governor = new AitbcGovernor(IVotes(address(token)), timelock, DELAY, PERIOD, 50e18, 40);
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.grantRole(timelock.EXECUTOR_ROLE(), address(governor));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        counter = new Counter();
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(holders[i]);
            token.delegate(holders[i]);
        }
        vm.warp(block.timestamp + 10);
    }

    /* ---------- the token ---------- */

    function test_token__when_it_is_made__has_all_there_will_ever_be() public {
        vm.assertEq(token.totalSupply(), 1_000e18, "supply");
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = token.CAP() + 1;
        vm.expectRevert(
            abi.encodeWithSelector(AitbcToken.AitbcToken_SupplyTooBig.selector, amounts[0], amounts[0] - 1)
        );
        new AitbcToken(_one(alice), amounts);
        vm.expectRevert(abi.encodeWithSelector(AitbcToken.AitbcToken_LengthMismatch.selector, 1, 2));
        new AitbcToken(_one(alice), new uint256[](2));
    }

    function test_token__when_a_transfer_is_signed__moves_once() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _transferDigest(bob, 5e18, bytes32(uint256(9))));
        token.transferWithAuthorization(alice, bob, 5e18, 0, type(uint256).max, bytes32(uint256(9)), v, r, s);
        vm.assertEq(token.balanceOf(bob), 305e18, "moved");
        vm.assertEq(token.getVotes(bob), 305e18, "votes follow");
        vm.expectRevert();
        token.transferWithAuthorization(alice, bob, 5e18, 0, type(uint256).max, bytes32(uint256(9)), v, r, s);
    }

    function test_faucet__when_it_is_asked_too_much__reverts() public {
        TokenFaucet faucet = new TokenFaucet();
        vm.prank(alice);
        token.transfer(address(faucet), 10e18);
        faucet.drip(IERC20(address(token)), eve, 1e18);
        vm.assertEq(token.balanceOf(eve), 101e18, "dripped");
        vm.expectRevert(
            abi.encodeWithSelector(TokenFaucet.TokenFaucet_DripTooBig.selector, 10_001e18, 10_000e18)
        );
        faucet.drip(IERC20(address(token)), eve, 10_001e18);
    }

    /* ---------- V1, V2: weight ---------- */

    function test_V1_castVote__when_stake_comes_with_the_vote__weighs_nothing() public {
        uint256 id = _propose("one");
        vm.warp(block.timestamp + DELAY + 1);
        vm.prank(bob);
        token.transfer(eve, 300e18);
        vm.prank(eve);
        vm.assertEq(governor.castVote(id, 1), 100e18, "V1: only what was held at the snapshot");
        vm.expectRevert();
        token.getPastVotes(eve, block.timestamp);
    }

    function test_V2_votes__when_delegations_move_around_the_snapshot__sum_to_the_supply() public {
        uint256 id = _propose("one");
        vm.prank(bob);
        token.delegate(alice);
        vm.prank(alice);
        token.transfer(bob, 1e18);
        vm.warp(block.timestamp + DELAY + 1);
        vm.prank(bob);
        token.delegate(eve);
        uint256 snapshot = governor.proposalSnapshot(id);
        uint256 sum = token.getPastVotes(alice, snapshot) + token.getPastVotes(bob, snapshot)
            + token.getPastVotes(eve, snapshot);
        vm.assertEq(sum, token.getPastTotalSupply(snapshot), "V2: every vote once");
        vm.assertEq(token.getPastVotes(alice, snapshot), 900e18, "as delegated then");
    }

    function testFuzz_V2_votes__after_any_moves__sum_to_the_supply(
        uint8[6] memory moves,
        uint64[6] memory amounts
    ) public {
        address[3] memory people = [alice, bob, eve];
        for (uint256 i = 0; i < 6; ++i) {
            address from = people[moves[i] % 3];
            address to = people[(moves[i] >> 2) % 3];
            uint256 amount = amounts[i] % (token.balanceOf(from) + 1);
            vm.prank(from);
            if (moves[i] >> 7 == 1) token.delegate(to);
            else token.transfer(to, amount);
            vm.warp(block.timestamp + 1);
        }
        vm.assertEq(
            token.getVotes(alice) + token.getVotes(bob) + token.getVotes(eve),
            token.totalSupply(),
            "INV-VOT-01: votes sum to the supply"
        );
    }

    /* ---------- V3, V4, V5, V6: proposals ---------- */

    function test_V3_propose__when_another_copies_it_first__is_not_blocked() public {
        string memory guarded = string.concat("raise #proposer=", _hex(alice));
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        vm.expectPartialRevert(IGovernor.GovernorRestrictedProposer.selector);
        vm.prank(eve);
        governor.propose(targets, values, calls, guarded);
        vm.prank(alice);
        uint256 id = governor.propose(targets, values, calls, guarded);
        vm.expectPartialRevert(IGovernor.GovernorUnableToCancel.selector);
        vm.prank(eve);
        governor.cancel(targets, values, calls, keccak256(bytes(guarded)));
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Pending), "stands");
    }

    function test_V3_cancel__when_its_proposer_changes_its_mind_in_time__ends_it() public {
        uint256 id = _propose("one");
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        vm.prank(alice);
        governor.cancel(targets, values, calls, keccak256("one"));
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Canceled), "cancelled");
    }

    function test_V4_state__when_the_quorum_is_raised_later__does_not_flip() public {
        uint256 id = _propose("one");
        address[] memory targets = _one(address(governor));
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(governor.updateQuorumNumerator, (95));
        vm.prank(alice);
        uint256 raise = governor.propose(targets, new uint256[](1), calls, "raise");
        vm.warp(block.timestamp + DELAY + 1);
        vm.prank(alice);
        governor.castVote(raise, 1);
        _vote(id);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Succeeded), "passed");
        governor.queue(targets, new uint256[](1), calls, keccak256("raise"));
        vm.warp(block.timestamp + LOCK + 1);
        governor.execute(targets, new uint256[](1), calls, keccak256("raise"));
        vm.assertEq(governor.quorumNumerator(), 95, "raised");
        vm.assertEq(
            uint256(governor.state(id)), uint256(IGovernor.ProposalState.Succeeded), "V4: still passed"
        );
        vm.assertEq(governor.quorum(governor.proposalSnapshot(id)), 400e18, "the quorum of its time");
    }

    function test_V5_execute__when_a_byte_differs__reverts() public {
        uint256 id = _propose("one");
        _vote(id);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        calls[0] = bytes.concat(calls[0], hex"00");
        vm.expectPartialRevert(IGovernor.GovernorNonexistentProposal.selector);
        governor.queue(targets, values, calls, keccak256("one"));
        _queue("one");
        vm.warp(block.timestamp + LOCK + 1);
        vm.expectPartialRevert(IGovernor.GovernorNonexistentProposal.selector);
        governor.execute(targets, values, calls, keccak256("one"));
        _execute("one");
        vm.assertEq(counter.count(), 1, "what was proposed ran");
    }

    function test_V6_execute__when_it_is_too_early_or_again__reverts() public {
        uint256 id = _propose("one");
        _vote(id);
        _queue("one");
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute("one");
        vm.warp(block.timestamp + LOCK + 1);
        _execute("one");
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute("one");
    }

    function test_V6_execute__when_it_has_lapsed__reverts() public {
        uint256 id = _propose("one");
        _vote(id);
        _queue("one");
        vm.warp(governor.proposalEta(id) + governor.LAPSE_SECONDS());
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Queued), "the last second");
        vm.warp(block.timestamp + 1);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Expired), "lapsed");
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute("one");
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        bytes32 salt = bytes20(address(governor)) ^ keccak256("one");
        vm.expectRevert();
        timelock.executeBatch(targets, values, calls, 0, salt);
        vm.assertEq(counter.count(), 0, "nothing ran");
    }

    function test_V6_execute__when_the_target_comes_back__runs_once() public {
        uint256 id = _propose("one");
        _vote(id);
        _queue("one");
        vm.warp(block.timestamp + LOCK + 1);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        counter.arm(
            address(governor), abi.encodeCall(governor.execute, (targets, values, calls, keccak256("one")))
        );
        _execute("one");
        vm.assertEq(counter.count(), 1, "V6: once");
    }

    function test_V6_propose__when_stake_is_below_the_threshold__reverts() public {
        vm.prank(eve);
        token.transfer(bob, 60e18);
        vm.warp(block.timestamp + 1);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        vm.prank(eve);
        governor.propose(targets, values, calls, "small");
    }

    function test_U1_timelock__when_anybody_else_calls__does_nothing() public view {
        bytes32[3] memory roles =
            [timelock.PROPOSER_ROLE(), timelock.EXECUTOR_ROLE(), timelock.CANCELLER_ROLE()];
        address[5] memory others = [alice, bob, eve, address(this), address(0)];
        for (uint256 i = 0; i < roles.length; ++i) {
            for (uint256 j = 0; j < others.length; ++j) {
                vm.assertFalse(timelock.hasRole(roles[i], others[j]), "U1: the governor alone");
            }
            vm.assertTrue(timelock.hasRole(roles[i], address(governor)), "the governor");
        }
        vm.assertFalse(timelock.hasRole(0x00, address(this)), "U1: no administrator is left");
    }

    function test_governor__when_it_is_asked__tells_its_rules() public view {
        vm.assertEq(governor.proposalThreshold(), 50e18, "threshold");
        vm.assertTrue(governor.proposalNeedsQueuing(0), "queuing");
        vm.assertEq(token.CLOCK_MODE(), "mode=timestamp", "clock");
        vm.assertEq(token.nonces(alice), 0, "nonces");
    }

    /* ---------- N1: claims ---------- */

    function test_N1_publish__when_the_root_is_zero_or_by_another__reverts() public {
        MerkleClaim claims = new MerkleClaim(IERC20(address(token)), bob);
        vm.expectRevert(abi.encodeWithSelector(IMerkleClaim.MerkleClaim_RootIsZero.selector));
        claims.claim(alice, 1, new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IMerkleClaim.MerkleClaim_RootIsZero.selector));
        vm.prank(bob);
        claims.publish(0, "");
        vm.expectRevert();
        vm.prank(eve);
        claims.publish(keccak256("x"), "");
    }

    function test_N1_claim__when_lists_follow_each_other__pays_the_difference() public {
        MerkleClaim claims = _claims();
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = _leaf(eve, 7e18);
        _publish(claims, _leaf(alice, 10e18), proof[0]);
        claims.claim(alice, 10e18, proof);
        vm.expectRevert(
            abi.encodeWithSelector(IMerkleClaim.MerkleClaim_NothingNew.selector, alice, 10e18, 10e18)
        );
        claims.claim(alice, 10e18, proof);
        _publish(claims, _leaf(alice, 15e18), proof[0]);
        claims.claim(alice, 15e18, proof);
        vm.assertEq(claims.claimedBy(alice), 15e18, "N1: the sum, once");
        _publish(claims, _leaf(alice, 12e18), proof[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IMerkleClaim.MerkleClaim_NothingNew.selector, alice, 12e18, 15e18)
        );
        claims.claim(alice, 12e18, proof);
        vm.assertEq(claims.claimedBy(alice), 15e18, "N1: sums never fall");
    }

    function test_N1_claim__when_the_leaf_is_an_inner_node__reverts() public {
        MerkleClaim claims = _claims();
        bytes32 left = keccak256(abi.encode(alice, 10e18));
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = _leaf(eve, 7e18);
        _publish(claims, left, proof[0]);
        vm.expectPartialRevert(IMerkleClaim.MerkleClaim_ProofInvalid.selector);
        claims.claim(alice, 10e18, proof);
        vm.expectPartialRevert(IMerkleClaim.MerkleClaim_ProofInvalid.selector);
        claims.claim(alice, 11e18, proof);
    }

    /* ---------- internal ---------- */

    function _claims() private returns (MerkleClaim claims) {
        claims = new MerkleClaim(IERC20(address(token)), bob);
        vm.prank(bob);
        token.transfer(address(claims), 100e18);
    }

    function _publish(MerkleClaim claims, bytes32 a, bytes32 b) private {
        bytes32 root = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        vm.prank(bob);
        claims.publish(root, "ipfs://list");
    }

    function _leaf(address account, uint256 sum) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(account, sum))));
    }

    function _calls()
        private
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        targets = _one(address(counter));
        values = new uint256[](1);
        calls = new bytes[](1);
        calls[0] = abi.encodeCall(counter.bump, ());
    }

    function _propose(string memory description) private returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        vm.prank(alice);
        return governor.propose(targets, values, calls, description);
    }

    function _vote(uint256 id) private {
        vm.warp(block.timestamp + DELAY + 1);
        vm.prank(alice);
        governor.castVote(id, 1);
        vm.warp(block.timestamp + PERIOD + 1);
    }

    function _queue(string memory description) private {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        governor.queue(targets, values, calls, keccak256(bytes(description)));
    }

    function _execute(string memory description) private {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _calls();
        governor.execute(targets, values, calls, keccak256(bytes(description)));
    }

    function _transferDigest(address to, uint256 amount, bytes32 nonce) private view returns (bytes32) {
        bytes32 typeHash = 0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267;
        bytes32 body = keccak256(abi.encode(typeHash, alice, to, amount, 0, type(uint256).max, nonce));
        return keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), body));
    }

    function _hex(address account) private pure returns (string memory) {
        bytes memory text = new bytes(42);
        (text[0], text[1]) = ("0", "x");
        for (uint256 i = 0; i < 40; ++i) {
            text[41 - i] = bytes16("0123456789abcdef")[(uint160(account) >> (4 * i)) & 15];
        }
        return string(text);
    }

    function _one(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
