// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IReporterStake} from "../../interfaces/IReporterStake.sol";
import {IResultOracle} from "../../interfaces/IResultOracle.sol";
import {StakeBook} from "./StakeBook.sol";

/// @title Pots, one an epoch and token, and the roots over what was judged
/// @dev Promises and assumptions are in {IReporterStake}. Every unit is a stake, in a pot, the treasury's, or new.
abstract contract EpochPay is StakeBook, EIP712 {
    using SafeERC20 for IERC20;

    /* ---------- types ---------- */

    struct Closing {
        bytes32 root;
        uint32 verdictCount;
        uint256 participants;
    }

    /* ---------- constants ---------- */

    bytes32 private constant CLOSING_TYPEHASH =
        keccak256("EpochClosing(uint32 epoch,bytes32 root,uint32 verdictCount,uint256 participants)");
    /// @notice Time after an epoch in which it may be closed.
    uint256 public constant CLOSING_SECONDS = 7 days;

    /* ---------- storage ---------- */

    /// @inheritdoc IReporterStake
    mapping(IERC20 token => mapping(uint32 epoch => uint256)) public potOf;
    /// @dev Bits of the seats that were paid.
    mapping(IERC20 token => mapping(uint32 epoch => uint256)) private _paidSeats;
    /// @notice How an epoch was closed; the root is zero if it was not.
    mapping(uint32 epoch => Closing) public closingOf;

    /* ---------- views ---------- */

    /// @inheritdoc IReporterStake
    function payOf(IERC20 token, uint32 epoch, address reporter) external view returns (uint256) {
        (, uint32 endsAt, uint8 size,) = ORACLE.termOf(epoch);
        uint256 seat = ORACLE.seatOf(epoch, reporter);
        if (seat == 0 || endsAt == 0 || _payableFrom(epoch, endsAt) > block.timestamp) return 0;
        uint256 bits = _participants(epoch, size);
        uint256 bit = 1 << (seat - 1);
        if (bits & bit == 0 || _paidSeats[token][epoch] & bit != 0) return 0;
        return potOf[token][epoch] / _count(bits);
    }

    /// @inheritdoc IReporterStake
    function closingDigest(
        uint32 epoch,
        bytes32 root,
        uint32 verdictCount,
        uint256 participants
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(CLOSING_TYPEHASH, epoch, root, verdictCount, participants))
        );
    }

    /// @inheritdoc IReporterStake
    function isInEpoch(
        IResultOracle.Verdict calldata verdict,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 root = closingOf[verdict.epoch].root;
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(verdict))));
        return root != 0 && MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IReporterStake
    function collect(IERC20 token) external nonReentrant returns (uint256 amount) {
        // Check
        uint32 epoch = ORACLE.epoch();
        (,, uint8 size,) = ORACLE.termOf(epoch);
        if (size == 0) revert ReporterStake_NobodyToPay(epoch);
        // Interaction: only then it is known how much came
        ORACLE.forwardFees(address(token));
        amount = token.balanceOf(address(this)) - owedOf[token];
        if (amount == 0) revert ReporterStake_NothingDue();
        // Effect
        owedOf[token] += amount;
        potOf[token][epoch] += amount;
        // Event
        emit FeesCollected(address(token), epoch, amount);
    }

    /// @inheritdoc IReporterStake
    function closeEpoch(
        uint32 epoch,
        bytes32 root,
        uint32 verdictCount,
        uint256 participants,
        bytes[] calldata signatures
    ) external {
        // Check
        (, uint32 endsAt, uint8 size,) = ORACLE.termOf(epoch);
        if (endsAt == 0) revert ReporterStake_EpochRuns(epoch);
        if (block.timestamp >= endsAt + CLOSING_SECONDS) {
            revert ReporterStake_TooLate(block.timestamp, endsAt + CLOSING_SECONDS);
        }
        if (closingOf[epoch].root != 0) revert ReporterStake_AlreadyClosed(epoch);
        if (root == 0) revert ReporterStake_RootIsZero();
        if (participants == 0 || participants >> size != 0) {
            revert ReporterStake_ParticipantsInvalid(participants);
        }
        ORACLE.requireQuorum(epoch, closingDigest(epoch, root, verdictCount, participants), signatures);
        // Effect
        closingOf[epoch] = Closing(root, verdictCount, participants);
        // Event
        emit EpochClosed(epoch, root, verdictCount, participants);
    }

    /// @inheritdoc IReporterStake
    function payReporter(IERC20 token, uint32 epoch, address reporter) external nonReentrant {
        // Check
        (, uint32 endsAt, uint8 size,) = ORACLE.termOf(epoch);
        if (endsAt == 0) revert ReporterStake_EpochRuns(epoch);
        uint256 earliest = _payableFrom(epoch, endsAt);
        if (block.timestamp < earliest) revert ReporterStake_TooEarly(block.timestamp, earliest);
        uint256 bits = _participants(epoch, size);
        uint256 seat = ORACLE.seatOf(epoch, reporter);
        if (seat == 0 || bits & (1 << (seat - 1)) == 0) {
            revert ReporterStake_DidNotTakePart(epoch, reporter);
        }
        uint256 pot = potOf[token][epoch];
        uint256 amount = pot / _count(bits);
        uint256 paid = _paidSeats[token][epoch];
        if (amount == 0 || paid & (1 << (seat - 1)) != 0) revert ReporterStake_NothingDue();
        // Effect
        _paidSeats[token][epoch] = paid | (1 << (seat - 1));
        // What does not divide is new again, once.
        owedOf[token] -= paid == 0 ? amount + pot % _count(bits) : amount;
        // Event
        emit ReporterPaid(address(token), epoch, reporter, amount);
        // Interaction
        token.safeTransfer(reporter, amount);
    }

    /* ---------- internal ---------- */

    /// @dev Who took part: as the closing says, or all.
    function _participants(uint32 epoch, uint8 size) private view returns (uint256 bits) {
        bits = closingOf[epoch].participants;
        if (bits == 0) bits = (1 << size) - 1;
    }

    function _payableFrom(uint32 epoch, uint32 endsAt) private view returns (uint256) {
        return closingOf[epoch].root != 0 ? endsAt : endsAt + CLOSING_SECONDS;
    }

    /// @dev Bits that are set.
    function _count(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            ++count;
        }
    }
}
