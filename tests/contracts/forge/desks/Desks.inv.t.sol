// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExitDesk} from "../../../../contracts/desks/ExitDesk.sol";
import {TenderDesk} from "../../../../contracts/desks/TenderDesk.sol";
import {WorkDesk} from "../../../../contracts/desks/WorkDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {ITenderDesk} from "../../../../contracts/interfaces/ITenderDesk.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {MarketTest} from "../MarketTest.sol";
import {DeskHandler} from "./DeskHandler.sol";

/// @dev Stateful: what the desks hold is what they owe, and silence of everybody frees every bond (E1, E4).
contract DeskInvariants is MarketTest {
    DeskHandler private _handler;
    BlockListToken private _moody;
    TenderDesk private _tender;
    WorkDesk private _work;
    ExitDesk private _exits;

    function setUp() public override {
        super.setUp();
        _moody = new BlockListToken();
        _tender = new TenderDesk(escrow, registry, IReputationRegistry(address(0)));
        _work = new WorkDesk(escrow);
        _exits = new ExitDesk(escrow, oracle);
        vm.startPrank(owner);
        escrow.allowToken(address(_moody));
        escrow.allowHook(address(_work));
        vm.stopPrank();
        IJobEscrow.Policy memory policy = _policy(address(oracle), address(_moody));
        uint32 plainRow = escrow.registerPolicy(policy);
        policy.hook = address(_work);
        uint32 workRow = escrow.registerPolicy(policy);
        _handler = new DeskHandler(escrow, _tender, _work, _exits, _moody, plainRow, workRow);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_E1_INV_DSK_01_desks_hold_exactly_what_they_owe() public view {
        vm.assertEq(
            _moody.balanceOf(address(_tender)),
            _handler.bidBonds() + _handler.creditsAt(address(_tender)),
            "INV-DSK-01: tender desk"
        );
        vm.assertEq(
            _moody.balanceOf(address(_work)),
            _handler.workBonds() + _handler.creditsAt(address(_work)),
            "INV-DSK-01: work desk"
        );
        vm.assertEq(
            _moody.allowance(address(_tender), address(escrow)), 0, "INV-DSK-02: no allowance is left"
        );
        vm.assertEq(_moody.allowance(address(_work), address(escrow)), 0, "INV-DSK-02: no allowance is left");
    }

    function invariant_E4_INV_DSK_03_a_stranger_frees_every_bond() public {
        vm.warp(block.timestamp + 60 days);
        vm.startPrank(stranger);
        for (uint256 i = 0; i < _handler.jobCount(); ++i) {
            uint256 jobId = _handler.jobIds(i);
            _exits.endJobs(_list(jobId));
            vm.assertTrue(escrow.jobOf(jobId).status >= IERC8183.JobStatus.Completed, "E4: a final state");
            if (_work.dealOf(jobId).workBy != 0 && !_work.dealOf(jobId).isConcluded) _work.conclude(jobId);
        }
        for (uint256 requestId = 1; requestId <= _handler.requestCount(); ++requestId) {
            ITenderDesk.Request memory request = _tender.requestOf(requestId);
            if (request.bestBidder != address(0) && !request.isAwarded) _tender.releaseBest(requestId);
            for (uint256 i = 0; i < 4; ++i) {
                address bidder = _handler.actor(i);
                if (_tender.commitmentOf(requestId, bidder) != 0) _tender.forfeitBond(requestId, bidder);
            }
        }
        vm.stopPrank();
        vm.assertEq(_handler.bidBonds() + _handler.workBonds(), 0, "INV-DSK-03: no bond is locked");
    }
}
