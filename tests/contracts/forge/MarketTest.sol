// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {DisputeDesk} from "../../../contracts/court/DisputeDesk.sol";
import {AgentRegistry} from "../../../contracts/identity/AgentRegistry.sol";
import {IArbitrator} from "../../../contracts/interfaces/IArbitrator.sol";
import {IERC8183} from "../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../contracts/interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../../../contracts/interfaces/IReputationRegistry.sol";
import {IResultOracle} from "../../../contracts/interfaces/IResultOracle.sol";
import {JobEscrow} from "../../../contracts/market/JobEscrow.sol";
import {MarketDeployer} from "../../../contracts/market/MarketDeployer.sol";
import {ServiceListings} from "../../../contracts/market/ServiceListings.sol";
import {ArbitratorDouble} from "../../../contracts/mocks/ArbitratorDouble.sol";
import {TestDollar} from "../../../contracts/mocks/TestDollar.sol";
import {ResultOracle} from "../../../contracts/oracle/ResultOracle.sol";
import {ReporterStake} from "../../../contracts/oracle/stake/ReporterStake.sol";
import {ReporterStakeFactory} from "../../../contracts/oracle/stake/ReporterStakeFactory.sol";
import {Vm} from "./Vm.sol";

/// @title The market as every test finds it: deployed, one house row, a funded client
abstract contract MarketTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant CLIENT_KEY = 0xC11E;
    uint256 internal constant PROVIDER_KEY = 0x9507;
    uint96 internal constant BUDGET = 1_000_003;
    uint32 internal constant WORK_SECONDS = 600;
    bytes32 internal constant DELIVERABLE = keccak256("result");
    uint32 internal constant VERDICT_SECONDS = 600;
    uint32 internal constant REVIEW_SECONDS = 120;
    uint256 internal constant MIN_STAKE = 100e6;
    uint32 internal constant TAIL = 600 + 120 + 7 days;

    address internal client = vm.addr(CLIENT_KEY);
    address internal provider = vm.addr(PROVIDER_KEY);
    address internal owner = address(0x0A11CE);
    address internal treasury = address(0x7E45);
    address internal stranger = address(0x57A9);
    /// @dev Ascending by address, so that signatures by ascending index are in order.
    uint256[3] internal reporterKeys;
    address[] internal reporterSet;

    TestDollar internal token;
    AgentRegistry internal registry;
    MarketDeployer internal deployer;
    JobEscrow internal escrow;
    ResultOracle internal oracle;
    ReporterStake internal stake;
    ServiceListings internal listings;
    DisputeDesk internal desk;
    uint32 internal policyId;

    function setUp() public virtual {
        _makeReporters();
        token = new TestDollar();
        registry = new AgentRegistry();
        _deploy(address(token), reporterSet, 2);
        policyId = deployer.POLICY_ID();
        listings = new ServiceListings(registry, escrow, IReputationRegistry(address(0)));
        token.mint(client, 1_000_000e6);
        vm.prank(client);
        token.approve(address(escrow), type(uint256).max);
    }

    /* ---------- making things ---------- */

    /// @dev A market of its own: escrow, oracle and desk, with a row in `token_`.
    function _deploy(address token_, address[] memory reporters, uint256 quorum) internal {
        ReporterStakeFactory stakes = new ReporterStakeFactory();
        deployer = new MarketDeployer({
            owner: owner,
            treasury: treasury,
            policy: _policy(address(0), token_),
            reporters: MarketDeployer.Reporters(reporters, quorum, stakes, MIN_STAKE),
            arbitrator: _arbitrator(),
            agentRegistry: registry,
            deskCodeHash: keccak256(type(DisputeDesk).creationCode)
        });
        escrow = deployer.JOB_ESCROW();
        oracle = deployer.RESULT_ORACLE();
        stake = stakes.make(IERC20(token_), oracle, treasury, MIN_STAKE);
        vm.assertEq(address(stake), address(deployer.REPORTER_STAKE()), "where the deployer expects it");
        vm.assertEq(
            address(stakes.make(IERC20(token_), oracle, treasury, MIN_STAKE)), address(stake), "made once"
        );
        desk = DisputeDesk(deployer.makeDesk(type(DisputeDesk).creationCode));
    }

    /// @dev The court before which disputes come; most tests need none.
    function _arbitrator() internal virtual returns (IArbitrator) {
        return new ArbitratorDouble(30e6, 1 hours);
    }

    function _makeReporters() internal {
        reporterKeys = [uint256(0x1001), 0x1002, 0x1003];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(reporterKeys[j]) < vm.addr(reporterKeys[i])) {
                    (reporterKeys[i], reporterKeys[j]) = (reporterKeys[j], reporterKeys[i]);
                }
            }
            reporterSet.push(vm.addr(reporterKeys[i]));
        }
    }

    function _policy(address evaluator, address token_) internal pure returns (IJobEscrow.Policy memory) {
        return IJobEscrow.Policy({
            evaluator: evaluator,
            token: token_,
            hook: address(0),
            feeBps: 500,
            poolShareBps: 4_000,
            passMark: 60,
            verdictSeconds: VERDICT_SECONDS,
            reviewSeconds: REVIEW_SECONDS,
            courtSeconds: 0,
            graceSeconds: 7 days,
            isLedgerOnly: false
        });
    }

    function _housePolicy() internal view returns (IJobEscrow.Policy memory) {
        return _policy(address(oracle), address(token));
    }

    function _terms() internal view returns (IJobEscrow.HireTerms memory) {
        return IJobEscrow.HireTerms({
            provider: provider,
            policyId: policyId,
            budget: BUDGET,
            expiredAt: block.timestamp + WORK_SECONDS + TAIL,
            agentId: 0,
            listingId: 1,
            description: "ipfs://request"
        });
    }

    function _hire() internal returns (uint256) {
        return _hire(policyId);
    }

    function _hire(uint32 policyId_) internal returns (uint256) {
        IJobEscrow.HireTerms memory terms = _terms();
        terms.policyId = policyId_;
        vm.prank(client);
        return escrow.hire(terms);
    }

    function _hireAndSubmit() internal returns (uint256 jobId) {
        jobId = _hire();
        _submit(jobId);
    }

    function _submit(uint256 jobId) internal {
        vm.prank(provider);
        escrow.submit(jobId, DELIVERABLE, "");
    }

    /// @dev A standard job with `stranger` as its evaluator.
    function _standardJob() internal returns (uint256 jobId) {
        vm.prank(client);
        return escrow.createJob(provider, stranger, block.timestamp + 1 days, "work", address(0));
    }

    function _fundStandardJob() internal returns (uint256 jobId) {
        jobId = _standardJob();
        vm.startPrank(client);
        escrow.setBudget(jobId, BUDGET, "");
        escrow.fund(jobId, BUDGET, "");
        vm.stopPrank();
    }

    /* ---------- verdicts ---------- */

    function _verdict(uint256 jobId, uint8 score) internal view returns (IResultOracle.Verdict memory) {
        return IResultOracle.Verdict({
            jobId: jobId,
            submittedAt: escrow.jobOf(jobId).submittedAt,
            deliverable: DELIVERABLE,
            reportHash: keccak256(abi.encode(jobId, score)),
            score: score,
            epoch: 1
        });
    }

    function _signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _signatures(
        IResultOracle.Verdict memory verdict,
        uint256 count
    ) internal view returns (bytes[] memory signatures) {
        bytes32 digest = oracle.verdictDigest(verdict);
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = _signature(reporterKeys[i], digest);
        }
    }

    function _post(uint256 jobId, uint8 score) internal {
        IResultOracle.Verdict memory verdict = _verdict(jobId, score);
        oracle.postVerdict(verdict, _signatures(verdict, 2));
    }

    function _list(uint256 jobId) internal pure returns (uint256[] memory jobIds) {
        jobIds = new uint256[](1);
        jobIds[0] = jobId;
    }

    /* ---------- reading ---------- */

    function _status(uint256 jobId) internal view returns (IERC8183.JobStatus) {
        return escrow.jobOf(jobId).status;
    }

    function _assertStatus(uint256 jobId, IERC8183.JobStatus expected) internal view {
        vm.assertEq(uint256(_status(jobId)), uint256(expected), "status");
    }

    /// @dev 5 % of BUDGET down, of that 40 % down.
    function _fees(uint256 earned) internal pure returns (uint256 paid, uint256 house, uint256 pool) {
        uint256 fee = earned * 500 / 10_000;
        pool = fee * 4_000 / 10_000;
        house = fee - pool;
        paid = earned - fee;
    }

    function _assertConserved() internal view {
        vm.assertEq(
            token.balanceOf(address(escrow)),
            escrow.creditOf(address(token), treasury) + escrow.creditOf(address(token), address(oracle))
                + escrow.creditOf(address(token), client) + escrow.creditOf(address(token), provider),
            "INV-ESC-01: the escrow holds exactly what it owes"
        );
    }
}
