// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {ChannelSlot, ChannelSlotLib} from "../../../../contracts/types/ChannelSlot.sol";
import {Feedback, FeedbackEntryLib} from "../../../../contracts/types/FeedbackEntry.sol";
import {Job, JobLib} from "../../../../contracts/types/Job.sol";
import {RowTerms, RowTermsLib} from "../../../../contracts/types/PolicyRow.sol";
import {ValidationSlotLib, ValidationState} from "../../../../contracts/types/ValidationSlot.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @title Words packed by hand, for every value: what goes in comes out, and a change touches its own field alone
contract SlotsSymbolic is SymbolicTest {
    function check_channelSlot__whatever_goes_in__comes_out(
        uint96 deposit,
        uint96 claimed,
        uint32 closableAt,
        uint96 newer
    ) external pure {
        ChannelSlot slot = ChannelSlotLib.pack({
            deposit_: deposit, claimed_: claimed, closableAt_: closableAt
        });
        assert(slot.deposit() == deposit && slot.claimed() == claimed && slot.closableAt() == closableAt);
        ChannelSlot later = slot.withClaimed(newer);
        assert(later.deposit() == deposit && later.claimed() == newer && later.closableAt() == closableAt);
    }

    function check_jobState__whatever_goes_in__comes_out(
        address client,
        uint32 workBy,
        uint32 policyId,
        uint8 status,
        bool isHooked,
        uint32 submittedAt
    ) external pure {
        vm.assume(policyId <= JobLib.MAX_POLICY_ID && status <= uint8(IERC8183.JobStatus.Expired));
        Job memory job;
        job.state = JobLib.packState(client, workBy, policyId, IERC8183.JobStatus(status), isHooked);
        assert(job.client() == client && job.workBy() == workBy && job.policyId() == policyId);
        assert(uint8(job.status()) == status && job.isHooked() == isHooked && job.submittedAt() == 0);
        job.setSubmitted(submittedAt);
        assert(job.client() == client && job.workBy() == workBy && job.policyId() == policyId);
        assert(job.status() == IERC8183.JobStatus.Submitted && job.isHooked() == isHooked);
        assert(job.submittedAt() == submittedAt);
        job.setStatus(IERC8183.JobStatus.Completed);
        assert(job.client() == client && job.workBy() == workBy && job.policyId() == policyId);
        assert(job.status() == IERC8183.JobStatus.Completed && job.submittedAt() == submittedAt);
        assert(job.isHooked() == isHooked);
        job.clearSubmitted();
        assert(job.client() == client && job.workBy() == workBy && job.policyId() == policyId);
        assert(job.submittedAt() == 0 && job.status() == IERC8183.JobStatus.Completed);
    }

    function check_jobTerms__whatever_goes_in__comes_out(
        address provider,
        uint96 budget,
        uint96 earned
    ) external pure {
        Job memory job;
        job.terms = JobLib.packTerms(provider, budget);
        assert(job.provider() == provider && job.budget() == budget);
        job.terms = JobLib.packTerms(job.provider(), earned);
        assert(job.provider() == provider && job.budget() == earned);
    }

    function check_rowTerms__whatever_goes_in__comes_out(
        address token,
        uint32 tail,
        uint16 feeBps,
        uint16 shareBps,
        uint8 mark,
        uint8 flags
    ) external pure {
        RowTerms terms = RowTermsLib.pack(token, tail, feeBps, shareBps, mark);
        terms = terms.withFlags(flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
        if (flags & 8 != 0) terms = terms.retired();
        assert(terms.token() == token && terms.tailSeconds() == tail && terms.feeBps() == feeBps);
        assert(terms.poolShareBps() == shareBps && terms.passMark() == mark);
        assert(terms.isHouse() == (flags & 1 != 0) && terms.isLedgerOnly() == (flags & 2 != 0));
        assert(terms.isHooked() == (flags & 4 != 0) && terms.isRetired() == (flags & 8 != 0));
    }

    function check_feedbackEntry__whatever_goes_in__comes_out(Feedback memory entry) external pure {
        vm.assume(entry.valueDecimals <= 18 && entry.tag1Id <= FeedbackEntryLib.MAX_TAG_ID);
        vm.assume(entry.tag2Id <= FeedbackEntryLib.MAX_TAG_ID && entry.epoch <= FeedbackEntryLib.MAX_EPOCH);
        vm.assume(entry.weight <= FeedbackEntryLib.MAX_WEIGHT && !entry.isRevoked);
        assert(_hash(entry.pack().unpack()) == _hash(entry));
        Feedback memory taken = entry.pack().revoked().unpack();
        entry.isRevoked = true;
        assert(_hash(taken) == _hash(entry));
    }

    function check_validationSlot__whatever_goes_in__comes_out(ValidationState memory state) external pure {
        vm.assume(state.tagId <= ValidationSlotLib.MAX_TAG_ID && state.response <= 100);
        vm.assume(state.hasResponse || state.response == 0);
        assert(keccak256(abi.encode(state.pack().unpack())) == keccak256(abi.encode(state)));
    }

    function _hash(Feedback memory entry) private pure returns (bytes32) {
        return keccak256(abi.encode(entry));
    }
}
