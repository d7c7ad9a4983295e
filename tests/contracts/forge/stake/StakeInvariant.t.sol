// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {StakeTest} from "./StakeTest.sol";

/// @title Seven reporters stake, leave, sit, lie, are paid and slashed, in any order
contract StakeHandler is StakeTest {
    uint256 public calls;
    uint256 public slashed;
    uint256 public rewarded;
    uint256 public earned;
    uint256 public paid;
    /// @dev Paid out of pots, and what did not divide.
    uint256 public released;
    bool public didSeatedUnstake;

    function begin() external {
        setUp();
    }

    function stakeMore(uint256 who, uint256 amount) external counted {
        try this.doStake(_account(who), MIN_STAKE + amount % (3 * MIN_STAKE)) {} catch {}
    }

    function doStake(address reporter, uint256 amount) external alone {
        _stake(reporter, amount);
    }

    function startLeaving(uint256 who) external counted {
        vm.prank(_account(who));
        try stake.startLeaving() {} catch {}
    }

    function unstake(uint256 who) external counted {
        address account = _account(who);
        vm.prank(account);
        try stake.unstake() {
            if (oracle.seatOf(oracle.epoch(), account) != 0) didSeatedUnstake = true;
        } catch {}
    }

    function advanceEpoch() external counted {
        try oracle.advanceEpoch() {} catch {}
    }

    function letTimePass(uint256 seconds_) external counted {
        vm.warp(block.timestamp + seconds_ % 60 days);
    }

    function equivocate(uint256 who) external counted {
        uint256 key = _key(who);
        IReporterStake.SignedVerdict memory one;
        IReporterStake.SignedVerdict memory two;
        (one.verdict.jobId, two.verdict.jobId) = (calls, calls);
        two.verdict.score = 1;
        one.signature = _signature(key, oracle.verdictDigest(one.verdict));
        two.signature = _signature(key, oracle.verdictDigest(two.verdict));
        (uint256 before,) = stake.stakeOf(vm.addr(key));
        uint256 held = token.balanceOf(address(this));
        try stake.slashEquivocation(one, two) {
            slashed += before;
            rewarded += token.balanceOf(address(this)) - held;
        } catch {}
    }

    function earn() external counted {
        try this.doEarn() {} catch {}
    }

    function doEarn() external alone {
        uint256 jobId = _hireAndSubmit();
        vm.prank(client);
        escrow.accept(jobId);
        (,, uint256 pool) = _fees(BUDGET);
        earned += pool;
    }

    function collect() external counted {
        try stake.collect(token) {} catch {}
    }

    function close(uint32 epoch, uint8 participants) external counted {
        epoch = epoch % (oracle.epoch() + 1);
        bytes32 digest = stake.closingDigest(epoch, keccak256("root"), 1, participants);
        try oracle.reportersOf(epoch) returns (address[] memory set) {
            bytes[] memory signatures = new bytes[](set.length);
            for (uint256 i = 0; i < set.length; ++i) {
                signatures[i] = _signature(_keyOf(set[i]), digest);
            }
            try stake.closeEpoch(epoch, keccak256("root"), 1, participants, signatures) {} catch {}
        } catch {}
    }

    function payReporter(uint256 who, uint32 epoch) external counted {
        address account = _account(who);
        uint256 before = token.balanceOf(account);
        uint256 owedBefore = stake.owedOf(token);
        try stake.payReporter(token, epoch % (oracle.epoch() + 1), account) {
            paid += token.balanceOf(account) - before;
            released += owedBefore - stake.owedOf(token);
        } catch {}
    }

    function payTreasury() external counted {
        try stake.payTreasury() {} catch {}
    }

    /* ---------- what must hold ---------- */

    function owed() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 7; ++i) {
            (uint256 amount,) = stake.stakeOf(_account(i));
            sum += amount;
        }
        sum += stake.treasuryDue();
        for (uint32 epoch = 1; epoch <= oracle.epoch(); ++epoch) {
            sum += stake.potOf(token, epoch);
        }
    }

    function poorestOnRoll() external view returns (uint256 least) {
        address[] memory roll = stake.roll();
        least = type(uint256).max;
        for (uint256 i = 0; i < roll.length; ++i) {
            (uint256 amount,) = stake.stakeOf(roll[i]);
            if (amount < least) least = amount;
        }
    }

    function seatedWithoutStakeHeld() external view returns (bool) {
        address[] memory set = oracle.reporters();
        for (uint256 i = 0; i < set.length; ++i) {
            if (stake.unstakeAt(set[i]) != 0) return true;
        }
        return false;
    }

    function house() external view returns (IReporterStake, IResultOracle, uint256 held, uint256 owedSum) {
        return (stake, oracle, token.balanceOf(address(stake)), stake.owedOf(token));
    }

    function unclaimedFees() external view returns (uint256) {
        return escrow.creditOf(address(token), address(oracle)) + token.balanceOf(address(oracle));
    }

    function leastStake() external pure returns (uint256) {
        return MIN_STAKE;
    }

    function _key(uint256 who) private view returns (uint256) {
        who = who % 7;
        return who < 3 ? reporterKeys[who] : spareKeys[who - 3];
    }

    function _keyOf(address account) private view returns (uint256 key) {
        for (uint256 i = 0; i < 7; ++i) {
            key = _key(i);
            if (vm.addr(key) == account) return key;
        }
    }

    function _account(uint256 who) private view returns (address) {
        return vm.addr(_key(who));
    }

    modifier alone() {
        require(msg.sender == address(this), "a step of this handler");
        _;
    }

    modifier counted() {
        ++calls;
        _;
    }
}

/// @dev INV-STK-01 to INV-STK-05 of docs/invariants.md.
contract StakeInvariants {
    StakeHandler private _handler;

    function setUp() public {
        _handler = new StakeHandler();
        _handler.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev E1 for the reporters' house: every unit is a stake, in a pot, the treasury's, or new. INV-STK-01, 02 and 05.
    function invariant_INV_STK_01_every_unit_is_somebodys_and_no_more_is_paid_than_came_in() public view {
        (,, uint256 held, uint256 owedSum) = _handler.house();
        require(held >= owedSum, "INV-STK-01: more is owed than held");
        // The pots as they were filled, less what was paid and what did not divide, which became new again.
        require(_handler.owed() - _handler.released() == owedSum, "INV-STK-01: owed to nobody or twice");
        require(
            held - owedSum + _handler.unclaimedFees() <= _handler.earned(), "INV-STK-01: made from nothing"
        );
        require(_handler.paid() <= _handler.released(), "INV-STK-02: paid from what is another's");
        require(_handler.paid() <= _handler.earned(), "INV-STK-02: paid more than was earned");
        require(_handler.rewarded() <= _handler.slashed() / 4, "INV-STK-05: a reward above its part");
    }

    /// @dev INV-STK-03 and 04.
    function invariant_INV_STK_03_who_sits_keeps_its_stake_there_and_the_roll_is_staked() public view {
        require(!_handler.didSeatedUnstake(), "INV-STK-03: unstaked while seated");
        require(!_handler.seatedWithoutStakeHeld(), "INV-STK-03: may unstake while seated");
        require(_handler.poorestOnRoll() >= _handler.leastStake(), "INV-STK-04: too poor for the roll");
    }
}
