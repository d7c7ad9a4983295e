// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ISignedOrders} from "../interfaces/ISignedOrders.sol";
import {CompactSignature} from "../libraries/CompactSignature.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {TokenVault} from "./TokenVault.sol";

/// @title Orders that payers sign and payees settle in batches
/// @dev Promises and assumptions are in {ISignedOrders}. A batch keeps the purse of consecutive rows of one payer in
/// memory and writes it when the payer changes.
abstract contract SignedOrders is ISignedOrders, TokenVault, EIP712 {
    /* ---------- types ---------- */

    /// @dev What a batch keeps in memory between rows of one payer; written back when it moves on.
    struct Cursor {
        /// @dev An address.
        uint256 payer;
        /// @dev Below 2^96.
        uint256 balance;
        /// @dev Below 2^56.
        uint256 word;
        /// @dev Spent bits of the word.
        uint256 spent;
    }

    /* ---------- constants ---------- */

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address payer,address payee,address token,uint96 amount,uint64 nonce,uint32 validBefore,bytes32 purpose)"
    );
    uint32 public constant PURSE_DELAY = 1 days;

    /* ---------- storage ---------- */

    mapping(address token => mapping(address payer => Purse)) private _purses;
    /// @inheritdoc ISignedOrders
    mapping(address payer => mapping(uint64 word => uint256)) public spentNonces;

    /* ---------- views ---------- */

    /// @inheritdoc ISignedOrders
    function purseOf(address token, address payer) external view returns (Purse memory) {
        return _purses[token][payer];
    }

    /// @inheritdoc ISignedOrders
    function orderDigest(Order memory order) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ORDER_TYPEHASH,
                    order.payer,
                    order.payee,
                    order.token,
                    order.amount,
                    order.nonce,
                    order.validBefore,
                    order.purpose
                )
            )
        );
    }

    /* ---------- payer ---------- */

    /// @inheritdoc ISignedOrders
    function fillPurse(address token, address payer, uint96 amount) external nonReentrant {
        // Check
        if (amount == 0) revert PaymentChannels_AmountIsZero();
        // Effect
        _purses[token][payer].balance += amount;
        // Event
        emit PurseFilled(token, payer, amount);
        // Interaction
        _pullExact(token, msg.sender, amount);
    }

    /// @inheritdoc ISignedOrders
    function announceLeaving(address token, uint96 amount) external {
        // Check
        Purse memory purse = _purses[token][msg.sender];
        if (amount == 0) revert PaymentChannels_AmountIsZero();
        if (amount > purse.balance) revert PaymentChannels_PurseTooSmall(amount, purse.balance);
        // Effect
        purse.leaving = amount;
        purse.leavesAt = uint32(block.timestamp) + PURSE_DELAY;
        _purses[token][msg.sender] = purse;
        // Event
        emit PurseLeaving(token, msg.sender, amount, purse.leavesAt);
    }

    /// @inheritdoc ISignedOrders
    function emptyPurse(address token) external {
        // Check
        Purse memory purse = _purses[token][msg.sender];
        if (purse.leavesAt == 0) revert PaymentChannels_NothingLeaving(msg.sender);
        if (block.timestamp < purse.leavesAt) {
            revert PaymentChannels_TooEarly(block.timestamp, purse.leavesAt);
        }
        // Effect
        uint96 amount = purse.leaving < purse.balance ? purse.leaving : purse.balance;
        _purses[token][msg.sender] = Purse({balance: purse.balance - amount, leaving: 0, leavesAt: 0});
        _credit(token, msg.sender, amount);
        // Event
        emit PurseEmptied(token, msg.sender, amount);
    }

    /// @inheritdoc ISignedOrders
    function cancelOrders(uint64 word, uint256 mask) external {
        // Effect
        uint256 spent = spentNonces[msg.sender][word];
        spentNonces[msg.sender][word] = spent | mask;
        // Event
        emit OrdersCancelled(msg.sender, word, mask & ~spent);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc ISignedOrders
    function settleOrder(Order calldata order, bytes calldata signature) external nonReentrant {
        // Check
        if (block.timestamp > order.validBefore) {
            revert PaymentChannels_OrderExpired(block.timestamp, order.validBefore);
        }
        Purse memory purse = _purses[order.token][order.payer];
        if (order.amount > purse.balance) revert PaymentChannels_PurseTooSmall(order.amount, purse.balance);
        if (!Signatures.isBy(order.payer, orderDigest(order), signature)) {
            revert PaymentChannels_SignatureInvalid(order.payer);
        }
        // Effect
        if (!_spend(order.payer, order.nonce)) revert PaymentChannels_NonceSpent(order.payer, order.nonce);
        purse.balance -= order.amount;
        _purses[order.token][order.payer] = purse;
        _credit(order.token, order.payee, order.amount);
        // Event
        emit OrderSettled(order.payee, order.token, order.payer, order.amount, order.nonce, order.purpose);
    }

    /// @inheritdoc ISignedOrders
    function settleOrders(
        address payee,
        address token,
        OrderRow[] calldata rows
    ) external nonReentrant returns (uint256 paid) {
        // Check and effect
        bytes32[] memory settled;
        (paid, settled) = _settleRows(payee, token, rows);
        if (paid != 0) _credit(token, payee, paid);
        // Event
        emit OrdersSettled(payee, token, paid, settled);
    }

    /* ---------- internal ---------- */

    function _settleRows(
        address payee,
        address token,
        OrderRow[] calldata rows
    ) private returns (uint256 paid, bytes32[] memory settled) {
        settled = new bytes32[](rows.length * 2);
        bytes32 domain = _domainSeparatorV4();
        Cursor memory cursor;
        // No step can overflow: the length of calldata bounds `i`, and `paid` is a sum of numbers below 2^96.
        unchecked {
            for (uint256 i = 0; i < rows.length; ++i) {
                OrderRow calldata row = rows[i];
                uint256 amount = _settleRow(cursor, domain, payee, token, row);
                if (amount == 0) continue;
                paid += amount;
                settled[2 * i] = row.payerAndAmount;
                settled[2 * i + 1] = row.purpose;
            }
        }
        _writeBack(cursor, token);
    }

    /// @return amount What the order pays; zero if it is bad, and then nothing is spent.
    function _settleRow(
        Cursor memory cursor,
        bytes32 domain,
        address payee,
        address token,
        OrderRow calldata row
    ) private returns (uint256 amount) {
        uint256 payerAndAmount = uint256(row.payerAndAmount);
        uint256 validBeforeAndNonce = row.validBeforeAndNonce;
        amount = uint96(payerAndAmount);
        uint256 bit = 1 << (validBeforeAndNonce & 255);
        uint256 word = uint64(validBeforeAndNonce) >> 8;
        if (payerAndAmount >> 96 != cursor.payer || word != cursor.word) {
            _writeBack(cursor, token);
            _moveTo(cursor, token, payerAndAmount >> 96, word);
        }
        if (amount > cursor.balance || cursor.spent & bit != 0) return 0;
        uint256 validBefore = validBeforeAndNonce >> 64;
        if (block.timestamp > validBefore || validBefore > type(uint32).max) return 0;
        bytes32 body = keccak256(
            abi.encode(
                ORDER_TYPEHASH,
                payerAndAmount >> 96,
                payee,
                token,
                amount,
                validBeforeAndNonce & type(uint64).max,
                validBefore,
                row.purpose
            )
        );
        address signer = CompactSignature.recoverOrZero({
            digest: MessageHashUtils.toTypedDataHash(domain, body), r: row.r, yParityAndS: row.yParityAndS
        });
        if (signer == address(0) || uint160(signer) != payerAndAmount >> 96) return 0;
        cursor.spent |= bit;
        // Not above the balance: checked.
        unchecked {
            cursor.balance -= amount;
        }
    }

    function _moveTo(Cursor memory cursor, address token, uint256 payer, uint256 word) private view {
        // forge-lint: disable-next-line(unsafe-typecast) the high 160 of 256 bits
        address account = address(uint160(payer));
        cursor.payer = payer;
        cursor.word = word;
        cursor.balance = _purses[token][account].balance;
        // forge-lint: disable-next-line(unsafe-typecast) the high 56 of 64 bits
        cursor.spent = spentNonces[account][uint64(word)];
    }

    /// @dev The zero account stands for the cursor before the first row; it owns nothing and signs nothing.
    function _writeBack(Cursor memory cursor, address token) private {
        if (cursor.payer == 0) return;
        address account = address(uint160(cursor.payer));
        _purses[token][account].balance = uint96(cursor.balance);
        spentNonces[account][uint64(cursor.word)] = cursor.spent;
    }

    /// @return isFresh False if the nonce was spent or cancelled.
    function _spend(address payer, uint64 nonce) private returns (bool isFresh) {
        uint256 bit = 1 << (nonce & 255);
        uint256 spent = spentNonces[payer][nonce >> 8];
        if (spent & bit != 0) return false;
        spentNonces[payer][nonce >> 8] = spent | bit;
        return true;
    }
}
