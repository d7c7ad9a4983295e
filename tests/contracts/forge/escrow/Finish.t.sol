// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev From the work to the end: submit, complete, reject, accept, decline, noShow, claimRefund.
contract FinishTest is MarketTest {
    function test_finish__when_submit_is_called_by_a_stranger__reverts() public {
        uint256 jobId = _hire();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotProvider.selector, client, provider));
        vm.prank(client);
        escrow.submit(jobId, DELIVERABLE, "");
    }

    function test_finish__given_workBy_is_now__submit_is_in_time() public {
        uint256 jobId = _hire();
        vm.warp(escrow.jobOf(jobId).workBy);
        _submit(jobId);
        _assertStatus(jobId, IERC8183.JobStatus.Submitted);
    }

    function test_finish__given_workBy_has_passed__submit_reverts_as_too_late() public {
        uint256 jobId = _hire();
        uint256 workBy = escrow.jobOf(jobId).workBy;
        vm.warp(workBy + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_DeadlinePassed.selector, workBy + 1, workBy)
        );
        _submit(jobId);
    }

    function test_finish__given_an_open_job__submit_reverts_as_unfunded() public {
        uint256 jobId = _standardJob();
        vm.expectRevert(_wrong(jobId, IERC8183.JobStatus.Open));
        _submit(jobId);
    }

    function test_finish__when_submit_is_fine__stores_the_time_and_names_the_deliverable() public {
        uint256 jobId = _hire();
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobSubmitted(jobId, provider, DELIVERABLE);
        _submit(jobId);
        vm.assertEq(escrow.jobOf(jobId).submittedAt, block.timestamp, "submittedAt");
        vm.assertEq(escrow.jobOf(jobId).budget, BUDGET, "budget is kept");
    }

    function test_finish__when_complete_is_called_by_anybody_but_the_evaluator__reverts_as_not_the_evaluator()
        public
    {
        uint256 jobId = _hireAndSubmit();
        address[3] memory others = [client, provider, owner];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IJobEscrow.JobEscrow_NotEvaluator.selector, others[i], address(oracle))
            );
            vm.prank(others[i]);
            escrow.complete(jobId, 0, "");
        }
    }

    function test_finish__given_a_funded_job__complete_reverts_before_submit() public {
        uint256 jobId = _hire();
        vm.expectRevert(_wrong(jobId, IERC8183.JobStatus.Funded));
        vm.prank(address(oracle));
        escrow.complete(jobId, 0, "");
    }

    function test_finish__given_a_funded_job__accept_reverts_before_submit() public {
        uint256 jobId = _hire();
        vm.expectRevert(_wrong(jobId, IERC8183.JobStatus.Funded));
        vm.prank(client);
        escrow.accept(jobId);
    }

    function test_finish__given_a_funded_job__evaluator_rejects_and_refunds() public {
        uint256 jobId = _fundStandardJob();
        uint256 balance = token.balanceOf(client);
        vm.prank(stranger);
        escrow.reject(jobId, "no", "");
        vm.assertEq(token.balanceOf(client), balance + BUDGET, "refunded in full");
        _assertStatus(jobId, IERC8183.JobStatus.Rejected);
    }

    function test_finish__given_a_submitted_job__accept_pays_the_provider_less_the_fee() public {
        uint256 jobId = _hireAndSubmit();
        (uint256 paid, uint256 house, uint256 pool) = _fees(BUDGET);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.FeeTaken(jobId, house, pool);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCompleted(jobId, client, "accepted");
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.PaymentReleased(jobId, provider, paid);
        vm.prank(client);
        escrow.accept(jobId);
        vm.assertEq(token.balanceOf(provider), paid, "paid");
        vm.assertEq(escrow.creditOf(address(token), treasury), house, "treasury's credit");
        vm.assertEq(escrow.creditOf(address(token), address(oracle)), pool, "reporters' credit");
        vm.assertEq(paid + house + pool, BUDGET, "INV-ESC-02: every unit accounted for");
        _assertConserved();
    }

    function test_finish__given_a_submitted_job__evaluator_completes_a_standard_job() public {
        uint256 jobId = _fundStandardJob();
        _submit(jobId);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCompleted(jobId, stranger, "good");
        vm.prank(stranger);
        escrow.complete(jobId, "good", "");
        (uint256 paid,,) = _fees(BUDGET);
        vm.assertEq(token.balanceOf(provider), paid, "paid");
        _assertConserved();
    }

    function test_finish__given_a_submitted_job__evaluator_rejects_a_standard_job() public {
        uint256 jobId = _fundStandardJob();
        _submit(jobId);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.Refunded(jobId, client, BUDGET);
        vm.prank(stranger);
        escrow.reject(jobId, "bad", "");
        vm.assertEq(token.balanceOf(provider), 0, "nothing paid");
        _assertConserved();
    }

    function test_finish__given_a_submitted_job__decline_reverts_after_submit() public {
        uint256 jobId = _hireAndSubmit();
        vm.expectRevert(_wrong(jobId, IERC8183.JobStatus.Submitted));
        vm.prank(provider);
        escrow.decline(jobId);
    }

    function test_finish__when_accept_is_called_by_a_stranger__reverts_as_not_the_client() public {
        uint256 jobId = _hireAndSubmit();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotClient.selector, provider, client));
        vm.prank(provider);
        escrow.accept(jobId);
    }

    function test_finish__given_a_standard_job__the_house_exits_revert() public {
        uint256 jobId = _fundStandardJob();
        bytes memory notHouse = abi.encodeWithSelector(IJobEscrow.JobEscrow_NotHouseJob.selector, jobId);
        vm.expectRevert(notHouse);
        escrow.accept(jobId);
        vm.expectRevert(notHouse);
        escrow.decline(jobId);
        vm.expectRevert(notHouse);
        escrow.noShow(jobId);
        vm.expectRevert(notHouse);
        escrow.cancel(jobId, 0, type(uint256).max, "", "");
    }

    function test_finish__when_decline_is_called_by_the_provider__refunds_the_client() public {
        uint256 jobId = _hire();
        uint256 balance = token.balanceOf(client);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobRejected(jobId, provider, "declined");
        vm.prank(provider);
        escrow.decline(jobId);
        vm.assertEq(token.balanceOf(client), balance + BUDGET, "refunded in full");
        _assertConserved();
    }

    function test_finish__when_decline_is_called_by_a_stranger__reverts_as_not_the_provider() public {
        uint256 jobId = _hire();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotProvider.selector, client, provider));
        vm.prank(client);
        escrow.decline(jobId);
    }

    function test_finish__given_workBy_not_passed__noShow_reverts_as_too_early() public {
        uint256 jobId = _hire();
        uint256 workBy = escrow.jobOf(jobId).workBy;
        vm.warp(workBy);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_TooEarly.selector, workBy, workBy + 1));
        escrow.noShow(jobId);
    }

    function test_finish__given_nobody_showed_up__noShow_by_a_stranger_refunds_the_client() public {
        uint256 jobId = _hire();
        uint256 balance = token.balanceOf(client);
        vm.warp(uint256(escrow.jobOf(jobId).workBy) + 1);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobRejected(jobId, address(oracle), "no-show");
        vm.prank(stranger);
        escrow.noShow(jobId);
        vm.assertEq(token.balanceOf(client), balance + BUDGET, "refunded in full");
        _assertConserved();
    }

    function test_finish__given_the_job_has_not_expired__claimRefund_reverts_as_too_early() public {
        uint256 jobId = _hireAndSubmit();
        uint256 expiredAt = escrow.jobOf(jobId).expiredAt;
        vm.warp(expiredAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_TooEarly.selector, expiredAt - 1, expiredAt)
        );
        escrow.claimRefund(jobId);
    }

    function test_finish__given_the_job_has_expired__claimRefund_refunds_a_funded_job() public {
        _claimExpired(_hire());
    }

    function test_finish__given_the_job_has_expired__claimRefund_refunds_a_submitted_job() public {
        _claimExpired(_hireAndSubmit());
    }

    function test_finish__given_a_final_job__every_verb_reverts_and_no_money_moves() public {
        uint256[3] memory jobs = [_hireAndSubmit(), _hire(), _hire()];
        vm.prank(client);
        escrow.accept(jobs[0]);
        vm.prank(provider);
        escrow.decline(jobs[1]);
        vm.warp(block.timestamp + 30 days);
        escrow.claimRefund(jobs[2]);
        uint256 held = token.balanceOf(address(escrow));
        for (uint256 i = 0; i < jobs.length; ++i) {
            _assertAbsorbing(jobs[i]);
        }
        vm.assertEq(token.balanceOf(address(escrow)), held, "INV-ESC-03: final states absorb");
    }

    function _claimExpired(uint256 jobId) private {
        uint256 balance = token.balanceOf(client);
        vm.warp(escrow.jobOf(jobId).expiredAt);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobExpired(jobId);
        vm.prank(stranger);
        escrow.claimRefund(jobId);
        vm.assertEq(token.balanceOf(client), balance + BUDGET, "refunded in full");
        _assertStatus(jobId, IERC8183.JobStatus.Expired);
        _assertConserved();
    }

    function _assertAbsorbing(uint256 jobId) private {
        bytes memory wrong = _wrong(jobId, _status(jobId));
        vm.expectRevert(wrong);
        vm.prank(client);
        escrow.setBudget(jobId, 1, "");
        vm.expectRevert(wrong);
        vm.prank(client);
        escrow.fund(jobId, BUDGET, "");
        vm.expectRevert(wrong);
        vm.prank(provider);
        escrow.submit(jobId, DELIVERABLE, "");
        vm.expectRevert(wrong);
        vm.prank(address(oracle));
        escrow.complete(jobId, 0, "");
        vm.expectRevert(wrong);
        vm.prank(address(oracle));
        escrow.reject(jobId, 0, "");
        vm.expectRevert(wrong);
        vm.prank(address(oracle));
        escrow.split(jobId, 1, 0);
        vm.expectRevert(wrong);
        vm.prank(client);
        escrow.accept(jobId);
        vm.expectRevert(wrong);
        vm.prank(provider);
        escrow.decline(jobId);
        vm.expectRevert(wrong);
        escrow.noShow(jobId);
        vm.expectRevert(wrong);
        escrow.claimRefund(jobId);
        vm.expectRevert(wrong);
        escrow.cancel(jobId, 0, type(uint256).max, "", "");
    }

    function _wrong(uint256 jobId, IERC8183.JobStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJobEscrow.JobEscrow_WrongStatus.selector, jobId, status);
    }
}
