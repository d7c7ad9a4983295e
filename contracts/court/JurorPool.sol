// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IJurorPool} from "../interfaces/IJurorPool.sol";

/// @title Staked jurors and the court's money
/// @dev Promises are in {IJurorPool}. Per token: balance >= held = stakes + fees of open disputes + credits + carried,
/// equal without donations (INV-CRT-01).
abstract contract JurorPool is IJurorPool, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* ---------- constants and immutables ---------- */

    /// @notice Most tickets of one account.
    uint32 public constant MAX_TICKETS = 64;
    uint256 internal constant BPS = 10_000;
    uint32 internal constant MAX_UNSTAKE_SECONDS = 90 days;

    /// @notice ERC-20 that jurors stake.
    address public immutable STAKE_TOKEN;
    /// @notice Stake behind a ticket, in the smallest unit of {STAKE_TOKEN}.
    uint96 public immutable TICKET_UNITS;
    /// @notice Time between leaving and the stake going out.
    uint32 public immutable UNSTAKE_SECONDS;

    /* ---------- storage ---------- */

    mapping(address juror => JurorView) internal _jurors;
    address[] internal _tickets;
    /// @inheritdoc IJurorPool
    mapping(address token => mapping(address account => uint256)) public creditOf;
    /// @inheritdoc IJurorPool
    mapping(address token => uint256) public heldOf;
    /// @notice Draws that wait for their seed or for somebody to make them.
    uint256 public pendingDraws;

    /* ---------- constructor ---------- */

    constructor(address stakeToken, uint96 ticketUnits, uint32 unstakeSeconds, uint32 longestSeconds) {
        _requireTerm("ticketUnits", ticketUnits, 1, type(uint96).max / MAX_TICKETS);
        _requireTerm("unstakeSeconds", unstakeSeconds, uint256(longestSeconds) + 1, MAX_UNSTAKE_SECONDS);
        STAKE_TOKEN = stakeToken;
        TICKET_UNITS = ticketUnits;
        UNSTAKE_SECONDS = unstakeSeconds;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IJurorPool
    function jurorOf(address juror) external view returns (JurorView memory) {
        return _jurors[juror];
    }

    /// @inheritdoc IJurorPool
    function poolSize() public view returns (uint256) {
        return _tickets.length;
    }

    /// @inheritdoc IJurorPool
    function ticketAt(uint256 place) external view returns (address) {
        return _tickets[place];
    }

    /* ---------- jurors ---------- */

    /// @inheritdoc IJurorPool
    function stake(uint32 tickets) external nonReentrant {
        // Check
        JurorView memory juror = _jurors[msg.sender];
        if (tickets == 0) revert JurorPool_NoTickets();
        if (juror.frozenAtBlock != 0) revert JurorPool_Frozen(msg.sender);
        uint256 total = uint256(juror.tickets) + tickets;
        if (total > MAX_TICKETS) revert JurorPool_TooManyTickets(total, MAX_TICKETS);
        // Effect
        uint96 amount = tickets * TICKET_UNITS;
        juror.tickets += tickets;
        juror.balance += amount;
        _jurors[msg.sender] = juror;
        heldOf[STAKE_TOKEN] += amount;
        for (uint256 i = 0; i < tickets; ++i) {
            _tickets.push(msg.sender);
        }
        // Event
        emit Staked(msg.sender, tickets, amount);
        // Interaction
        _pullExact(STAKE_TOKEN, msg.sender, amount);
    }

    /// @inheritdoc IJurorPool
    function announceLeave() external {
        if (_jurors[msg.sender].tickets == 0) revert JurorPool_NothingStaked(msg.sender);
        if (_jurors[msg.sender].frozenAtBlock != 0) revert JurorPool_Frozen(msg.sender);
        _freeze(msg.sender, false);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IJurorPool
    function unstake(address account) external nonReentrant {
        // Check
        JurorView memory juror = _jurors[account];
        if (juror.frozenAtBlock == 0) revert JurorPool_NotFrozen(account);
        if (block.timestamp < juror.leavableAt) {
            revert JurorPool_TooEarly(block.timestamp, juror.leavableAt);
        }
        if (juror.openSeats != 0) revert JurorPool_HasSeats(account, juror.openSeats);
        if (juror.balance == 0) revert JurorPool_NothingStaked(account);
        // Effect
        _jurors[account].balance = 0;
        heldOf[STAKE_TOKEN] -= juror.balance;
        // Event
        emit Unstaked(account, juror.balance);
        // Interaction
        IERC20(STAKE_TOKEN).safeTransfer(account, juror.balance);
    }

    /// @inheritdoc IJurorPool
    function prune(uint256[] calldata places) external {
        if (pendingDraws != 0) revert JurorPool_DrawWaits(pendingDraws);
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 place = places[i];
            if (place >= _tickets.length) continue;
            address account = _tickets[place];
            JurorView storage juror = _jurors[account];
            bool isGone = juror.frozenAtBlock != 0 && juror.balance == 0 && juror.openSeats == 0;
            if (!isGone) continue;
            _tickets[place] = _tickets[_tickets.length - 1];
            _tickets.pop();
            if (--juror.tickets == 0) delete _jurors[account];
            emit TicketsPruned(account, 1);
        }
    }

    /// @inheritdoc IJurorPool
    function withdrawFor(address token, address account) external nonReentrant {
        // Check
        uint256 amount = creditOf[token][account];
        if (amount == 0) revert JurorPool_NoCredit(token, account);
        // Effect
        delete creditOf[token][account];
        heldOf[token] -= amount;
        // Event
        emit CreditWithdrawn(token, account, amount);
        // Interaction
        IERC20(token).safeTransfer(account, amount);
    }

    /* ---------- internal ---------- */

    /// @dev The juror at a place, zero if its ticket does not count for a dispute of block `requestBlock`. Tickets bought
    /// later are at later places; one that left in that block or later still counts, so that leaving moves no draw.
    function _drawable(uint256 place, uint256 requestBlock) internal view returns (address account) {
        account = _tickets[place];
        uint256 frozenAtBlock = _jurors[account].frozenAtBlock;
        if (frozenAtBlock != 0 && frozenAtBlock < requestBlock) return address(0);
    }

    function _freeze(address account, bool isSuspended) private {
        uint256 leavableAt = block.timestamp + UNSTAKE_SECONDS;
        // forge-lint: disable-next-line(unsafe-typecast) blocks stay below 2^40
        _jurors[account].frozenAtBlock = uint40(block.number);
        // forge-lint: disable-next-line(unsafe-typecast) times stay below 2^32 until 2106
        _jurors[account].leavableAt = uint32(leavableAt);
        emit JurorFrozen(account, isSuspended, leavableAt);
    }

    /// @dev Takes at most what is left; a juror that has lost more than half is drawn no more.
    function _penalise(address account, uint256 bps) internal returns (uint96 taken) {
        JurorView storage juror = _jurors[account];
        uint96 balance = juror.balance;
        // forge-lint: disable-next-line(unsafe-typecast) a part of a uint96
        taken = uint96(uint256(TICKET_UNITS) * bps / BPS);
        if (taken > balance) taken = balance;
        juror.balance = balance - taken;
        bool isPoor = uint256(balance - taken) * 2 < uint256(juror.tickets) * TICKET_UNITS;
        if (isPoor && juror.frozenAtBlock == 0) _freeze(account, true);
    }

    function _credit(address token, address account, uint256 amount) internal {
        if (amount == 0) return;
        creditOf[token][account] += amount;
        emit CreditAdded(token, account, amount);
    }

    /// @dev Takes exactly `amount` or reverts.
    function _pullExact(address token, address from, uint256 amount) internal {
        uint256 balanceBefore = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - balanceBefore;
        if (received != amount) revert JurorPool_UnexpectedReceipt(received, amount);
    }

    function _requireTerm(bytes32 term, uint256 value, uint256 min, uint256 max) internal pure {
        if (value < min || value > max) revert JurorPool_TermOutOfRange(term, value, min, max);
    }
}
