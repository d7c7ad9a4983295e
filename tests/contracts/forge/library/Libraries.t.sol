// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {FeeSplit} from "../../../../contracts/libraries/FeeSplit.sol";
import {PackedUri, StoredUri} from "../../../../contracts/libraries/PackedUri.sol";
import {Job, JobSlots} from "../../../../contracts/types/Job.sol";
import {PolicyRow, RowTerms} from "../../../../contracts/types/PolicyRow.sol";
import {VerdictLane, VerdictLaneLib} from "../../../../contracts/types/VerdictLane.sol";
import {Vm} from "../Vm.sol";

/// @dev Fuzz of the small pure pieces: whatever is packed comes out as it went in, no unit is lost.
contract LibrariesTest {
    using PackedUri for StoredUri;
    using VerdictLaneLib for mapping(uint256 word => uint256);

    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    StoredUri private _uri;
    JobSlots private _job;
    PolicyRow private _row;
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

    function testFuzz_job__when_stored__comes_out_equal(
        address client,
        uint32 workBy,
        uint32 submittedAt,
        uint32 policyId,
        uint8 status,
        bool isHooked,
        address provider,
        uint96 budget
    ) public {
        Job memory job = Job({
            client: client,
            workBy: workBy,
            submittedAt: submittedAt,
            policyId: policyId >> 4,
            status: IERC8183.JobStatus(status % 6),
            isHooked: isHooked,
            provider: provider,
            budget: budget
        });
        _job.storeState(job);
        _job.storeTerms(job);
        vm.assertEq(keccak256(abi.encode(_job.load())), keccak256(abi.encode(job)), "equal");
        job.provider = address(0);
        job.budget = 0;
        vm.assertEq(keccak256(abi.encode(_job.loadState())), keccak256(abi.encode(job)), "state alone");
    }

    function testFuzz_policyRow__when_stored__comes_out_equal(
        address token,
        uint32 tailSeconds,
        uint16 feeBps,
        uint16 poolShareBps,
        uint8 passMark,
        uint8 flags
    ) public {
        RowTerms memory terms = RowTerms({
            token: token,
            tailSeconds: tailSeconds,
            feeBps: feeBps,
            poolShareBps: poolShareBps,
            passMark: passMark,
            isHouse: flags & 1 != 0,
            isRetired: flags & 2 != 0,
            isLedgerOnly: flags & 4 != 0,
            isHooked: flags & 8 != 0
        });
        _row.storeTerms(terms);
        vm.assertEq(keccak256(abi.encode(_row.loadTerms())), keccak256(abi.encode(terms)), "equal");
    }

    function testFuzz_verdictLane__when_filled__leaves_its_neighbours_alone(
        uint64 jobId,
        uint8 score,
        uint32 delaySeconds
    ) public {
        VerdictLane lane = VerdictLaneLib.pack(score % 101, delaySeconds % 30 days);
        _lanes.fillLane(jobId, lane);
        for (uint256 other = uint256(jobId) & ~uint256(7); other <= uint256(jobId) | 7; ++other) {
            vm.assertTrue(_lanes.laneOf(other).isPosted() == (other == jobId), "one lane alone");
        }
        vm.assertEq(_lanes.laneOf(jobId).score(), score % 101, "score");
        vm.assertEq(_lanes.laneOf(jobId).delaySeconds(), delaySeconds % 30 days, "delay");
    }

    function store(string calldata uri) external {
        _uri.store(uri);
    }
}
