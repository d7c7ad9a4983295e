// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IReporterStake} from "../../interfaces/IReporterStake.sol";
import {IResultOracle} from "../../interfaces/IResultOracle.sol";

/// @title Stakes, the roll from which sets are made, and what a slash does
/// @dev Promises and assumptions are in {IReporterStake}.
abstract contract StakeBook is IReporterStake, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* ---------- types ---------- */

    /// @dev One slot: 128 + 32 + 32 + 8 of 256 bits.
    struct Stake {
        uint128 amount;
        /// @dev Last epoch in which it sat; 0 if never.
        uint32 lastEpoch;
        /// @dev Unix seconds at which it started to leave; 0 if it stays.
        uint32 leftAt;
        /// @dev Index on the roll plus one; 0 off the roll.
        uint8 place;
    }

    /* ---------- constants and immutables ---------- */

    uint256 internal constant BPS = 10_000;
    /// @notice Part of a slash for who brought the proof, in 1/10_000, rounded down.
    uint256 public constant INFORMER_BPS = 2_500;
    /// @notice More than the longest verdict, review and court window together, 30 days each.
    uint256 public constant UNSTAKE_SECONDS = 100 days;
    /// @notice Reporters that make a set; with fewer the next set is empty.
    uint256 public constant MIN_REPORTERS = 3;
    uint256 public constant MAX_REPORTERS = 64;

    IERC20 public immutable TOKEN;
    IResultOracle public immutable ORACLE;
    address public immutable TREASURY;
    /// @notice Least stake on the roll, in the smallest unit of {TOKEN}.
    uint256 public immutable MIN_STAKE;

    /* ---------- storage ---------- */

    mapping(address reporter => Stake) private _stakes;
    address[] private _roll;
    /// @notice What this contract owes in a token: stakes, pots and the treasury's part. What it holds beyond is new.
    mapping(IERC20 token => uint256) public owedOf;
    /// @notice The treasury's part of what was slashed and not paid out yet.
    uint256 public treasuryDue;

    /* ---------- constructor ---------- */

    constructor(IERC20 token, IResultOracle oracle, address treasury, uint256 minStake) {
        if (minStake == 0) revert ReporterStake_AmountIsZero();
        TOKEN = token;
        ORACLE = oracle;
        TREASURY = treasury;
        MIN_STAKE = minStake;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IReporterStake
    function stakeOf(address reporter) external view returns (uint256 amount, bool isOnRoll) {
        Stake memory stake = _stakes[reporter];
        return (stake.amount, stake.place != 0);
    }

    /// @inheritdoc IReporterStake
    function unstakeAt(address reporter) public view returns (uint256) {
        Stake memory stake = _stakes[reporter];
        if (stake.leftAt == 0) return 0;
        if (stake.lastEpoch == 0) return stake.leftAt + UNSTAKE_SECONDS;
        (, uint32 endsAt,,) = ORACLE.termOf(stake.lastEpoch);
        if (endsAt == 0) return 0;
        return (endsAt > stake.leftAt ? endsAt : stake.leftAt) + UNSTAKE_SECONDS;
    }

    /// @inheritdoc IReporterStake
    function roll() external view returns (address[] memory) {
        return _roll;
    }

    /// @inheritdoc IReporterStake
    function quorumStake() external view returns (uint256 sum) {
        address[] memory set = ORACLE.reporters();
        uint256[] memory amounts = new uint256[](set.length);
        for (uint256 i = 0; i < set.length; ++i) {
            uint256 amount = _stakes[set[i]].amount;
            uint256 j = i;
            for (; j > 0 && amounts[j - 1] > amount; --j) {
                amounts[j] = amounts[j - 1];
            }
            amounts[j] = amount;
        }
        uint256 needed = set.length == 0 ? 0 : ORACLE.quorum();
        for (uint256 i = 0; i < needed; ++i) {
            sum += amounts[i];
        }
    }

    /* ---------- reporters ---------- */

    /// @inheritdoc IReporterStake
    function stakeFor(address reporter, uint256 amount) external nonReentrant {
        // Check
        if (reporter == address(0)) revert ReporterStake_ReporterIsZero();
        if (amount == 0) revert ReporterStake_AmountIsZero();
        Stake storage stake = _stakes[reporter];
        if (stake.leftAt != 0) revert ReporterStake_IsLeaving(reporter);
        uint256 total = stake.amount + amount;
        if (total < MIN_STAKE) revert ReporterStake_TooLittle(total, MIN_STAKE);
        // Effect
        if (total > type(uint128).max) revert ReporterStake_TooMuch(total);
        // forge-lint: disable-next-line(unsafe-typecast) checked
        stake.amount = uint128(total);
        owedOf[TOKEN] += amount;
        uint32 epoch = ORACLE.epoch();
        // The first set is named at deployment, before anybody could stake.
        if (stake.lastEpoch != epoch && ORACLE.seatOf(epoch, reporter) != 0) stake.lastEpoch = epoch;
        emit Staked(reporter, msg.sender, amount, total);
        if (stake.place == 0) _enter(reporter, total);
        // Interaction
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        if (received != amount) revert ReporterStake_UnexpectedReceipt(received, amount);
    }

    /// @inheritdoc IReporterStake
    function startLeaving() external {
        // Check
        Stake storage stake = _stakes[msg.sender];
        if (stake.amount == 0) revert ReporterStake_NotStaked(msg.sender);
        if (stake.leftAt != 0) revert ReporterStake_IsLeaving(msg.sender);
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) unix seconds, good until 2106
        stake.leftAt = uint32(block.timestamp);
        if (stake.place != 0) _exit(msg.sender);
        // Event
        emit LeavingStarted(msg.sender);
    }

    /// @inheritdoc IReporterStake
    function unstake() external nonReentrant {
        // Check
        Stake memory stake = _stakes[msg.sender];
        if (stake.leftAt == 0) revert ReporterStake_NotLeaving(msg.sender);
        uint256 earliest = unstakeAt(msg.sender);
        if (earliest == 0) revert ReporterStake_StillSeated(stake.lastEpoch);
        if (block.timestamp < earliest) revert ReporterStake_TooEarly(block.timestamp, earliest);
        // Effect
        delete _stakes[msg.sender];
        owedOf[TOKEN] -= stake.amount;
        // Event
        emit Unstaked(msg.sender, stake.amount);
        // Interaction
        if (stake.amount != 0) TOKEN.safeTransfer(msg.sender, stake.amount);
    }

    /// @inheritdoc IReporterStake
    function seatReporters(uint32 epoch) external returns (address[] memory set) {
        if (msg.sender != address(ORACLE)) revert ReporterStake_NotOracle(msg.sender);
        if (_roll.length < MIN_REPORTERS) return set;
        set = _roll;
        for (uint256 i = 0; i < set.length; ++i) {
            _stakes[set[i]].lastEpoch = epoch;
        }
    }

    /// @inheritdoc IReporterStake
    function payTreasury() external nonReentrant {
        // Check
        uint256 amount = treasuryDue;
        if (amount == 0) revert ReporterStake_NothingDue();
        // Effect
        treasuryDue = 0;
        owedOf[TOKEN] -= amount;
        // Event
        emit TreasuryPaid(amount);
        // Interaction
        TOKEN.safeTransfer(TREASURY, amount);
    }

    /* ---------- internal ---------- */

    /// @dev Takes a part of a stake, in 1/10_000, rounded up; the caller of this transaction is rewarded. Who falls
    /// below the least stake is off the roll and may stake again.
    function _slash(address reporter, uint256 bps, uint256 jobId, bytes32 offence) internal {
        // Check
        Stake storage stake = _stakes[reporter];
        uint256 held = stake.amount;
        if (held == 0) revert ReporterStake_NotStaked(reporter);
        uint256 amount = (held * bps + BPS - 1) / BPS;
        uint256 reward = amount * INFORMER_BPS / BPS;
        // Effect
        // forge-lint: disable-next-line(unsafe-typecast) below the stake
        stake.amount = uint128(held - amount);
        treasuryDue += amount - reward;
        owedOf[TOKEN] -= reward;
        if (stake.place != 0 && held - amount < MIN_STAKE) _exit(reporter);
        // Event
        emit Slashed(reporter, jobId, offence, amount, msg.sender, reward);
        // Interaction
        if (reward != 0) TOKEN.safeTransfer(msg.sender, reward);
    }

    /// @dev Puts a reporter on the roll; a full roll makes room only for a stake above its smallest.
    function _enter(address reporter, uint256 amount) private {
        if (_roll.length == MAX_REPORTERS) {
            address smallest = _roll[0];
            for (uint256 i = 1; i < MAX_REPORTERS; ++i) {
                if (_stakes[_roll[i]].amount < _stakes[smallest].amount) smallest = _roll[i];
            }
            uint256 least = _stakes[smallest].amount;
            if (amount <= least) revert ReporterStake_TooLittle(amount, least + 1);
            _exit(smallest);
        }
        _roll.push(reporter);
        // forge-lint: disable-next-line(unsafe-typecast) at most MAX_REPORTERS
        _stakes[reporter].place = uint8(_roll.length);
        emit RollChanged(reporter, true);
    }

    /// @dev The last of the roll takes the place that becomes free.
    function _exit(address reporter) private {
        uint8 place = _stakes[reporter].place;
        address last = _roll[_roll.length - 1];
        _roll[place - 1] = last;
        _stakes[last].place = place;
        _roll.pop();
        _stakes[reporter].place = 0;
        emit RollChanged(reporter, false);
    }
}
