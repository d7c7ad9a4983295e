// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeDesk} from "../../../../contracts/court/DisputeDesk.sol";
import {JurorCourt} from "../../../../contracts/court/JurorCourt.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IJurorCourt} from "../../../../contracts/interfaces/IJurorCourt.sol";
import {IReporterStake} from "../../../../contracts/interfaces/IReporterStake.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {JobEscrow} from "../../../../contracts/market/JobEscrow.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {ResultOracle} from "../../../../contracts/oracle/ResultOracle.sol";
import {ReporterStake} from "../../../../contracts/oracle/stake/ReporterStake.sol";
import {Header} from "../court/Header.sol";
import {VmCourt} from "../court/VmCourt.sol";

/// @title Parties that dispute, jurors that judge or keep silent, reporters that stake and are slashed
/// @dev Acts on every job of the escrow, whoever made it.
contract DisputeHandler {
    VmCourt private constant vm = VmCourt(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 public constant JURORS = 6;
    uint256 private constant MONEY = 1e30;

    JobEscrow public immutable ESCROW;
    ResultOracle public immutable ORACLE;
    ReporterStake public immutable STAKE;
    DisputeDesk public immutable DESK;
    JurorCourt public immutable COURT;
    BlockListToken public immutable TOKEN;
    uint256[3] private _reporterKeys;

    /// @notice What happened at all: a campaign that never reaches a ruling proves nothing about one.
    mapping(bytes32 what => uint256) public seen;
    mapping(uint256 jobId => IResultOracle.Verdict) private _posted;

    constructor(DisputeDesk desk, ReporterStake stake, BlockListToken token, uint256[3] memory reporterKeys) {
        (DESK, STAKE, TOKEN) = (desk, stake, token);
        (ESCROW, ORACLE) = (JobEscrow(address(desk.ESCROW())), ResultOracle(address(desk.ORACLE())));
        COURT = JurorCourt(address(desk.ARBITRATOR()));
        _reporterKeys = reporterKeys;
        for (uint256 i = 0; i < JURORS; ++i) {
            fund(juror(i));
            buyTicket(i);
        }
        for (uint256 i = 0; i < 3; ++i) {
            fund(vm.addr(reporterKeys[i]));
            stakeMore(i);
        }
    }

    /// @notice Gives an account of any handler money for bonds, appeals and stakes.
    function fund(address account) public {
        TOKEN.mint(account, MONEY);
        vm.startPrank(account);
        TOKEN.approve(address(DESK), type(uint256).max);
        TOKEN.approve(address(COURT), type(uint256).max);
        TOKEN.approve(address(STAKE), type(uint256).max);
        vm.stopPrank();
    }

    /* ---------- parties ---------- */

    /// @dev A verdict, and at once a dispute about it; `luck` says whether it is answered and comes before the court.
    function bringCase(uint256 pick, uint8 score, bool isByClient, uint256 luck) external {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (job.status == IERC8183.JobStatus.Funded) {
            vm.prank(job.provider);
            try ESCROW.submit(jobId, keccak256("result"), "") {} catch {}
            job = ESCROW.jobOf(jobId);
        }
        if (job.status != IERC8183.JobStatus.Submitted) return;
        _post(jobId, job.submittedAt, score % 101);
        _dispute(jobId, job, isByClient);
        if (luck % 2 == 0) counterBond(jobId - 1);
        if (luck % 4 != 3) refer(jobId - 1);
    }

    /// @dev A dispute when no verdict came: time passes to the end of the verdict window.
    function disputeSilence(uint256 pick, bool isByClient) external {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (job.status != IERC8183.JobStatus.Submitted) return;
        uint256 opensAt = uint256(job.submittedAt) + ESCROW.policyOf(job.policyId).verdictSeconds;
        if (block.timestamp < opensAt) vm.warp(opensAt);
        _dispute(jobId, job, isByClient);
    }

    function counterBond(uint256 pick) public {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        vm.prank(DESK.disputeOf(jobId).isByClient ? job.provider : job.client);
        try DESK.counterBond(jobId) {
            ++seen["countered"];
        } catch {}
    }

    function refer(uint256 pick) public {
        (uint256 jobId,) = _pick(pick);
        try DESK.refer(jobId) {
            ++seen["referred"];
        } catch {}
    }

    function rule(uint256 pick, bool mayWait) external {
        (uint256 jobId,) = _pick(pick);
        uint256 ruleBy = DESK.disputeOf(jobId).ruleBy;
        if (mayWait && block.timestamp <= ruleBy) vm.warp(ruleBy + 1);
        try DESK.rule(jobId) {
            ++seen["ruled"];
            if (ORACLE.isOverturned(jobId)) ++seen["overturned"];
        } catch {}
    }

    /* ---------- the court ---------- */

    /// @dev Up to eight steps of a case; `luck` says who keeps silent, who votes what and whether somebody appeals.
    function runCourt(uint256 pick, uint256 luck, uint256 steps) external {
        uint256 count = COURT.disputeCount();
        if (count == 0) return;
        for (uint256 i = 0; i <= steps % 8; ++i) {
            _step(1 + pick % count, uint256(keccak256(abi.encode(luck, i))));
        }
    }

    function buyTicket(uint256 who) public {
        vm.prank(juror(who));
        try COURT.stake(1) {} catch {}
    }

    function leaveCourt(uint256 who) external {
        vm.prank(juror(who));
        try COURT.announceLeave() {} catch {}
    }

    function takeStakeFromCourt(uint256 who) external {
        try COURT.unstake(juror(who)) {} catch {}
    }

    /* ---------- reporters ---------- */

    function stakeMore(uint256 who) public {
        address reporter = vm.addr(_reporterKeys[who % 3]);
        uint256 least = STAKE.MIN_STAKE();
        vm.prank(reporter);
        try STAKE.stakeFor(reporter, least) {} catch {}
    }

    function slashOverturned(uint256 pick, uint256 who) external {
        (uint256 jobId,) = _pick(pick);
        IReporterStake.SignedVerdict memory signed;
        signed.verdict = _posted[jobId];
        signed.signature = _sign(who % 2, ORACLE.verdictDigest(signed.verdict));
        try STAKE.slashOverturned(signed) {
            ++seen["slashed"];
        } catch {}
    }

    function advanceEpoch() external {
        try ORACLE.advanceEpoch() {} catch {}
    }

    function payReporter(uint256 who, uint32 epoch) external {
        try STAKE.payReporter(TOKEN, 1 + epoch % ORACLE.epoch(), vm.addr(_reporterKeys[who % 3])) {} catch {}
    }

    function drawCredits(uint256 who) external {
        try COURT.withdrawFor(address(TOKEN), juror(who)) {} catch {}
        try STAKE.payTreasury() {} catch {}
        (, IJobEscrow.JobView memory job) = _pick(who);
        try DESK.withdrawFor(address(TOKEN), job.client) {} catch {}
        try DESK.withdrawFor(address(TOKEN), job.provider) {} catch {}
    }

    /* ---------- reading ---------- */

    function juror(uint256 i) public pure returns (address) {
        return vm.addr(0xB0001 + i % JURORS);
    }

    /// @notice Bonds of open disputes, less what the court was paid out of them.
    function openBonds() external view returns (uint256 sum) {
        for (uint256 jobId = 1; jobId <= ESCROW.jobCount(); ++jobId) {
            DisputeDesk.DisputeView memory found = DESK.disputeOf(jobId);
            if (found.ruleBy == 0) continue;
            sum += uint256(found.bond) * (found.isCountered ? 2 : 1) - found.fee;
        }
    }

    /* ---------- internal ---------- */

    function _post(uint256 jobId, uint32 submittedAt, uint8 score) private {
        IResultOracle.Verdict memory verdict = IResultOracle.Verdict({
            jobId: jobId,
            submittedAt: submittedAt,
            deliverable: keccak256("result"),
            reportHash: keccak256("report"),
            score: score,
            epoch: ORACLE.epochAt(submittedAt)
        });
        bytes32 digest = ORACLE.verdictDigest(verdict);
        bytes[] memory signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (_sign(0, digest), _sign(1, digest));
        try ORACLE.postVerdict(verdict, signatures) {
            _posted[jobId] = verdict;
        } catch {}
    }

    function _dispute(uint256 jobId, IJobEscrow.JobView memory job, bool isByClient) private {
        vm.prank(isByClient ? job.client : job.provider);
        try DESK.dispute(jobId, 0, type(uint256).max) {
            ++seen["disputed"];
        } catch {}
    }

    /// @dev Whatever the phase asks for next, or time passes to its end.
    function _step(uint256 disputeId, uint256 luck) private {
        (uint8 round, IJurorCourt.Phase phase, uint256 endsAt) = COURT.phaseOf(disputeId);
        if (phase == IJurorCourt.Phase.Draw) _draw(disputeId, round);
        if (phase == IJurorCourt.Phase.Commit) _commit(disputeId, round, luck);
        if (phase == IJurorCourt.Phase.Reveal) _reveal(disputeId, round, luck);
        if (phase == IJurorCourt.Phase.Appeal && luck % 2 == 0) _appeal(disputeId, luck);
        if (phase == IJurorCourt.Phase.Over) _close(disputeId);
        if (luck % 4 == 0 && endsAt >= block.timestamp) vm.warp(endsAt + 1);
    }

    function _draw(uint256 disputeId, uint8 round) private {
        uint256 seedBlock = COURT.roundOf(disputeId, round).seedBlock;
        if (block.number <= seedBlock) vm.roll(seedBlock + 1);
        try COURT.renewDraw(disputeId) {
            return;
        } catch {}
        bytes memory header = Header.encode("parent", keccak256(abi.encode(disputeId, round)), seedBlock);
        vm.setBlockhash(seedBlock, keccak256(header));
        try COURT.draw(disputeId, header) {
            ++seen["drawn"];
        } catch {}
    }

    function _commit(uint256 disputeId, uint8 round, uint256 luck) private {
        uint256 drawn = COURT.roundOf(disputeId, round).drawn;
        for (uint8 seat = 0; seat < drawn; ++seat) {
            (address sits,) = COURT.seatOf(disputeId, round, seat);
            if ((luck >> (8 + seat)) % 4 == 3) continue;
            uint16 share = _shareOf(luck, disputeId, seat);
            bytes32 commitment = COURT.commitmentOf(disputeId, round, seat, sits, share, 0);
            vm.prank(sits);
            try COURT.commitVote(disputeId, seat, commitment) {} catch {}
        }
    }

    /// @dev The vote is not kept: both ends that a seat may have committed to are tried, and the middle.
    function _reveal(uint256 disputeId, uint8 round, uint256 luck) private {
        uint256 drawn = COURT.roundOf(disputeId, round).drawn;
        for (uint8 seat = 0; seat < drawn; ++seat) {
            if ((luck >> (24 + seat)) % 4 == 3) continue;
            for (uint16 share = 0; share <= 10_000; share += 5_000) {
                try COURT.revealVote(disputeId, seat, share, 0) {} catch {}
            }
        }
    }

    function _appeal(uint256 disputeId, uint256 luck) private {
        vm.prank(juror(luck));
        try COURT.appeal(disputeId) {
            ++seen["appealed"];
        } catch {}
    }

    function _close(uint256 disputeId) private {
        try COURT.close(disputeId) {
            ++seen["closed"];
        } catch {}
    }

    /// @dev Most jurors of a dispute agree; some see the middle.
    function _shareOf(uint256 luck, uint256 disputeId, uint8 seat) private pure returns (uint16) {
        if ((luck >> (40 + seat)) % 5 == 0) return 5_000;
        return uint256(keccak256(abi.encode(disputeId))) % 2 == 0 ? 0 : 10_000;
    }

    function _sign(uint256 who, bytes32 digest) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_reporterKeys[who], digest);
        return abi.encodePacked(r, s, v);
    }

    function _pick(uint256 pick) private view returns (uint256 jobId, IJobEscrow.JobView memory job) {
        uint256 count = ESCROW.jobCount();
        if (count == 0) return (0, job);
        jobId = 1 + pick % count;
        job = ESCROW.jobOf(jobId);
    }
}
