// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {MarketTest} from "../MarketTest.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @dev Stateful invariants with every actor and a token that blocks payees at will. Ids are those of
/// docs/invariants.md; E1, E2 and E4 are the rows of the test list that they answer.
contract MarketInvariants is MarketTest {
    MarketHandler private _handler;
    BlockListToken private _moody;
    uint256 private _supply;

    function setUp() public override {
        super.setUp();
        _moody = new BlockListToken();
        // A market of its own whose default token is the moody one, so that standard jobs are paid in it too.
        _deploy(address(_moody), reporterSet, 2);
        uint32[] memory rows = new uint32[](2);
        rows[0] = deployer.POLICY_ID();
        IJobEscrow.Policy memory policy = _policy(address(oracle), address(_moody));
        policy.isLedgerOnly = true;
        rows[1] = escrow.registerPolicy(policy);
        _handler = new MarketHandler(escrow, oracle, _moody, owner, reporterKeys, rows);
        _supply = _moody.totalSupply();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev E1.
    function invariant_INV_ESC_01_the_escrow_holds_exactly_what_it_owes() public view {
        vm.assertEq(
            _moody.balanceOf(address(escrow)),
            _handler.openBudgets() + _handler.credits(),
            "INV-ESC-01: balance == open jobs + credits"
        );
    }

    /// @dev E2.
    function invariant_INV_ESC_02_no_unit_is_made_or_lost() public view {
        vm.assertEq(_handler.everything(), _supply, "INV-ESC-02: every unit is with somebody who may have it");
    }

    /// @dev E2.
    function invariant_INV_ESC_03_final_states_absorb() public view {
        vm.assertFalse(_handler.leftFinalState(), "INV-ESC-03: a final job never changes");
    }

    /// @dev E4: whatever happened, at the end of all windows a stranger ends every job that holds money.
    function invariant_INV_ESC_04_a_stranger_ends_every_job() public {
        uint256 horizon = block.timestamp;
        for (uint256 i = 0; i < _handler.jobCount(); ++i) {
            uint256 expiredAt = escrow.jobOf(_handler.jobIds(i)).expiredAt;
            if (expiredAt > horizon) horizon = expiredAt;
        }
        vm.warp(horizon);
        for (uint256 i = 0; i < _handler.jobCount(); ++i) {
            uint256 jobId = _handler.jobIds(i);
            IERC8183.JobStatus status = escrow.jobOf(jobId).status;
            if (status != IERC8183.JobStatus.Funded && status != IERC8183.JobStatus.Submitted) continue;
            vm.prank(stranger);
            if (oracle.settleableAt(jobId) != 0) oracle.settle(_list(jobId));
            else escrow.claimRefund(jobId);
            vm.assertTrue(
                escrow.jobOf(jobId).status >= IERC8183.JobStatus.Completed, "INV-ESC-04: a final state"
            );
        }
        vm.assertEq(_handler.openBudgets(), 0, "INV-ESC-04: no job holds money");
        vm.assertEq(_moody.balanceOf(address(escrow)), _handler.credits(), "INV-ESC-01: at the end too");
    }

    /// @dev INV-ESC-05: no job can be submitted so late that the performer loses the grace.
    function invariant_INV_ESC_05_the_performer_keeps_the_grace() public view {
        for (uint256 i = 0; i < _handler.jobCount(); ++i) {
            uint256 jobId = _handler.jobIds(i);
            uint256 settleableAt = oracle.settleableAt(jobId);
            if (settleableAt == 0) continue;
            vm.assertGe(escrow.jobOf(jobId).expiredAt, settleableAt + 7 days, "INV-ESC-05: grace");
        }
    }
}
