// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {JobEscrow} from "../../../../contracts/market/JobEscrow.sol";
import {BlockListToken} from "../../../../contracts/mocks/BlockListToken.sol";
import {ResultOracle} from "../../../../contracts/oracle/ResultOracle.sol";
import {Vm} from "../Vm.sol";

/// @title Every actor of the market, at random: clients, providers, reporters, owner, strangers, a moody token
/// @dev Keeps its own book beside the contracts: what was locked, what came out.
contract MarketHandler {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant ACTORS = 3;

    JobEscrow public immutable ESCROW;
    ResultOracle public immutable ORACLE;
    BlockListToken public immutable TOKEN;
    address private immutable _OWNER;
    uint256[3] private _reporterKeys;
    uint32[] private _policyIds;

    uint256[] public jobIds;
    /// @notice Final status of a job once seen, plus one.
    mapping(uint256 jobId => uint256) public finalStatus;
    /// @notice Budget of a job when it was funded.
    mapping(uint256 jobId => uint256) public lockedBudget;
    /// @notice Set if a final job ever changed its status.
    bool public leftFinalState;
    mapping(bytes4 verb => uint256) public calls;

    constructor(
        JobEscrow escrow,
        ResultOracle oracle,
        BlockListToken token,
        address owner,
        uint256[3] memory reporterKeys,
        uint32[] memory policyIds
    ) {
        ESCROW = escrow;
        ORACLE = oracle;
        TOKEN = token;
        _OWNER = owner;
        _reporterKeys = reporterKeys;
        _policyIds = policyIds;
        for (uint256 i = 0; i < ACTORS; ++i) {
            token.mint(_client(i), 1e30);
            vm.prank(_client(i));
            token.approve(address(escrow), type(uint256).max);
        }
    }

    modifier counted() {
        ++calls[msg.sig];
        _;
        _noteStates();
    }

    /* ---------- actors ---------- */

    function hire(
        uint256 who,
        uint256 toWhom,
        uint96 budget,
        uint32 workSeconds,
        uint256 row
    ) external counted {
        uint32 id = _policyIds[row % _policyIds.length];
        IJobEscrow.HireTerms memory terms = IJobEscrow.HireTerms({
            provider: _provider(toWhom),
            policyId: id,
            budget: 1 + budget % 1e24,
            expiredAt: block.timestamp + ESCROW.tailOf(id) + 1 + workSeconds % 7 days,
            agentId: 0,
            listingId: 0,
            description: ""
        });
        _hireBy(who, row / _policyIds.length, terms);
    }

    /// @dev By allowance, out of the ledger, or for another client.
    function _hireBy(uint256 who, uint256 way, IJobEscrow.HireTerms memory terms) private {
        address client = way % 3 == 2 ? _client(who + 1) : _client(who);
        bytes memory data = abi.encodeCall(ESCROW.hire, (terms));
        if (way % 3 == 1) data = abi.encodeCall(ESCROW.hireFromLedger, (terms));
        if (way % 3 == 2) data = abi.encodeCall(ESCROW.hireFor, (client, terms));
        vm.prank(_client(who));
        (bool success, bytes memory answer) = address(ESCROW).call(data);
        if (!success) return;
        uint256 jobId = abi.decode(answer, (uint256));
        jobIds.push(jobId);
        lockedBudget[jobId] = terms.budget;
    }

    function deposit(uint256 who, uint256 whom, uint96 amount) external counted {
        vm.prank(_client(who));
        try ESCROW.deposit(address(TOKEN), _client(whom), amount % 1e24) {} catch {}
    }

    function createPriceAndFund(
        uint256 who,
        uint256 toWhom,
        uint96 budget,
        uint32 workSeconds
    ) external counted {
        address client = _client(who);
        uint256 amount = 1 + budget % 1e24;
        vm.prank(client);
        uint256 jobId = ESCROW.createJob({
            provider: _provider(toWhom),
            evaluator: _evaluator(),
            expiredAt: block.timestamp + 1 + workSeconds % 7 days,
            description: "",
            hook: address(0)
        });
        jobIds.push(jobId);
        vm.prank(client);
        ESCROW.setBudget(jobId, amount, "");
        vm.prank(client);
        ESCROW.fund(jobId, amount, "");
        lockedBudget[jobId] = amount;
    }

    function submit(uint256 pick) external counted {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (jobId == 0) return;
        vm.prank(job.provider);
        try ESCROW.submit(jobId, keccak256("result"), "") {} catch {}
    }

    function submitWithAcceptance(uint256 pick, bool isSigned) external counted {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (jobId == 0) return;
        bytes32 digest = ESCROW.acceptanceDigest(jobId, job.provider, job.budget, "r", type(uint256).max);
        bytes memory signature = _sign(isSigned ? _keyOf(job.client) : 1, digest);
        vm.prank(job.provider);
        try ESCROW.submitWithAcceptance(jobId, "r", type(uint256).max, signature) {} catch {}
    }

    function accept(uint256 pick, bool isClient, uint256 who) external counted {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (jobId == 0) return;
        vm.prank(isClient ? job.client : _client(who));
        try ESCROW.accept(jobId) {} catch {}
    }

    function decline(uint256 pick) external counted {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (jobId == 0) return;
        vm.prank(job.provider);
        try ESCROW.decline(jobId) {} catch {}
    }

    function noShow(uint256 pick) external counted {
        (uint256 jobId,) = _pick(pick);
        try ESCROW.noShow(jobId) {} catch {}
    }

    function claimRefund(uint256 pick) external counted {
        (uint256 jobId,) = _pick(pick);
        try ESCROW.claimRefund(jobId) {} catch {}
    }

    function judgeStandardJob(uint256 pick, bool isGood) external counted {
        (uint256 jobId,) = _pick(pick);
        if (jobId == 0) return;
        vm.prank(_evaluator());
        if (isGood) {
            try ESCROW.complete(jobId, 0, "") {} catch {}
        } else {
            try ESCROW.reject(jobId, 0, "") {} catch {}
        }
    }

    function cancel(uint256 pick, uint96 providerAmount) external counted {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (jobId == 0) return;
        uint96 earned = uint96(uint256(providerAmount) % (uint256(job.budget) + 1));
        bytes32 digest = ESCROW.cancelDigest(jobId, earned, type(uint256).max);
        bytes memory byClient = _sign(_keyOf(job.client), digest);
        bytes memory byProvider = _sign(_keyOf(job.provider), digest);
        try ESCROW.cancel(jobId, earned, type(uint256).max, byClient, byProvider) {} catch {}
    }

    function postVerdict(uint256 pick, uint8 score) external counted {
        (uint256 jobId, IJobEscrow.JobView memory job) = _pick(pick);
        if (jobId == 0) return;
        IResultOracle.Verdict memory verdict = IResultOracle.Verdict({
            jobId: jobId,
            submittedAt: job.submittedAt,
            deliverable: keccak256("result"),
            reportHash: keccak256("report"),
            score: score % 101,
            epoch: 1
        });
        bytes32 digest = ORACLE.verdictDigest(verdict);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = _sign(_reporterKeys[0], digest);
        signatures[1] = _sign(_reporterKeys[1], digest);
        try ORACLE.postVerdict(verdict, signatures) {} catch {}
    }

    function settle(uint256 first, uint256 second) external counted {
        uint256[] memory batch = new uint256[](2);
        (batch[0],) = _pick(first);
        (batch[1],) = _pick(second);
        ORACLE.settle(batch);
    }

    function withdrawFor(uint256 whom) external counted {
        address[5] memory owed =
            [_client(whom), _provider(whom), ESCROW.TREASURY(), address(ORACLE), address(0xdead)];
        try ESCROW.withdrawFor(address(TOKEN), owed[whom % 5]) {} catch {}
    }

    function collectFees() external counted {
        try ORACLE.STAKE().collect(TOKEN) {} catch {}
    }

    function changeMood(uint256 whom, bool isBlocked, uint8 manner) external counted {
        TOKEN.setBlocked(
            whom % 2 == 0 ? _client(whom) : _provider(whom), isBlocked, BlockListToken.Manner(manner % 2)
        );
    }

    function announceFee(uint16 feeBps, uint16 shareBps) external counted {
        vm.prank(_OWNER);
        ESCROW.announceFee(feeBps % 1_001, shareBps % 10_001);
    }

    function letTimePass(uint32 secondsPassed) external counted {
        vm.warp(block.timestamp + secondsPassed % 3 days);
    }

    /* ---------- the book ---------- */

    function jobCount() external view returns (uint256) {
        return jobIds.length;
    }

    /// @notice Everything that jobs lock now.
    function openBudgets() external view returns (uint256 sum) {
        for (uint256 i = 0; i < jobIds.length; ++i) {
            IJobEscrow.JobView memory job = ESCROW.jobOf(jobIds[i]);
            if (job.status == IERC8183.JobStatus.Funded || job.status == IERC8183.JobStatus.Submitted) {
                sum += job.budget;
            }
        }
    }

    /// @notice Everything that the ledger owes now.
    function credits() external view returns (uint256 sum) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            sum += ESCROW.creditOf(address(TOKEN), _client(i));
            sum += ESCROW.creditOf(address(TOKEN), _provider(i));
        }
        sum += ESCROW.creditOf(address(TOKEN), ESCROW.TREASURY());
        sum += ESCROW.creditOf(address(TOKEN), address(ORACLE));
    }

    /// @notice Everything that exists of the token, wherever it may be by the rules.
    function everything() external view returns (uint256 sum) {
        sum = TOKEN.balanceOf(address(ESCROW)) + TOKEN.balanceOf(address(ORACLE))
            + TOKEN.balanceOf(address(ORACLE.STAKE())) + TOKEN.balanceOf(ESCROW.TREASURY());
        for (uint256 i = 0; i < 3; ++i) {
            sum += TOKEN.balanceOf(_client(i)) + TOKEN.balanceOf(_provider(i))
            + TOKEN.balanceOf(vm.addr(_reporterKeys[i]));
        }
    }

    function _noteStates() private {
        for (uint256 i = 0; i < jobIds.length; ++i) {
            uint256 jobId = jobIds[i];
            uint256 status = uint256(ESCROW.jobOf(jobId).status);
            uint256 noted = finalStatus[jobId];
            if (noted != 0 && noted != status + 1) leftFinalState = true;
            if (noted == 0 && status >= uint256(IERC8183.JobStatus.Completed)) {
                finalStatus[jobId] = status + 1;
            }
        }
    }

    /* ---------- who is who ---------- */

    function _client(uint256 i) private pure returns (address) {
        return vm.addr(_clientKey(i));
    }

    function _provider(uint256 i) private pure returns (address) {
        return vm.addr(_providerKey(i));
    }

    function _clientKey(uint256 i) private pure returns (uint256) {
        return 0xC0001 + i % ACTORS;
    }

    function _providerKey(uint256 i) private pure returns (uint256) {
        return 0xA0001 + i % ACTORS;
    }

    function _evaluator() private pure returns (address) {
        return vm.addr(0xE0001);
    }

    function _keyOf(address account) private pure returns (uint256) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            if (_client(i) == account) return _clientKey(i);
            if (_provider(i) == account) return _providerKey(i);
        }
        return 1;
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _pick(uint256 pick) private view returns (uint256 jobId, IJobEscrow.JobView memory job) {
        if (jobIds.length == 0) return (0, job);
        jobId = jobIds[pick % jobIds.length];
        job = ESCROW.jobOf(jobId);
    }
}
