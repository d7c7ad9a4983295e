// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Micro-payments: channels with cumulative vouchers
/// @notice A payer locks money for one payee and signs vouchers off chain, each for the sum of everything so far; the
/// payee claims the newest whenever it likes. A channel is its terms: their hash is its id, so terms cannot change and
/// opening writes one slot. `claimed` of an id only grows, also when a closed channel is topped up again, so over the
/// whole life of an id nobody is paid more than the largest voucher says.
///
/// The payer leaves in two steps: {startClose}, then, after the channel's own grace, anybody calls {finishClose}. A
/// claim succeeds at any time before that. Anybody carries a voucher; it pays the payee alone (watchtower).
/// Every payment is a credit that its owner withdraws, so no party blocks another.
///
/// SAFETY assumes: a token moves exactly what it says when it returns true and never shrinks balances by itself (a
/// fee on the way in is refused). A bad token harms only channels in that token.
/// LIVENESS assumes: the token lets this contract pay out; block times are honest to a few seconds; the payee, or
/// somebody for it, claims before the grace ends.
/// There is no role and no pause: no key moves another's money.
interface IPaymentChannels {
    /// @notice Terms of a channel. The id is `keccak256(abi.encode(channelTerms, payee, token))`, `channelTerms` as in
    /// {VoucherRow}. Vouchers name chain and contract in their domain.
    struct Channel {
        /// @dev Signs vouchers, by key or by ERC-1271; gets back what is not claimed.
        address payer;
        /// @dev Paid by vouchers.
        address payee;
        address token;
        /// @dev Between {startClose} and {finishClose}, within constant bounds.
        uint32 graceSeconds;
        /// @dev Tells channels between the same parties apart.
        uint64 salt;
    }

    /// @notice Money of a channel, in the smallest unit of its token.
    struct ChannelState {
        /// @dev All that was ever put in, less what went back to the payer.
        uint96 deposit;
        /// @dev All that vouchers ever moved to the payee; never falls.
        uint96 claimed;
        /// @dev Unix seconds from which anybody may finish the closing; 0 while open.
        uint32 closableAt;
    }

    /// @notice A voucher in a batch of one payee and token.
    struct VoucherRow {
        /// @dev From the highest bit: payer 160, graceSeconds 32, salt 64.
        bytes32 channelTerms;
        /// @dev Signed as uint96; a larger number is skipped, for no deposit reaches it.
        uint256 cumulative;
        bytes32 r;
        /// @dev ERC-2098.
        bytes32 yParityAndS;
    }

    event ChannelOpened(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed payee,
        address token,
        uint32 graceSeconds,
        uint64 salt,
        uint96 amount
    );
    /// @param deposit All that was put in by now.
    event ChannelToppedUp(bytes32 indexed channelId, uint96 amount, uint96 deposit);
    /// @param claimed All that was claimed by now.
    event VoucherClaimed(bytes32 indexed channelId, uint96 claimed);
    /// @notice Many at once.
    /// @param claims Two words for each row: the channel's id, then the sum claimed by now. Zero if it was skipped.
    event VouchersClaimed(address indexed payee, address indexed token, uint256 paid, bytes32[] claims);
    event ChannelClosing(bytes32 indexed channelId, uint32 closableAt);
    event ChannelClosed(bytes32 indexed channelId, uint96 refund);
    event CreditWithdrawn(address indexed token, address indexed account, uint256 amount);

    error PaymentChannels_AmountIsZero();
    error PaymentChannels_NotPayer(address caller, address payer);
    error PaymentChannels_NotParty(address caller);
    error PaymentChannels_AddressRefused(bytes32 which, address account);
    error PaymentChannels_GraceOutOfRange(uint32 graceSeconds, uint32 min, uint32 max);
    error PaymentChannels_UnknownChannel(bytes32 channelId);
    error PaymentChannels_AlreadyOpen(bytes32 channelId);
    error PaymentChannels_AlreadyClosing(bytes32 channelId, uint32 closableAt);
    error PaymentChannels_NotClosing(bytes32 channelId);
    error PaymentChannels_TooEarly(uint256 nowSeconds, uint256 earliest);
    /// @notice The voucher says no more than was claimed already.
    error PaymentChannels_NothingNew(uint96 cumulative, uint96 claimed);
    error PaymentChannels_OverDeposit(uint96 cumulative, uint96 deposit);
    error PaymentChannels_DepositTooBig(uint256 deposit, uint256 max);
    error PaymentChannels_SignatureInvalid(address signer);
    error PaymentChannels_UnexpectedReceipt(uint256 received, uint256 expected);
    error PaymentChannels_NoCredit(address token, address account);

    /// @notice The caller opens a channel as its payer with a first deposit from its allowance.
    function open(
        address payee,
        address token,
        uint32 graceSeconds,
        uint64 salt,
        uint96 amount
    ) external returns (bytes32 channelId);

    /// @notice Anybody adds to a channel that was opened once. Undoes a closing that has begun only if the payer calls.
    function topUp(Channel calldata channel, uint96 amount) external;

    /// @notice Credits the payee with what the voucher says beyond what was claimed. Anybody carries it.
    /// @param cumulative Sum of everything the payer ever promised in this channel.
    /// @param signature EIP-712 by the payer, ECDSA (65 or 64 bytes) or ERC-1271:
    /// `Voucher(bytes32 channelId,uint96 cumulative)`.
    function claim(Channel calldata channel, uint96 cumulative, bytes calldata signature) external;

    /// @notice Claims many channels of one payee and token. A row that cannot be claimed is skipped; the others are paid.
    /// Keys only; a voucher of an ERC-1271 payer goes through {claim}.
    /// @return paid Sum of the amounts.
    function claimBatch(
        address payee,
        address token,
        VoucherRow[] calldata rows
    ) external returns (uint256 paid);

    /// @notice The payer announces that it leaves; vouchers stay good until {finishClose}.
    function startClose(Channel calldata channel) external;

    /// @notice Anybody, after the grace: what is not claimed goes to the payer's credit.
    function finishClose(Channel calldata channel) external;

    /// @notice The payee gives up the grace: what is not claimed goes to the payer's credit now.
    function release(Channel calldata channel) external;

    /// @notice Sends the caller's credit to it.
    function withdraw(address token) external;

    /// @notice Sends the credit of `account` to it. Anybody may.
    function withdrawFor(address token, address account) external;

    /// @notice Money of a channel; all zero if it was never opened.
    function channelOf(bytes32 channelId) external view returns (ChannelState memory);

    /// @notice The id of the terms.
    function channelIdOf(Channel calldata channel) external view returns (bytes32);

    /// @notice What the payer signs.
    function voucherDigest(bytes32 channelId, uint96 cumulative) external view returns (bytes32);

    /// @notice What `account` can withdraw.
    function creditOf(address token, address account) external view returns (uint256);
}
