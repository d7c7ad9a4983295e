// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title Splits what an agent earns among those who signed how
/// @notice An agreement names shares in 1/10_000 that sum to the whole: owner, sub-agents, referrer, treasury. It is
/// registered once, with the signature of everybody in it (the treasury alone signs nothing: it only receives), and
/// never changes. Then anybody pays into it, and each payment is split at once into credits that their owners
/// withdraw. A payer may also sign a payment, so that a sub-agent carries it and gets its share without waiting
/// for the payer.
///
/// **Dust rule.** Each share is `amount * bps / 10_000` rounded down, in the order of the list; what is left over, less
/// than one unit for each share, goes to the first share. So the parts sum to the amount, to the unit.
///
/// SAFETY assumes: the token moves exactly what it says when it returns true and never shrinks balances by itself (a
/// fee on the way in is refused). A bad token harms only payments in that token.
/// LIVENESS assumes: the token lets this contract pay out. There is no role and no pause.
interface IRevenueSplitter {
    struct Share {
        address payee;
        /// @dev In 1/10_000, above zero.
        uint16 bps;
    }

    /// @notice What everybody signs, by EIP-712.
    struct Agreement {
        /// @dev Whose earnings are split; the only one whose signed payments this agreement takes.
        address payer;
        /// @dev Hash of what the work is; zero for everything that the payer earns.
        bytes32 purpose;
        /// @dev Tells agreements of the same parties apart.
        uint64 salt;
        /// @dev 2 to 16, no payee twice; the first takes the dust.
        Share[] shares;
    }

    /// @notice A payment that the payer signs, by EIP-712, from its allowance.
    struct Payment {
        bytes32 agreementId;
        address token;
        uint96 amount;
        /// @dev Spent once for each payer.
        uint64 nonce;
        /// @dev Unix seconds.
        uint32 validBefore;
    }

    event AgreementRegistered(
        bytes32 indexed agreementId,
        address indexed payer,
        bytes32 indexed purpose,
        uint64 salt,
        Share[] shares
    );
    /// @param parts In the order of the shares; they sum to `amount`.
    event RevenueSplit(
        bytes32 indexed agreementId,
        address indexed token,
        address indexed from,
        uint96 amount,
        uint256[] parts
    );
    event PaymentCancelled(address indexed payer, uint64 indexed nonce);
    event CreditWithdrawn(address indexed token, address indexed account, uint256 amount);

    error RevenueSplitter_ShareCountOutOfRange(uint256 count, uint256 min, uint256 max);
    error RevenueSplitter_ShareIsZero(uint256 index);
    error RevenueSplitter_PayeeRefused(address payee);
    error RevenueSplitter_PayeesRepeat(address payee);
    error RevenueSplitter_SharesDoNotSum(uint256 sum, uint256 whole);
    error RevenueSplitter_LengthMismatch(uint256 shares, uint256 signatures);
    error RevenueSplitter_SignatureInvalid(address signer);
    error RevenueSplitter_AlreadyRegistered(bytes32 agreementId);
    error RevenueSplitter_UnknownAgreement(bytes32 agreementId);
    error RevenueSplitter_AmountIsZero();
    error RevenueSplitter_PaymentExpired(uint256 nowSeconds, uint256 validBefore);
    error RevenueSplitter_NonceSpent(address payer, uint64 nonce);
    error RevenueSplitter_UnexpectedReceipt(uint256 received, uint256 expected);
    error RevenueSplitter_NoCredit(address token, address account);
    error RevenueSplitter_AddressIsZero(bytes32 which);

    /// @notice Registers an agreement for good.
    /// @param payerSignature Over `Agreement(address payer,bytes32 purpose,uint64 salt,Share[] shares)Share(address payee,uint16 bps)`.
    /// @param payeeSignatures The same by each payee in the order of the shares; empty for the treasury and for a payee
    /// that is the payer.
    function register(
        Agreement calldata agreement,
        bytes calldata payerSignature,
        bytes[] calldata payeeSignatures
    ) external returns (bytes32 agreementId);

    /// @notice Splits `amount` from the caller's allowance.
    function split(bytes32 agreementId, address token, uint96 amount) external;

    /// @notice Splits a payment that the agreement's payer signed, from the payer's allowance. Anybody carries it.
    function splitSigned(Payment calldata payment, bytes calldata signature) external;

    /// @notice The caller makes one of its nonces worthless.
    function cancelPayment(uint64 nonce) external;

    /// @notice Sends the credit of `account` to it. Anybody may.
    function withdrawFor(address token, address account) external;

    /// @notice The shares of an agreement. Reverts if unknown.
    function sharesOf(bytes32 agreementId) external view returns (address payer, Share[] memory shares);

    /// @notice How `amount` would be split, to the unit.
    function partsOf(bytes32 agreementId, uint96 amount) external view returns (uint256[] memory parts);

    /// @notice The id of an agreement: what everybody signs, before the domain is added.
    function agreementIdOf(Agreement calldata agreement) external pure returns (bytes32);

    /// @notice What everybody signs.
    function agreementDigest(Agreement calldata agreement) external view returns (bytes32);

    /// @notice What the payer signs.
    function paymentDigest(Payment calldata payment) external view returns (bytes32);

    /// @notice What `account` can withdraw.
    function creditOf(address token, address account) external view returns (uint256);

    /// @notice True once the payer's nonce was used or cancelled.
    function isNonceSpent(address payer, uint64 nonce) external view returns (bool);
}
