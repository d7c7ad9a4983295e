// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev The exit by which a ruling divides a budget: `split`, for the oracle alone.
contract SplitTest is MarketTest {
    function test_E2_split__when_called_by_anybody_but_the_oracle__reverts_as_not_the_evaluator() public {
        uint256 jobId = _hireAndSubmit();
        address[4] memory others = [client, provider, owner, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IJobEscrow.JobEscrow_NotEvaluator.selector, others[i], address(oracle))
            );
            vm.prank(others[i]);
            escrow.split(jobId, 1, 0);
        }
    }

    function test_E2_split__given_a_standard_job__reverts_as_not_a_house_job() public {
        uint256 jobId = _fundStandardJob();
        _submit(jobId);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_NotHouseJob.selector, jobId));
        vm.prank(stranger);
        escrow.split(jobId, 1, 0);
    }

    function test_E2_split__given_a_funded_job__reverts_as_not_submitted() public {
        uint256 jobId = _hire();
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrow_WrongStatus.selector, jobId, IERC8183.JobStatus.Funded
            )
        );
        _split(jobId, 1);
    }

    function test_E2_split__when_it_gives_more_than_the_budget__reverts_as_too_big() public {
        uint256 jobId = _hireAndSubmit();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrow_SplitTooBig.selector, BUDGET + 1, BUDGET));
        _split(jobId, BUDGET + 1);
    }

    function test_E2_split__when_it_gives_all_or_nothing__is_a_completion_or_a_rejection() public {
        uint256 all = _hireAndSubmit();
        uint256 nothing = _hireAndSubmit();
        _split(all, BUDGET);
        _split(nothing, 0);
        _assertStatus(all, IERC8183.JobStatus.Completed);
        _assertStatus(nothing, IERC8183.JobStatus.Rejected);
        _assertConserved();
    }

    function testFuzz_E2_split__when_the_oracle_splits__every_unit_is_accounted_for(uint96 part) public {
        uint96 earned = 1 + part % (BUDGET - 1);
        uint256 jobId = _hireAndSubmit();
        uint256 balance = token.balanceOf(client);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IERC8183.JobCompleted(jobId, address(oracle), "ruling");
        _split(jobId, earned);
        (uint256 paid, uint256 house, uint256 pool) = _fees(earned);
        vm.assertEq(token.balanceOf(provider), paid, "INV-ESC-02: the part less its fee");
        vm.assertEq(token.balanceOf(client), balance + BUDGET - earned, "INV-ESC-02: the rest");
        vm.assertEq(token.balanceOf(address(escrow)), house + pool, "INV-ESC-02: the fees");
        vm.assertEq(escrow.jobOf(jobId).budget, earned, "what was earned is what reputation weighs");
        _assertConserved();
    }

    function _split(uint256 jobId, uint96 providerAmount) private {
        vm.prank(address(oracle));
        escrow.split(jobId, providerAmount, "ruling");
    }
}
