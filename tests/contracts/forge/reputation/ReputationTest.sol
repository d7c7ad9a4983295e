// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {ReputationRegistry} from "../../../../contracts/reputation/ReputationRegistry.sol";
import {MarketTest} from "../MarketTest.sol";
import {VmMore} from "../support/VmMore.sol";

/// @title A market with a reputation registry, one agent whose wallet is the provider, and settled jobs
abstract contract ReputationTest is MarketTest {
    VmMore internal constant more = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes32 internal constant SERVICE = "inspect-image";
    /// @dev 100 dollars of fees.
    uint256 internal constant CLIENT_CAP = 100e6;

    ReputationRegistry internal reputation;
    uint256 internal agentId;

    function setUp() public virtual override {
        super.setUp();
        reputation = _newRegistry(1);
        vm.prank(stranger);
        registry.register();
        vm.prank(provider);
        agentId = registry.register("ipfs://agent");
    }

    function _newRegistry(uint256 unit) internal returns (ReputationRegistry) {
        return new ReputationRegistry({
            agentRegistry: registry,
            jobEscrow: escrow,
            resultOracle: address(oracle),
            weighedToken: address(token),
            weightUnit: unit,
            clientCap: CLIENT_CAP
        });
    }

    function _paidJob() internal returns (uint256 jobId) {
        return _paidJob(client, BUDGET);
    }

    function _paidJob(address payer, uint96 budget) internal returns (uint256 jobId) {
        token.mint(payer, budget);
        vm.startPrank(payer);
        token.approve(address(escrow), type(uint256).max);
        jobId = escrow.hire(_termsOf(budget));
        vm.stopPrank();
        _submit(jobId);
        vm.prank(payer);
        escrow.accept(jobId);
    }

    function _failedJob() internal returns (uint256 jobId) {
        jobId = _hireAndSubmit();
        _post(jobId, 0);
        vm.warp(block.timestamp + REVIEW_SECONDS);
        oracle.settle(_list(jobId));
    }

    function _termsOf(uint96 budget) internal view returns (IJobEscrow.HireTerms memory terms) {
        terms = _terms();
        terms.budget = budget;
        terms.agentId = agentId;
    }

    function _words(
        uint256 jobId,
        uint8 score
    ) internal view returns (IReputationRegistry.JobFeedback memory) {
        return IReputationRegistry.JobFeedback({
            jobId: jobId,
            agentId: agentId,
            score: score,
            serviceType: "inspect-image",
            endpoint: "",
            feedbackURI: "ipfs://feedback",
            feedbackHash: keccak256("feedback")
        });
    }

    function _rate(uint256 jobId, uint8 score) internal returns (uint64) {
        return _rateAs(client, jobId, score);
    }

    function _rateAs(address rater, uint256 jobId, uint8 score) internal returns (uint64) {
        IReputationRegistry.JobFeedback memory words = _words(jobId, score);
        vm.prank(rater);
        return reputation.giveJobFeedback(words);
    }

    function _say(
        address rater,
        int128 value,
        uint8 decimals,
        string memory tag1,
        string memory tag2
    ) internal {
        vm.prank(rater);
        reputation.giveFeedback(agentId, value, decimals, tag1, tag2, "", "ipfs://words", bytes32(0));
    }

    function _summary() internal view returns (IReputationRegistry.JobSummary memory) {
        return reputation.jobSummary(agentId, 0);
    }

    function _treasuryFee(uint256 budget) internal pure returns (uint256 house) {
        (, house,) = _fees(budget);
    }

    function _someone(uint256 i) internal pure returns (address) {
        return address(uint160(0xC0FFEE00 + i));
    }
}
