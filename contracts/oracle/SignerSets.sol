// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReporterStake} from "../interfaces/IReporterStake.sol";
import {IResultOracle} from "../interfaces/IResultOracle.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {SignerCode} from "../libraries/SignerCode.sol";
import {SignerTerm, SignerTermLib} from "../types/SignerTerm.sol";

/// @title The reporters' sets: one an epoch, each written once and never changed
/// @dev The set that judges a submission is the one in force when the work was submitted, for as long as the verdict
/// window is open. So a rotation takes no job away from a set that saw it, and gives none to a set that did not.
/// A set is the code of an account; its epoch takes one slot.
abstract contract SignerSets is IResultOracle {
    /* ---------- constants and immutables ---------- */

    /// @inheritdoc IResultOracle
    uint256 public constant MIN_EPOCH_SECONDS = 1 days;
    /// @dev Bits of a signer bitmap that are used; what a rotation may cost bounds it.
    uint256 public constant MAX_REPORTERS = 64;

    /// @inheritdoc IResultOracle
    IReporterStake public immutable STAKE;

    /* ---------- storage ---------- */

    /// @inheritdoc IResultOracle
    uint32 public epoch;
    mapping(uint32 epoch => SignerTerm) private _terms;

    /* ---------- constructor ---------- */

    /// @param quorum_ Of the first set: more than half of it, and no more than all.
    constructor(IReporterStake stake, address[] memory reporters_, uint256 quorum_) {
        if (address(stake) == address(0)) revert ResultOracle_StakeIsZero();
        uint256 min = reporters_.length / 2 + 1;
        if (quorum_ < min || quorum_ > reporters_.length) {
            revert ResultOracle_QuorumOutOfRange(quorum_, min, reporters_.length);
        }
        STAKE = stake;
        _begin(reporters_, quorum_);
    }

    /* ---------- views ---------- */

    /// @inheritdoc IResultOracle
    function reporters() external view returns (address[] memory) {
        return reportersOf(epoch);
    }

    /// @inheritdoc IResultOracle
    function reportersOf(uint32 epoch_) public view returns (address[] memory) {
        SignerTerm term = _termOf(epoch_);
        return SignerCode.list(term.members(), term.size());
    }

    /// @inheritdoc IResultOracle
    function quorum() external view returns (uint256) {
        return _terms[epoch].quorum();
    }

    /// @inheritdoc IResultOracle
    function termOf(uint32 epoch_)
        external
        view
        returns (uint32 startsAt, uint32 endsAt, uint8 size, uint8 quorum_)
    {
        SignerTerm term = _termOf(epoch_);
        return (term.startsAt(), term.endsAt(), term.size(), term.quorum());
    }

    /// @inheritdoc IResultOracle
    function epochAt(uint256 time) public view returns (uint32 found) {
        for (found = epoch; found != 0; --found) {
            if (_terms[found].startsAt() <= time) break;
        }
    }

    /// @inheritdoc IResultOracle
    function seatOf(uint32 epoch_, address reporter) public view returns (uint256 seat) {
        SignerTerm term = _termOf(epoch_);
        uint256 packed = SignerCode.load(term.members(), term.size());
        for (seat = term.size(); seat != 0; --seat) {
            if (SignerCode.signerAt(packed, seat - 1) == reporter) break;
        }
    }

    /// @inheritdoc IResultOracle
    function requireQuorum(
        uint32 epoch_,
        bytes32 digest,
        bytes[] calldata signatures
    ) external view returns (uint256 signerBitmap) {
        return _requireQuorum(_termOf(epoch_), digest, signatures);
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IResultOracle
    function advanceEpoch() external returns (uint32 begun) {
        // Check
        uint32 ending = epoch;
        SignerTerm term = _terms[ending];
        uint256 earliest = uint256(term.startsAt()) + MIN_EPOCH_SECONDS;
        if (block.timestamp < earliest) revert ResultOracle_EpochTooYoung(block.timestamp, earliest);
        // Effect
        _terms[ending] = term.endedAt(block.timestamp);
        begun = ending + 1;
        // Interaction with the house's own contract, which has no outside to call
        address[] memory set = STAKE.seatReporters(begun);
        // Effect and event
        _begin(set, set.length / 2 + 1);
    }

    /* ---------- internal ---------- */

    /// @dev The set of a verdict, if it is the one that judges this submission.
    function _requireTerm(uint32 epoch_, uint32 submittedAt) internal view returns (SignerTerm term) {
        term = _terms[epoch_];
        if (!term.isJudgeOf(submittedAt)) revert ResultOracle_WrongEpoch(epoch_, epochAt(submittedAt));
    }

    function _termOf(uint32 epoch_) internal view returns (SignerTerm term) {
        term = _terms[epoch_];
        if (!term.exists()) revert ResultOracle_UnknownEpoch(epoch_);
    }

    function _requireQuorum(
        SignerTerm term,
        bytes32 digest,
        bytes[] calldata signatures
    ) internal view returns (uint256 signerBitmap) {
        if (signatures.length < term.quorum()) {
            revert ResultOracle_TooFewSignatures(signatures.length, term.quorum());
        }
        uint256 size = term.size();
        uint256 packed = SignerCode.load(term.members(), size);
        address previous = address(0);
        uint256 seat = 0;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = Signatures.recoverCalldataOrZero(digest, signatures[i]);
            if (signer == address(0)) revert ResultOracle_SignatureInvalid(i);
            if (signer <= previous) revert ResultOracle_SignersNotAscending(previous, signer);
            // Both lists ascend, so one walk along the set finds all signers. The seat cannot overflow.
            unchecked {
                while (seat < size && SignerCode.signerAt(packed, seat) < signer) ++seat;
            }
            if (seat == size || SignerCode.signerAt(packed, seat) != signer) {
                revert ResultOracle_NotReporter(signer);
            }
            signerBitmap |= 1 << seat;
            previous = signer;
        }
    }

    /// @dev Writes the set of the next epoch, which starts now.
    function _begin(address[] memory set, uint256 quorum_) private {
        if (set.length > MAX_REPORTERS) revert ResultOracle_TooManyReporters(set.length, MAX_REPORTERS);
        SignerCode.sort(set);
        address previous = address(0);
        for (uint256 i = 0; i < set.length; ++i) {
            if (set[i] == previous) revert ResultOracle_ReporterSetInvalid(set[i]);
            previous = set[i];
        }
        uint32 begun = ++epoch;
        _terms[begun] = SignerTermLib.pack(SignerCode.store(set), block.timestamp, set.length, quorum_);
        emit EpochBegan(begun, set, quorum_);
    }
}
