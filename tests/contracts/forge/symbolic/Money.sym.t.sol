// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeSplit} from "../../../../contracts/libraries/FeeSplit.sol";
import {ShareSplit} from "../../../../contracts/libraries/ShareSplit.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @title Every split of every amount: nothing is made, nothing is lost, and no part is above what the rule says
contract MoneySymbolic is SymbolicTest {
    uint256 private constant BPS = 10_000;

    /// @dev INV-ESC-02 at its root. Unchecked, so that a part below zero would show as one far above.
    function check_feeSplit__whatever_the_terms__sums_to_the_amount(
        uint96 earned,
        uint16 feeBps,
        uint16 shareBps
    ) external pure {
        vm.assume(feeBps <= BPS && shareBps <= BPS);
        (uint256 paid, uint256 toTreasury, uint256 toPool) =
            FeeSplit.splitDown({earned: earned, feeBps: feeBps, poolShareBps: shareBps});
        unchecked {
            assert(paid + toTreasury + toPool == earned);
        }
    }

    function check_feeSplit__whatever_the_terms__no_part_is_above_the_amount(
        uint96 earned,
        uint16 feeBps,
        uint16 shareBps
    ) external pure {
        vm.assume(feeBps <= BPS && shareBps <= BPS);
        (uint256 paid, uint256 toTreasury, uint256 toPool) =
            FeeSplit.splitDown({earned: earned, feeBps: feeBps, poolShareBps: shareBps});
        assert(paid <= earned);
        assert(toTreasury <= earned);
        assert(toPool <= earned);
    }

    function check_feeSplit__whatever_the_terms__the_fee_is_rounded_down_by_less_than_a_unit(
        uint96 earned,
        uint16 feeBps
    ) external pure {
        vm.assume(feeBps <= BPS);
        (uint256 paid,,) = FeeSplit.splitDown({earned: earned, feeBps: feeBps, poolShareBps: 0});
        uint256 exact = uint256(earned) * feeBps;
        unchecked {
            uint256 fee = earned - paid;
            assert(fee * BPS <= exact);
            assert(exact < fee * BPS + BPS);
        }
    }

    /// @dev INV-SPL-01: of three shares, each but the first is rounded down, and together they are the amount.
    function check_shareSplit__whatever_three_shares__sum_to_the_amount(
        uint96 amount,
        uint16 first,
        uint16 second
    ) external pure {
        vm.assume(first <= BPS && second <= BPS - first);
        uint256[] memory parts = _threeParts(amount, first, second);
        unchecked {
            assert(parts[0] + parts[1] + parts[2] == amount);
        }
    }

    function check_shareSplit__whatever_two_shares__the_second_is_rounded_down_by_less_than_a_unit(
        uint96 amount,
        uint16 second
    ) external pure {
        vm.assume(second <= BPS);
        uint16[] memory bps = new uint16[](2);
        (bps[0], bps[1]) = (uint16(BPS - second), second);
        uint256 part = ShareSplit.partsDown(amount, bps)[1];
        assert(part * BPS <= uint256(amount) * second);
        assert(uint256(amount) * second < part * BPS + BPS);
    }

    function _threeParts(uint96 amount, uint16 first, uint16 second) private pure returns (uint256[] memory) {
        uint16[] memory bps = new uint16[](3);
        (bps[0], bps[1], bps[2]) = (first, second, uint16(BPS - first - second));
        return ShareSplit.partsDown(amount, bps);
    }
}
