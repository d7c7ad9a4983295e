// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
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
        new ResultOracle(escrow, stake, set, 2, address(desk));
        set[1] = address(0);
        vm.expectRevert(
            abi.encodeWithSelector(IResultOracle.ResultOracle_ReporterSetInvalid.selector, address(0))
        );
        new ResultOracle(escrow, stake, set, 2, address(desk));
    }

    function test_reporters__when_the_set_is_larger_than_a_set_may_be__construction_reverts() public {
        address[] memory set = new address[](65);
        for (uint160 i = 0; i < 65; ++i) {
            set[i] = address(i + 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_TooManyReporters.selector, 65, 64));
        new ResultOracle(escrow, stake, set, 33, address(desk));
    }

    function test_reporters__when_the_set_is_in_no_order__is_kept_ascending() public {
        address[] memory set = new address[](5);
        (set[0], set[1], set[2], set[3], set[4]) =
        (address(9), address(3), address(7), address(1), address(5));
        ResultOracle other = new ResultOracle(escrow, stake, set, 3, address(desk));
        address[] memory kept = other.reporters();
        for (uint160 i = 0; i < 5; ++i) {
            vm.assertEq(kept[i], address(2 * i + 1), "ascending");
            vm.assertEq(other.seatOf(1, address(2 * i + 1)), i + 1, "one more than its bit");
        }
        vm.assertEq(other.seatOf(1, address(2)), 0, "a stranger");
    }

    function test_reporters__when_the_quorum_is_no_majority_or_exceeds_the_set__construction_reverts_for_the_quorum()
        public
    {
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_QuorumOutOfRange.selector, 1, 2, 3));
        new ResultOracle(escrow, stake, reporterSet, 1, address(desk));
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_QuorumOutOfRange.selector, 4, 2, 3));
        new ResultOracle(escrow, stake, reporterSet, 4, address(desk));
        vm.expectRevert(abi.encodeWithSelector(IResultOracle.ResultOracle_QuorumOutOfRange.selector, 1, 1, 0));
        new ResultOracle(escrow, stake, new address[](0), 1, address(desk));
    }

    function test_reporters__when_the_escrow_or_the_stake_is_zero__construction_reverts_for_it() public {
        vm.expectRevert(IResultOracle.ResultOracle_StakeIsZero.selector);
        new ResultOracle(escrow, IReporterStake(address(0)), reporterSet, 2, address(desk));
        vm.expectRevert(IResultOracle.ResultOracle_EscrowIsZero.selector);
        new ResultOracle(IJobEscrow(address(0)), stake, reporterSet, 2, address(desk));
    }
}
