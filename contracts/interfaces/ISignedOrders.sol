// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Micro-payments: signed orders, settled in batches
/// @notice A payer keeps one purse for each token and signs an order for each small job: to whom, how much, until
/// when, for what. The payee, or anybody for it, settles many orders of one payee in one call. A nonce is a bit in
/// a word of 256 (as Permit2 counts them), so orders need no order and a payer cancels a whole word at once.
///
/// A purse serves many payees: orders may promise more than it holds, and then the first settled are paid. A payee
/// that wants the money locked for itself uses a channel. A payer takes money out of its purse only after
/// {PURSE_DELAY}, announced, so a payee that settles within the delay is not outrun.
///
/// Assumptions are those of {IPaymentChannels}.
interface ISignedOrders {
    /// @notice What a payer signs, by EIP-712.
    struct Order {
        address payer;
        address payee;
        address token;
        /// @dev Smallest units.
        uint96 amount;
        /// @dev Word in the high 56 bits, bit in the low 8.
        uint64 nonce;
        /// @dev Unix seconds; the last in which it can be settled.
        uint32 validBefore;
        /// @dev What the order pays for, for example the sha2-256 of the request document.
        bytes32 purpose;
    }

    /// @notice An order in a batch of one payee and token.
    struct OrderRow {
        /// @dev From the highest bit: payer 160, amount 96.
        bytes32 payerAndAmount;
        /// @dev From the highest bit: zero 160, validBefore 32, nonce 64. Skipped if the zeros are not.
        uint256 validBeforeAndNonce;
        bytes32 purpose;
        bytes32 r;
        /// @dev ERC-2098.
        bytes32 yParityAndS;
    }

    /// @notice A payer's money for orders, in the smallest unit.
    struct Purse {
        /// @dev All of it, what is announced to leave included.
        uint96 balance;
        /// @dev Announced to leave.
        uint96 leaving;
        /// @dev Unix seconds from which it may leave; 0 if nothing was announced.
        uint32 leavesAt;
    }

    event PurseFilled(address indexed token, address indexed payer, uint96 amount);
    event PurseLeaving(address indexed token, address indexed payer, uint96 amount, uint32 leavesAt);
    event PurseEmptied(address indexed token, address indexed payer, uint96 amount);
    /// @param settled Two words for each row: payer 160 and amount 96 bits, then the purpose. Zero if it was skipped.
    event OrdersSettled(address indexed payee, address indexed token, uint256 paid, bytes32[] settled);
    event OrderSettled(
        address indexed payee,
        address indexed token,
        address indexed payer,
        uint96 amount,
        uint64 nonce,
        bytes32 purpose
    );
    /// @param mask The bits that are spent now and were not before.
    event OrdersCancelled(address indexed payer, uint64 indexed word, uint256 mask);

    error PaymentChannels_OrderExpired(uint256 nowSeconds, uint256 validBefore);
    error PaymentChannels_NonceSpent(address payer, uint64 nonce);
    error PaymentChannels_PurseTooSmall(uint96 amount, uint96 balance);
    error PaymentChannels_NothingLeaving(address payer);

    /// @notice Puts money into the purse of `payer` from the caller's allowance.
    function fillPurse(address token, address payer, uint96 amount) external;

    /// @notice The caller announces that `amount` leaves its purse; replaces an earlier announcement.
    /// @dev An announcement never lapses: once its delay is over the money may leave in any block. A payee that relies
    /// on a purse counts only `balance - leaving` of it.
    function announceLeaving(address token, uint96 amount) external;

    /// @notice After the delay: what was announced and is still there goes to the caller's credit.
    function emptyPurse(address token) external;

    /// @notice Pays one order; for ERC-1271 payers and for callers who want a reason when it fails.
    function settleOrder(Order calldata order, bytes calldata signature) external;

    /// @notice Pays every good order of one payee and token; a bad row is skipped and spends nothing. Keys only.
    /// @dev A well-signed order of zero pays nothing and spends its nonce, alone as in a batch.
    /// @return paid Sum of the amounts.
    function settleOrders(
        address payee,
        address token,
        OrderRow[] calldata rows
    ) external returns (uint256 paid);

    /// @notice Makes every nonce of the mask in one word of the caller worthless.
    function cancelOrders(uint64 word, uint256 mask) external;

    /// @notice The purse of `payer`.
    function purseOf(address token, address payer) external view returns (Purse memory);

    /// @notice The spent bits of a word.
    function spentNonces(address payer, uint64 word) external view returns (uint256);

    /// @notice What the payer signs.
    function orderDigest(Order calldata order) external view returns (bytes32);
}
