// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Fuzz of whole jobs: whatever the budget and the end, every unit is accounted for.
contract MoneyTest is MarketTest {
    function testFuzz_money__when_accepted__is_conserved(uint96 budget) public {
        uint256 jobId = _hireFor(budget);
        _submit(jobId);
        vm.prank(client);
        escrow.accept(jobId);
        (uint256 paid,,) = _fees(escrow.jobOf(jobId).budget);
        vm.assertEq(token.balanceOf(provider), paid, "INV-ESC-02: paid");
        _assertConserved();
    }

    function testFuzz_money__when_cancelled__is_conserved(uint96 budget, uint96 providerAmount) public {
        uint256 jobId = _hireFor(budget);
        uint96 locked = escrow.jobOf(jobId).budget;
        uint96 earned = providerAmount % (locked + 1);
        uint256 balance = token.balanceOf(client);
        bytes32 digest = escrow.cancelDigest(jobId, earned, type(uint256).max);
        escrow.cancel(
            jobId, earned, type(uint256).max, _signature(CLIENT_KEY, digest), _signature(PROVIDER_KEY, digest)
        );
        (uint256 paid, uint256 house, uint256 pool) = _fees(earned);
        vm.assertEq(token.balanceOf(client), balance + locked - earned, "refund");
        vm.assertEq(token.balanceOf(provider), paid, "paid");
        vm.assertEq(token.balanceOf(address(escrow)), house + pool, "INV-ESC-02: fees remain");
        _assertConserved();
    }

    function testFuzz_money__when_settled__follows_the_pass_mark(uint96 budget, uint8 score) public {
        uint256 jobId = _hireFor(budget);
        _submit(jobId);
        _post(jobId, score % 101);
        vm.warp(oracle.settleableAt(jobId));
        oracle.settle(_list(jobId));
        (uint256 paid,,) = _fees(escrow.jobOf(jobId).budget);
        vm.assertEq(token.balanceOf(provider), score % 101 >= 60 ? paid : 0, "INV-ORA-01: pass mark");
        _assertConserved();
    }

    function testFuzz_money__when_any_window__leaves_the_grace(
        uint32 verdictSeconds,
        uint32 reviewSeconds,
        uint32 workSeconds
    ) public {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.verdictSeconds = 60 + verdictSeconds % (30 days - 59);
        policy.reviewSeconds = 60 + reviewSeconds % (30 days - 59);
        uint32 id = escrow.registerPolicy(policy);
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = id;
        terms.expiredAt = block.timestamp + escrow.tailOf(id) + 1 + workSeconds % 365 days;
        vm.prank(client);
        uint256 jobId = escrow.hire(terms);
        vm.warp(escrow.jobOf(jobId).workBy);
        _submit(jobId);
        vm.assertGe(escrow.jobOf(jobId).expiredAt - oracle.settleableAt(jobId), 7 days, "INV-ESC-05: grace");
    }

    function _hireFor(uint96 budget) private returns (uint256) {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.budget = 1 + budget % 1_000_000e6;
        vm.prank(client);
        return escrow.hire(terms);
    }
}
