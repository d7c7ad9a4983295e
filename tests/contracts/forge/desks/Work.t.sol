// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WorkDesk} from "../../../../contracts/desks/WorkDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IWorkDesk} from "../../../../contracts/interfaces/IWorkDesk.sol";
import {LatePenalty} from "../../../../contracts/libraries/LatePenalty.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Provider bond, late penalty, priority then anyone (MK-13, R16, E11).
contract WorkTest is MarketTest {
    uint96 private constant BOND = 100_001;
    uint32 private constant START_SECONDS = 60;
    uint32 private constant DUE_SECONDS = 300;
    uint16 private constant LATE_BPS = 5_000;

    WorkDesk private _desk;
    uint32 private _rowId;
    address private _rival = address(0x41BA1);

    function setUp() public override {
        super.setUp();
        _desk = new WorkDesk(escrow);
        vm.prank(owner);
        escrow.allowHook(address(_desk));
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.hook = address(_desk);
        _rowId = escrow.registerPolicy(policy);
        address[3] memory people = [client, provider, _rival];
        for (uint256 i = 0; i < people.length; ++i) {
            token.mint(people[i], 10 * uint256(BUDGET));
            vm.prank(people[i]);
            token.approve(address(_desk), type(uint256).max);
        }
    }

    /* ---------- hire ---------- */

    function test_workHire__when_the_terms_are_fine__records_the_deal_under_the_job() public {
        uint256 jobId = _make(_care());
        IWorkDesk.Deal memory deal = _desk.dealOf(jobId);
        vm.assertEq(deal.bond, BOND, "bond");
        vm.assertEq(deal.startBy, block.timestamp + START_SECONDS, "start");
        vm.assertEq(deal.dueAt, block.timestamp + DUE_SECONDS, "due");
        vm.assertEq(deal.workBy, escrow.jobOf(jobId).workBy, "work");
        vm.assertEq(escrow.jobOf(jobId).client, client, "client");
    }

    function test_workHire__when_the_row_has_another_hook__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_NotOurRow.selector, policyId, address(0)));
        vm.prank(client);
        _desk.hire(_terms(), _care());
    }

    function test_workHire__when_times_or_shares_make_no_sense__reverts() public {
        IWorkDesk.Care memory care = _care();
        care.startSeconds = DUE_SECONDS + 1;
        _assertHireFails(care);
        care = _care();
        care.dueSeconds = WORK_SECONDS + 1;
        _assertHireFails(care);
        care = _care();
        care.lateBps = 10_001;
        _assertHireFails(care);
    }

    /* ---------- start ---------- */

    function test_start__when_the_provider_calls__locks_the_bond_and_lets_it_deliver() public {
        uint256 jobId = _make(_care());
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_HookRefused.selector, address(_desk), IERC8183.submit.selector
            )
        );
        _submit(jobId);
        _start(jobId);
        vm.assertEq(token.balanceOf(address(_desk)), BOND, "locked");
        _submit(jobId);
        _assertStatus(jobId, IERC8183.JobStatus.Submitted);
    }

    function test_start__when_called_by_others_or_twice__reverts() public {
        uint256 jobId = _make(_care());
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_NotProvider.selector, _rival, provider));
        vm.prank(_rival);
        _desk.start(jobId);
        _start(jobId);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_AlreadyStarted.selector, jobId, provider));
        _start(jobId);
    }

    function test_start__given_a_job_hired_elsewhere__the_desk_stays_out_of_the_way() public {
        uint256 jobId = _hire(_rowId);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_NoDeal.selector, jobId));
        _start(jobId);
        _submit(jobId);
        vm.prank(client);
        escrow.accept(jobId);
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
    }

    /* ---------- take ---------- */

    function test_take__given_nobody_started_in_time__anybody_has_the_job_with_the_bond() public {
        uint256 jobId = _make(_care());
        vm.warp(block.timestamp + START_SECONDS + 1);
        vm.prank(_rival);
        _desk.take(jobId);
        vm.assertEq(escrow.jobOf(jobId).provider, _rival, "R16: handed over");
        vm.prank(_rival);
        escrow.submit(jobId, DELIVERABLE, "");
        vm.prank(client);
        escrow.accept(jobId);
        (uint256 paid,,) = _fees(BUDGET);
        vm.assertEq(token.balanceOf(_rival), 10 * uint256(BUDGET) - BOND + paid, "the taker is paid");
        vm.assertEq(_desk.creditOf(address(token), _rival), BOND, "and gets its bond back");
    }

    function test_take__given_the_priority_lasts__reverts() public {
        uint256 jobId = _make(_care());
        uint256 startBy = block.timestamp + START_SECONDS;
        vm.warp(startBy);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_StillReserved.selector, startBy, startBy));
        vm.prank(_rival);
        _desk.take(jobId);
    }

    function test_take__given_it_was_started_or_taken__reverts_as_one_hand_over_at_most() public {
        uint256 first = _make(_care());
        uint256 second = _make(_care());
        _start(first);
        vm.warp(block.timestamp + START_SECONDS + 1);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_AlreadyStarted.selector, first, provider));
        vm.prank(_rival);
        _desk.take(first);
        vm.prank(_rival);
        _desk.take(second);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_AlreadyStarted.selector, second, _rival));
        _start(second);
    }

    function test_take__given_the_client_did_not_opt_in__reverts() public {
        IWorkDesk.Care memory care = _care();
        care.isOpenToAll = false;
        uint256 jobId = _make(care);
        vm.warp(block.timestamp + START_SECONDS + 1);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_NotOpenToAll.selector, jobId));
        vm.prank(_rival);
        _desk.take(jobId);
    }

    function test_take__given_the_time_for_work_is_over__reverts() public {
        uint256 jobId = _make(_care());
        uint256 workBy = escrow.jobOf(jobId).workBy;
        vm.warp(workBy + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IWorkDesk.WorkDesk_DeadlinePassed.selector, workBy + 1, workBy)
        );
        vm.prank(_rival);
        _desk.take(jobId);
    }

    function test_takeAssigned__when_the_client_signed_the_caller__hands_over() public {
        IWorkDesk.Care memory care = _care();
        care.isOpenToAll = false;
        uint256 jobId = _make(care);
        vm.warp(block.timestamp + START_SECONDS + 1);
        uint256 deadline = block.timestamp + 10;
        bytes memory signature = _signature(CLIENT_KEY, _desk.reassignDigest(jobId, _rival, deadline));
        vm.prank(_rival);
        _desk.takeAssigned(jobId, deadline, signature);
        vm.assertEq(escrow.jobOf(jobId).provider, _rival, "handed over");
    }

    function test_E10_takeAssigned__when_another_term_is_signed__reverts() public {
        uint256 jobId = _make(_care());
        uint256 other = _make(_care());
        vm.warp(block.timestamp + START_SECONDS + 1);
        uint256 deadline = block.timestamp + 10;
        bytes[4] memory signatures = [
            _signature(CLIENT_KEY, _desk.reassignDigest(other, _rival, deadline)),
            _signature(CLIENT_KEY, _desk.reassignDigest(jobId, stranger, deadline)),
            _signature(CLIENT_KEY, _desk.reassignDigest(jobId, _rival, deadline + 1)),
            _signature(PROVIDER_KEY, _desk.reassignDigest(jobId, _rival, deadline))
        ];
        for (uint256 i = 0; i < signatures.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_SignatureInvalid.selector, client));
            vm.prank(_rival);
            _desk.takeAssigned(jobId, deadline, signatures[i]);
        }
    }

    /* ---------- the bond ---------- */

    function test_bond__when_delivered_in_time__comes_back_whole() public {
        uint256 jobId = _delivered(DUE_SECONDS);
        vm.prank(client);
        escrow.accept(jobId);
        _assertBond(BOND, 0);
    }

    function test_bond__when_delivered_late__the_client_gets_its_part_and_no_more() public {
        uint32 lateBy = (WORK_SECONDS - DUE_SECONDS) / 3;
        uint256 jobId = _delivered(DUE_SECONDS + lateBy);
        vm.prank(client);
        escrow.accept(jobId);
        uint256 penalty = uint256(BOND) * LATE_BPS * lateBy / (10_000 * uint256(WORK_SECONDS - DUE_SECONDS));
        _assertBond(BOND - penalty, penalty);
    }

    function test_bond__when_the_work_fails__goes_to_the_client() public {
        uint256 jobId = _delivered(DUE_SECONDS);
        _post(jobId, 10);
        vm.warp(oracle.settleableAt(jobId));
        oracle.settle(_list(jobId));
        _assertStatus(jobId, IERC8183.JobStatus.Rejected);
        _assertBond(0, BOND);
    }

    function test_bond__when_never_delivered_or_declined_after_the_start__goes_to_the_client() public {
        uint256 first = _make(_care());
        uint256 second = _make(_care());
        _start(first);
        _start(second);
        vm.prank(provider);
        escrow.decline(first);
        _assertBond(0, BOND);
        vm.warp(uint256(escrow.jobOf(second).workBy) + 1);
        escrow.noShow(second);
        _assertBond(0, 2 * uint256(BOND));
    }

    function test_bond__when_both_cancel_at_nothing__comes_back_whole() public {
        uint256 jobId = _delivered(DUE_SECONDS + 1);
        bytes32 digest = escrow.cancelDigest(jobId, 0, type(uint256).max);
        escrow.cancel(
            jobId, 0, type(uint256).max, _signature(CLIENT_KEY, digest), _signature(PROVIDER_KEY, digest)
        );
        _assertBond(BOND, 0);
    }

    function test_E4_bond__given_the_oracle_is_dead__comes_back_to_the_one_who_delivered() public {
        uint256 jobId = _delivered(DUE_SECONDS + 1);
        vm.warp(escrow.jobOf(jobId).expiredAt);
        escrow.claimRefund(jobId);
        vm.assertEq(_desk.creditOf(address(token), provider), 0, "refunds ask no hook");
        vm.prank(stranger);
        _desk.conclude(jobId);
        _assertBond(BOND, 0);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_AlreadyConcluded.selector, jobId));
        _desk.conclude(jobId);
    }

    function test_E4_bond__given_it_expired_without_a_delivery__goes_to_the_client() public {
        uint256 jobId = _make(_care());
        _start(jobId);
        vm.warp(escrow.jobOf(jobId).expiredAt);
        escrow.claimRefund(jobId);
        _desk.conclude(jobId);
        _assertBond(0, BOND);
    }

    function test_conclude__given_the_job_runs__reverts() public {
        uint256 jobId = _make(_care());
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_NotOver.selector, jobId));
        _desk.conclude(jobId);
        vm.expectRevert(abi.encodeWithSelector(IWorkDesk.WorkDesk_NoDeal.selector, 99));
        _desk.conclude(99);
    }

    function test_conclude__given_nobody_started__moves_nothing() public {
        uint256 jobId = _make(_care());
        vm.prank(provider);
        escrow.decline(jobId);
        vm.assertTrue(_desk.dealOf(jobId).isConcluded, "over");
        _assertBond(0, 0);
    }

    function test_workHook__when_anybody_but_the_escrow_calls__reverts() public {
        bytes memory no = abi.encodeWithSelector(IWorkDesk.WorkDesk_NotEscrow.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(no);
        _desk.beforeAction(1, IERC8183.submit.selector, "");
        vm.expectRevert(no);
        _desk.afterAction(1, IERC8183.complete.selector, "");
        vm.stopPrank();
    }

    /* ---------- arithmetic ---------- */

    function testFuzz_penalty__when_later__never_falls_nor_exceeds_its_share(
        uint96 bond,
        uint16 lateBps,
        uint32 dueAt,
        uint32 span,
        uint32 first,
        uint32 second
    ) public pure {
        lateBps %= 10_001;
        uint256 workBy = uint256(dueAt) + span;
        (uint256 early, uint256 late) = first < second ? (first, second) : (second, first);
        uint256 less = LatePenalty.roundedDown(bond, lateBps, dueAt, workBy, early);
        uint256 more = LatePenalty.roundedDown(bond, lateBps, dueAt, workBy, late);
        vm.assertLe(less, more, "never falls");
        vm.assertLe(more, uint256(bond) * lateBps / 10_000, "never above its share");
        vm.assertEq(LatePenalty.roundedDown(bond, lateBps, dueAt, workBy, dueAt), 0, "in time costs nothing");
        if (span != 0) {
            vm.assertEq(
                LatePenalty.roundedDown(bond, lateBps, dueAt, workBy, workBy),
                uint256(bond) * lateBps / 10_000,
                "the whole share at the end"
            );
        }
    }

    /* ---------- helpers ---------- */

    function _care() private pure returns (IWorkDesk.Care memory) {
        return IWorkDesk.Care({
            bond: BOND,
            startSeconds: START_SECONDS,
            dueSeconds: DUE_SECONDS,
            lateBps: LATE_BPS,
            isOpenToAll: true
        });
    }

    function _make(IWorkDesk.Care memory care) private returns (uint256) {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = _rowId;
        vm.prank(client);
        return _desk.hire(terms, care);
    }

    function _start(uint256 jobId) private {
        vm.prank(provider);
        _desk.start(jobId);
    }

    function _delivered(uint32 afterSeconds) private returns (uint256 jobId) {
        jobId = _make(_care());
        _start(jobId);
        vm.warp(block.timestamp + afterSeconds);
        _submit(jobId);
    }

    function _assertBond(uint256 toProvider, uint256 toClient) private view {
        vm.assertEq(_desk.creditOf(address(token), provider), toProvider, "provider's credit");
        vm.assertEq(_desk.creditOf(address(token), client), toClient, "client's credit");
    }

    function _assertHireFails(IWorkDesk.Care memory care) private {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = _rowId;
        vm.prank(client);
        (bool success,) = address(_desk).call(abi.encodeCall(_desk.hire, (terms, care)));
        vm.assertFalse(success, "refused");
    }
}
