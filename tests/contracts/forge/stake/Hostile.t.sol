// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
import {ReentrantToken} from "../../../../contracts/mocks/ReentrantToken.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev A stake token that calls back (E6).
contract HostileStakeTest is MarketTest {
    function test_E6_stake__given_a_token_that_calls_back__every_door_with_money_is_locked() public {
        ReentrantToken restless = new ReentrantToken();
        _deploy(address(restless), reporterSet, 2);
        restless.mint(client, 1_000 * MIN_STAKE);
        vm.prank(client);
        restless.approve(address(stake), type(uint256).max);
        IReporterStake.SignedVerdict memory none;
        bytes[8] memory doors = [
            abi.encodeCall(stake.stakeFor, (stranger, MIN_STAKE)),
            abi.encodeCall(stake.unstake, ()),
            abi.encodeCall(stake.payTreasury, ()),
            abi.encodeCall(stake.collect, (restless)),
            abi.encodeCall(stake.payReporter, (restless, 1, stranger)),
            abi.encodeCall(stake.slashEquivocation, (none, none)),
            abi.encodeCall(stake.slashOverturned, (none)),
            abi.encodeCall(stake.slashSilence, (1, 1, stranger))
        ];
        for (uint256 i = 0; i < doors.length; ++i) {
            restless.arm(address(stake), doors[i]);
            vm.prank(client);
            stake.stakeFor(reporterSet[0], MIN_STAKE);
            vm.assertEq(restless.attempts(), 1, "called back");
            vm.assertEq(
                bytes32(restless.fault()),
                bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
                "E6: locked"
            );
        }
        (uint256 amount,) = stake.stakeOf(reporterSet[0]);
        vm.assertEq(amount, doors.length * MIN_STAKE, "each stake counts once");
        vm.assertEq(restless.balanceOf(address(stake)), stake.owedOf(restless), "E1: no unit beyond");
    }
}
