// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrator} from "../../../../contracts/interfaces/IArbitrator.sol";
import {IDisputeDesk} from "../../../../contracts/interfaces/IDisputeDesk.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {ArbitratorDouble} from "../../../../contracts/mocks/ArbitratorDouble.sol";
import {MarketTest} from "../MarketTest.sol";

/// @title A market with a row that has a court, parties with money for bonds, and an arbitrator from outside
abstract contract DisputeTest is MarketTest {
    uint32 internal constant COURT_SECONDS = 1 days;
    uint32 internal constant LONGEST_SECONDS = 1 hours;
    /// @dev Less than a tenth of the budget, so that the budget sets the bond.
    uint256 internal constant COST = 30_000;
    uint256 internal constant TENTH = 100_001;
    bytes32 internal constant EVIDENCE = keccak256("evidence");

    ArbitratorDouble internal arbitrator;
    uint32 internal courtRow;

    function setUp() public virtual override {
        super.setUp();
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.courtSeconds = COURT_SECONDS;
        courtRow = escrow.registerPolicy(policy);
        token.mint(provider, 1_000e6);
        address[2] memory parties = [client, provider];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(parties[i]);
            token.approve(address(desk), type(uint256).max);
        }
    }

    function _arbitrator() internal virtual override returns (IArbitrator) {
        arbitrator = new ArbitratorDouble(COST, LONGEST_SECONDS);
        return arbitrator;
    }

    /// @dev A submitted job of the row with a court.
    function _submitted() internal returns (uint256 jobId) {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = courtRow;
        terms.expiredAt += COURT_SECONDS;
        vm.prank(client);
        jobId = escrow.hire(terms);
        _submit(jobId);
    }

    /// @dev The same with a posted verdict.
    function _judged(uint8 score) internal returns (uint256 jobId) {
        jobId = _submitted();
        _post(jobId, score);
    }

    function _dispute(address party, uint256 jobId) internal {
        vm.prank(party);
        desk.dispute(jobId, EVIDENCE, type(uint256).max);
    }

    /// @dev A passing verdict, disputed by the client and before the court.
    function _referred() internal returns (uint256 jobId) {
        jobId = _judged(100);
        _dispute(client, jobId);
        desk.refer(jobId);
    }

    function _giveRuling(uint256 jobId, uint16 providerBps) internal {
        arbitrator.giveRuling(desk.disputeOf(jobId).disputeId, providerBps);
    }

    function _afterCourt(uint256 jobId) internal {
        vm.warp(uint256(desk.disputeOf(jobId).ruleBy) + 1);
    }

    function _assertNothingLeft() internal view {
        vm.assertEq(token.balanceOf(address(desk)), 0, "INV-DIS-01: the desk keeps nothing");
        _assertConserved();
    }

    function _fault(bytes4 selector, uint256 a, uint256 b) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b);
    }

    function _noDispute(uint256 jobId) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDisputeDesk.DisputeDesk_NoDispute.selector, jobId);
    }
}
