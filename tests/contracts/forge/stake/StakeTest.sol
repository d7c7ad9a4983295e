// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {MarketTest} from "../MarketTest.sol";

/// @title A market whose reporters staked, and four more keys that may
abstract contract StakeTest is MarketTest {
    /// @dev Ascending by address.
    uint256[4] internal spareKeys;

    function setUp() public virtual override {
        super.setUp();
        spareKeys = [uint256(0x2001), 0x2002, 0x2003, 0x2004];
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 j = i + 1; j < 4; ++j) {
                if (vm.addr(spareKeys[j]) < vm.addr(spareKeys[i])) {
                    (spareKeys[i], spareKeys[j]) = (spareKeys[j], spareKeys[i]);
                }
            }
        }
        for (uint256 i = 0; i < 3; ++i) {
            _stake(reporterSet[i], MIN_STAKE);
        }
    }

    function _stake(address reporter, uint256 amount) internal {
        token.mint(reporter, amount);
        vm.startPrank(reporter);
        token.approve(address(stake), amount);
        stake.stakeFor(reporter, amount);
        vm.stopPrank();
    }

    function _startLeaving(address reporter) internal {
        vm.prank(reporter);
        stake.startLeaving();
    }

    function _rotate() internal returns (uint32) {
        vm.warp(block.timestamp + oracle.MIN_EPOCH_SECONDS());
        return oracle.advanceEpoch();
    }

    /// @dev The four spare reporters take the place of the first three.
    function _replaceSet() internal returns (uint32) {
        for (uint256 i = 0; i < 4; ++i) {
            _stake(vm.addr(spareKeys[i]), MIN_STAKE);
        }
        for (uint256 i = 0; i < 3; ++i) {
            _startLeaving(reporterSet[i]);
        }
        return _rotate();
    }

    function _verdictIn(
        uint32 epoch,
        uint256 jobId,
        uint8 score
    ) internal view returns (IResultOracle.Verdict memory verdict) {
        verdict = _verdict(jobId, score);
        verdict.epoch = epoch;
    }

    /// @dev Three of the four spare reporters.
    function _spareSignatures(bytes32 digest) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) {
            signatures[i] = _signature(spareKeys[i], digest);
        }
    }
}
