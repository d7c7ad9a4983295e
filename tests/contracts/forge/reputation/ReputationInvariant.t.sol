// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {ReputationTest} from "./ReputationTest.sol";

/// @title Clients hire, pay, fail, rate, revoke and spam; the agent changes hands
contract ReputationHandler is ReputationTest {
    struct Given {
        address rater;
        uint64 index;
        uint256 weight;
        uint256 score;
        address owner;
        bool isFailure;
        bool isRevoked;
    }

    Given[] public given;
    uint256[] public unrated;
    uint256 public feesBurnt;
    mapping(uint256 jobId => address) private _payerOf;

    function begin() external {
        setUp();
    }

    function pay(uint256 seed, uint96 budget) external {
        address payer = _someone(seed % 3);
        uint96 price = budget % 50_000e6 + 1;
        uint256 jobId = _paidJob(payer, price);
        _payerOf[jobId] = payer;
        unrated.push(jobId);
        feesBurnt += _treasuryFee(price);
    }

    function rate(uint256 seed, uint8 score) external {
        if (unrated.length == 0) return;
        uint256 jobId = unrated[seed % unrated.length];
        IReputationRegistry.JobFeedback memory words = _words(jobId, score % 101);
        uint256 before = _owned(registry.ownerOf(agentId)).weight;
        address worker = _workerOwner();
        before = _owned(worker).weight;
        vm.prank(_payerOf[jobId]);
        try reputation.giveJobFeedback(words) returns (uint64 index) {
            uint256 weight = _owned(worker).weight - before;
            given.push(Given(_payerOf[jobId], index, weight, score % 101, worker, false, false));
        } catch {}
    }

    function revoke(uint256 seed) external {
        if (given.length == 0) return;
        Given storage entry = given[seed % given.length];
        vm.prank(entry.rater);
        try reputation.revokeFeedback(agentId, entry.index) {
            entry.isRevoked = true;
        } catch {}
    }

    function spam(uint256 seed, int128 value) external {
        address rater = _someone(seed % 5);
        vm.prank(rater);
        try reputation.giveFeedback(agentId, value, 0, "starred", "inspect-image", "", "", 0) {} catch {}
    }

    function handOver(uint256 seed) external {
        address from = registry.ownerOf(agentId);
        vm.prank(from);
        registry.transferFrom(from, seed % 2 == 0 ? provider : treasury, agentId);
    }

    function bind() external {
        try reputation.bindWallet(agentId) {} catch {}
    }

    function recount(address owner_) external view returns (uint256 count, uint256 weight, uint256 scoreSum) {
        for (uint256 i = 0; i < given.length; ++i) {
            if (given[i].isRevoked || given[i].owner != owner_) continue;
            ++count;
            weight += given[i].weight;
            scoreSum += given[i].weight * given[i].score;
        }
    }

    function told(address owner_) external view returns (IReputationRegistry.JobSummary memory) {
        return _owned(owner_);
    }

    function owners() external view returns (address, address) {
        return (provider, treasury);
    }

    /// @dev The owner under whom the provider's wallet was bound, or would be now.
    function _workerOwner() private view returns (address) {
        if (!reputation.bindingOf(provider).isBound) return registry.ownerOf(agentId);
        uint32 epoch = reputation.bindingOf(provider).epoch;
        return _owned(provider).epoch == epoch ? provider : treasury;
    }

    function _owned(address owner_) private view returns (IReputationRegistry.JobSummary memory) {
        return reputation.jobSummaryOf(agentId, owner_, 0);
    }
}

/// @title What holds after every step
contract ReputationInvariantTest {
    ReputationHandler private handler;
    address[] private _targets;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        handler = new ReputationHandler();
        handler.begin();
        _targets.push(address(handler));
    }

    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        bytes4[] memory verbs = new bytes4[](6);
        verbs[0] = handler.pay.selector;
        verbs[1] = handler.rate.selector;
        verbs[2] = handler.revoke.selector;
        verbs[3] = handler.spam.selector;
        verbs[4] = handler.handOver.selector;
        verbs[5] = handler.bind.selector;
        selectors = new FuzzSelector[](1);
        selectors[0] = FuzzSelector(address(handler), verbs);
    }

    function invariant_R2_summary__equals_a_recount() public view {
        (address first, address second) = handler.owners();
        _check(first);
        _check(second);
    }

    function invariant_R3_weight__is_at_most_the_fees_burnt() public view {
        (address first, address second) = handler.owners();
        uint256 weight = handler.told(first).weight + handler.told(second).weight;
        require(weight <= handler.feesBurnt(), "INV-REP-03: weight is at most the fees burnt");
    }

    function _check(address owner) private view {
        (uint256 count, uint256 weight, uint256 scoreSum) = handler.recount(owner);
        IReputationRegistry.JobSummary memory told = handler.told(owner);
        require(told.count == count, "INV-REP-01: count equals a recount");
        require(told.weight == weight, "INV-REP-02: weight equals a recount");
        require(told.scoreSum == scoreSum, "INV-REP-02: score sum equals a recount");
    }
}
