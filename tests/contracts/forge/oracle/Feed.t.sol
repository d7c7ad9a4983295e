// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReportFeed} from "../../../../contracts/interfaces/IReportFeed.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {ReportFeed} from "../../../../contracts/oracle/ReportFeed.sol";
import {StakeTest} from "../stake/StakeTest.sol";

/// @dev Numbers by median: O2 and O3. The set is the seven reporters that staked.
contract FeedTest is StakeTest {
    bytes32 private constant FEED = keccak256("EUR/USD");

    ReportFeed private _feed;
    uint256[7] private _keys;

    function setUp() public override {
        super.setUp();
        _feed = new ReportFeed(oracle);
        for (uint256 i = 0; i < 4; ++i) {
            _stake(vm.addr(spareKeys[i]), MIN_STAKE);
        }
        _rotate();
        address[] memory set = oracle.reporters();
        for (uint256 i = 0; i < 7; ++i) {
            _keys[i] = _keyOf(set[i]);
        }
    }

    function test_O3_report__given_no_round_yet__the_median_of_a_full_set_is_the_value() public {
        int128[7] memory seen = [int128(7), -3, 5, 5, 12, 0, 9];
        vm.expectEmit(true, true, true, true, address(_feed));
        emit IReportFeed.FeedReported(FEED, 1, uint32(block.timestamp), 5, 0x7f);
        _report(1, _observe(1, seen, 7));
        (int128 value, uint32 round, uint32 observedAt) = _feed.latest(FEED);
        vm.assertTrue(value == 5 && round == 1 && observedAt == block.timestamp, "kept");
    }

    function test_O3_report__given_no_round_yet__nobody_owns_the_feed_and_a_stranger_carries_it() public {
        (, uint32 round,) = _feed.latest(FEED);
        vm.assertEq(round, 0, "no round");
        IReportFeed.Observation[] memory seen = _observe(1, _same(40), 7);
        vm.prank(stranger);
        vm.assertTrue(_feed.report(FEED, 1, uint32(block.timestamp), seen) == 40, "reported");
    }

    function test_O3_report__given_a_third_of_the_set_lies__the_value_stays_between_two_honest_ones() public {
        _assertBetween(type(int128).max, type(int128).max);
    }

    /// @dev Whatever two of seven say, whoever they are.
    function testFuzz_O3_report__whatever_a_third_says__the_value_stays_honest(
        int128 first,
        int128 second
    ) public {
        _assertBetween(first, second);
    }

    function test_O3_report__given_a_third_of_the_set_is_silent__the_others_end_the_round() public {
        vm.assertEq(_feed.needed(7), 5, "of seven, two may be silent");
        _report(1, _observe(1, _same(3), 5));
        (int128 value,,) = _feed.latest(FEED);
        vm.assertTrue(value == 3, "reported");
    }

    function test_O3_report__when_there_are_too_few_observations__reverts_with_how_many_are_needed() public {
        IReportFeed.Observation[] memory seen = _observe(1, _same(3), 4);
        vm.expectRevert(abi.encodeWithSelector(IReportFeed.ReportFeed_TooFew.selector, 4, 5));
        _report(1, seen);
        uint8[5] memory sizes = [2, 3, 4, 5, 64];
        uint8[5] memory counts = [2, 3, 3, 4, 43];
        for (uint256 i = 0; i < 5; ++i) {
            vm.assertEq(_feed.needed(sizes[i]), counts[i], "all but a third");
        }
    }

    function test_O3_report__when_one_reporter_observes_twice__reverts_as_not_ascending() public {
        IReportFeed.Observation[] memory seen = _observe(1, _same(3), 5);
        seen[1] = seen[0];
        address twice = vm.addr(_keys[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IReportFeed.ReportFeed_SignersNotAscending.selector, twice, twice)
        );
        _report(1, seen);
    }

    function test_O3_report__when_a_stranger_observes__reverts_for_it() public {
        uint256 key = 0x5777;
        IReportFeed.Observation[] memory seen = new IReportFeed.Observation[](5);
        uint256 place = 0;
        while (place < 4 && vm.addr(_keys[place]) < vm.addr(key)) ++place;
        for (uint256 i = 0; i < 5; ++i) {
            seen[i] = _seen(i == place ? key : _keys[i < place ? i : i - 1], 1, 3);
        }
        vm.expectRevert(abi.encodeWithSelector(IReportFeed.ReportFeed_NotReporter.selector, vm.addr(key)));
        _report(1, seen);
    }

    function test_O3_report__when_a_signature_is_of_another_value_or_feed_or_chain__reverts_as_a_strangers()
        public
    {
        IReportFeed.Observation[] memory seen = _observe(1, _same(3), 5);
        seen[2].value = 4;
        _expectRefused(FEED, seen);
        seen = _observe(1, _same(3), 5);
        _expectRefused(keccak256("another feed"), seen);
        vm.chainId(5);
        _expectRefused(FEED, seen);
        vm.chainId(31_337);
        seen[0].r = 0;
        vm.expectRevert(abi.encodeWithSelector(IReportFeed.ReportFeed_SignatureInvalid.selector, 0));
        _report(1, seen);
    }

    function test_O3_report__when_the_set_is_empty__reverts() public {
        for (uint256 i = 0; i < 7; ++i) {
            _startLeaving(vm.addr(_keys[i]));
        }
        _rotate();
        vm.expectRevert(abi.encodeWithSelector(IReportFeed.ReportFeed_TooFew.selector, 0, 2));
        _report(1, new IReportFeed.Observation[](0));
    }

    function test_O2_report__when_the_round_is_not_the_next__reverts_with_the_next() public {
        _report(1, _observe(1, _same(3), 7));
        vm.warp(block.timestamp + 1);
        uint32[3] memory wrong = [uint32(0), 1, 3];
        for (uint256 i = 0; i < 3; ++i) {
            IReportFeed.Observation[] memory seen = _observe(wrong[i], _same(3), 7);
            vm.expectRevert(abi.encodeWithSelector(IReportFeed.ReportFeed_WrongRound.selector, wrong[i], 2));
            _report(wrong[i], seen);
        }
    }

    function test_O2_report__when_it_was_seen_before_the_last_or_in_the_future_or_too_long_ago__reverts_for_its_time()
        public
    {
        uint32 start = uint32(block.timestamp);
        _report(1, _observe(1, _same(3), 7));
        IReportFeed.Observation[] memory none = new IReportFeed.Observation[](0);
        vm.expectRevert(abi.encodeWithSelector(IReportFeed.ReportFeed_NotNewer.selector, start, start));
        _feed.report(FEED, 2, start, none);
        vm.expectRevert(
            abi.encodeWithSelector(IReportFeed.ReportFeed_FromTheFuture.selector, start + 1, start)
        );
        _feed.report(FEED, 2, start + 1, none);
        vm.warp(uint256(start) + 2 + _feed.MAX_AGE_SECONDS());
        vm.expectRevert(abi.encodeWithSelector(IReportFeed.ReportFeed_TooOld.selector, start + 1, start + 2));
        _feed.report(FEED, 2, start + 1, none);
    }

    function test_O2_report__given_the_set_was_rotated__the_old_sets_observations_are_refused() public {
        for (uint256 i = 0; i < 3; ++i) {
            _startLeaving(reporterSet[i]);
        }
        _rotate();
        IReportFeed.Observation[] memory seen = _observe(1, _same(3), 7);
        (bool success, bytes memory answer) =
            address(_feed).call(abi.encodeCall(_feed.report, (FEED, 1, uint32(block.timestamp), seen)));
        vm.assertFalse(success, "refused");
        vm.assertEq(
            bytes32(bytes4(answer)), bytes32(IReportFeed.ReportFeed_NotReporter.selector), "no member now"
        );
    }

    function test_feed__when_made_without_an_oracle__reverts() public {
        vm.expectRevert(IReportFeed.ReportFeed_OracleIsZero.selector);
        new ReportFeed(IResultOracle(address(0)));
    }

    /* ---------- internal ---------- */

    /// @dev Five honest ones see 100 to 104, at every place of the two liars and with two of the honest silent or none.
    function _assertBetween(int128 first, int128 second) private {
        uint32 round = 1;
        for (uint256 liar = 0; liar < 6; ++liar) {
            for (uint256 count = 5; count <= 7; count += 2) {
                int128[7] memory seen = [int128(100), 101, 102, 103, 104, 100, 104];
                (seen[liar], seen[liar + 1]) = (first, second);
                vm.warp(block.timestamp + 1);
                int128 value =
                    _feed.report(FEED, round, uint32(block.timestamp), _observe(round, seen, count));
                vm.assertTrue(value >= 100 && value <= 104, "O3: within the honest range");
                ++round;
            }
        }
    }

    function _expectRefused(bytes32 feedId, IReportFeed.Observation[] memory seen) private {
        (bool success,) =
            address(_feed).call(abi.encodeCall(_feed.report, (feedId, 1, uint32(block.timestamp), seen)));
        vm.assertFalse(success, "signed for something else");
    }

    function _report(uint32 round, IReportFeed.Observation[] memory seen) private {
        _feed.report(FEED, round, uint32(block.timestamp), seen);
    }

    function _same(int128 value) private pure returns (int128[7] memory values) {
        for (uint256 i = 0; i < 7; ++i) {
            values[i] = value;
        }
    }

    /// @dev What the first `count` of the set see now.
    function _observe(
        uint32 round,
        int128[7] memory values,
        uint256 count
    ) private view returns (IReportFeed.Observation[] memory seen) {
        seen = new IReportFeed.Observation[](count);
        for (uint256 i = 0; i < count; ++i) {
            seen[i] = _seen(_keys[i], round, values[i]);
        }
    }

    function _seen(
        uint256 key,
        uint32 round,
        int128 value
    ) private view returns (IReportFeed.Observation memory) {
        bytes32 digest = _feed.observationDigest(FEED, round, uint32(block.timestamp), value);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return IReportFeed.Observation(value, r, bytes32((uint256(v - 27) << 255) | uint256(s)));
    }

    function _keyOf(address account) private view returns (uint256) {
        for (uint256 i = 0; i < 7; ++i) {
            uint256 key = i < 3 ? reporterKeys[i] : spareKeys[i - 3];
            if (vm.addr(key) == account) return key;
        }
        revert("no reporter");
    }
}
