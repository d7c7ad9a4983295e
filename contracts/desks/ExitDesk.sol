// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../interfaces/IERC8183.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IResultOracle} from "../interfaces/IResultOracle.sol";

/// @title Many exits in one call
/// @notice Takes, for each job, the exit that anybody may take now: settle for the one who performed, the no-show, and
/// only then the refund after expiry. A job without such an exit, or whose exit fails, is left as it was and costs
/// the others nothing. It holds no money and has no rights: everything it calls, anybody may call.
contract ExitDesk {
    error ExitDesk_GasTooLow(uint256 gasLeft, uint256 required);

    /// @notice Gas that one exit gets.
    uint256 public constant EXIT_GAS = 1_200_000;
    /// @dev What must be left for a call to be given {EXIT_GAS}: the caller keeps a 64th (EIP-150), and the call costs.
    uint256 private constant GAS_NEEDED = EXIT_GAS + EXIT_GAS / 32;

    IJobEscrow public immutable ESCROW;
    IResultOracle public immutable ORACLE;

    constructor(IJobEscrow escrow, IResultOracle oracle) {
        ESCROW = escrow;
        ORACLE = oracle;
    }

    /// @notice Ends what can be ended.
    /// @return endedCount How many of the jobs this call brought to a final state.
    function endJobs(uint256[] calldata jobIds) external returns (uint256 endedCount) {
        uint256 jobCount = ESCROW.jobCount();
        for (uint256 i = 0; i < jobIds.length; ++i) {
            uint256 jobId = jobIds[i];
            if (jobId == 0 || jobId > jobCount) continue;
            if (gasleft() < GAS_NEEDED) revert ExitDesk_GasTooLow(gasleft(), GAS_NEEDED);
            if (_end(jobId, ESCROW.jobOf(jobId))) ++endedCount;
        }
    }

    function _end(uint256 jobId, IJobEscrow.JobView memory job) private returns (bool) {
        if (job.status == IERC8183.JobStatus.Submitted && _trySettle(jobId)) return true;
        if (job.status == IERC8183.JobStatus.Funded && block.timestamp > job.workBy) {
            try ESCROW.noShow{gas: EXIT_GAS}(jobId) {
                return true;
            } catch {}
        }
        bool holdsMoney =
            job.status == IERC8183.JobStatus.Funded || job.status == IERC8183.JobStatus.Submitted;
        if (!holdsMoney || block.timestamp < job.expiredAt) return false;
        try ESCROW.claimRefund{gas: EXIT_GAS}(jobId) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The oracle reverts when it is left too little gas for a row; the outer check leaves enough.
    function _trySettle(uint256 jobId) private returns (bool) {
        uint256[] memory one = new uint256[](1);
        one[0] = jobId;
        try ORACLE.settle{gas: EXIT_GAS}(one) returns (uint256 settledCount) {
            return settledCount == 1;
        } catch {
            return false;
        }
    }
}
