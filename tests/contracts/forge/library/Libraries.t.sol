// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {FeeSplit} from "../../../../contracts/libraries/FeeSplit.sol";
import {PackedUri, StoredUri} from "../../../../contracts/libraries/PackedUri.sol";
import {Job, JobLib} from "../../../../contracts/types/Job.sol";
import {RowTerms, RowTermsLib} from "../../../../contracts/types/PolicyRow.sol";
import {VerdictLane, VerdictLaneLib} from "../../../../contracts/types/VerdictLane.sol";
import {Vm} from "../Vm.sol";

/// @dev Fuzz of the small pure pieces: whatever is packed comes out as it went in, no unit is lost.
contract LibrariesTest {
    using PackedUri for StoredUri;
    using VerdictLaneLib for mapping(uint256 word => uint256);

    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    StoredUri private _uri;
    mapping(uint256 word => uint256) private _lanes;

    function testFuzz_feeSplit__when_any_terms__accounts_for_every_unit(
        uint96 earned,
        uint16 feeBps,
        uint16 poolShareBps
    ) public pure {
        uint256 fee = uint256(feeBps) % 10_001;
        uint256 share = uint256(poolShareBps) % 10_001;
        (uint256 paid, uint256 house, uint256 pool) =
            FeeSplit.splitDown({earned: earned, feeBps: fee, poolShareBps: share});
        vm.assertEq(paid + house + pool, earned, "INV-ESC-02: every unit accounted for");
        vm.assertLe((house + pool) * 10_000, uint256(earned) * fee, "the fee is rounded down");
        vm.assertLe(pool * 10_000, (house + pool) * share, "the pool's part is rounded down");
    }

    function testFuzz_packedUri__when_it_is_a_cid__takes_one_slot_and_comes_out_equal(bytes32 digest) public {
        vm.assume(digest != 0);
        string memory uri = PackedUri.uriOf(digest);
        this.store(uri);
        vm.assertEq(_uri.digest, digest, "packed");
        vm.assertEq(bytes(_uri.text).length, 0, "no text");
        vm.assertEq(_uri.load(), uri, "comes out as it went in");
    }

    function testFuzz_packedUri__when_one_character_differs__comes_out_equal(
        bytes32 digest,
        uint8 position,
        bytes1 character
    ) public {
        bytes memory text = bytes(PackedUri.uriOf(digest));
        text[position % text.length] = character;
        this.store(string(text));
        vm.assertEq(_uri.load(), string(text), "comes out as it went in");
    }

    function test_packedUri__when_any_character_at_either_end__packs_base32_alone() public {
        for (uint256 code = 0; code < 256; ++code) {
            bool isBase32 = (code >= 0x61 && code <= 0x7a) || (code >= 0x32 && code <= 0x37);
            // The second character of the digest, and the second-last.
            for (uint256 position = 15; position < 66; position += 49) {
                bytes memory text = bytes(PackedUri.uriOf(bytes32(uint256(1))));
                // forge-lint: disable-next-line(unsafe-typecast) below 256
                text[position] = bytes1(uint8(code));
                this.store(string(text));
                vm.assertTrue((_uri.digest != 0) == isBase32, "INV-REG-03: packed if and only if base32");
                vm.assertEq(_uri.load(), string(text), "INV-REG-03: comes out as it went in");
            }
        }
    }

    function testFuzz_packedUri__when_any_text__comes_out_equal(string calldata text) public {
        this.store("ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy");
        this.store(text);
        vm.assertEq(_uri.load(), text, "comes out as it went in");
    }

    function test_packedUri__when_golden_cid__is_its_sha256() public {
        // CIDv1 of the raw bytes "hello world"
        this.store("ipfs://bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
        vm.assertEq(_uri.digest, sha256("hello world"), "the digest of the content");
    }

    function testFuzz_job__when_packed__comes_out_equal(
        address client,
        uint32 workBy,
        uint32 policyId,
        uint8 status,
        bool isHooked,
        address provider,
        uint96 budget
    ) public pure {
        IERC8183.JobStatus expected = IERC8183.JobStatus(status % 6);
        Job memory job = Job({
            state: JobLib.packState({
                client_: client,
                workBy_: workBy,
                policyId_: policyId >> 4,
                status_: expected,
                isHooked_: isHooked
            }),
            terms: JobLib.packTerms(provider, budget)
        });
        _assertJob(job, client, workBy, policyId >> 4, isHooked);
        vm.assertEq(job.submittedAt(), 0, "not submitted");
        vm.assertEq(uint256(job.status()), uint256(expected), "status");
        vm.assertEq(job.provider(), provider, "provider");
        vm.assertEq(job.budget(), budget, "budget");
    }

    function testFuzz_job__when_its_status_changes__keeps_all_else(
        uint256 state,
        uint32 submittedAt,
        uint8 status
    ) public pure {
        // Not submitted, and one of the six statuses.
        Job memory job =
            Job({state: (state & ~(uint256(type(uint32).max) << 192)) & ~(uint256(4) << 225), terms: 1});
        (address client, uint32 workBy, uint32 policyId, bool isHooked) =
            (job.client(), job.workBy(), job.policyId(), job.isHooked());
        job.setSubmitted(submittedAt);
        vm.assertEq(uint256(job.status()), uint256(IERC8183.JobStatus.Submitted), "submitted");
        vm.assertEq(job.submittedAt(), submittedAt, "when");
        _assertJob(job, client, workBy, policyId, isHooked);
        IERC8183.JobStatus expected = IERC8183.JobStatus(status % 6);
        job.setStatus(expected);
        vm.assertEq(uint256(job.status()), uint256(expected), "status");
        vm.assertEq(job.submittedAt(), submittedAt, "still when");
        _assertJob(job, client, workBy, policyId, isHooked);
    }

    function testFuzz_rowTerms__when_packed__comes_out_equal(
        address token,
        uint32 tailSeconds,
        uint16 feeBps,
        uint16 poolShareBps,
        uint8 passMark,
        uint8 flags
    ) public pure {
        RowTerms terms = RowTermsLib.pack({
            token_: token,
            tailSeconds_: tailSeconds,
            feeBps_: feeBps,
            poolShareBps_: poolShareBps,
            passMark_: passMark
        }).withFlags({isHouse_: flags & 1 != 0, isLedgerOnly_: flags & 2 != 0, isHooked_: flags & 4 != 0});
        for (uint256 round = 0; round < 2; ++round) {
            vm.assertEq(terms.token(), token, "token");
            vm.assertEq(terms.tailSeconds(), tailSeconds, "tail");
            vm.assertEq(terms.feeBps(), feeBps, "fee");
            vm.assertEq(terms.poolShareBps(), poolShareBps, "pool share");
            vm.assertEq(terms.passMark(), passMark, "pass mark");
            vm.assertTrue(terms.isHouse() == (flags & 1 != 0), "house");
            vm.assertTrue(terms.isLedgerOnly() == (flags & 2 != 0), "ledger only");
            vm.assertTrue(terms.isHooked() == (flags & 4 != 0), "hooked");
            vm.assertTrue(terms.isRetired() == (round == 1), "retired");
            terms = terms.retired();
        }
    }

    function testFuzz_verdictLane__when_filled__leaves_its_neighbours_alone(
        uint64 jobId,
        uint8 score,
        uint32 delaySeconds
    ) public {
        VerdictLane lane = VerdictLaneLib.pack(score % 101, delaySeconds % 30 days);
        vm.assertTrue(_lanes.tryFillLane(jobId, lane), "was empty");
        for (uint256 other = uint256(jobId) & ~uint256(7); other <= uint256(jobId) | 7; ++other) {
            vm.assertTrue(_lanes.laneOf(other).isPosted() == (other == jobId), "one lane alone");
        }
        vm.assertEq(_lanes.laneOf(jobId).score(), score % 101, "score");
        vm.assertEq(_lanes.laneOf(jobId).delaySeconds(), delaySeconds % 30 days, "delay");
        vm.assertFalse(_lanes.tryFillLane(jobId, VerdictLaneLib.pack(100, 1)), "INV-ORA-03: filled once");
        vm.assertEq(_lanes.laneOf(jobId).score(), score % 101, "INV-ORA-03: as it was");
    }

    function _assertJob(
        Job memory job,
        address client,
        uint32 workBy,
        uint32 policyId,
        bool isHooked
    ) private pure {
        vm.assertEq(job.client(), client, "client");
        vm.assertEq(job.workBy(), workBy, "workBy");
        vm.assertEq(job.policyId(), policyId, "policy");
        vm.assertTrue(job.isHooked() == isHooked, "hooked");
    }

    function store(string calldata uri) external {
        _uri.store(uri);
    }
}
