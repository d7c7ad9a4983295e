// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Staked jurors: tickets of equal stake, each with the same chance to be drawn
/// @notice A juror buys tickets, and leaves with all of them: from the announcement on no new dispute draws it, and its
/// stake goes out after a delay longer than any dispute and never while it has a seat. Places of tickets change only when
/// no draw is waiting, so that nobody can move them once a seed is known.
interface IJurorPool {
    /// @notice A juror; all zero for strangers.
    struct JurorView {
        /// @dev Stake that is left, in the smallest unit of the stake token.
        uint96 balance;
        uint32 tickets;
        /// @dev Seats in disputes that are not closed.
        uint32 openSeats;
        /// @dev Block in which it stopped being drawn for new disputes; zero while it is drawn.
        uint40 frozenAtBlock;
        /// @dev Unix seconds from which the stake goes out; zero while it is drawn.
        uint32 leavableAt;
    }

    event Staked(address indexed juror, uint256 tickets, uint256 amount);
    /// @param isSuspended True: penalties have taken more than half of its stake.
    event JurorFrozen(address indexed juror, bool isSuspended, uint256 leavableAt);
    event Unstaked(address indexed juror, uint256 amount);
    event TicketsPruned(address indexed juror, uint256 tickets);
    event CreditAdded(address indexed token, address indexed account, uint256 amount);
    event CreditWithdrawn(address indexed token, address indexed account, uint256 amount);

    error JurorPool_NoTickets();
    error JurorPool_TooManyTickets(uint256 tickets, uint256 max);
    error JurorPool_Frozen(address juror);
    error JurorPool_NotFrozen(address juror);
    error JurorPool_TooEarly(uint256 nowSeconds, uint256 leavableAt);
    error JurorPool_HasSeats(address juror, uint256 openSeats);
    error JurorPool_NothingStaked(address juror);
    error JurorPool_DrawWaits(uint256 pendingDraws);
    error JurorPool_NoCredit(address token, address account);
    error JurorPool_UnexpectedReceipt(uint256 received, uint256 expected);
    error JurorPool_TermOutOfRange(bytes32 term, uint256 value, uint256 min, uint256 max);

    /// @notice Buys tickets from the caller's allowance.
    function stake(uint32 tickets) external;

    /// @notice The caller is drawn for no new dispute from now on.
    function announceLeave() external;

    /// @notice Sends the whole stake of a juror that has left to it; anybody may ask.
    function unstake(address juror) external;

    /// @notice Takes tickets of jurors that are gone out of the pool, while no draw waits; anybody may. Such a juror may
    /// stake again. Places whose ticket is in use are passed over.
    /// @param places Places in the pool, highest first.
    function prune(uint256[] calldata places) external;

    /// @notice Sends `account`'s credit to `account`; anybody may ask for it.
    function withdrawFor(address token, address account) external;

    function jurorOf(address juror) external view returns (JurorView memory);

    /// @notice Tickets in the pool, those of jurors that left included until they are pruned.
    function poolSize() external view returns (uint256);

    /// @notice Whose ticket is at a place, from 0 to {poolSize} less one.
    function ticketAt(uint256 place) external view returns (address);

    /// @notice Fees, penalties and refunds that wait for `account`.
    function creditOf(address token, address account) external view returns (uint256);

    /// @notice What the court answers for in `token`: stakes, fees of open disputes, credits and what is carried over.
    function heldOf(address token) external view returns (uint256);
}
