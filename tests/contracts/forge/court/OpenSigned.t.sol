// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputeDesk} from "../../../../contracts/interfaces/IDisputeDesk.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {ContractWallet} from "../../../../contracts/mocks/ContractWallet.sol";
import {DisputeTest} from "./DisputeTest.sol";

/// @dev A dispute that somebody else carries (S4).
contract OpenSignedTest is DisputeTest {
    function test_S4_disputeFor__when_the_client_has_signed__the_bond_is_the_clients_and_the_carrier_pays_nothing()
        public
    {
        uint256 jobId = _judged(100);
        uint256 balance = token.balanceOf(client);
        bytes memory signature = _signed(jobId, 2 * TENTH);
        vm.prank(stranger);
        desk.disputeFor(client, jobId, EVIDENCE, 2 * TENTH, type(uint256).max, signature);
        vm.assertTrue(desk.disputeOf(jobId).isByClient, "S4: the client's dispute");
        vm.assertEq(token.balanceOf(client), balance - 2 * TENTH, "S4: the client's bond");
        vm.assertEq(token.balanceOf(stranger), 0, "S4: the carrier had nothing and needed nothing");
    }

    function test_S4_disputeFor__when_a_contract_wallet_has_signed__opens_by_ERC_1271() public {
        ContractWallet wallet = new ContractWallet(client);
        token.mint(address(wallet), 2 * uint256(BUDGET));
        wallet.run(address(token), abi.encodeCall(token.approve, (address(escrow), BUDGET)));
        wallet.run(address(token), abi.encodeCall(token.approve, (address(desk), BUDGET)));
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = courtRow;
        terms.expiredAt += COURT_SECONDS;
        wallet.run(address(escrow), abi.encodeCall(escrow.hire, (terms)));
        uint256 jobId = escrow.jobCount();
        _submit(jobId);
        _post(jobId, 100);
        desk.disputeFor(address(wallet), jobId, EVIDENCE, BUDGET, type(uint256).max, _signed(jobId, BUDGET));
        vm.assertTrue(desk.disputeOf(jobId).isByClient, "by the wallet");
    }

    function test_S4_disputeFor__when_the_signature_is_of_another__reverts() public {
        uint256 jobId = _judged(100);
        bytes memory signature = _signed(jobId, BUDGET);
        vm.expectRevert(abi.encodeWithSelector(IDisputeDesk.DisputeDesk_SignatureInvalid.selector, provider));
        desk.disputeFor(provider, jobId, EVIDENCE, BUDGET, type(uint256).max, signature);
    }

    function test_S4_disputeFor__when_a_term_differs__reverts_as_signed_otherwise() public {
        uint256 jobId = _judged(100);
        uint256 other = _judged(100);
        bytes memory signature = _signed(jobId, BUDGET);
        bytes memory fault =
            abi.encodeWithSelector(IDisputeDesk.DisputeDesk_SignatureInvalid.selector, client);
        vm.expectRevert(fault);
        desk.disputeFor(client, other, EVIDENCE, BUDGET, type(uint256).max, signature);
        vm.expectRevert(fault);
        desk.disputeFor(client, jobId, 0, BUDGET, type(uint256).max, signature);
        vm.expectRevert(fault);
        desk.disputeFor(client, jobId, EVIDENCE, BUDGET + 1, type(uint256).max, signature);
        vm.expectRevert(fault);
        desk.disputeFor(client, jobId, EVIDENCE, BUDGET, type(uint256).max - 1, signature);
    }

    function test_S4_disputeFor__when_the_deadline_has_passed__reverts_as_too_late() public {
        uint256 jobId = _judged(100);
        uint256 deadline = block.timestamp - 1;
        vm.expectRevert(_fault(IDisputeDesk.DisputeDesk_TooLate.selector, block.timestamp, deadline));
        desk.disputeFor(client, jobId, EVIDENCE, BUDGET, deadline, "");
    }

    function _signed(uint256 jobId, uint256 maxBond) private view returns (bytes memory) {
        return _signature(CLIENT_KEY, desk.disputeDigest(jobId, EVIDENCE, maxBond, type(uint256).max));
    }
}
