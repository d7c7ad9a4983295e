// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExitDesk} from "../../../../contracts/desks/ExitDesk.sol";
import {TenderDesk} from "../../../../contracts/desks/TenderDesk.sol";
import {WorkDesk} from "../../../../contracts/desks/WorkDesk.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {ITenderDesk} from "../../../../contracts/interfaces/ITenderDesk.sol";
import {IWorkDesk} from "../../../../contracts/interfaces/IWorkDesk.sol";
import {JobEscrow} from "../../../../contracts/market/JobEscrow.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {Vm} from "../Vm.sol";

/// @title Clients, bidders, workers and strangers at the desks that hold bonds, with a token that blocks at will
contract DeskHandler {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant ACTORS = 4;

    JobEscrow public immutable ESCROW;
    TenderDesk public immutable TENDER;
    WorkDesk public immutable WORK;
    ExitDesk public immutable EXITS;
    BlockListToken public immutable TOKEN;
    uint32 private immutable _PLAIN_ROW;
    uint32 private immutable _WORK_ROW;

    uint256[] public jobIds;
    uint256 public requestCount;
    /// @dev The bid of each bidder on each request; zero for none.
    mapping(uint256 requestId => mapping(address bidder => uint96)) private _bids;

    constructor(
        JobEscrow escrow,
        TenderDesk tender,
        WorkDesk work,
        ExitDesk exits,
        BlockListToken token,
        uint32 plainRow,
        uint32 workRow
    ) {
        (ESCROW, TENDER, WORK, EXITS, TOKEN) = (escrow, tender, work, exits, token);
        (_PLAIN_ROW, _WORK_ROW) = (plainRow, workRow);
        for (uint256 i = 0; i < ACTORS; ++i) {
            token.mint(actor(i), 1e30);
            vm.startPrank(actor(i));
            token.approve(address(tender), type(uint256).max);
            token.approve(address(work), type(uint256).max);
            vm.stopPrank();
        }
    }

    /* ---------- tenders ---------- */

    function openRequest(uint256 who, uint96 bond, uint32 window) external {
        vm.prank(actor(who));
        requestCount = TENDER.openRequest(
            ITenderDesk.RequestTerms({
                policyId: _PLAIN_ROW,
                maxPrice: 1e24,
                bond: 1 + bond % 1e24,
                commitSeconds: 60 + window % 1 days,
                revealSeconds: 60 + window % 1 days,
                awardSeconds: 60 + window % 1 days,
                workSeconds: 600,
                serviceType: "x",
                description: "d"
            })
        );
    }

    function commitBid(uint256 who, uint256 pick, uint96 price) external {
        uint256 requestId = _request(pick);
        address bidder = actor(who);
        uint96 bid = 1 + price % 2e24;
        bytes32 commitment = TENDER.bidCommitment(requestId, bidder, bid, type(uint256).max, 0);
        vm.prank(bidder);
        try TENDER.commitBid(requestId, commitment) {
            _bids[requestId][bidder] = bid;
        } catch {}
    }

    function revealBid(uint256 who, uint256 pick) external {
        uint256 requestId = _request(pick);
        vm.prank(actor(who));
        try TENDER.revealBid(requestId, _bids[requestId][actor(who)], type(uint256).max, 0) {} catch {}
    }

    function award(uint256 pick) external {
        uint256 requestId = _request(pick);
        if (requestId == 0) return;
        vm.prank(TENDER.requestOf(requestId).client);
        try TENDER.award(requestId, "d") returns (uint256 jobId) {
            jobIds.push(jobId);
        } catch {}
    }

    function endTender(uint256 who, uint256 pick) external {
        uint256 requestId = _request(pick);
        try TENDER.releaseBest(requestId) {} catch {}
        try TENDER.forfeitBond(requestId, actor(who)) {} catch {}
    }

    /* ---------- work ---------- */

    function hire(uint256 who, uint256 toWhom, uint96 bond, uint32 due, uint16 lateBps) external {
        IJobEscrow.HireTerms memory terms = IJobEscrow.HireTerms({
            provider: actor(toWhom),
            policyId: _WORK_ROW,
            budget: 1e18,
            expiredAt: block.timestamp + ESCROW.tailOf(_WORK_ROW) + 1 days,
            agentId: 0,
            listingId: 0,
            description: ""
        });
        IWorkDesk.Care memory care =
            IWorkDesk.Care(bond % 1e24, due % 12 hours, due % 1 days, lateBps % 10_001, true);
        vm.prank(actor(who));
        try WORK.hire(terms, care) returns (uint256 jobId) {
            jobIds.push(jobId);
        } catch {}
    }

    function startOrTake(uint256 who, uint256 pick, bool isTake) external {
        uint256 jobId = _job(pick);
        if (jobId == 0) return;
        if (isTake) {
            vm.prank(actor(who));
            try WORK.take(jobId) {} catch {}
        } else {
            vm.prank(ESCROW.jobOf(jobId).provider);
            try WORK.start(jobId) {} catch {}
        }
    }

    function submit(uint256 pick) external {
        uint256 jobId = _job(pick);
        if (jobId == 0) return;
        vm.prank(ESCROW.jobOf(jobId).provider);
        try ESCROW.submit(jobId, "r", "") {} catch {}
    }

    function endJob(uint256 pick, uint8 how) external {
        uint256 jobId = _job(pick);
        if (jobId == 0) return;
        if (how % 3 == 0) vm.prank(ESCROW.jobOf(jobId).client);
        if (how % 3 == 1) vm.prank(ESCROW.jobOf(jobId).provider);
        bytes4 verb = how % 3 == 0 ? ESCROW.accept.selector : ESCROW.decline.selector;
        if (how % 3 == 2) verb = ESCROW.claimRefund.selector;
        (bool success,) = address(ESCROW).call(abi.encodeWithSelector(verb, jobId));
        success;
    }

    function endAndConclude(uint256 pick) external {
        uint256 jobId = _job(pick);
        uint256[] memory one = new uint256[](1);
        one[0] = jobId;
        EXITS.endJobs(one);
        try WORK.conclude(jobId) {} catch {}
    }

    /* ---------- everybody ---------- */

    function withdrawFor(uint256 whom) external {
        try TENDER.withdrawFor(address(TOKEN), actor(whom)) {} catch {}
        try WORK.withdrawFor(address(TOKEN), actor(whom)) {} catch {}
    }

    function changeMood(uint256 whom, bool isBlocked, uint8 manner) external {
        TOKEN.setBlocked(actor(whom), isBlocked, BlockListToken.Manner(manner % 2));
    }

    function letTimePass(uint32 secondsPassed) external {
        vm.warp(block.timestamp + secondsPassed % 12 hours);
    }

    /* ---------- the book ---------- */

    function jobCount() external view returns (uint256) {
        return jobIds.length;
    }

    /// @notice Bonds that the tender desk holds for bids that have not come free.
    function bidBonds() external view returns (uint256 sum) {
        for (uint256 requestId = 1; requestId <= requestCount; ++requestId) {
            ITenderDesk.Request memory request = TENDER.requestOf(requestId);
            for (uint256 i = 0; i < ACTORS; ++i) {
                if (TENDER.commitmentOf(requestId, actor(i)) != 0) sum += request.bond;
            }
            if (request.bestBidder != address(0) && !request.isAwarded) sum += request.bond;
        }
    }

    /// @notice Bonds that the work desk holds for work that has not ended.
    function workBonds() external view returns (uint256 sum) {
        for (uint256 i = 0; i < jobIds.length; ++i) {
            IWorkDesk.Deal memory deal = WORK.dealOf(jobIds[i]);
            if (deal.worker != address(0) && !deal.isConcluded) sum += deal.bond;
        }
    }

    function creditsAt(address desk) external view returns (uint256 sum) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            sum += TenderDesk(desk).creditOf(address(TOKEN), actor(i));
        }
    }

    function actor(uint256 i) public pure returns (address) {
        return vm.addr(0xD0001 + i % ACTORS);
    }

    function _request(uint256 pick) private view returns (uint256) {
        return requestCount == 0 ? 0 : 1 + pick % requestCount;
    }

    function _job(uint256 pick) private view returns (uint256) {
        return jobIds.length == 0 ? 0 : jobIds[pick % jobIds.length];
    }
}
