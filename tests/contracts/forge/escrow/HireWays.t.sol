// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {PlainToken} from "../../../../contracts/mocks/PlainToken.sol";
import {TestDollar} from "../../../../contracts/mocks/TestDollar.sol";
import {SignedHireTest} from "./SignedHireTest.sol";

/// @dev Where the budget may come from: ledger, permit, authorization, somebody else (R10, E10, S1 to S4).
contract HireWaysTest is SignedHireTest {
    /* ---------- hireFor ---------- */

    function test_hireFor__when_a_sponsor_pays__the_client_owns_the_job_and_its_refund() public {
        token.mint(stranger, BUDGET);
        vm.startPrank(stranger);
        token.approve(address(escrow), BUDGET);
        uint256 jobId = escrow.hireFor(client, _terms());
        vm.stopPrank();
        vm.assertEq(escrow.jobOf(jobId).client, client, "client");
        vm.assertEq(token.balanceOf(stranger), 0, "the sponsor paid");
        uint256 before = token.balanceOf(client);
        vm.prank(provider);
        escrow.decline(jobId);
        vm.assertEq(token.balanceOf(client) - before, BUDGET, "the client is refunded");
    }

    function test_hireFor__when_the_caller_has_no_allowance__reverts_and_the_clients_stays() public {
        uint256 before = token.balanceOf(client);
        (bool success,) = _callAs(stranger, abi.encodeCall(escrow.hireFor, (client, _terms())));
        vm.assertFalse(success, "nobody pays with another's allowance");
        vm.assertEq(token.balanceOf(client), before, "untouched");
    }

    function test_hireFor__when_the_client_is_zero__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_AddressIsZero.selector, bytes32("client"))
        );
        escrow.hireFor(address(0), _terms());
    }

    /* ---------- ledger ---------- */

    function test_hireFromLedger__given_a_credit__locks_it_and_no_token_moves() public {
        _deposit(client, BUDGET + 5);
        uint256 held = token.balanceOf(address(escrow));
        vm.prank(client);
        uint256 jobId = escrow.hireFromLedger(_terms());
        _assertStatus(jobId, IERC8183.JobStatus.Funded);
        vm.assertEq(escrow.creditOf(address(token), client), 5, "credit");
        vm.assertEq(token.balanceOf(address(escrow)), held, "INV-ESC-01: nothing moved");
    }

    function test_hireFromLedger__given_a_refund_in_the_ledger__hires_with_it() public {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.isLedgerOnly = true;
        uint256 first = _hire(escrow.registerPolicy(policy));
        vm.prank(provider);
        escrow.decline(first);
        vm.prank(client);
        uint256 second = escrow.hireFromLedger(_terms());
        _assertStatus(second, IERC8183.JobStatus.Funded);
        vm.assertEq(escrow.creditOf(address(token), client), 0, "spent");
    }

    function test_hireFromLedger__given_a_credit_too_low__reverts_and_leaves_it() public {
        _deposit(client, BUDGET - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_CreditTooLow.selector, address(token), client, BUDGET - 1, BUDGET
            )
        );
        vm.prank(client);
        escrow.hireFromLedger(_terms());
        vm.assertEq(escrow.creditOf(address(token), client), BUDGET - 1, "untouched");
    }

    function test_hireFromLedger__given_fees_of_the_treasury__they_do_not_count() public {
        uint256 jobId = _hireAndSubmit();
        vm.prank(client);
        escrow.accept(jobId);
        IJobEscrow.HireTerms memory terms = _terms();
        terms.budget = 1;
        vm.assertGe(escrow.creditOf(address(token), treasury), 1, "there are fees");
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_CreditTooLow.selector, address(token), treasury, 0, 1)
        );
        vm.prank(treasury);
        escrow.hireFromLedger(terms);
    }

    function test_deposit__when_for_another_account__credits_exactly_what_came() public {
        token.mint(stranger, 7);
        vm.startPrank(stranger);
        token.approve(address(escrow), 7);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IJobEscrow.CreditAdded(address(token), client, 7);
        escrow.deposit(address(token), client, 7);
        vm.stopPrank();
        vm.assertEq(escrow.creditOf(address(token), client), 7, "credit");
        vm.assertEq(token.balanceOf(address(escrow)), 7, "INV-ESC-01");
    }

    function test_deposit__when_the_token_keeps_a_part__reverts() public {
        PlainToken taking = new FeeOnTransferToken();
        taking.mint(client, 1_000);
        vm.startPrank(client);
        taking.approve(address(escrow), 1_000);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_UnexpectedReceipt.selector, 990, 1_000));
        escrow.deposit(address(taking), client, 1_000);
        vm.stopPrank();
    }

    function test_deposit__when_for_nobody__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrow_AddressIsZero.selector, bytes32("account"))
        );
        escrow.deposit(address(token), address(0), 1);
    }

    /* ---------- permit ---------- */

    function test_hireWithPermit__when_the_permit_is_good__hires_and_leaves_no_allowance() public {
        Permit memory permit = _permit(signer, BUDGET);
        vm.prank(signer);
        uint256 jobId = escrow.hireWithPermit(_terms(), permit.deadline, permit.v, permit.r, permit.s);
        vm.assertEq(escrow.jobOf(jobId).client, signer, "client");
        vm.assertEq(token.allowance(signer, address(escrow)), 0, "nothing is left to pull");
    }

    function test_hireWithPermit__when_somebody_carried_the_permit_first__hires_all_the_same() public {
        Permit memory permit = _permit(signer, BUDGET);
        vm.prank(stranger);
        token.permit(signer, address(escrow), BUDGET, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(signer);
        uint256 jobId = escrow.hireWithPermit(_terms(), permit.deadline, permit.v, permit.r, permit.s);
        _assertStatus(jobId, IERC8183.JobStatus.Funded);
    }

    function test_hireWithPermit__when_another_brings_it__moves_nothing_of_the_signer() public {
        Permit memory permit = _permit(signer, BUDGET);
        bytes memory data =
            abi.encodeCall(escrow.hireWithPermit, (_terms(), permit.deadline, permit.v, permit.r, permit.s));
        (bool success,) = _callAs(stranger, data);
        vm.assertFalse(success, "R10: the permit is for its signer's own call");
        vm.assertEq(token.balanceOf(signer), SIGNER_FUNDS, "untouched");
    }

    function test_hireWithPermit__when_the_token_has_no_permit__the_allowance_decides() public {
        PlainToken plain = new PlainToken();
        plain.mint(client, BUDGET);
        vm.prank(client);
        plain.approve(address(escrow), BUDGET);
        vm.prank(owner);
        escrow.allowToken(address(plain));
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = escrow.registerPolicy(_policy(address(oracle), address(plain)));
        vm.prank(client);
        _assertStatus(escrow.hireWithPermit(terms, 0, 27, 0, 0), IERC8183.JobStatus.Funded);
    }

    /* ---------- authorization ---------- */

    function test_hireWithAuthorization__when_anybody_carries_it__the_signer_hires() public {
        IJobEscrow.Authorization memory authorization = _authorization(_terms(), SALT);
        vm.prank(stranger);
        uint256 jobId = escrow.hireWithAuthorization(_terms(), authorization);
        vm.assertEq(escrow.jobOf(jobId).client, signer, "S4: the signer is the client, whoever carried it");
        vm.assertEq(token.balanceOf(signer), SIGNER_FUNDS - BUDGET, "the signer paid");
        vm.assertEq(token.balanceOf(stranger), 0, "the carrier neither paid nor got");
    }

    function test_hireWithAuthorization__given_it_was_used__never_works_again() public {
        IJobEscrow.Authorization memory authorization = _authorization(_terms(), SALT);
        escrow.hireWithAuthorization(_terms(), authorization);
        vm.expectRevert(
            abi.encodeWithSelector(
                TestDollar.TestDollar_AuthorizationSpent.selector, signer, escrow.hireNonce(_terms(), SALT)
            )
        );
        escrow.hireWithAuthorization(_terms(), authorization);
    }

    function test_E10_hireWithAuthorization__when_any_term_is_flipped__reverts() public {
        IJobEscrow.Authorization memory authorization = _authorization(_terms(), SALT);
        for (uint256 which = 0; which < 8; ++which) {
            IJobEscrow.Authorization memory other = authorization;
            if (which == 7) other = _copyWithSalt(authorization, bytes32("other"));
            (bool success,) =
                _callAs(stranger, abi.encodeCall(escrow.hireWithAuthorization, (_flipped(which), other)));
            vm.assertFalse(success, "E10: other terms than signed");
        }
        escrow.hireWithAuthorization(_terms(), authorization);
    }

    function test_E10_hireNonce__when_any_term_is_flipped__differs() public {
        bytes32 nonce = escrow.hireNonce(_terms(), SALT);
        for (uint256 which = 0; which < 7; ++which) {
            vm.assertTrue(escrow.hireNonce(_flipped(which), SALT) != nonce, "E10: a term");
        }
        vm.assertTrue(escrow.hireNonce(_terms(), bytes32("other")) != nonce, "E10: salt");
    }

    function test_hireWithAuthorization__when_out_of_its_window__reverts() public {
        IJobEscrow.Authorization memory authorization = _authorization(_terms(), SALT);
        bytes memory data = abi.encodeCall(escrow.hireWithAuthorization, (_terms(), authorization));
        vm.warp(authorization.validBefore);
        (bool success,) = _callAs(stranger, data);
        vm.assertFalse(success, "S3: expired");
    }

    function test_S1_hireWithAuthorization__when_signed_for_another_chain__reverts() public {
        vm.chainId(5);
        IJobEscrow.Authorization memory authorization = _authorization(_terms(), SALT);
        vm.chainId(31337);
        (bool success,) =
            _callAs(stranger, abi.encodeCall(escrow.hireWithAuthorization, (_terms(), authorization)));
        vm.assertFalse(success, "S1: another chain");
    }

    function test_hireWithAuthorization__when_the_front_runner_goes_to_the_token__gets_nothing() public {
        IJobEscrow.Authorization memory a = _authorization(_terms(), SALT);
        bytes32 nonce = escrow.hireNonce(_terms(), SALT);
        vm.expectRevert(
            abi.encodeWithSelector(TestDollar.TestDollar_CallerIsNotPayee.selector, stranger, address(escrow))
        );
        vm.prank(stranger);
        token.receiveWithAuthorization(
            signer, address(escrow), BUDGET, a.validAfter, a.validBefore, nonce, a.v, a.r, a.s
        );
    }
}
