// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IServiceListings} from "../../../../contracts/interfaces/IServiceListings.sol";
import {MarketTest} from "../MarketTest.sol";

contract ListingsTest is MarketTest {
    string private constant CID_URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

    uint256 private _agentId;

    function setUp() public override {
        super.setUp();
        vm.prank(stranger);
        registry.register();
        vm.prank(provider);
        _agentId = registry.register(CID_URI);
    }

    function test_listings__when_created_by_a_stranger__reverts() public {
        _expectNotOwner(stranger);
        vm.prank(stranger);
        listings.createListing(_offer());
    }

    function test_listings__when_created_by_an_operator_of_the_agent__is_the_agents() public {
        vm.prank(provider);
        registry.setApprovalForAll(stranger, true);
        vm.prank(stranger);
        vm.assertEq(listings.listingOf(listings.createListing(_offer())).agentId, _agentId, "the agent's");
    }

    function test_listings__when_a_term_is_out_of_bounds__reverts_and_names_it() public {
        vm.startPrank(provider);
        IServiceListings.ListingTerms memory offer = _offer();
        offer.price = 0;
        vm.expectRevert(IServiceListings.ServiceListings_PriceIsZero.selector);
        listings.createListing(offer);
        offer = _offer();
        offer.serviceType = 0;
        vm.expectRevert(IServiceListings.ServiceListings_ServiceTypeIsEmpty.selector);
        listings.createListing(offer);
        offer = _offer();
        offer.workSeconds = 29;
        vm.expectRevert(
            abi.encodeWithSelector(
                IServiceListings.ServiceListings_WorkSecondsOutOfRange.selector, 29, 30, 30 days
            )
        );
        listings.createListing(offer);
        offer = _offer();
        offer.uri = string(new bytes(2_049));
        vm.expectRevert(
            abi.encodeWithSelector(IServiceListings.ServiceListings_UriTooLong.selector, 2_049, 2_048)
        );
        listings.createListing(offer);
        offer = _offer();
        offer.agentId = uint256(type(uint64).max) + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IServiceListings.ServiceListings_AgentIdTooBig.selector, offer.agentId)
        );
        listings.createListing(offer);
        vm.stopPrank();
    }

    function test_listings__given_the_policy_is_not_open__creating_reverts() public {
        vm.prank(owner);
        escrow.retirePolicy(policyId);
        IServiceListings.ListingTerms memory offer = _offer();
        vm.expectRevert(
            abi.encodeWithSelector(IServiceListings.ServiceListings_PolicyNotOpen.selector, policyId)
        );
        vm.prank(provider);
        listings.createListing(offer);
    }

    function test_listings__when_created__the_first_id_is_1_and_everything_reads_back() public {
        vm.expectEmit(true, true, true, true, address(listings));
        emit IServiceListings.ListingCreated(
            1, _agentId, "inspect-image", 2_000_000, policyId, 300, keccak256("criteria"), CID_URI
        );
        uint256 listingId = _create(CID_URI);
        IServiceListings.Listing memory listing = listings.listingOf(listingId);
        vm.assertEq(listingId, 1, "the first is 1");
        vm.assertEq(listing.agentId, _agentId, "agent");
        vm.assertEq(listing.serviceType, bytes32("inspect-image"), "service");
        vm.assertEq(listing.price, 2_000_000, "price");
        vm.assertEq(listing.policyId, policyId, "policy");
        vm.assertEq(listing.workSeconds, 300, "work time");
        vm.assertTrue(listing.isAvailable && !listing.isClosed, "available");
        vm.assertEq(listing.uri, CID_URI, "uri");
        (address agentOwner, bytes32 serviceType, uint256 reputation, bool active) =
            listings.agentInfo(_agentId);
        vm.assertEq(agentOwner, provider, "MK-01: owner");
        vm.assertEq(serviceType, bytes32("inspect-image"), "MK-01: service");
        vm.assertEq(reputation, 0, "MK-01: no registry is connected");
        vm.assertTrue(active, "MK-01: active");
        (uint256 agentId, string memory description, uint256 price, bool available) =
            listings.serviceInfo(listingId);
        vm.assertEq(agentId, _agentId, "MK-01: agent");
        vm.assertEq(description, CID_URI, "MK-01: description");
        vm.assertEq(price, 2_000_000, "MK-01: price");
        vm.assertTrue(available, "MK-01: available");
    }

    function test_listings__when_created__a_text_uri_reads_back_too() public {
        vm.assertEq(listings.listingOf(_create("https://agent.example")).uri, "https://agent.example", "uri");
    }

    function test_listings__when_updated_by_a_stranger__reverts_as_not_the_owner() public {
        uint256 listingId = _create(CID_URI);
        vm.startPrank(stranger);
        _expectNotOwner(stranger);
        listings.updateListing(listingId, 1, true);
        _expectNotOwner(stranger);
        listings.closeListing(listingId);
        vm.stopPrank();
    }

    function test_listings__when_updated__price_and_availability_change() public {
        uint256 listingId = _create(CID_URI);
        vm.startPrank(provider);
        vm.expectEmit(true, true, true, true, address(listings));
        emit IServiceListings.ListingUpdated(listingId, 7, false);
        listings.updateListing(listingId, 7, false);
        (,, uint256 price, bool available) = listings.serviceInfo(listingId);
        vm.assertEq(price, 7, "price");
        vm.assertFalse(available, "paused");
        listings.updateListing(listingId, 8, true);
        vm.assertTrue(listings.listingOf(listingId).isAvailable, "back");
        vm.expectRevert(IServiceListings.ServiceListings_PriceIsZero.selector);
        listings.updateListing(listingId, 0, true);
        vm.stopPrank();
    }

    function test_listings__given_it_is_closed__it_stays_closed() public {
        uint256 listingId = _create(CID_URI);
        vm.startPrank(provider);
        vm.expectEmit(true, true, true, true, address(listings));
        emit IServiceListings.ListingClosed(listingId);
        listings.closeListing(listingId);
        bytes memory closed =
            abi.encodeWithSelector(IServiceListings.ServiceListings_ListingIsClosed.selector, listingId);
        vm.expectRevert(closed);
        listings.updateListing(listingId, 7, true);
        vm.expectRevert(closed);
        listings.closeListing(listingId);
        vm.stopPrank();
        vm.assertTrue(listings.listingOf(listingId).isClosed, "closed");
    }

    function test_listings__given_the_agent_was_sold__only_the_new_owner_speaks_for_its_listings() public {
        uint256 listingId = _create(CID_URI);
        vm.prank(provider);
        registry.transferFrom(provider, stranger, _agentId);
        _expectNotOwner(provider);
        vm.prank(provider);
        listings.updateListing(listingId, 1, true);
        vm.prank(stranger);
        listings.updateListing(listingId, 1, true);
    }

    function test_listings__given_an_agent_without_listings__agentInfo_says_so() public view {
        (address agentOwner, bytes32 serviceType,, bool active) = listings.agentInfo(_agentId);
        vm.assertEq(agentOwner, provider, "owner");
        vm.assertEq(serviceType, bytes32(0), "no service");
        vm.assertFalse(active, "not active");
    }

    function test_listings__given_an_unknown_listing__reading_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IServiceListings.ServiceListings_UnknownListing.selector, 3));
        listings.listingOf(3);
    }

    function _offer() private view returns (IServiceListings.ListingTerms memory) {
        return IServiceListings.ListingTerms({
            agentId: _agentId,
            serviceType: "inspect-image",
            price: 2_000_000,
            policyId: policyId,
            workSeconds: 300,
            criteriaHash: keccak256("criteria"),
            uri: CID_URI
        });
    }

    function _create(string memory uri) private returns (uint256) {
        IServiceListings.ListingTerms memory offer = _offer();
        offer.uri = uri;
        vm.prank(provider);
        return listings.createListing(offer);
    }

    function _expectNotOwner(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(IServiceListings.ServiceListings_NotAgentsOwner.selector, caller, _agentId)
        );
    }
}
