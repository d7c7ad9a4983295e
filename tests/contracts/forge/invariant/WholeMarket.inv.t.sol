// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JurorCourt} from "../../../../contracts/court/JurorCourt.sol";
import {ExitDesk} from "../../../../contracts/desks/ExitDesk.sol";
import {TenderDesk} from "../../../../contracts/desks/TenderDesk.sol";
import {WorkDesk} from "../../../../contracts/desks/WorkDesk.sol";
import {IArbitrator} from "../../../../contracts/interfaces/IArbitrator.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IJurorCourt} from "../../../../contracts/interfaces/IJurorCourt.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {MarketTest} from "../MarketTest.sol";
import {DeskHandler} from "../desks/DeskHandler.sol";
import {DisputeHandler} from "./DisputeHandler.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @dev The whole market at once, in one token that blocks payees at will: jobs of every kind, desks with bonds, disputes
/// before staked jurors, reporters with stakes. E1, E2 and E4 over all of it; jobs alone are in `Market.inv.t.sol`.
contract WholeMarketInvariants is MarketTest {
    /// @dev As forge reads it.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    BlockListToken private _moody;
    JurorCourt private _court;
    TenderDesk private _tender;
    WorkDesk private _work;
    ExitDesk private _exits;
    MarketHandler private _market;
    DeskHandler private _desks;
    DisputeHandler private _disputes;
    address[] private _accounts;
    uint256 private _supply;

    function setUp() public override {
        super.setUp();
        _moody = new BlockListToken();
        _deploy(address(_moody), reporterSet, 2);
        _tender = new TenderDesk(escrow, registry, IReputationRegistry(address(0)));
        _work = new WorkDesk(escrow);
        _exits = new ExitDesk(escrow, oracle);
        vm.prank(owner);
        escrow.allowHook(address(_work));
        _makeHandlers();
        _accounts =
            [treasury, stranger, address(oracle), address(_market), address(_desks), address(_disputes)];
        for (uint256 i = 0; i < 3; ++i) {
            _accounts.push(reporterSet[i]);
        }
        for (uint256 i = 0; i < _disputes.JURORS(); ++i) {
            _accounts.push(_disputes.juror(i));
        }
        for (uint256 i = 0; i < 10; ++i) {
            address party =
                i < 3 ? vm.addr(0xC0001 + i) : i < 6 ? vm.addr(0xA0001 + i - 3) : _desks.actor(i - 6);
            _accounts.push(party);
            _disputes.fund(party);
        }
        _supply = _moody.totalSupply();
    }

    function _makeHandlers() private {
        uint32[] memory rows = new uint32[](3);
        rows[0] = deployer.POLICY_ID();
        IJobEscrow.Policy memory policy = _policy(address(oracle), address(_moody));
        (, uint32 longestSeconds) = _court.quote(address(_moody));
        policy.courtSeconds = longestSeconds + 1 hours;
        rows[1] = escrow.registerPolicy(policy);
        policy.hook = address(_work);
        uint32 workRow = escrow.registerPolicy(policy);
        policy.hook = address(0);
        policy.isLedgerOnly = true;
        rows[2] = escrow.registerPolicy(policy);
        _market = new MarketHandler(escrow, oracle, _moody, owner, reporterKeys, rows);
        _desks = new DeskHandler(escrow, _tender, _work, _exits, _moody, rows[1], workRow);
        _disputes = new DisputeHandler(desk, stake, _moody, reporterKeys);
    }

    /// @dev The real court, with stakes and fees in the token of the jobs: every sum meets in one balance.
    function _arbitrator() internal override returns (IArbitrator) {
        if (address(_moody) == address(0)) return super._arbitrator();
        _court = new JurorCourt(
            owner,
            IJurorCourt.CourtTerms({
                stakeToken: address(_moody),
                ticketUnits: 100e6,
                unstakeSeconds: 3 days,
                seedDelayBlocks: 3,
                drawSeconds: 1 hours,
                commitSeconds: 2 hours,
                revealSeconds: 3 hours,
                appealSeconds: 4 hours,
                seats: 3,
                appealSeats: 5
            }),
            address(_moody),
            2e6
        );
        return _court;
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](3);
        (targets[0], targets[1], targets[2]) = (address(_market), address(_desks), address(_disputes));
    }

    /// @notice Read by forge: {DisputeHandler-fund} mints, so it is for the set-up alone.
    function excludeSelectors() public view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(_disputes), new bytes4[](1));
        excluded[0].selectors[0] = DisputeHandler.fund.selector;
    }

    /// @dev E1 for every contract that holds money. INV-ESC-01, INV-DIS-01, INV-CRT-01, INV-DSK-01, INV-STK-01.
    function invariant_E1_INV_MKT_01_everybody_holds_what_it_owes() public view {
        vm.assertEq(_held(address(escrow)), _openBudgets() + _escrowCredits(), "INV-ESC-01: escrow");
        vm.assertEq(_held(address(desk)), _disputes.openBonds() + _deskCredits(), "INV-DIS-01: dispute desk");
        vm.assertEq(_held(address(_court)), _court.heldOf(address(_moody)), "INV-CRT-01: court");
        vm.assertGe(_held(address(_court)), _courtOwes(), "INV-CRT-01: court, without open fees");
        vm.assertGe(_held(address(stake)), stake.owedOf(_moody), "INV-STK-01: reporters' stake");
        vm.assertEq(
            _held(address(_tender)),
            _desks.bidBonds() + _desks.creditsAt(address(_tender)),
            "INV-DSK-01: tender desk"
        );
        vm.assertEq(
            _held(address(_work)),
            _desks.workBonds() + _desks.creditsAt(address(_work)),
            "INV-DSK-01: work desk"
        );
    }

    /// @dev E2: every unit is with somebody who may have it.
    function invariant_E2_INV_MKT_02_no_unit_is_made_or_lost() public view {
        uint256 sum = _held(address(escrow)) + _held(address(desk)) + _held(address(_court))
            + _held(address(stake)) + _held(address(_tender)) + _held(address(_work));
        for (uint256 i = 0; i < _accounts.length; ++i) {
            sum += _held(_accounts[i]);
        }
        vm.assertEq(sum, _supply, "INV-MKT-02: conserved");
        vm.assertFalse(_market.leftFinalState(), "INV-ESC-03: a final job never changes");
    }

    /// @dev E4: at the end of all windows a stranger ends every dispute, job and bond, and nothing is left but credits,
    /// stakes and pots.
    function invariant_E4_INV_MKT_03_a_stranger_ends_everything() public {
        vm.warp(_horizon());
        vm.startPrank(stranger);
        for (uint256 jobId = 1; jobId <= escrow.jobCount(); ++jobId) {
            if (desk.disputeOf(jobId).ruleBy != 0) desk.rule(jobId);
            _endJob(jobId);
            if (_work.dealOf(jobId).workBy != 0 && !_work.dealOf(jobId).isConcluded) _work.conclude(jobId);
        }
        for (uint256 disputeId = 1; disputeId <= _court.disputeCount(); ++disputeId) {
            try _court.close(disputeId) {}
            catch (bytes memory fault) {
                vm.assertEq(
                    bytes32(bytes4(fault)),
                    bytes32(IJurorCourt.JurorCourt_AlreadyClosed.selector),
                    "INV-MKT-03: a case is closed once"
                );
            }
        }
        vm.stopPrank();
        vm.assertEq(_openBudgets(), 0, "INV-MKT-03: no job holds money");
        vm.assertEq(_held(address(escrow)), _escrowCredits(), "INV-ESC-01: at the end");
        vm.assertEq(_held(address(desk)), _deskCredits(), "INV-DIS-01: at the end");
        vm.assertEq(_held(address(_court)), _courtOwes(), "INV-CRT-01: at the end");
        vm.assertEq(_desks.workBonds(), 0, "INV-DSK-03: at the end");
    }

    /// @dev The handlers reach everything that the campaigns are about: a fixed run of them meets all of it.
    function test_R14_slashOverturned__given_the_real_court_overturned_a_verdict__the_reporters_pay() public {
        for (uint256 i = 0; i < 24; ++i) {
            _market.hire(i, i, 1e9, 1 days, 1);
            uint256 luck = uint256(keccak256(abi.encode(i)));
            _disputes.bringCase(i, i % 2 == 0 ? 100 : 0, i % 2 == 0, luck);
            uint256 newest = _court.disputeCount() == 0 ? 0 : _court.disputeCount() - 1;
            _disputes.runCourt(newest, luck, 7);
            _disputes.runCourt(newest, luck >> 1, 7);
            _disputes.rule(i, true);
            _disputes.slashOverturned(i, 0);
            _disputes.runCourt(newest, luck >> 2, 7);
        }
        bytes32[9] memory all = [
            bytes32("disputed"),
            "countered",
            "referred",
            "drawn",
            "appealed",
            "ruled",
            "overturned",
            "slashed",
            "closed"
        ];
        for (uint256 i = 0; i < all.length; ++i) {
            vm.assertGe(_disputes.seen(all[i]), 1, string(abi.encodePacked("reached: ", all[i])));
        }
        vm.assertGe(_held(address(_disputes)), 1, "the informer's quarter");
        invariant_E1_INV_MKT_01_everybody_holds_what_it_owes();
        invariant_E2_INV_MKT_02_no_unit_is_made_or_lost();
        invariant_E4_INV_MKT_03_a_stranger_ends_everything();
    }

    /* ---------- internal ---------- */

    function _endJob(uint256 jobId) private {
        IERC8183.JobStatus status = escrow.jobOf(jobId).status;
        if (status != IERC8183.JobStatus.Funded && status != IERC8183.JobStatus.Submitted) return;
        if (oracle.settleableAt(jobId) != 0) oracle.settle(_list(jobId));
        else escrow.claimRefund(jobId);
        vm.assertTrue(escrow.jobOf(jobId).status >= IERC8183.JobStatus.Completed, "INV-MKT-03: a final state");
    }

    /// @dev The end of the last job, dispute and case.
    function _horizon() private view returns (uint256 horizon) {
        horizon = block.timestamp + 3 days;
        for (uint256 jobId = 1; jobId <= escrow.jobCount(); ++jobId) {
            uint256 expiredAt = escrow.jobOf(jobId).expiredAt;
            if (expiredAt > horizon) horizon = expiredAt;
        }
    }

    function _held(address account) private view returns (uint256) {
        return _moody.balanceOf(account);
    }

    function _openBudgets() private view returns (uint256 sum) {
        for (uint256 jobId = 1; jobId <= escrow.jobCount(); ++jobId) {
            IJobEscrow.JobView memory job = escrow.jobOf(jobId);
            bool isOpen =
                job.status == IERC8183.JobStatus.Funded || job.status == IERC8183.JobStatus.Submitted;
            if (isOpen) sum += job.budget;
        }
    }

    function _escrowCredits() private view returns (uint256 sum) {
        for (uint256 i = 0; i < _accounts.length; ++i) {
            sum += escrow.creditOf(address(_moody), _accounts[i]);
        }
    }

    function _deskCredits() private view returns (uint256 sum) {
        for (uint256 i = 0; i < _accounts.length; ++i) {
            sum += desk.creditOf(address(_moody), _accounts[i]);
        }
    }

    /// @dev Stakes, credits and what is carried; fees of open cases come on top.
    function _courtOwes() private view returns (uint256 sum) {
        sum = _court.carriedOf(address(_moody));
        for (uint256 i = 0; i < _accounts.length; ++i) {
            sum += _court.creditOf(address(_moody), _accounts[i]) + _court.jurorOf(_accounts[i]).balance;
        }
    }
}
