// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IERC8004Reputation} from "../../../../contracts/interfaces/IERC8004Reputation.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {ReputationTest} from "./ReputationTest.sol";

/// @title The standard's half of reputation: ERC-8004's ABI and behaviour (feedback.tree)
contract FeedbackTest is ReputationTest {
    /* ---------- identifiers ---------- */

    function test_D1_selectors__when_of_the_standard__are_as_published() public pure {
        bytes4[10] memory expected = [
            bytes4(0x3c036a7e),
            0x4ab3ca99,
            0xc2349ab2,
            0x81bbba58,
            0x232b0810,
            0xd9d84224,
            0x6e04cacd,
            0x42dd519c,
            0xf2d81759,
            IERC8004Reputation.getIdentityRegistry.selector
        ];
        bytes4[10] memory ours = [
            IERC8004Reputation.giveFeedback.selector,
            IERC8004Reputation.revokeFeedback.selector,
            IERC8004Reputation.appendResponse.selector,
            IERC8004Reputation.getSummary.selector,
            IERC8004Reputation.readFeedback.selector,
            IERC8004Reputation.readAllFeedback.selector,
            IERC8004Reputation.getResponseCount.selector,
            IERC8004Reputation.getClients.selector,
            IERC8004Reputation.getLastIndex.selector,
            IERC8004Reputation.getIdentityRegistry.selector
        ];
        for (uint256 i = 0; i < ours.length; ++i) {
            vm.assertEq(bytes32(ours[i]), bytes32(expected[i]), "selector");
        }
    }

    function test_D1_topics__when_of_the_standard__are_as_published() public pure {
        vm.assertEq(
            IERC8004Reputation.NewFeedback.selector,
            0x6a4a61743519c9d648a14e6493f47dbe3ff1aa29e7785c96c8326a205e58febc,
            "NewFeedback"
        );
        vm.assertEq(
            IERC8004Reputation.FeedbackRevoked.selector,
            0x25156fd3288212246d8b008d5921fde376c71ed14ac2e072a506eb06fde6d09d,
            "FeedbackRevoked"
        );
        vm.assertEq(
            IERC8004Reputation.ResponseAppended.selector,
            0xb1c6be0b5b8aef6539e2fac0fd131a2faa7b49edf8e505b5eb0ad487d56051d4,
            "ResponseAppended"
        );
    }

    function test_getVersion__when_asked__is_the_standards() public view {
        vm.assertEq(reputation.getVersion(), "2.0.0", "version");
        vm.assertEq(reputation.getIdentityRegistry(), address(registry), "registry");
    }

    /* ---------- giveFeedback ---------- */

    function test_giveFeedback__when_by_a_stranger__is_listed_from_index_1() public {
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IERC8004Reputation.NewFeedback(
            agentId, client, 1, -4_250, 2, "uptime", "uptime", "week", "https://a", "ipfs://f", keccak256("f")
        );
        vm.prank(client);
        reputation.giveFeedback(agentId, -4_250, 2, "uptime", "week", "https://a", "ipfs://f", keccak256("f"));
        (int128 value, uint8 decimals, string memory tag1, string memory tag2, bool isRevoked) =
            reputation.readFeedback(agentId, client, 1);
        more.assertEq(int256(value), int256(-4_250), "value");
        vm.assertEq(uint256(decimals), 2, "decimals");
        vm.assertEq(tag1, "uptime", "tag1");
        vm.assertEq(tag2, "week", "tag2");
        vm.assertFalse(isRevoked, "revoked");
        vm.assertEq(uint256(reputation.getLastIndex(agentId, client)), 1, "last index");
    }

    function test_giveFeedback__when_again__is_index_2_and_one_client() public {
        _say(client, 1, 0, "a", "");
        _say(client, 2, 0, "", "b");
        _say(treasury, 3, 0, "", "");
        vm.assertEq(uint256(reputation.getLastIndex(agentId, client)), 2, "last index");
        address[] memory clients = reputation.getClients(agentId);
        vm.assertEq(clients.length, 2, "clients");
        vm.assertEq(clients[0], client, "first");
        vm.assertEq(clients[1], treasury, "second");
    }

    function test_giveFeedback__when_without_tags__has_none() public {
        _say(client, 5, 0, "", "");
        (,, string memory tag1, string memory tag2,) = reputation.readFeedback(agentId, client, 1);
        vm.assertEq(tag1, "", "tag1");
        vm.assertEq(tag2, "", "tag2");
    }

    function test_giveFeedback__when_by_the_owner__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_SelfFeedback.selector, provider, agentId
            )
        );
        _say(provider, 1, 0, "", "");
    }

    function test_giveFeedback__when_by_an_operator_or_the_approved__reverts() public {
        vm.startPrank(provider);
        registry.setApprovalForAll(treasury, true);
        registry.approve(owner, agentId);
        vm.stopPrank();
        address[2] memory insiders = [treasury, owner];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IReputationRegistry.ReputationRegistry_SelfFeedback.selector, insiders[i], agentId
                )
            );
            _say(insiders[i], 1, 0, "", "");
        }
    }

    function test_giveFeedback__when_about_an_unknown_agent__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 99));
        vm.prank(client);
        reputation.giveFeedback(99, 1, 0, "", "", "", "", 0);
    }

    function test_giveFeedback__when_with_19_decimals__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_TooManyDecimals.selector, 19, 18)
        );
        _say(client, 1, 19, "", "");
    }

    function test_giveFeedback__when_beyond_1e38__reverts() public {
        int128[2] memory values = [int128(1e38 + 1), -1e38 - 1];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IReputationRegistry.ReputationRegistry_ValueOutOfRange.selector, values[i], int128(1e38)
                )
            );
            _say(client, values[i], 0, "", "");
        }
    }

    function testFuzz_giveFeedback__of_any_value__is_read_back(
        int128 value,
        uint8 decimals,
        bytes8 tag
    ) public {
        vm.assume(value <= 1e38 && value >= -1e38);
        decimals = decimals % 19;
        string memory text = string(abi.encodePacked(tag));
        _say(client, value, decimals, text, text);
        (int128 read, uint8 readDecimals, string memory tag1, string memory tag2,) =
            reputation.readFeedback(agentId, client, 1);
        more.assertEq(int256(read), int256(value), "value");
        vm.assertEq(uint256(readDecimals), decimals, "decimals");
        vm.assertEq(tag1, text, "tag1");
        vm.assertEq(tag2, text, "tag2");
    }

    /* ---------- revokeFeedback ---------- */

    function test_revokeFeedback__when_by_its_client__is_marked_once() public {
        _say(client, 1, 0, "", "");
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IERC8004Reputation.FeedbackRevoked(agentId, client, 1);
        vm.prank(client);
        reputation.revokeFeedback(agentId, 1);
        (,,,, bool isRevoked) = reputation.readFeedback(agentId, client, 1);
        vm.assertTrue(isRevoked, "revoked");
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_AlreadyRevoked.selector, 1)
        );
        vm.prank(client);
        reputation.revokeFeedback(agentId, 1);
    }

    function test_revokeFeedback__when_of_an_index_never_given__reverts() public {
        _say(client, 1, 0, "", "");
        uint64[2] memory indices = [uint64(0), 2];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IReputationRegistry.ReputationRegistry_IndexOutOfRange.selector, indices[i], 1
                )
            );
            vm.prank(client);
            reputation.revokeFeedback(agentId, indices[i]);
        }
    }

    function test_revokeFeedback__when_of_another_client__reverts() public {
        _say(client, 1, 0, "", "");
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_IndexOutOfRange.selector, 1, 0)
        );
        vm.prank(stranger);
        reputation.revokeFeedback(agentId, 1);
    }

    /* ---------- appendResponse ---------- */

    function test_appendResponse__when_by_anybody__is_counted() public {
        _say(client, 1, 0, "", "");
        _say(client, 2, 0, "", "");
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IERC8004Reputation.ResponseAppended(agentId, client, 2, stranger, "ipfs://r", keccak256("r"));
        vm.prank(stranger);
        reputation.appendResponse(agentId, client, 2, "ipfs://r", keccak256("r"));
        vm.prank(provider);
        reputation.appendResponse(agentId, client, 1, "ipfs://r", 0);
        vm.prank(provider);
        reputation.appendResponse(agentId, client, 2, "ipfs://r", 0);
        address[] memory nobody = new address[](0);
        address[] memory one = new address[](1);
        one[0] = provider;
        vm.assertEq(uint256(reputation.getResponseCount(agentId, client, 2, nobody)), 2, "to one entry");
        vm.assertEq(uint256(reputation.getResponseCount(agentId, client, 0, nobody)), 3, "to one client");
        vm.assertEq(uint256(reputation.getResponseCount(agentId, address(0), 0, nobody)), 3, "to all");
        vm.assertEq(uint256(reputation.getResponseCount(agentId, address(0), 0, one)), 2, "by one responder");
        vm.assertEq(uint256(reputation.getResponseCount(agentId, client, 1, one)), 1, "by one to one");
    }

    function test_appendResponse__when_without_a_uri__reverts() public {
        _say(client, 1, 0, "", "");
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_ResponseUriIsEmpty.selector)
        );
        reputation.appendResponse(agentId, client, 1, "", 0);
    }

    function test_appendResponse__when_to_an_index_never_given__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_IndexOutOfRange.selector, 1, 0)
        );
        reputation.appendResponse(agentId, client, 1, "ipfs://r", 0);
    }

    /* ---------- getSummary ---------- */

    function test_D1_getSummary__when_without_clients__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_ClientsRequired.selector)
        );
        reputation.getSummary(agentId, new address[](0), "", "");
    }

    function test_D1_getSummary__when_of_mixed_decimals__is_in_the_modal_ones() public {
        _say(client, 100, 0, "t", "");
        _say(client, 5_050, 2, "t", "");
        _say(treasury, 9_950, 2, "t", "");
        (uint64 count, int128 value, uint8 decimals) = reputation.getSummary(agentId, _two(), "t", "");
        vm.assertEq(uint256(count), 3, "count");
        vm.assertEq(uint256(decimals), 2, "modal decimals");
        more.assertEq(int256(value), int256(8_333), "(100 + 50.5 + 99.5) / 3 = 83.33, rounded towards zero");
    }

    function test_D1_getSummary__when_of_equally_frequent_decimals__takes_the_smallest() public {
        _say(client, 10, 0, "", "");
        _say(treasury, 1_015, 2, "", "");
        (, int128 value, uint8 decimals) = reputation.getSummary(agentId, _two(), "", "");
        vm.assertEq(uint256(decimals), 0, "decimals");
        more.assertEq(int256(value), int256(10), "10.075 rounded towards zero");
    }

    function test_D1_getSummary__when_of_negative_values__rounds_towards_zero() public {
        _say(client, -7, 0, "", "");
        _say(treasury, -8, 0, "", "");
        (, int128 value,) = reputation.getSummary(agentId, _two(), "", "");
        more.assertEq(int256(value), int256(-7), "-7.5 rounded towards zero");
    }

    function test_D1_getSummary__when_with_nothing_that_matches__is_all_zero() public {
        _say(client, 10, 3, "a", "b");
        (uint64 count, int128 value, uint8 decimals) = reputation.getSummary(agentId, _two(), "b", "a");
        vm.assertEq(uint256(count), 0, "count");
        more.assertEq(int256(value), int256(0), "value");
        vm.assertEq(uint256(decimals), 0, "decimals");
        (count,,) = reputation.getSummary(agentId, _two(), "never-written", "");
        vm.assertEq(uint256(count), 0, "unknown tag");
    }

    function test_D1_getSummary__when_with_tags_and_revocations__counts_what_stands() public {
        _say(client, 10, 0, "a", "x");
        _say(client, 20, 0, "a", "y");
        _say(client, 90, 0, "a", "x");
        vm.prank(client);
        reputation.revokeFeedback(agentId, 3);
        (uint64 count, int128 value,) = reputation.getSummary(agentId, _two(), "a", "");
        vm.assertEq(uint256(count), 2, "tag1 alone");
        more.assertEq(int256(value), int256(15), "mean");
        (count, value,) = reputation.getSummary(agentId, _two(), "", "x");
        vm.assertEq(uint256(count), 1, "tag2 alone");
        more.assertEq(int256(value), int256(10), "mean of tag2");
    }

    function test_D1_getSummary__when_of_extreme_values__does_not_overflow() public {
        _say(client, 1e38, 0, "", "");
        _say(treasury, 1e38, 0, "", "");
        (, int128 value,) = reputation.getSummary(agentId, _two(), "", "");
        more.assertEq(int256(value), int256(1e38), "mean");
    }

    /* ---------- reading lists ---------- */

    function test_readFeedback__when_of_an_index_never_given__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_IndexOutOfRange.selector, 1, 0)
        );
        reputation.readFeedback(agentId, client, 1);
    }

    function test_D1_readAllFeedback__when_without_clients__means_all() public {
        _say(client, 1, 0, "a", "");
        _say(treasury, 2, 1, "b", "c");
        _say(client, 3, 2, "a", "d");
        vm.prank(client);
        reputation.revokeFeedback(agentId, 1);
        (
            address[] memory clients,
            uint64[] memory indices,
            int128[] memory values,
            uint8[] memory decimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revoked
        ) = reputation.readAllFeedback(agentId, new address[](0), "", "", true);
        vm.assertEq(clients.length, 3, "rows");
        vm.assertEq(clients[1], client, "in the order of clients");
        vm.assertEq(uint256(indices[1]), 2, "and indices");
        more.assertEq(int256(values[2]), int256(2), "value");
        vm.assertEq(uint256(decimals[2]), 1, "decimals");
        vm.assertEq(tag1s[2], "b", "tag1");
        vm.assertEq(tag2s[2], "c", "tag2");
        vm.assertTrue(revoked[0] && !revoked[1], "revoked");
        (clients,,,,,,) = reputation.readAllFeedback(agentId, new address[](0), "", "", false);
        vm.assertEq(clients.length, 2, "without the revoked");
        (clients,,,,,,) = reputation.readAllFeedback(agentId, new address[](0), "a", "d", false);
        vm.assertEq(clients.length, 1, "by both tags");
        (clients,,,,,,) = reputation.readAllFeedback(agentId, new address[](0), "unknown", "", true);
        vm.assertEq(clients.length, 0, "by an unknown tag");
    }

    function test_R4_clientsPage__when_past_the_end__is_empty() public {
        for (uint256 i = 0; i < 5; ++i) {
            _say(_someone(i), 1, 0, "", "");
        }
        vm.assertEq(reputation.clientCount(agentId), 5, "count");
        address[] memory page = reputation.clientsPage(agentId, 3, 10);
        vm.assertEq(page.length, 2, "last page");
        vm.assertEq(page[1], _someone(4), "last client");
        vm.assertEq(reputation.clientsPage(agentId, 5, 10).length, 0, "past the end");
        vm.assertEq(reputation.clientsPage(agentId, 0, 2).length, 2, "first page");
    }

    function _two() private view returns (address[] memory clients) {
        clients = new address[](2);
        clients[0] = client;
        clients[1] = treasury;
    }
}
