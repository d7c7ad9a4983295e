// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExitDesk} from "../../../../contracts/desks/ExitDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Many exits in one call (E3, E4, E5).
contract ExitTest is MarketTest {
    ExitDesk private _desk;

    function setUp() public override {
        super.setUp();
        _desk = new ExitDesk(escrow, oracle);
    }

    function test_endJobs__given_jobs_in_every_state__ends_what_can_end_and_leaves_the_rest() public {
        uint256 delivered = _hireAndSubmit();
        uint256 missed = _hire();
        uint256 standard = _fundStandardJob();
        uint256 open = _standardJob();
        vm.warp(uint256(escrow.jobOf(missed).workBy) + 200);
        uint256 running = _hire();
        uint256[] memory jobIds = new uint256[](8);
        (jobIds[0], jobIds[1], jobIds[2], jobIds[3]) = (delivered, missed, standard, open);
        (jobIds[4], jobIds[5], jobIds[6], jobIds[7]) = (running, 0, 99, missed);
        vm.prank(stranger);
        vm.assertEq(_desk.endJobs(jobIds), 2, "two ended");
        _assertStatus(delivered, IERC8183.JobStatus.Completed);
        _assertStatus(missed, IERC8183.JobStatus.Rejected);
        _assertStatus(standard, IERC8183.JobStatus.Funded);
        _assertStatus(open, IERC8183.JobStatus.Open);
        _assertStatus(running, IERC8183.JobStatus.Funded);
        vm.warp(block.timestamp + 1 days);
        vm.assertEq(_desk.endJobs(jobIds), 2, "the standard job expired, the running one was missed");
        _assertStatus(standard, IERC8183.JobStatus.Expired);
    }

    function test_E3_endJobs__given_a_delivered_job_that_also_expired__pays_the_performer_first() public {
        uint256 jobId = _hireAndSubmit();
        vm.warp(escrow.jobOf(jobId).expiredAt);
        vm.assertEq(_desk.endJobs(_list(jobId)), 1, "ended");
        _assertStatus(jobId, IERC8183.JobStatus.Completed);
    }

    function test_endJobs__when_given_little_gas__reverts_rather_than_skips() public {
        uint256 jobId = _hireAndSubmit();
        vm.warp(escrow.jobOf(jobId).expiredAt);
        (bool success, bytes memory answer) =
            address(_desk).call{gas: 500_000}(abi.encodeCall(_desk.endJobs, (_list(jobId))));
        vm.assertFalse(success, "refused");
        vm.assertEq(bytes32(bytes4(answer)), bytes32(ExitDesk.ExitDesk_GasTooLow.selector), "reason");
    }
}
