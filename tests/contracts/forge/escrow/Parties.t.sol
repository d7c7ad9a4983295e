// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IResultOracle} from "../../../../contracts/interfaces/IResultOracle.sol";
import {HookDouble} from "../../../../contracts/mocks/HookDouble.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev E11: the table party x silence x malice. Each row plays one job and compares what the party ends with to the honest
/// job: hired, delivered, accepted. Nobody who is silent or lies may end with more.
contract PartiesTest is MarketTest {
    address private _keeper = address(0x4EE9E2);

    /// @dev What everybody holds after an honest job, measured from before it.
    struct Ends {
        uint256 client;
        uint256 provider;
        uint256 pool;
        uint256 house;
    }

    Ends private _honest;

    function setUp() public override {
        super.setUp();
        (uint256 paid, uint256 house, uint256 pool) = _fees(BUDGET);
        _honest = Ends({client: _held(client) - BUDGET, provider: paid, pool: pool, house: house});
    }

    function test_E11_parties__when_the_client_is_silent__it_pays_what_it_would_have_paid() public {
        uint256 jobId = _hireAndSubmit();
        _settleByStranger(jobId);
        _assertEnds(_honest, "client silent");
    }

    function test_E11_parties__when_the_client_lies__no_door_gives_its_money_back() public {
        uint256 jobId = _hireAndSubmit();
        bytes memory own = _signature(CLIENT_KEY, escrow.cancelDigest(jobId, 0, type(uint256).max));
        bytes[5] memory doors = [
            abi.encodeCall(escrow.reject, (jobId, 0, "")),
            abi.encodeCall(escrow.claimRefund, (jobId)),
            abi.encodeCall(escrow.noShow, (jobId)),
            abi.encodeCall(escrow.decline, (jobId)),
            abi.encodeCall(escrow.cancel, (jobId, 0, type(uint256).max, own, own))
        ];
        for (uint256 i = 0; i < doors.length; ++i) {
            vm.prank(client);
            (bool success,) = address(escrow).call(doors[i]);
            vm.assertFalse(success, "E11: a door gave way to the client");
        }
        _settleByStranger(jobId);
        _assertEnds(_honest, "client lies");
    }

    function test_E11_parties__when_the_provider_is_silent__it_gets_nothing_and_the_client_all() public {
        uint256 jobId = _hire();
        vm.warp(uint256(escrow.jobOf(jobId).workBy) + 1);
        vm.prank(stranger);
        escrow.noShow(jobId);
        _assertRefunded("provider silent");
    }

    function test_E11_parties__when_the_provider_lies__a_failing_verdict_leaves_it_nothing() public {
        uint256 jobId = _hireAndSubmit();
        _post(jobId, 0);
        vm.prank(provider);
        (bool success,) = address(escrow).call(abi.encodeCall(escrow.accept, (jobId)));
        vm.assertFalse(success, "E11: the provider accepted its own work");
        _settleByStranger(jobId);
        _assertRefunded("provider lies");
    }

    function test_E11_parties__when_the_reporters_are_silent__their_pool_gets_what_it_would_have_got()
        public
    {
        _settleByStranger(_hireAndSubmit());
        vm.assertEq(_held(escrow.REPORTERS_POOL()), _honest.pool, "E11: silence of reporters");
    }

    function test_E11_parties__when_one_reporter_lies__nothing_is_posted_and_nobody_gains() public {
        uint256 jobId = _hireAndSubmit();
        IResultOracle.Verdict memory verdict = _verdict(jobId, 0);
        bytes[] memory alone = _signatures(verdict, 1);
        (bool success,) = address(oracle).call(abi.encodeCall(oracle.postVerdict, (verdict, alone)));
        vm.assertFalse(success, "E11: one reporter posted alone");
        _settleByStranger(jobId);
        _assertEnds(_honest, "one reporter lies");
    }

    function test_E11_parties__when_a_quorum_of_reporters_lies__it_gains_nothing_whichever_way_it_leans()
        public
    {
        uint256 failed = _hireAndSubmit();
        _post(failed, 0);
        _settleByStranger(failed);
        vm.assertEq(_held(escrow.REPORTERS_POOL()), 0, "E11: failing good work earns the pool nothing");
        uint256 passed = _hireAndSubmit();
        _post(passed, 100);
        _settleByStranger(passed);
        vm.assertEq(
            _held(escrow.REPORTERS_POOL()), _honest.pool, "E11: passing bad work earns the pool no more"
        );
    }

    function test_E11_parties__when_the_hook_lies_or_is_silent__it_holds_up_nobody_and_gets_nothing() public {
        HookDouble hook = new HookDouble();
        vm.prank(owner);
        escrow.allowHook(address(hook));
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.hook = address(hook);
        uint256 jobId = _hire(escrow.registerPolicy(policy));
        _submit(jobId);
        hook.setManner(HookDouble.Manner.Refuse);
        _settleByStranger(jobId);
        vm.assertEq(_held(address(hook)), 0, "E11: the hook earns nothing");
        _assertEnds(_honest, "hook lies");
    }

    function test_E11_parties__when_the_keeper_is_silent__any_stranger_ends_the_job_and_gets_nothing()
        public
    {
        uint256 jobId = _hireAndSubmit();
        vm.warp(uint256(escrow.jobOf(jobId).expiredAt) - 1);
        vm.prank(_keeper);
        oracle.settle(_list(jobId));
        vm.assertEq(_held(_keeper), 0, "E11: who carries it earns nothing");
        _assertEnds(_honest, "keeper silent");
    }

    function test_E11_parties__when_the_relayer_is_silent_or_lies__what_was_signed_happens_or_nothing_does()
        public
    {
        uint256 jobId = _hireAndSubmit();
        bytes32 digest = escrow.cancelDigest(jobId, BUDGET / 2, type(uint256).max);
        (bytes memory a, bytes memory b) = (_signature(CLIENT_KEY, digest), _signature(PROVIDER_KEY, digest));
        vm.prank(_keeper);
        (bool success,) =
            address(escrow).call(abi.encodeCall(escrow.cancel, (jobId, BUDGET, type(uint256).max, a, b)));
        vm.assertFalse(success, "E11: the relayer changed the split");
        vm.prank(_keeper);
        escrow.cancel(jobId, BUDGET / 2, type(uint256).max, a, b);
        vm.assertEq(_held(_keeper), 0, "E11: the relayer earns nothing");
        (uint256 paid,,) = _fees(BUDGET / 2);
        vm.assertEq(_held(provider), paid, "E11: the signed split");
    }

    /// @dev After every window, by somebody who has no part in it.
    function _settleByStranger(uint256 jobId) private {
        vm.warp(oracle.settleableAt(jobId));
        vm.prank(stranger);
        oracle.settle(_list(jobId));
        vm.assertTrue(_status(jobId) >= IERC8183.JobStatus.Completed, "E11: the job ended");
        vm.assertEq(_held(stranger), 0, "E11: who carries it earns nothing");
    }

    function _assertEnds(Ends memory expected, string memory row) private view {
        vm.assertEq(_held(client), expected.client, row);
        vm.assertEq(_held(provider), expected.provider, row);
        vm.assertEq(_held(escrow.REPORTERS_POOL()), expected.pool, row);
        vm.assertEq(_held(treasury), expected.house, row);
    }

    function _assertRefunded(string memory row) private view {
        _assertEnds(Ends({client: _honest.client + BUDGET, provider: 0, pool: 0, house: 0}), row);
    }

    function _held(address account) private view returns (uint256) {
        return token.balanceOf(account) + escrow.creditOf(address(token), account);
    }
}
