// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {ResultOracle} from "../../../../contracts/oracle/ResultOracle.sol";
import {MarketTest} from "../MarketTest.sol";

contract ReportersTest is MarketTest {
    function test_reporters__when_the_set_holds_a_duplicate_or_zero__construction_reverts() public {
        address[] memory set = new address[](2);
        (set[0], set[1]) = (stranger, stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_ReporterSetInvalid.selector, stranger)
        );
        new ResultOracle(escrow, set, 2, address(desk));
        set[1] = address(0);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_ReporterSetInvalid.selector, address(0))
        );
        new ResultOracle(escrow, set, 2, address(desk));
    }

    function test_reporters__when_the_quorum_is_no_majority_or_exceeds_the_set__construction_reverts_for_the_quorum()
        public
    {
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_QuorumOutOfRange.selector, 1, 2, 3));
        new ResultOracle(escrow, reporterSet, 1, address(desk));
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_QuorumOutOfRange.selector, 4, 2, 3));
        new ResultOracle(escrow, reporterSet, 4, address(desk));
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_QuorumOutOfRange.selector, 1, 1, 0));
        new ResultOracle(escrow, new address[](0), 1, address(desk));
    }

    function test_reporters__when_the_escrow_is_zero__construction_reverts_for_the_escrow() public {
        vm.expectRevert(IResultOracle.ResultOracle_EscrowIsZero.selector);
        new ResultOracle(IJobEscrow(address(0)), reporterSet, 2, address(desk));
    }

    function test_reporters__given_fees_were_taken__each_reporter_draws_an_equal_part() public {
        uint256 pool = _earnFee();
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectEmit(true, true, true, true, address(oracle));
            emit IResultOracle.ReporterPaid(address(token), reporterSet[i], pool / 3);
            oracle.payReporter(address(token), reporterSet[i]);
            vm.assertEq(token.balanceOf(reporterSet[i]), pool / 3, "equal parts, rounded down");
        }
        vm.assertEq(token.balanceOf(address(oracle)), pool % 3, "the dust waits");
    }

    function test_reporters__given_fees_were_taken__a_second_draw_reverts() public {
        _earnFee();
        oracle.payReporter(address(token), reporterSet[0]);
        _expectNothing(reporterSet[0]);
        oracle.payReporter(address(token), reporterSet[0]);
    }

    function test_reporters__given_fees_came_in_twice__late_and_early_draws_end_equal() public {
        uint256 pool = _earnFee();
        oracle.payReporter(address(token), reporterSet[0]);
        pool += _earnFee();
        oracle.payReporter(address(token), reporterSet[0]);
        oracle.payReporter(address(token), reporterSet[1]);
        vm.assertEq(token.balanceOf(reporterSet[0]), pool / 3, "early");
        vm.assertEq(token.balanceOf(reporterSet[1]), pool / 3, "late");
        vm.assertEq(oracle.reporterPayOf(address(token), reporterSet[2]), pool / 3, "waiting");
    }

    function test_reporters__when_a_stranger_draws__reverts_with_nothing_due() public {
        _earnFee();
        _expectNothing(stranger);
        oracle.payReporter(address(token), stranger);
    }

    function _earnFee() private returns (uint256 pool) {
        uint256 jobId = _hireAndSubmit();
        vm.prank(client);
        escrow.accept(jobId);
        (,, pool) = _fees(BUDGET);
    }

    function _expectNothing(address reporter) private {
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_NothingDue.selector, address(token), reporter)
        );
    }
}
