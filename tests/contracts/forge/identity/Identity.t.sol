// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {AgentRegistry} from "../../../../contracts/identity/AgentRegistry.sol";
import {IAgentRegistry} from "../../../../contracts/interfaces/IAgentRegistry.sol";
import {IERC8004Identity} from "../../../../contracts/interfaces/IERC8004Identity.sol";
import {ContractWallet} from "../../../../contracts/mocks/ContractWallet.sol";
import {VmMore} from "../support/VmMore.sol";

/// @dev Identities: URIs, metadata, and the wallet that is set with its own consent only (INV-REG-02).
contract IdentityTest {
    VmMore private constant vm = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant WALLET_KEY = 0x3A11E7;
    bytes32 private constant CONSENT_TYPEHASH =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");

    address private _owner = address(0x0A11CE);
    address private _operator = address(0x09E7);
    address private _stranger = address(0x57A9);
    address private _wallet = vm.addr(WALLET_KEY);
    AgentRegistry private _registry;
    uint256 private _agentId;

    function setUp() public {
        _registry = new AgentRegistry();
        vm.prank(_owner);
        _agentId = _registry.register("ipfs://old");
    }

    /* ---------- registration and URI ---------- */

    function test_identity__when_register_is_called_without_a_URI__the_agent_has_none_and_its_wallet_is_its_owner()
        public
    {
        vm.prank(_owner);
        uint256 agentId = _registry.register();
        vm.assertEq(agentId, _agentId + 1, "ids count up");
        vm.assertEq(_registry.tokenURI(agentId), "", "no URI");
        vm.assertEq(_registry.getAgentWallet(agentId), _owner, "wallet");
        vm.assertEq(_registry.agentCount(), 2, "count");
    }

    function test_identity__given_an_unknown_agent__its_URI_and_rights_revert_and_its_wallet_is_nobody()
        public
    {
        bytes memory unknown = abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 99);
        vm.expectRevert(unknown);
        _registry.tokenURI(99);
        vm.expectRevert(unknown);
        _registry.isAuthorizedOrOwner(_owner, 99);
        vm.assertEq(_registry.getAgentWallet(99), address(0), "wallet");
        vm.assertEq(_registry.getMetadata(99, "agentWallet"), "", "metadata");
    }

    function test_identity__when_setAgentURI_is_called_by_a_stranger__reverts() public {
        vm.expectRevert(_notAuthorized());
        vm.prank(_stranger);
        _registry.setAgentURI(_agentId, "ipfs://stolen");
    }

    function test_identity__when_setAgentURI_is_called_by_owner_and_operator__the_newest_is_read_back()
        public
    {
        vm.prank(_owner);
        _registry.setAgentURI(_agentId, "ipfs://new");
        vm.assertEq(_registry.tokenURI(_agentId), "ipfs://new", "owner");
        vm.prank(_owner);
        _registry.setApprovalForAll(_operator, true);
        vm.prank(_operator);
        _registry.setAgentURI(_agentId, "https://newer");
        vm.assertEq(_registry.tokenURI(_agentId), "https://newer", "operator");
    }

    /* ---------- metadata ---------- */

    function test_identity__when_metadata_is_written_by_a_stranger__reverts_as_not_authorized() public {
        vm.expectRevert(_notAuthorized());
        vm.prank(_stranger);
        _registry.setMetadata(_agentId, "kind", "vision");
    }

    function test_identity__when_metadata_names_the_wallet__reverts_as_reserved() public {
        bytes memory reserved =
            abi.encodeWithSelector(IAgentRegistry.AgentRegistry_ReservedKey.selector, "agentWallet");
        vm.expectRevert(reserved);
        vm.prank(_owner);
        _registry.setMetadata(_agentId, "agentWallet", abi.encodePacked(_stranger));
        IERC8004Identity.MetadataEntry[] memory metadata = new IERC8004Identity.MetadataEntry[](1);
        metadata[0].metadataKey = "agentWallet";
        vm.expectRevert(reserved);
        _registry.register("ipfs://other", metadata);
    }

    function test_identity__given_no_wallet_was_set__the_metadata_of_the_wallet_is_the_owner() public {
        vm.assertEq(_registry.getMetadata(_agentId, "agentWallet"), abi.encodePacked(_owner), "owner");
        vm.prank(_owner);
        _registry.setMetadata(_agentId, "kind", "vision");
        vm.assertEq(_registry.getMetadata(_agentId, "kind"), "vision", "other keys read as written");
    }

    /* ---------- wallet ---------- */

    function test_identity__when_the_wallet_is_set_with_its_consent__is_paid_there_and_says_so() public {
        vm.expectEmit(true, true, true, true, address(_registry));
        emit IERC8004Identity.MetadataSet(_agentId, "agentWallet", "agentWallet", abi.encodePacked(_wallet));
        _setWallet(_wallet, block.timestamp, _consent(_wallet, block.timestamp));
        vm.assertEq(_registry.getAgentWallet(_agentId), _wallet, "wallet");
        vm.assertEq(_registry.getMetadata(_agentId, "agentWallet"), abi.encodePacked(_wallet), "metadata");
    }

    function test_identity__when_the_wallet_is_set_by_a_stranger__reverts_for_the_caller() public {
        bytes memory consent = _consent(_wallet, block.timestamp);
        vm.expectRevert(_notAuthorized());
        vm.prank(_stranger);
        _registry.setAgentWallet(_agentId, _wallet, block.timestamp, consent);
    }

    function test_identity__when_the_wallet_is_zero_or_the_mark_for_none__reverts_for_the_wallet() public {
        bytes memory fault =
            abi.encodeWithSelector(IAgentRegistry.AgentRegistry_WalletIsZero.selector, _agentId);
        vm.expectRevert(fault);
        _setWallet(address(0), block.timestamp, "");
        vm.expectRevert(fault);
        _setWallet(address(1), block.timestamp, "");
    }

    function test_identity__when_the_consent_is_late__reverts_as_expired() public {
        bytes memory consent = _consent(_wallet, block.timestamp - 1);
        vm.expectPartialRevert(IAgentRegistry.AgentRegistry_ConsentExpired.selector);
        _setWallet(_wallet, block.timestamp - 1, consent);
    }

    function test_identity__when_the_consent_reaches_too_far__reverts_as_too_far() public {
        uint256 latest = block.timestamp + _registry.MAX_CONSENT_SECONDS();
        bytes memory consent = _consent(_wallet, latest + 1);
        vm.expectPartialRevert(IAgentRegistry.AgentRegistry_DeadlineTooFar.selector);
        _setWallet(_wallet, latest + 1, consent);
        _setWallet(_wallet, latest, _consent(_wallet, latest));
        vm.assertEq(_registry.getAgentWallet(_agentId), _wallet, "the last moment is in time");
    }

    function test_identity__when_the_consent_is_for_another_agent_owner_wallet_or_time__reverts_as_not_signed()
        public
    {
        uint256 deadline = block.timestamp;
        bytes[4] memory wrong = [
            _sign(_digest(address(_registry), _agentId + 1, _wallet, _owner, deadline)),
            _sign(_digest(address(_registry), _agentId, _wallet, _stranger, deadline)),
            _sign(_digest(address(_registry), _agentId, _stranger, _owner, deadline)),
            _sign(_digest(address(_registry), _agentId, _wallet, _owner, deadline + 1))
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _expectUnsigned(_wallet);
            _setWallet(_wallet, deadline, wrong[i]);
        }
    }

    function test_identity__when_the_consent_is_for_another_chain_or_contract__reverts_as_foreign() public {
        bytes memory elsewhere = _sign(_digest(address(this), _agentId, _wallet, _owner, block.timestamp));
        _expectUnsigned(_wallet);
        _setWallet(_wallet, block.timestamp, elsewhere);
        bytes memory here = _consent(_wallet, block.timestamp);
        vm.chainId(1);
        _expectUnsigned(_wallet);
        _setWallet(_wallet, block.timestamp, here);
    }

    function test_identity__when_the_wallet_is_a_contract__follows_its_owner_and_a_revocation() public {
        ContractWallet wallet = new ContractWallet(_wallet);
        bytes memory consent = _consent(address(wallet), block.timestamp);
        wallet.setOwner(_stranger);
        _expectUnsigned(address(wallet));
        _setWallet(address(wallet), block.timestamp, consent);
        wallet.setOwner(_wallet);
        _setWallet(address(wallet), block.timestamp, consent);
        vm.assertEq(_registry.getAgentWallet(_agentId), address(wallet), "wallet");
    }

    function test_identity__when_the_wallet_is_unset__is_nobody_and_its_metadata_is_empty() public {
        vm.expectRevert(_notAuthorized());
        vm.prank(_stranger);
        _registry.unsetAgentWallet(_agentId);
        vm.prank(_owner);
        _registry.unsetAgentWallet(_agentId);
        vm.assertEq(_registry.getAgentWallet(_agentId), address(0), "wallet");
        vm.assertEq(_registry.getMetadata(_agentId, "agentWallet"), "", "metadata");
    }

    function test_identity__given_the_agent_was_sold__an_old_consent_is_worthless() public {
        bytes memory consent = _consent(_wallet, block.timestamp);
        vm.prank(_owner);
        _registry.transferFrom(_owner, _stranger, _agentId);
        _expectUnsigned(_wallet);
        vm.prank(_stranger);
        _registry.setAgentWallet(_agentId, _wallet, block.timestamp, consent);
    }

    function test_identity__when_asked_for_its_interfaces__names_ERC165_ERC721_and_ERC4906() public view {
        vm.assertTrue(_registry.supportsInterface(0x01ffc9a7), "ERC-165");
        vm.assertTrue(_registry.supportsInterface(0x80ac58cd), "ERC-721");
        vm.assertTrue(_registry.supportsInterface(0x49064906), "ERC-4906");
        vm.assertFalse(_registry.supportsInterface(0xffffffff), "nothing else");
        vm.assertEq(_registry.getVersion(), "2.0.0", "version of the standard's reference");
    }

    /* ---------- consents ---------- */

    function _setWallet(address wallet, uint256 deadline, bytes memory consent) private {
        vm.prank(_owner);
        _registry.setAgentWallet(_agentId, wallet, deadline, consent);
    }

    function _consent(address wallet, uint256 deadline) private view returns (bytes memory) {
        return _sign(_digest(address(_registry), _agentId, wallet, _owner, deadline));
    }

    /// @dev The digest of the standard, computed here by hand.
    function _digest(
        address registry,
        uint256 agentId,
        address wallet,
        address owner,
        uint256 deadline
    ) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("ERC8004IdentityRegistry"),
                keccak256("1"),
                block.chainid,
                registry
            )
        );
        bytes32 body = keccak256(abi.encode(CONSENT_TYPEHASH, agentId, wallet, owner, deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, body));
    }

    function _sign(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WALLET_KEY, digest);
        return abi.encodePacked(r, s, v);
    }

    function _expectUnsigned(address wallet) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAgentRegistry.AgentRegistry_WalletSignatureInvalid.selector, wallet)
        );
    }

    function _notAuthorized() private view returns (bytes memory) {
        return
            abi.encodeWithSelector(IAgentRegistry.AgentRegistry_NotAuthorized.selector, _stranger, _agentId);
    }
}
