// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentRegistry} from "../../../../contracts/identity/AgentRegistry.sol";
import {IERC8004Identity} from "../../../../contracts/interfaces/IERC8004Identity.sol";
import {RestlessReceiver} from "../../../../contracts/mocks/RestlessReceiver.sol";
import {Vm} from "../Vm.sol";

contract RegisterTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    string private constant CID_URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    bytes32 private constant WALLET_KEY = keccak256("agentWallet");
    address private constant HEIR = address(0x4E14);

    AgentRegistry private _registry;
    RestlessReceiver private _receiver;

    function setUp() public {
        _registry = new AgentRegistry();
        _receiver = new RestlessReceiver(HEIR);
    }

    function test_register__when_the_registrant_passes_the_agent_on_at_once__the_events_end_with_no_wallet()
        public
    {
        vm.recordLogs();
        uint256 agentId = _receiver.register(_registry, CID_URI);
        _assertEventsTellTheWallet(agentId, vm.getRecordedLogs());
        vm.recordLogs();
        agentId = _receiver.register(_registry);
        _assertEventsTellTheWallet(agentId, vm.getRecordedLogs());
        vm.recordLogs();
        agentId = _receiver.register(_registry, CID_URI, _metadata());
        _assertEventsTellTheWallet(agentId, vm.getRecordedLogs());
        vm.assertEq(
            _registry.getMetadata(agentId, "kind"), "vision", "metadata was set before it was passed on"
        );
    }

    function test_register__when_registered_by_a_contract__the_events_come_in_the_written_order() public {
        vm.recordLogs();
        _receiver.register(_registry, CID_URI, _metadata());
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[5] memory expected = [
            keccak256("Transfer(address,address,uint256)"),
            keccak256("MetadataUpdate(uint256)"),
            IERC8004Identity.Registered.selector,
            IERC8004Identity.MetadataSet.selector,
            IERC8004Identity.MetadataSet.selector
        ];
        for (uint256 i = 0; i < expected.length; ++i) {
            vm.assertEq(logs[i].topics[0], expected[i], "event of the registration");
        }
        vm.assertEq(logs[3].topics[2], WALLET_KEY, "the wallet is the first of the metadata");
    }

    /// @dev Whoever reads only the events knows the wallet that the contract answers.
    function _assertEventsTellTheWallet(uint256 agentId, Vm.Log[] memory logs) private view {
        bytes memory wallet = "never set";
        for (uint256 i = 0; i < logs.length; ++i) {
            bool isWallet =
                logs[i].topics[0] == IERC8004Identity.MetadataSet.selector && logs[i].topics[2] == WALLET_KEY;
            if (isWallet) (, wallet) = abi.decode(logs[i].data, (string, bytes));
        }
        vm.assertEq(_registry.ownerOf(agentId), HEIR, "passed on");
        vm.assertEq(_registry.getAgentWallet(agentId), address(0), "INV-REG-01: a transfer clears the wallet");
        vm.assertEq(wallet, "", "INV-REG-01: the events say so too");
    }

    function _metadata() private pure returns (IERC8004Identity.MetadataEntry[] memory metadata) {
        metadata = new IERC8004Identity.MetadataEntry[](1);
        metadata[0] = IERC8004Identity.MetadataEntry({metadataKey: "kind", metadataValue: "vision"});
    }
}
